"""What an operation of this room is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pratique.access import ControlAction, DirectoryPrincipal
from pratique.admission import Caller, ControlPlane, Demand, Draft, RegistryRecord, Snapshot
from pratique.admission.imports import Imports
from pratique.http.arm.bearers import root_of
from pratique.http.arm.errors import ArmError
from pratique.http.edge import Arrival, Entrance
from pratique.http.wire.messages import Request
from pratique.identity import PasswordHasher
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

T = TypeVar("T")
DIRECTORY_SCOPE = ResourceScope("/")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a row of the table.

    Attributes:
        permission: what the row asks of the caller; empty for what everybody may who is proved.
        scope: where it is asked: the resource that the path names, or `/` for the directory.
        registry_id: of the registry that the path names; the home registry's where it names none.
        parts: variable parts of the path by name.
        imports: begins imports and tells what became of them.
    """

    arrival: Arrival
    caller: Caller
    control: ControlPlane
    entrance: Entrance
    passwords: PasswordHasher
    permission: str
    scope: ResourceScope
    registry_id: str
    parts: dict[str, str]
    imports: Imports

    @property
    def request(self) -> Request:
        """The request itself."""
        return self.arrival.request

    @property
    def root(self) -> str:
        """`https://HOST`, under which this server is a cloud."""
        return root_of(self.arrival.front)

    @property
    def snapshot(self) -> Snapshot:
        """Law and directory as they stand now, for what everybody may know who is proved.

        They are seen from the registry that the path names.
        """
        return self.control.now()

    @property
    def object_id(self) -> str:
        """The caller's; empty for whoever owns the folder."""
        subject = self.caller.subject
        return subject.object_id if isinstance(subject, DirectoryPrincipal) else ""

    def view(self) -> Snapshot:
        """Law and directory, for a caller who may see them.

        Raises:
            Refused: the caller may not.
        """
        return self.control.view(self.caller, self.permission, self.scope)

    def may(self, permission: str, scope: ResourceScope) -> bool:
        """Whether the caller has another permission too."""
        action = ControlAction(permission)
        return bool(self.entrance.gate.decide(self.snapshot, self.caller, action, scope))

    async def change(
        self,
        operation: Callable[[Draft], T],
        demands: Callable[[Snapshot], Iterable[Demand]] | None = None,
    ) -> T:
        """Carry out a change for which the permission is held where `demands` says.

        Args:
            operation: makes the change.
            demands: where the row's permission is needed; at the row's own scope when None.

        Raises:
            Refused, ControlError: as the control plane says.
        """
        here = (Demand(self.scope),)
        return await self.control.change(
            self.caller,
            self.permission,
            demands or (lambda _: here),
            operation,
            client=self.request.client,
        )

    def registry(self) -> RegistryRecord:
        """The registry that stands where the path says.

        Raises:
            ArmError: there is none there.
        """
        snapshot = self.snapshot
        record = snapshot.registry
        if self.scope.key != record.scope.key:
            # The caller may read there, so it is told what is there, where that is one registry.
            hint = f"; this server keeps `{record.scope}`" if snapshot.alone else ""
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource `{printable(self.scope, 300)}` was not found{hint}",
            )
        return record

    def login_server(self, seen: Snapshot) -> str:
        """The name of a registry for clients; the one that was sent, where it has none."""
        return seen.registry.login_server or self.arrival.front.service
