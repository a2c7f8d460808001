"""Access cases as they stand in `cases/*.toml`, turned into laws, questions and answers.

A case gives a law and, on it, questions with their answers:

    [[case]]
    says = "AcrDelete alone cannot pull"
    roles = ["AcrDelete to dev"]
    [case.answers]
    "dev delete team/app" = "allowed: role-assignment"
    "dev pull team/app" = "denied: no-role-grants-it (role-lacks-action)"

A role is assigned by `ROLE to NAME`, then where needed `at LEVEL`, `on PATTERN PATTERN...` for some
repositories only, as `pratique role assign --repository` binds it, or `when CONDITION` with the
name of one of the case's `conditions`. A deny assignment is a line of `denials`: `to` names or
"everyone", `excluded`, the permissions, `at` a level, `not_below`, and `when`.

A question is WHO ACTION WHERE, after it `about ROLE to NAME as KIND` when a role assignment would
be written, `holding SCOPES` when an access token for those scopes carries it, and `at TIME` when it
is not noon of 15 June 2026. WHO is a name, `token:NAME`, `admin-user`, `anonymous` or
`folder-owner`; WHERE is a repository, `*` for every repository, `registry`, or a level such as
`subscription`. The outcomes in parentheses are of the rules that were consulted, in order.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pratique.access import (
    BUILT_IN_ROLES,
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AboutAssignment,
    AdminUser,
    Allowed,
    Anonymous,
    Attenuation,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Law,
    PermissionSet,
    Question,
    Refusal,
    RegistryAction,
    RepositoryToken,
    Resource,
    RoleMode,
    Subject,
)
from pratique.access.conditions import for_repositories
from pratique.access.known_permissions import repository_data_actions
from pratique.naming import RepositoryName, ResourceScope, parse_scopes
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id, role_id

# When a question is asked that says nothing else.
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
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
_ASSIGNMENT = re.compile(
    r"(?P<role>.+) to (?P<to>\S+)(?: at (?P<level>\S+))?"
    r"(?: on (?P<names>.+?))?(?: when (?P<when>\S+))?"
)
_QUESTION = re.compile(
    r"(?P<who>\S+) (?P<action>\S+) (?P<where>\S+)"
    r"(?: about (?P<role>.+?) to (?P<to>\S+) as (?P<kind>\S+))?"
    r"(?: holding (?P<scopes>.+?))?(?: at (?P<at>\S+))?"
)
_STANDS_FOR = re.compile(r"<(?P<name>[^<>]+)>")
_PERMISSIONS = ("actions", "not_actions", "data_actions", "not_data_actions")
_LAW_KEYS = {
    *("mode", "admin_enabled", "anonymous_pull", "users", "service_principals", "disabled"),
    *("groups", "custom_roles", "roles", "scope_maps", "tokens", "conditions", "attributes"),
    "denials",
}
_DENIAL_KEYS = {"to", "excluded", "at", "not_below", "when", *_PERMISSIONS}


@dataclass(frozen=True)
class LawCase:
    """One question on one law.

    Attributes:
        title: file, sentence and question, for the test report.
        asked: the question as it is written.
        at: when it is asked.
        expected: verdict, reason and outcomes as `describe` writes them.
    """

    title: str
    law: Law
    asked: str
    question: Question
    at: datetime
    expected: str

    @property
    def held_scopes(self) -> str:
        """The scopes of the access token that carries the question; empty without one."""
        match = _QUESTION.fullmatch(self.asked)
        return (match["scopes"] or "") if match else ""


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
                question, at = _read_asked(asked)
                yield LawCase(title, law, asked, question, at, expected)


def read_question(text: str) -> Question:
    """The question that `text` asks.

    Raises:
        ValueError: it is none.
    """
    return _read_asked(text)[0]


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


def bound_to(role: str, *patterns: str) -> str:
    """The condition that binds a built-in role to repositories of these patterns."""
    definition = BUILT_IN_ROLES[role_id(role)]
    return for_repositories(patterns, repository_data_actions(definition)).text


def _read_asked(text: str) -> tuple[Question, datetime]:
    match = _QUESTION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not `WHO ACTION WHERE`")
    attenuation = Attenuation.of(parse_scopes([match["scopes"]])) if match["scopes"] else None
    about = None
    if match["role"]:
        about = AboutAssignment(role_id(match["role"]), object_id(match["to"]), match["kind"])
    subject, action = _read_subject(match["who"]), read_action(match["action"])
    question = Question(subject, action, _read_resource(match["where"]), attenuation, about)
    return question, datetime.fromisoformat(match["at"]) if match["at"] else NOON


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
    _refuse_others(given, _LAW_KEYS | {"says", "answers"}, given["says"])
    builder = LawBuilder(
        mode=MODES[given.get("mode", "rbac")],
        admin_enabled=given.get("admin_enabled", False),
        anonymous_pull=given.get("anonymous_pull", False),
        management_groups=("harbour", "coast"),
    )
    conditions = {
        name: _STANDS_FOR.sub(lambda match: role_id(match["name"]), text)
        for name, text in given.get("conditions", {}).items()
    }
    _add_principals(builder, given)
    for name, permissions in given.get("custom_roles", {}).items():
        builder.role(name, **{kind: tuple(texts) for kind, texts in permissions.items()})
    for text in given.get("roles", ()):
        _assign(builder, text, conditions)
    for name, denial in given.get("denials", {}).items():
        _deny(builder, name, denial, conditions)
    disabled = given.get("disabled", ())
    for name, actions in given.get("scope_maps", {}).items():
        builder.scope_map(name, *actions)
    for name, scope_map in given.get("tokens", {}).items():
        builder.token(name, scope_map, enabled=f"token:{name}" not in disabled)
    return builder.build()


def _add_principals(builder: LawBuilder, given: Mapping[str, Any]) -> None:
    disabled, attributes = given.get("disabled", ()), given.get("attributes", {})
    for name in given.get("users", ()):
        builder.user(name, enabled=name not in disabled, attributes=attributes.get(name))
    for name in given.get("service_principals", ()):
        held = attributes.get(name)
        builder.service_principal(name, enabled=name not in disabled, attributes=held)
    for name, members in given.get("groups", {}).items():
        builder.group(name, *members, enabled=name not in disabled)


def _assign(builder: LawBuilder, text: str, conditions: Mapping[str, str]) -> None:
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not `ROLE to NAME [at LEVEL] [on PATTERNS | when NAME]`")
    condition = conditions[match["when"]] if match["when"] else None
    if match["names"]:
        condition = bound_to(match["role"], *match["names"].split())
    level = match["level"] or "registry"
    scope = LEVELS.get(level) or ResourceScope(level)
    builder.assign(match["role"], match["to"], scope, condition)


def _deny(
    builder: LawBuilder, name: str, given: Mapping[str, Any], conditions: Mapping[str, str]
) -> None:
    _refuse_others(given, _DENIAL_KEYS, name)
    permissions = PermissionSet(*(tuple(given.get(kind, ())) for kind in _PERMISSIONS))
    condition = conditions[given["when"]] if "when" in given else None
    builder.deny(
        name,
        Refusal(permissions, condition),
        to=None if given["to"] == "everyone" else given["to"],
        excluded=given.get("excluded", ()),
        at=LEVELS[given.get("at", "registry")],
        reaches_below=not given.get("not_below", False),
    )


def _refuse_others(given: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = given.keys() - known
    if unknown:
        raise ValueError(f"`{where}` holds {unknown}, which mean nothing")
