"""Access cases as they stand in `cases/*.toml`, turned into laws, questions and answers.

A case gives a law and, on it, questions with their answers:

    [[case]]
    says = "AcrDelete alone cannot pull"
    roles = ["AcrDelete to dev"]               # ROLE to NAME [at LEVEL]
    [case.answers]
    "dev delete team/app" = "allowed: role-assignment"
    "dev pull team/app" = "denied: no-role-grants-it (role-lacks-action)"

A question is WHO ACTION WHERE, with `holding SCOPES` after it when an access token for those
scopes carries it. WHO is a name, `token:NAME`, `admin-user`, `anonymous` or `folder-owner`; WHERE
is a repository, `*` for every repository, `registry`, or a level such as `subscription`. The
outcomes in parentheses are of the role assignments that were consulted, in order.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Allowed,
    Anonymous,
    Attenuation,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Law,
    Question,
    RegistryAction,
    RepositoryToken,
    Resource,
    RoleMode,
    Subject,
)
from pratique.naming import RepositoryName, ResourceScope, parse_scopes
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

CASES = Path(__file__).parent / "cases"

MODES = {"rbac": RoleMode.RBAC, "abac": RoleMode.ABAC}
LEVELS = {
    "root": law_builder.ROOT,
    "coast": ResourceScope.management_group("coast"),
    "management-group": law_builder.MANAGEMENT_GROUP,
    "subscription": law_builder.SUBSCRIPTION,
    "resource-group": law_builder.RESOURCE_GROUP,
    "registry": law_builder.REGISTRY,
    "other-registry": ResourceScope(
        f"{law_builder.RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/elsewhere"
    ),
    "other-resource-group": ResourceScope(f"{law_builder.SUBSCRIPTION}/resourceGroups/yard"),
    "other-subscription": ResourceScope("/subscriptions/quay2"),
    "other-management-group": ResourceScope.management_group("inland"),
}

_SUBJECTS: dict[str, Subject] = {
    "admin-user": AdminUser(),
    "anonymous": Anonymous(),
    "folder-owner": FolderOwner(),
}
_ASSIGNMENT = re.compile(r"(?P<role>.+) to (?P<to>\S+?)(?: at (?P<level>\S+))?")
_LAW_KEYS = {
    *("mode", "admin_enabled", "anonymous_pull", "users", "service_principals", "disabled"),
    *("groups", "custom_roles", "roles", "scope_maps", "tokens"),
}


@dataclass(frozen=True)
class LawCase:
    """One question on one law.

    Attributes:
        title: file, sentence and question, for the test report.
        expected: verdict, reason and outcomes as `describe` writes them.
    """

    title: str
    law: Law
    question: Question
    expected: str


def read_cases() -> Iterator[LawCase]:
    """Every case of every file, in order.

    Raises:
        ValueError: a case holds a key or a word that means nothing.
    """
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        common = content.get("law", {})
        for case in content["case"]:
            law = _read_law({**common, **case})
            for asked, expected in case["answers"].items():
                title = f"{path.stem}: {case['says']}: {asked}"
                yield LawCase(title, law, read_question(asked), expected)


def read_question(text: str) -> Question:
    """The question that `text` asks."""
    asked, _, scopes = text.partition(" holding ")
    who, action, where = asked.split(" ")
    attenuation = Attenuation.of(parse_scopes([scopes])) if scopes else None
    return Question(_read_subject(who), read_action(action), _read_resource(where), attenuation)


def read_action(word: str) -> RegistryAction | ControlAction:
    """The registry action of that word, or the control action of that permission."""
    if "/" in word:
        return ControlAction(word)
    return RegistryAction[word.upper()]


def describe(verdict: Allowed | Denied) -> str:
    """A verdict as the answers in the files are written."""
    word = "allowed" if isinstance(verdict, Allowed) else "denied"
    outcomes = ", ".join(consulted.outcome for consulted in verdict.consulted)
    return f"{word}: {verdict.reason}" + (f" ({outcomes})" if outcomes else "")


def _read_subject(who: str) -> Subject:
    if who.startswith("token:"):
        return RepositoryToken(who.removeprefix("token:"))
    return _SUBJECTS.get(who) or DirectoryPrincipal(object_id(who))


def _read_resource(where: str) -> Resource:
    if where == "registry":
        return THE_REGISTRY
    if where == "*":
        return EVERY_REPOSITORY
    return LEVELS.get(where) or RepositoryName(where)


def _read_law(given: Mapping[str, Any]) -> Law:
    unknown = given.keys() - _LAW_KEYS - {"says", "answers"}
    if unknown:
        raise ValueError(f"`{given['says']}` holds {unknown}, which mean nothing")
    builder = LawBuilder(
        mode=MODES[given.get("mode", "rbac")],
        admin_enabled=given.get("admin_enabled", False),
        anonymous_pull=given.get("anonymous_pull", False),
        management_groups=("harbour", "coast"),
    )
    disabled = set(given.get("disabled", ()))
    for name in given.get("users", ()):
        builder.user(name, enabled=name not in disabled)
    for name in given.get("service_principals", ()):
        builder.service_principal(name, enabled=name not in disabled)
    for name, members in given.get("groups", {}).items():
        builder.group(name, *members, enabled=name not in disabled)
    for name, permissions in given.get("custom_roles", {}).items():
        builder.role(name, **{kind: tuple(texts) for kind, texts in permissions.items()})
    for text in given.get("roles", ()):
        _assign(builder, text)
    for name, actions in given.get("scope_maps", {}).items():
        builder.scope_map(name, *actions)
    for name, scope_map in given.get("tokens", {}).items():
        builder.token(name, scope_map, enabled=f"token:{name}" not in disabled)
    return builder.build()


def _assign(builder: LawBuilder, text: str) -> None:
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not `ROLE to NAME [at LEVEL]`")
    level = match["level"] or "registry"
    scope = LEVELS.get(level) or ResourceScope(level)
    builder.assign(match["role"], match["to"], scope)
