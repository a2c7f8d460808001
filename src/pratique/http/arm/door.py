"""The door to the room: which addresses are its own, and the room itself once somebody comes.

A server that only serves images never loads the room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.admission import ControlPlane
from pratique.admission.imports import Imports
from pratique.admission.own_tokens import OwnTokens
from pratique.http.edge import Arrival, Entrance
from pratique.http.wire.messages import Response
from pratique.identity import PasswordHasher

if TYPE_CHECKING:
    from pratique.http.arm.handler import Arm

# A malformed scope before it is told of in the envelope that these clients print.
_PROVIDERS: Final = "/providers/microsoft."
_FIRST: Final = frozenset({"metadata", "subscriptions", "tenants", "providers", "v1.0"})


class ArmDoor:
    """Answers the addresses of the resource manager and of Graph.

    Args:
        entrance: records refusals and counts requests.
        control: carries out what is allowed.
        tokens: says who stands behind a directory token.
        passwords: hashes new ones.
        imports: begins imports and tells what became of them.
    """

    def __init__(
        self,
        entrance: Entrance,
        control: ControlPlane,
        tokens: OwnTokens,
        passwords: PasswordHasher,
        imports: Imports,
    ) -> None:
        self._entrance = entrance
        self._control = control
        self._imports = imports
        self._tokens = tokens
        self._passwords = passwords
        self._arm: Arm | None = None

    @staticmethod
    def takes(path: str) -> bool:
        """Whether a path is an address of this room; ask for what nobody else takes."""
        wanted = path.lower()
        return wanted.lstrip("/").partition("/")[0] in _FIRST or _PROVIDERS in wanted

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to any request at such an address."""
        if self._arm is None:
            from pratique.http.arm.handler import Arm  # noqa: PLC0415 - loaded when used

            self._arm = Arm(
                self._entrance, self._control, self._tokens, self._passwords, self._imports
            )
        return await self._arm.handle(arrival)
