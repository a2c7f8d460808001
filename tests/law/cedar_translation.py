"""A plain law in Cedar's words: policies, entities and requests.

Principals stand below the groups they are in, resources below the levels they lie in, both as
Cedar's hierarchies, so that Cedar finds out for itself who is in what. A role assignment becomes a
`permit` of the questions that its role answers, a deny assignment a `forbid`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.law.plain_laws import (
    CONTROL_ACTIONS,
    GROUPS,
    PEOPLE,
    REPOSITORIES,
    WORDS,
    Bound,
    Denial,
    Grant,
    PlainLaw,
    expanded,
)
from tests.law.worlds import Permissions

from pratique.access import RoleMode

_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_BY_ACTIONS = {
    "pull": ("pull/read",),
    "push": ("push/write",),
    "delete": ("artifacts/delete",),
    "metadata_read": ("pull/read", "metadata/read"),
    "metadata_write": ("metadata/write",),
    "catalog": ("pull/read",),
}
_BY_DATA_ACTIONS = {
    "pull": "repositories/content/read",
    "push": "repositories/content/write",
    "delete": "repositories/content/delete",
    "metadata_read": "repositories/metadata/read",
    "metadata_write": "repositories/metadata/write",
    "catalog": "catalog/read",
}
_LIES_IN = {
    "coast": "root",
    "management-group": "coast",
    "subscription": "management-group",
    "resource-group": "subscription",
    "registry": "resource-group",
    "other-registry": "resource-group",
    "other-resource-group": "subscription",
    "other-subscription": "root",
    "other-management-group": "root",
}


@dataclass(frozen=True)
class Flaws:
    """What a translation leaves out on purpose, to see that the comparison notices it."""

    forbids: bool = False
    conditions: bool = False
    exclusions: bool = False
    groups_of_groups: bool = False
    levels_above: bool = False
    subtraction: bool = False
    mode: bool = False


NO_FLAW = Flaws()


def policies(law: PlainLaw, flaws: Flaws = NO_FLAW) -> str:
    """The policies of a law."""
    texts = [_permit(law, grant, flaws) for grant in law.grants]
    if not flaws.forbids:
        texts += [_forbid(law, denial, flaws) for denial in law.denials]
    if law.anonymous_pull:
        opened = _actions(("pull", "metadata_read", "catalog"))
        texts.append(f"permit(principal, action in [{opened}], resource);")
    texts += [
        f"forbid(principal == {_principal(name)}, action, resource);"
        for name in sorted(law.disabled & set(PEOPLE))
    ]
    return "\n".join(texts)


def entities(law: PlainLaw, flaws: Flaws = NO_FLAW) -> list[dict[str, Any]]:
    """Principals in their groups, and repositories in the registry in the levels above it."""
    found = []
    for name in (*PEOPLE, *GROUPS):
        above = [
            _uid(_principal(group))
            for group, members in law.members.items()
            if name in members and group not in law.disabled
        ]
        if flaws.groups_of_groups and name in GROUPS:
            above = []
        found.append({"uid": _uid(_principal(name)), "attrs": {}, "parents": above})
    for level in ("root", *_LIES_IN):
        parents = [_uid(f'Level::"{_LIES_IN[level]}"')] if level in _LIES_IN else []
        found.append({"uid": _uid(f'Level::"{level}"'), "attrs": {}, "parents": parents})
    for name in (*REPOSITORIES, "*"):
        # In mode rbac no action carries a repository's name; of all repositories there is none.
        named = law.mode is RoleMode.ABAC and name != "*"
        found.append(
            {
                "uid": _uid(f'Repository::"{name}"'),
                "attrs": {"name": name} if named else {},
                "parents": [_uid('Level::"registry"')],
            }
        )
    return found


def request(question: str) -> dict[str, Any]:
    """A question of the case files as Cedar's request."""
    who, action, where = question.split()
    on_level = "/" in action or action == "catalog"
    resource = f'Level::"{where}"' if on_level else f'Repository::"{where}"'
    return {
        "principal": _principal(who),
        "action": f'Action::"{action}"',
        "resource": resource,
        "context": {},
    }


def _principal(name: str) -> str:
    return f'Group::"{name}"' if name in GROUPS else f'User::"{name}"'


def _uid(text: str) -> dict[str, str]:
    kind, _, name = text.partition("::")
    return {"type": kind, "id": json.loads(name)}


def _actions(words: tuple[str, ...]) -> str:
    return ", ".join(f'Action::"{word}"' for word in words)


def _answered(law: PlainLaw, permissions: Permissions, flaws: Flaws) -> tuple[str, ...]:
    """The questions to which one of the carried permissions is an answer, in the law's mode."""
    if flaws.subtraction:
        permissions = {**permissions, "not_actions": (), "not_data_actions": ()}
    actions, data_actions = expanded(permissions)
    found = [name for name in CONTROL_ACTIONS if name in actions]
    by_actions = (law.mode is RoleMode.RBAC) is not flaws.mode
    for word in (*WORDS, "catalog"):
        if by_actions:
            answered = any(_REGISTRIES + name in actions for name in _BY_ACTIONS[word])
        else:
            answered = _REGISTRIES + _BY_DATA_ACTIONS[word] in data_actions
        if answered:
            found.append(word)
    return tuple(found)


def _permit(law: PlainLaw, grant: Grant, flaws: Flaws) -> str:
    answered = _answered(law, law.permissions_of(grant.role), flaws)
    if not answered:
        return ""
    relation = "==" if flaws.levels_above else "in"
    when = ""
    if grant.bound and not flaws.conditions:
        when = f"when {{ resource has name && {_test(grant.bound)} }}"
    return (
        f"permit(principal in {_principal(grant.to)}, action in [{_actions(answered)}], "
        f'resource {relation} Level::"{grant.level}") {when};'
    )


def _forbid(law: PlainLaw, denial: Denial, flaws: Flaws) -> str:
    answered = _answered(law, denial.permissions, flaws)
    if not answered:
        return ""
    level = f'Level::"{denial.level}"'
    tests = [f"resource in {level}"]
    if not denial.reaches_below:
        # Repositories are no level of their own: what stands at the registry stands at them.
        within = "|| resource is Repository" if denial.level == "registry" else ""
        tests = [f"(resource == {level} {within})"]
    if denial.to is not None:
        tests.append(f"principal in [{', '.join(map(_principal, denial.to))}]")
    if denial.bound:
        # A refusal holds where its condition cannot be told.
        tests.append(f"(!(resource has name) || {_test(denial.bound)})")
    unless = ""
    if denial.excluded and not flaws.exclusions:
        unless = f"unless {{ principal in [{', '.join(map(_principal, denial.excluded))}] }}"
    return (
        f"forbid(principal, action in [{_actions(answered)}], resource) "
        f"when {{ {' && '.join(tests)} }} {unless};"
    )


def _test(bound: Bound) -> str:
    match bound.relation:
        case "StringEquals":
            return f'resource.name == "{bound.text}"'
        case "StringStartsWith":
            return f'resource.name like "{bound.text}*"'
        case _:
            return f'resource.name like "{bound.text}"'
