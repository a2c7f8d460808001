"""Everything by which people sign in, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pratique.admission.authorization_codes import AuthorizationCodes
from pratique.admission.device_requests import DeviceRequests
from pratique.admission.pending_sign_ins import PendingSignIns
from pratique.admission.user_gate import UserGate
from pratique.http.edge import Entrance
from pratique.http.sts.authorize import Authorize
from pratique.http.sts.browsers import Browsers
from pratique.http.sts.device_page import DevicePage
from pratique.http.sts.grants import Grant
from pratique.http.sts.logout import Logout
from pratique.http.sts.sign_in_steps import SignInSteps
from pratique.http.sts.user_grants import UserGrants
from pratique.http.sts.visit import Endpoint


@dataclass(frozen=True, slots=True)
class UserSignIn:
    """The parts that the application takes in.

    Attributes:
        grants: rows of the token endpoint.
        endpoints: rows below a tenant.
        device_page: answers at `/device`.
        steps: by which people sign in at any other page.
        browsers: reads and writes what browsers keep.
    """

    grants: Mapping[str, Grant]
    endpoints: Mapping[str, Endpoint]
    device_page: DevicePage
    steps: SignInSteps
    browsers: Browsers


def user_sign_in(
    *,
    gate: UserGate,
    pending: PendingSignIns,
    entrance: Entrance,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    random_bytes: Callable[[int], bytes],
) -> UserSignIn:
    """The parts on these stores."""
    codes = AuthorizationCodes(pending, gate, random_bytes)
    devices = DeviceRequests(pending, random_bytes)
    browsers = Browsers(gate, random_bytes, new_id)
    steps = SignInSteps(gate, browsers, entrance)
    grants = UserGrants(gate, codes, devices, entrance, new_id)
    authorize = Authorize(steps, browsers, codes, new_id)
    return UserSignIn(
        grants.grants(),
        {**grants.endpoints(), **authorize.endpoints(), **Logout(browsers).endpoints()},
        DevicePage(steps, browsers, devices, gate, entrance, clock, new_id),
        steps,
        browsers,
    )
