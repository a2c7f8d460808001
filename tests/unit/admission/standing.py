"""A small registry that takes changes one by one, and what may be asked of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.admission.snapshot_changes import SCOPE, Drafting

from pratique.admission import Draft, Snapshot
from pratique.admission.changes import applications, custom_roles, denials, people, roles
from pratique.admission.changes.roles import WantedAssignment
from pratique.admission.records import PermissionsRecord
from pratique.naming import ResourceScope

REGISTRIES = "Microsoft.ContainerRegistry/registries/"
PULL = PermissionsRecord((f"{REGISTRIES}pull/read",))
NAMED = f"@Request[{REGISTRIES}repositories:name]"
ROOT = ResourceScope("/")
GROUP = ResourceScope("/subscriptions/quay/resourceGroups/berth")
ELSEWHERE = ResourceScope("/subscriptions/elsewhere")
READER = "Container Registry Repository Reader"


class Registry:
    """A registry of two users, a service principal and a group; takes changes one by one."""

    def __init__(self) -> None:
        self._drafting = Drafting()
        self.snapshot: Snapshot = self._drafting.beginning().outcome()
        for name in ("ada", "ben"):
            self.do(people.create_user, name, None, "no hash")
        self.do(applications.create, "ci", 30)
        self.do(people.create_group, "crew")

    def draft(self) -> Draft:
        """A draft on what stands."""
        return self._drafting.draft(self.snapshot)

    def do(self, operation: Any, *arguments: Any, **named: Any) -> Any:
        """Carry out an operation; what it returns."""
        draft = self.draft()
        result = operation(draft, *arguments, **named)
        self.snapshot = draft.outcome()
        return result

    def assign(self, role: str, principal: str = "ada", **wanted: Any) -> Any:
        """Assign a role, at the registry unless a scope is given."""
        given = {"scope": SCOPE, **wanted}
        return self.do(roles.assign, WantedAssignment(role, principal, **given))

    def held(self) -> list[tuple[str | None, str]]:
        """Condition and scope of all role assignments of `ada`."""
        ada = self.snapshot.find_principal("ada").object_id
        return [(a.condition, str(a.scope)) for a in self.snapshot.law.assignments_of(ada)]


def role(name: str = "Pilot", *scopes: ResourceScope, **parts: Any) -> custom_roles.WantedRole:
    """A custom role to make, assignable at the registry unless scopes are given."""
    permissions = PermissionsRecord(**parts) if parts else PULL
    return custom_roles.WantedRole(name, "", permissions, scopes or (SCOPE,))


def denial(name: str = "no pull", **parts: Any) -> denials.WantedDenial:
    """A deny assignment to make: nobody of `crew` may pull."""
    wanted = denials.WantedDenial(name, "", PULL, SCOPE, ("crew",), everyone=False, excluded=())
    return replace(wanted, **parts)
