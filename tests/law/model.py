"""The law once more, written for plainness: what `decide` must agree with.

Nothing here is shared with the evaluator: names instead of ids, sets instead of indexes, regular
expressions instead of a matcher, conditions by what they mean instead of by their text, and the
levels of the tests' one registry written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.law.reading import NOON
from tests.law.worlds import Asked, Assigned, DeniedTo, Permissions, World

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


@dataclass(frozen=True)
class _Seen:
    """What a condition can see.

    Attributes:
        name: of the repository; None when the action carries none.
        deck: of the one who asks; None unless there is exactly one.
    """

    permission: str
    name: str | None
    deck: str | None
    later: bool
    about: str | None

    def ends(self, *endings: str) -> bool:
        return self.permission.lower().endswith(endings)


def _named(test: Callable[[str], bool]) -> Callable[[_Seen], bool | None]:
    return lambda seen: None if seen.name is None else test(seen.name)


def _pushes_to_app(seen: _Seen) -> bool | None:
    pushes = seen.ends("/content/write", "/push/write")
    return _named(lambda name: name == "team/app")(seen) if pushes else True


def _bound_to_base(seen: _Seen) -> bool | None:
    kinds = ("content", "metadata")
    targets = tuple(f"/{k}/{v}" for k in kinds for v in ("read", "write", "delete"))
    targeted = "/repositories/" in seen.permission.lower() and seen.ends(*targets)
    return _named(lambda name: name.startswith("base/"))(seen) if targeted else True


def _of_pull(seen: _Seen) -> bool | None:
    if "microsoft.authorization/roleassignments/" not in seen.permission.lower():
        return True
    return None if seen.about is None else seen.about == "AcrPull"


# What each of `worlds.CONDITIONS` means: True, False, or None when it cannot be told.
_MEANINGS: dict[str, Callable[[_Seen], bool | None]] = {
    "below team": _named(lambda name: name.startswith("team/")),
    "pushes to team/app": _pushes_to_app,
    "bound to base": _bound_to_base,
    "until later": lambda seen: not seen.later,
    "upper deck": lambda seen: None if seen.deck is None else seen.deck == "upper",
    "no upper deck": lambda seen: None if seen.deck is None else seen.deck != "upper",
    "of AcrPull": _of_pull,
    "unknown": lambda _: None,
    "unreadable": lambda _: None,
}


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
            refused = any(_refuses(world, denial, asked) for denial in world.denials)
            granted = everyone or any(_grants(world, one, asked) for one in world.assignments)
            return stands and granted and not refused


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


def _grants(world: World, one: Assigned, asked: Asked) -> bool:
    if one.to not in _holders(world, asked.who) or one.level not in _ABOVE[_level(asked)]:
        return False
    if asked.where == "*" and world.mode is RoleMode.ABAC:
        return False
    held = _role(world, one.role)
    return any(
        _holds(held, permission, data=data)
        and (one.condition is None or _meaning(one.condition, world, asked, permission) is True)
        for permission, data in _permissions(world, asked)
    )


def _refuses(world: World, denial: DeniedTo, asked: Asked) -> bool:
    holders = _holders(world, asked.who)
    line = _ABOVE[_level(asked)]
    if denial.level not in (line if denial.reaches_below else line[:1]):
        return False
    if denial.to is not None and not denial.to & holders:
        return False
    return not denial.excluded & holders and any(
        _holds(denial.permissions, permission, data=data)
        and (
            denial.condition is None
            or _meaning(denial.condition, world, asked, permission) is not False
        )
        for permission, data in _permissions(world, asked)
    )


def _meaning(condition: str, world: World, asked: Asked, permission: str) -> bool | None:
    named = world.mode is RoleMode.ABAC and asked.action in _VERBS and asked.where != "*"
    decks = world.decks.get(asked.who, ())
    deck = decks[0] if len(decks) == 1 else None
    name = asked.where if named else None
    return _MEANINGS[condition](_Seen(permission, name, deck, asked.at > NOON, asked.about))


def _level(asked: Asked) -> str:
    return asked.where if "/" in asked.action else "registry"


def _permissions(world: World, asked: Asked) -> list[tuple[str, bool]]:
    """What is asked for, any of which will do, and whether it is a data action."""
    if "/" in asked.action:
        return [(asked.action, False)]
    if world.mode is RoleMode.RBAC:
        return [(_REGISTRY + name, False) for name in _ACTIONS[asked.action]]
    return [(_REGISTRY + _DATA_ACTIONS[asked.action], True)]


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


def _role(world: World, name: str) -> Permissions:
    for role in BUILT_IN_ROLES.values():
        if role.name == name:
            held = role.permissions[0]
            return {
                "actions": held.actions,
                "not_actions": held.not_actions,
                "data_actions": held.data_actions,
            }
    return world.roles.get(name, {})


def _holds(held: Permissions, permission: str, *, data: bool) -> bool:
    given, taken = ("data_actions", "not_data_actions") if data else ("actions", "not_actions")
    return _matches(held.get(given, ()), permission) and not _matches(
        held.get(taken, ()), permission
    )


def _matches(patterns: tuple[str, ...], permission: str) -> bool:
    return any(
        re.fullmatch(
            ".*".join(re.escape(part) for part in pattern.split("*")),
            permission,
            re.IGNORECASE | re.ASCII,
        )
        for pattern in patterns
    )
