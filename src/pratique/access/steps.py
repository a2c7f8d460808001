"""Single steps of a remedy: what each would change in the law, and the command that does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from pratique.access.amendments import Amendment
from pratique.access.conditions import Condition, InvalidCondition
from pratique.access.denials import DenyAssignment
from pratique.access.law import Law
from pratique.access.principals import PrincipalKind
from pratique.access.roles import RoleAssignment, RoleDefinition
from pratique.access.scope_maps import RegistryToken, ScopeMap, ScopeMapRule
from pratique.naming import RepositoryName, ResourceScope

# Stands for an assignment that nobody made yet.
PROPOSED = "proposed"


class Step(Protocol):
    """One change that an operator can make."""

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """What it changes in `law`."""
        ...

    def command(self, law: Law) -> str:
        """What is typed to make it."""
        ...


@dataclass(frozen=True, slots=True)
class LogInAgain:
    """Show a credential, or show it once more; the law stays.

    Attributes:
        first: whether none was shown so far.
    """

    first: bool

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """Nothing."""
        del law, at
        return Amendment()

    def command(self, law: Law) -> str:
        """For the client, not for the registry's operator."""
        del law
        return "docker login" if self.first else "docker logout, then docker login"


@dataclass(frozen=True, slots=True)
class OpenToAll:
    """Let everybody pull."""

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """Anonymous pull on."""
        del at
        return Amendment(registry=replace(law.registry, anonymous_pull=True))

    def command(self, law: Law) -> str:
        """The command."""
        del law
        return "pratique anonymous-pull on"


@dataclass(frozen=True, slots=True)
class EnableAdminUser:
    """Switch the admin user on."""

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The admin user on."""
        del at
        return Amendment(registry=replace(law.registry, admin_enabled=True))

    def command(self, law: Law) -> str:
        """The command."""
        del law
        return "pratique admin-user enable"


@dataclass(frozen=True, slots=True)
class EnablePrincipal:
    """Enable a user or a service principal."""

    object_id: str

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The principal, enabled."""
        del at
        principal = law.principals[self.object_id]
        return Amendment(principals={self.object_id: replace(principal, enabled=True)})

    def command(self, law: Law) -> str:
        """The command for its kind."""
        service = law.principals[self.object_id].kind is PrincipalKind.SERVICE_PRINCIPAL
        return f"pratique {'sp' if service else 'user'} enable {self.object_id}"


@dataclass(frozen=True, slots=True)
class EnableToken:
    """Enable a token."""

    token: RegistryToken

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The token, enabled."""
        del law, at
        return Amendment(tokens={self.token.name: replace(self.token, enabled=True)})

    def command(self, law: Law) -> str:
        """The command."""
        del law
        return f"pratique token enable {self.token.name}"


@dataclass(frozen=True, slots=True)
class ExcludeFromDenial:
    """Let a deny assignment concern somebody no longer."""

    denial: DenyAssignment
    object_id: str

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The deny assignment with one more exclusion."""
        del law, at
        excluded = self.denial.excluded_ids | {self.object_id}
        changed = replace(self.denial, excluded_ids=excluded)
        return Amendment(gone_denials=(self.denial,), denials=(changed,))

    def command(self, law: Law) -> str:
        """The command."""
        del law
        return f"pratique deny update {self.denial.deny_id} --exclude {self.object_id}"


@dataclass(frozen=True, slots=True)
class AssignRole:
    """Assign a role, or widen the assignment of it that stands at the same scope already.

    Attributes:
        condition: under which it grants; None without one.
        repository: the one that `condition` is about.
    """

    role: RoleDefinition
    object_id: str
    scope: ResourceScope
    condition: Condition | None = None
    repository: RepositoryName | None = None

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The new assignment, or the present one with its condition widened."""
        present = self._present(law)
        if present is None:
            condition = self.condition.text if self.condition else None
            made = RoleAssignment(
                PROPOSED, self.role.role_id, self.object_id, self.scope, at, condition
            )
            return Amendment(assignments=(made,))
        widened = None if self.condition is None else widen(present.condition, self.condition)
        return Amendment(assignments=(replace(present, condition=widened),))

    def command(self, law: Law) -> str:
        """The command; the registry's own scope goes without saying."""
        at = "" if self.scope.key == law.registry.scope.key else f' --scope "{self.scope}"'
        bound = "" if self.repository is None else f" --repository {self.repository}"
        there = self._present(law)
        also = "" if there is None else (" --replace" if self.condition is None else " --also")
        return f'pratique role assign "{self.role.name}" --to {self.object_id}{at}{bound}{also}'

    def _present(self, law: Law) -> RoleAssignment | None:
        held = law.held_at(self.scope.key, self.object_id)
        return next((a for a in held if a.role_id == self.role.role_id), None)


@dataclass(frozen=True, slots=True)
class WidenScopeMap:
    """Let a scope map allow one thing more, making it when it is missing."""

    name: str
    rule: ScopeMapRule

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The scope map with one more rule."""
        del at
        present = law.scope_maps.get(self.name)
        rules = (*(present.rules if present else ()), self.rule)
        return Amendment(scope_maps={self.name: ScopeMap(self.name, "", rules)})

    def command(self, law: Law) -> str:
        """The command."""
        verb = "update" if self.name in law.scope_maps else "create"
        return f"pratique scope-map {verb} {self.name} --allow '{_short(self.rule)}'"


@dataclass(frozen=True, slots=True)
class BindToken:
    """Bind a token to another scope map, which is made when it is not there."""

    token: RegistryToken
    scope_map: ScopeMap

    def amendment(self, law: Law, at: datetime) -> Amendment:
        """The token, bound to the map."""
        del law, at
        return Amendment(
            tokens={self.token.name: replace(self.token, scope_map=self.scope_map.name)},
            scope_maps={self.scope_map.name: self.scope_map},
        )

    def command(self, law: Law) -> str:
        """One command, or two when the map is made first."""
        bind = f"pratique token update {self.token.name} --scope-map {self.scope_map.name}"
        if self.scope_map.name in law.scope_maps:
            return bind
        allowed = "".join(f" --allow '{_short(rule)}'" for rule in self.scope_map.rules)
        return f"pratique scope-map create {self.scope_map.name}{allowed} && {bind}"


def widen(present: str | None, more: Condition) -> str | None:
    """The condition that holds where the present one holds, or `more` does.

    What cannot be read grants nothing, so nothing of it is kept. No condition is wider than any.

    Raises:
        InvalidCondition: both together are longer than a condition may be.
    """
    if present is None or present == more.text:
        return present
    try:
        Condition.parse(present)
    except InvalidCondition:
        return more.text
    return Condition.parse(f"({present}) OR ({more.text})").text


def _short(rule: ScopeMapRule) -> str:
    """A rule as the command line takes it: `NAME:VERB`."""
    _, *name, kind, verb = str(rule).split("/")
    return f"{'/'.join(name)}:{kind}/{verb}"
