"""Two general-purpose judges from PyPI on the same law, as they come.

Cedar: one policy for each assignment, parsed once, entities parsed once. Casbin: one policy line
for each, groups and scopes as role links. Both say yes or no; neither says what was consulted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import casbin
import cedarpy

from benchmarks.law.world import World
from pratique.access import (
    BUILT_IN_ROLES,
    DirectoryPrincipal,
    PrincipalKind,
    Question,
    RegistryAction,
    RoleAssignment,
    RoleMode,
)
from pratique.access.law import scopes_above

_CASBIN_MODEL = """
[request_definition]
r = sub, obj, act, repo

[policy_definition]
p = sub, obj, act, repo

[role_definition]
g = _, _
g2 = _, _
g3 = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g3(p.act, r.act) && g(r.sub, p.sub) && g2(r.obj, p.obj) && keyMatch(r.repo, p.repo)
"""

Judge = Callable[[str, Question], bool]


@dataclass(frozen=True)
class Peer:
    """Another judge of the same law.

    Attributes:
        allows: whether the question about the registry of that name is allowed.
    """

    name: str
    allows: Judge


def cedar(world: World) -> Peer:
    """Cedar, through cedarpy."""
    policies = cedarpy.PolicySet.from_str("\n".join(_cedar_policy(a) for a in world.assignments))
    entities = cedarpy.Entities.from_json_str(json.dumps(list(_cedar_entities(world))))
    scopes = {registry.name: registry.scope.key for registry in world.registries}
    modes = {registry.name: registry.mode for registry in world.registries}

    def allows(registry: str, question: Question) -> bool:
        request = {
            "principal": {"type": "Principal", "id": _who(question)},
            "action": {"type": "Action", "id": _action(question, modes[registry])},
            "resource": {"type": "Scope", "id": scopes[registry]},
            "context": {"repository": str(question.resource)},
        }
        answer = cedarpy.is_authorized(request, policies, entities)
        return bool(answer.decision == cedarpy.Decision.Allow)

    return Peer("cedarpy", allows)


def pycasbin(world: World) -> Peer:
    """Casbin."""
    model = casbin.Model()
    model.load_model_from_text(_CASBIN_MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policies(
        [
            [a.principal_id, a.scope.key, a.role_id, _pattern(a)]
            for a in {(_key(a)): a for a in world.assignments}.values()
        ]
    )
    enforcer.add_grouping_policies(
        [[member, group] for group, members in world.members.items() for member in members]
    )
    enforcer.add_named_grouping_policies("g2", sorted({(low, high) for low, high in _links(world)}))
    enforcer.add_named_grouping_policies(
        "g3", [[role_id, action] for role_id, actions in _granted().items() for action in actions]
    )
    scopes = {registry.name: registry.scope.key for registry in world.registries}
    modes = {registry.name: registry.mode for registry in world.registries}

    def allows(registry: str, question: Question) -> bool:
        action = _action(question, modes[registry])
        asked = (_who(question), scopes[registry], action, str(question.resource))
        return bool(enforcer.enforce(*asked))

    return Peer("casbin", allows)


def _who(question: Question) -> str:
    if not isinstance(question.subject, DirectoryPrincipal):
        raise TypeError(question.subject)
    return question.subject.object_id


def _action(question: Question, mode: RoleMode) -> str:
    return f"{mode.name} {question.action}"


def _granted() -> dict[str, list[str]]:
    """What each role lets somebody do, in each mode."""
    return {
        role.role_id: [
            f"{mode.name} {action}"
            for mode in RoleMode
            for action in RegistryAction
            if action.bit
            & (role.bits_by_actions if mode is RoleMode.RBAC else role.bits_by_data_actions)
        ]
        for role in BUILT_IN_ROLES.values()
    }


_GRANTED = _granted()


def _cedar_policy(assignment: RoleAssignment) -> str:
    actions = ", ".join(f'Action::"{action}"' for action in _GRANTED[assignment.role_id])
    when = ""
    if assignment.condition is not None:
        when = f' when {{ context.repository like "{_pattern(assignment)}" }}'
    return (
        f'permit(principal in Principal::"{assignment.principal_id}", action in [{actions}], '
        f'resource in Scope::"{assignment.scope.key}"){when};'
    )


def _pattern(assignment: RoleAssignment) -> str:
    if assignment.condition is None:
        return "*"
    return assignment.condition.rpartition("StringStartsWith '")[2].partition("'")[0] + "*"


def _key(assignment: RoleAssignment) -> tuple[str, str, str, str]:
    scope = assignment.scope.key
    return assignment.principal_id, scope, assignment.role_id, _pattern(assignment)


def _cedar_entities(world: World) -> Iterator[dict[str, object]]:
    parents: dict[str, list[str]] = {}
    for group, members in world.members.items():
        for member in members:
            parents.setdefault(member, []).append(group)
    for principal in world.principals:
        above = [] if principal.kind is PrincipalKind.GROUP else parents[principal.object_id]
        yield _cedar_entity("Principal", principal.object_id, above)
    levels: dict[str, list[str]] = {}
    for low, high in _links(world):
        levels.setdefault(high, [])
        levels.setdefault(low, []).append(high)
    for key, above in levels.items():
        yield _cedar_entity("Scope", key, sorted(set(above)))


def _cedar_entity(kind: str, key: str, parents: list[str]) -> dict[str, object]:
    return {
        "uid": {"type": kind, "id": key},
        "attrs": {},
        "parents": [{"type": kind, "id": parent} for parent in parents],
    }


def _links(world: World) -> Iterator[tuple[str, str]]:
    """Each scope with the one above it."""
    for registry in world.registries:
        line = [scope.key for scope in scopes_above(registry)]
        yield from pairwise(line)
