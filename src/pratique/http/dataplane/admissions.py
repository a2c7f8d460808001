"""Admissions that need not be thought through again: same token, same address, same law.

The law is pure, so its verdict cannot change while law, question and token are the same, unless a
condition asked for the time. Remembered are only pulls with a bearer token that were admitted by
rules that do not, for one version of the ledger, until the token or the credential behind it
expires. Any change to law or directory forgets
everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pratique.access import Allowed, RegistryAction
from pratique.admission import Caller
from pratique.http.dataplane.routes import Route
from pratique.http.edge import Arrival
from pratique.http.edge.limits import Purse

MAX_REMEMBERED = 4096
# Longer ones are no pulls of any client, and would let one caller fill the memory.
_MAX_PATH = 512
_MAX_TOKEN = 4096
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Admission:
    """One admitted combination of row, caller and path.

    Attributes:
        until: seconds since 1970 at which it must be thought through again.
        purse: what the caller may still send; None when that hangs on more than the caller.
    """

    route: Route
    caller: Caller
    allowed: Allowed
    parts: dict[str, str]
    until: float
    purse: Purse | None = None


Key = tuple[str, str, str, str]


class RememberedAdmissions:
    """A bounded memory of admissions.

    Args:
        clock: gives now, with a time zone.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._version = -1
        self._known: dict[Key, Admission] = {}

    def find(self, arrival: Arrival) -> Admission | None:
        """What was admitted before and still is; None to think it through."""
        if arrival.snapshot.version != self._version:
            self._known.clear()
            self._version = arrival.snapshot.version
            return None
        key = _key(arrival)
        known = self._known.get(key) if key else None
        if known is None or known.until <= self._clock().timestamp():
            return None
        return known

    def remember(
        self,
        arrival: Arrival,
        route: Route,
        caller: Caller,
        allowed: Allowed,
        parts: dict[str, str],
        purse: Purse | None = None,
    ) -> None:
        """Keep an admission to pull, if it rests on a bearer token."""
        if route.action is not RegistryAction.PULL or allowed.depends_on_time:
            return
        key = _key(arrival)
        if key is None or caller.expires_at is None or arrival.snapshot.version != self._version:
            return
        until = float(caller.expires_at)
        expiries = arrival.snapshot.directory.expiry_of_credentials
        expiry = expiries.get(caller.credential_id)
        if expiry is not None:
            until = min(until, expiry.timestamp())
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = Admission(route, caller, allowed, dict(parts), until, purse)


def _key(arrival: Arrival) -> Key | None:
    request = arrival.request
    value = request.headers.get("authorization")
    if arrival.inside is not None or not isinstance(value, str):
        return None
    if value[: len(_BEARER)].lower() != _BEARER:
        return None
    if len(request.path) > _MAX_PATH or len(value) > _MAX_TOKEN:
        return None
    return (request.method, request.path, value, arrival.front.base_url)
