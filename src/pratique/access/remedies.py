"""What would turn a refusal into leave: steps that can be applied to a law, and typed as commands.

A remedy is made by trying: each step is applied to the law, the same question is asked again, and
what still refuses asks for the next step. So a remedy that is shown is one that helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pratique.access.actions import READING, ControlAction
from pratique.access.amendments import amended
from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.conditions import InvalidCondition, for_repositories
from pratique.access.consulted import Outcome, Reason
from pratique.access.decision import Denied
from pratique.access.denials import DenyAssignment
from pratique.access.judge import decide
from pratique.access.known_permissions import breadth, repository_data_actions
from pratique.access.law import Law, RoleMode
from pratique.access.question import (
    EVERY_REPOSITORY,
    DirectoryPrincipal,
    Question,
    RepositoryToken,
)
from pratique.access.roles import RoleDefinition
from pratique.access.scope_maps import SYSTEM_SCOPE_MAPS, ScopeMap, ScopeMapRule, scope_map_verb
from pratique.access.steps import (
    AssignRole,
    BindToken,
    EnableAdminUser,
    EnablePrincipal,
    EnableToken,
    ExcludeFromDenial,
    LogInAgain,
    OpenToAll,
    Step,
    WidenScopeMap,
)
from pratique.naming import RepositoryName

MOST = 3
# Enabling somebody, excluding them from deny assignments, a role: no refusal needs more than this.
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Remedy:
    """Steps that together make the question allowed."""

    steps: tuple[Step, ...]

    def commands(self, law: Law) -> tuple[str, ...]:
        """What the operator types, in order."""
        return tuple(step.command(law) for step in self.steps)

    def applied(self, law: Law, at: datetime) -> Law:
        """The law once it was done."""
        for step in self.steps:
            law = amended(law, step.amendment(law, at))
        return law


def remedies(denied: Denied, at: datetime) -> tuple[Remedy, ...]:
    """What would help, the narrowest first; for operators, not for the one who was refused.

    Args:
        denied: the refusal; its law is the one that remedies are tried on.
        at: now, with a time zone.

    Returns:
        At most three. None when nothing that an operator can type would help: the principal is not
        there, or this kind of caller never may.
    """
    found: list[Remedy] = []
    for remedy in _search(denied, at, _DEEPEST):
        found.append(remedy)
        if len(found) == MOST:
            break
    return tuple(found)


def _search(denied: Denied, at: datetime, deepest: int) -> Iterator[Remedy]:
    for step in _steps(denied):
        if isinstance(step, LogInAgain):
            yield Remedy((step,))
            continue
        try:
            law = amended(denied.law, step.amendment(denied.law, at))
        except InvalidCondition:
            # The condition that stands is too long to be widened.
            continue
        verdict = decide(denied.question, law, at)
        if not isinstance(verdict, Denied):
            yield Remedy((step,))
        elif deepest:
            for rest in _search(verdict, at, deepest - 1):
                yield Remedy((step, *rest.steps))


def _steps(denied: Denied) -> Iterator[Step]:
    """What might help against this very reason, the narrowest first."""
    subject, law = denied.question.subject, denied.law
    match denied.reason:
        case Reason.NOT_AUTHENTICATED:
            yield LogInAgain(first=True)
            if denied.question.action in READING:
                yield OpenToAll()
        case Reason.TOKEN_DOES_NOT_COVER:
            yield LogInAgain(first=False)
        case Reason.ADMIN_USER_DISABLED:
            yield EnableAdminUser()
        case _ if isinstance(subject, DirectoryPrincipal):
            yield from _for_principal(denied, subject)
        case _ if isinstance(subject, RepositoryToken):
            yield from _for_token(denied, subject, law)
        case _:
            return


def _for_principal(denied: Denied, subject: DirectoryPrincipal) -> Iterator[Step]:
    match denied.reason:
        case Reason.PRINCIPAL_DISABLED:
            yield EnablePrincipal(subject.object_id)
        case Reason.DENY_ASSIGNMENT:
            denies = (c.rule for c in denied.reached if c.outcome is Outcome.DENIES)
            denial = next(rule for rule in denies if isinstance(rule, DenyAssignment))
            yield ExcludeFromDenial(denial, subject.object_id)
        case Reason.NO_ROLE_ASSIGNMENT | Reason.NO_ROLE_GRANTS_IT | Reason.CONDITION_NOT_MET:
            yield from _grants(denied.question, denied.law, subject.object_id)
        case _:
            return


def _grants(question: Question, law: Law, object_id: str) -> Iterator[Step]:
    action, resource = question.action, question.resource
    by_data_actions = law.registry.mode is RoleMode.ABAC
    if isinstance(action, ControlAction):
        roles = _narrowest(lambda role: role.grants_action(action.permission))
    elif not by_data_actions:
        roles = _narrowest(lambda role: bool(role.bits_by_actions & action.bit))
    elif resource is EVERY_REPOSITORY:
        return
    else:
        roles = _narrowest(lambda role: bool(role.bits_by_data_actions & action.bit))
    scope = question.scope or law.registry.scope
    if roles and by_data_actions and isinstance(resource, RepositoryName):
        bound = repository_data_actions(roles[0])
        condition = for_repositories([resource], bound)
        yield AssignRole(roles[0], object_id, scope, condition, resource)
    for role in roles:
        yield AssignRole(role, object_id, scope)


_BUILT_IN_BY_BREADTH = sorted(BUILT_IN_ROLES.values(), key=breadth)


def _narrowest(grants: Callable[[RoleDefinition], bool]) -> list[RoleDefinition]:
    """Built-in roles that grant it, narrowest first; none with more power over others than needed.

    Whoever lacks the right to push is not helped by becoming an owner.
    """
    found = [role for role in _BUILT_IN_BY_BREADTH if grants(role)]
    powers = min((breadth(role)[0] for role in found), default=0)
    return [role for role in found if breadth(role)[0] == powers]


def _for_token(denied: Denied, subject: RepositoryToken, law: Law) -> Iterator[Step]:
    action, token = denied.question.action, law.tokens.get(subject.name)
    if token is None or isinstance(action, ControlAction):
        return
    verb = scope_map_verb(action)
    match denied.reason:
        case Reason.TOKEN_DISABLED:
            yield EnableToken(token)
        case Reason.SCOPE_MAP_DOES_NOT_COVER | Reason.SCOPE_MAP_MISSING if verb is None:
            # Only the administrator's map lists the catalog.
            yield BindToken(token, SYSTEM_SCOPE_MAPS["_repositories_admin"])
        case Reason.SCOPE_MAP_DOES_NOT_COVER | Reason.SCOPE_MAP_MISSING:
            every = denied.question.resource is EVERY_REPOSITORY
            place = "*" if every else denied.question.resource
            rule = ScopeMapRule.parse(f"repositories/{place}/{verb}")
            present = law.scope_maps.get(token.scope_map)
            if present is not None and present.system_defined:
                # It keeps what it had.
                rules = (*present.rules, rule)
                yield BindToken(token, ScopeMap(_free_name(law, token.name), "", rules))
            else:
                yield WidenScopeMap(token.scope_map, rule)
        case _:
            return


def _free_name(law: Law, wanted: str) -> str:
    taken = {name.casefold() for name in law.scope_maps}
    name, number = f"{wanted}-map"[:50], 2
    while name.casefold() in taken:
        name, number = f"{wanted}"[:44] + f"-map{number}", number + 1
    return name
