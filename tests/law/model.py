"""The law once more, written for plainness: what `decide` must agree with.

Nothing here is shared with the evaluator: names instead of ids, sets instead of indexes, regular
expressions instead of a matcher, and the levels of the tests' one registry written out.
"""

from __future__ import annotations

import re

from tests.law.worlds import Asked, World

from pratique.access import BUILT_IN_ROLES, SYSTEM_SCOPE_MAPS, RoleMode

_REGISTRY = "Microsoft.ContainerRegistry/registries/"
_ACTIONS = {
    "pull": {"pull/read"},
    "push": {"push/write"},
    "delete": {"artifacts/delete"},
    "metadata_read": {"pull/read", "metadata/read"},
    "metadata_write": {"metadata/write"},
    "catalog": {"pull/read"},
}
_DATA_ACTIONS = {
    "pull": "repositories/content/read",
    "push": "repositories/content/write",
    "delete": "repositories/content/delete",
    "metadata_read": "repositories/metadata/read",
    "metadata_write": "repositories/metadata/write",
    "catalog": "catalog/read",
}
_VERBS = {
    "pull": "content/read",
    "push": "content/write",
    "delete": "content/delete",
    "metadata_read": "metadata/read",
    "metadata_write": "metadata/write",
}
_OPEN = {"pull", "metadata_read", "catalog"}
_ABOVE = {
    "root": ["root"],
    "coast": ["coast", "root"],
    "management-group": ["management-group", "coast", "root"],
    "subscription": ["subscription", "management-group", "coast", "root"],
    "other-subscription": ["other-subscription", "root"],
    "other-management-group": ["other-management-group", "root"],
}
_ABOVE["resource-group"] = ["resource-group", *_ABOVE["subscription"]]
_ABOVE["other-resource-group"] = ["other-resource-group", *_ABOVE["subscription"]]
_ABOVE["registry"] = ["registry", *_ABOVE["resource-group"]]
_ABOVE["other-registry"] = ["other-registry", *_ABOVE["resource-group"]]


def allows(world: World, asked: Asked) -> bool:
    """Whether the law of `world` allows what is asked."""
    if asked.scopes is not None and not _made_for(asked.scopes, asked):
        return False
    control = "/" in asked.action
    everyone = world.anonymous_pull and asked.action in _OPEN
    match asked.who.split(":"):
        case ["anonymous"]:
            return everyone
        case ["admin-user"]:
            return world.admin_enabled and not control
        case ["token", name]:
            stands = name in world.tokens and name not in world.disabled and not control
            return stands and _scope_map_allows(world, world.tokens[name], asked, everyone=everyone)
        case _:
            stands = asked.who in world.people and asked.who not in world.disabled
            return stands and (everyone or _some_role_allows(world, asked))


def _made_for(scopes: tuple[str, ...], asked: Asked) -> bool:
    if asked.action == "catalog":
        return "registry:catalog:*" in scopes
    wanted = {asked.action, "*"} | ({"pull"} if asked.action == "metadata_read" else set())
    return any(
        kind == "repository" and name in {asked.where, "*"} and wanted & set(words.split(","))
        for kind, name, words in (scope.split(":") for scope in scopes)
        if asked.action in _VERBS
    )


def _scope_map_allows(world: World, name: str, asked: Asked, *, everyone: bool) -> bool:
    if name in SYSTEM_SCOPE_MAPS:
        actions = {str(rule) for rule in SYSTEM_SCOPE_MAPS[name].rules}
    elif name in world.scope_maps:
        actions = set(world.scope_maps[name])
    else:
        return False
    if asked.action == "catalog":
        return everyone or name == "_repositories_admin"
    first = asked.where.split("/")[0]
    places = {"*"} if asked.where == "*" else {"*", asked.where}
    if "/" in asked.where:
        places.add(f"{first}/*")
    return everyone or any(f"repositories/{p}/{_VERBS[asked.action]}" in actions for p in places)


def _some_role_allows(world: World, asked: Asked) -> bool:
    holders = _holders(world, asked.who)
    level = asked.where if "/" in asked.action else "registry"
    return any(
        holder in holders and at in _ABOVE[level] and _role_allows(world, role, asked)
        for role, holder, at in world.assignments
    )


def _holders(world: World, person: str) -> set[str]:
    found = {person}
    while True:
        more = {
            group
            for group, members in world.members.items()
            if members & found and group not in world.disabled
        }
        if more <= found:
            return found
        found |= more


def _role_allows(world: World, role: str, asked: Asked) -> bool:
    built_in = [r.permissions[0] for r in BUILT_IN_ROLES.values() if r.name == role]
    if built_in:
        held = built_in[0]
        actions, not_actions = held.actions, held.not_actions
        data_actions, not_data_actions = held.data_actions, held.not_data_actions
    elif role in world.roles:
        custom = world.roles[role]
        actions, not_actions = custom["actions"], custom["not_actions"]
        data_actions, not_data_actions = custom["data_actions"], custom["not_data_actions"]
    else:
        return False
    if "/" in asked.action:
        return _matches(actions, asked.action) and not _matches(not_actions, asked.action)
    if world.mode is RoleMode.RBAC:
        names = [_REGISTRY + name for name in _ACTIONS[asked.action]]
        return any(_matches(actions, n) and not _matches(not_actions, n) for n in names)
    name = _REGISTRY + _DATA_ACTIONS[asked.action]
    granted = _matches(data_actions, name) and not _matches(not_data_actions, name)
    return granted and asked.where != "*"


def _matches(patterns: tuple[str, ...], permission: str) -> bool:
    return any(
        re.fullmatch(
            ".*".join(re.escape(part) for part in pattern.split("*")),
            permission,
            re.IGNORECASE | re.ASCII,
        )
        for pattern in patterns
    )
