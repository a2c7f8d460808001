"""What an operation of the management API is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pratique.access import THE_REGISTRY, ControlAction, FolderOwner, Resource
from pratique.access.patience import Patience
from pratique.admission import Caller, ControlPlane, Demand, Draft, Gate, Snapshot
from pratique.admission.imports import Imports
from pratique.admission.recorder import Recorder
from pratique.http.management.questions import LongQuestions
from pratique.http.wire.messages import Request
from pratique.identity import PasswordHasher
from pratique.identity.federation import OutsideKeys
from pratique.identity.ldap import LdapDirectory
from pratique.naming import ResourceScope
from pratique.registry import Registry

T = TypeVar("T")
DIRECTORY_SCOPE = ResourceScope("/")


class UnreadableBody(ValueError):
    """The request's JSON is not what the operation takes."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a row of the table.

    Attributes:
        permission: what the row asks of the caller.
        scope: where it is asked, unless the request itself names a scope.
        parts: variable parts of the path by name.
        issuers: asks outside issuers for their keys.
        questions: answers what takes long.
        ldap: asks LDAP servers.
        imports: begins imports and tells what became of them.
    """

    request: Request
    caller: Caller
    control: ControlPlane
    gate: Gate
    passwords: PasswordHasher
    recorder: Recorder
    content: Registry
    permission: str
    scope: ResourceScope
    parts: dict[str, str]
    issuers: OutsideKeys
    questions: LongQuestions
    ldap: LdapDirectory
    imports: Imports

    @property
    def snapshot(self) -> Snapshot:
        """Law and directory as they stand now, seen from the registry that is addressed.

        Raises:
            NotFound: it is gone.
        """
        return self.control.now()

    def view(self) -> Snapshot:
        """Law and directory, for a caller who may see them.

        Raises:
            Refused: the caller may not.
        """
        return self.control.view(self.caller, self.permission, self.scope)

    async def change(
        self,
        operation: Callable[[Draft], T],
        demands: Callable[[Snapshot], Iterable[Demand]] | None = None,
    ) -> T:
        """Carry out a change for which the permission is held where `demands` says.

        Args:
            operation: makes the change.
            demands: where the row's permission is needed, as the law stands; at the row's own
                scope when None.

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

    async def apart(self, work: Callable[[Patience], T]) -> T:
        """The result of pure work that takes long on a large law, done beside the event loop.

        Raises:
            ControlError: it takes too long, or too many others wait.
        """
        inside = isinstance(self.caller.subject, FolderOwner)
        return await self.questions.answer(work, hurried=not inside)

    def need(self, permission: str, resource: Resource = THE_REGISTRY) -> None:
        """Go on only with another permission too.

        Raises:
            Refused: the caller has it not.
        """
        self.control.view(self.caller, permission, resource)

    def may(self, permission: str, resource: Resource = THE_REGISTRY) -> bool:
        """Whether the caller has another permission too."""
        action = ControlAction(permission)
        return bool(self.gate.decide(self.snapshot, self.caller, action, resource))

    def told_of(self, snapshot: Snapshot) -> Callable[[ResourceScope], bool]:
        """Whether what stands at a scope may be told to the caller, who may ask at this registry.

        It may where it bears on this registry, and where the caller may ask the same there. On a
        server that keeps one registry alone, nothing stands elsewhere that is anybody else's.
        """
        known: dict[str, bool] = dict.fromkeys(snapshot.law.line, True)

        def told(scope: ResourceScope) -> bool:
            verdict = known.get(scope.key)
            if verdict is None:
                verdict = known[scope.key] = self.may(self.permission, scope)
            return verdict

        return (lambda _: True) if snapshot.alone else told
