"""How answers of the management API are told, shape by shape."""

from __future__ import annotations

from datetime import date
from typing import Any

import click
import pytest

from pratique.cli.access import denied
from pratique.cli.reviews import reviewed
from pratique.cli.verdicts import consulted, remedies
from pratique.cli.what_if import differences
from pratique.cli.why import decision_id, explained

_ON = "Microsoft.ContainerRegistry/registries/"
REGISTRY = f"/subscriptions/0/resourceGroups/rg/providers/{_ON}pratique"
LACKS = f"`ci-bot` does not have the permission `{_ON}pull/read` on the repository `team/app`: "
SEEN = ", and a name for each pattern in the rules."
MODE = "its role `AcrPull` is not honoured while the registry is in mode abac"


def _rule(**other: Any) -> dict[str, Any]:
    rule = {
        "rule_id": "1b2c",
        "kind": "role-assignment",
        "role": "AcrPull",
        "name": "AcrPull",
        "holder": "ci-bot",
        "through_group": None,
        "scope": REGISTRY,
        "outcome": "role-lacks-action",
        "meaning": "does not carry the permission",
        "failed": None,
    }
    return rule | other


def _difference(**other: Any) -> dict[str, Any]:
    difference = {
        "name": "ci-bot",
        "kind": "ServicePrincipal",
        "object_id": "1b2c",
        "gains": False,
        "action": "pull",
        "permission": f"{_ON}pull/read",
        "resources": ["*"],
        "more_resources": 0,
        "examples": [],
        "why": MODE,
    }
    return difference | other


def _what_if(*rows: dict[str, Any], asked: int = 2, known: bool = True) -> str:
    found = {"differences": rows, "repositories_asked": asked, "repositories_known": known}
    return "\n".join(differences(found))


def _decision(**other: Any) -> dict[str, Any]:
    found = {
        "decision_id": "5f0c-2a9e",
        "at": "2026-01-05T10:11:12Z",
        "kind": "refused",
        "reason": "no-role-grants-it",
        "sentence": LACKS + MODE,
        "caller": "`ci-bot`",
        "caller_kind": "principal",
        "action": "pull",
        "permission": f"{_ON}pull/read",
        "resource": "team/app",
        "client": "203.0.113.7",
        "law_version": 17,
        "consulted": [_rule()],
        "consulted_count": 1,
        "allowed_now": False,
        "remedies": [["pratique user enable ci-bot"]],
    }
    return found | other


def test_deny_assignment_is_told_from_a_role() -> None:
    """It is marked, and nobody holds it."""
    rule = _rule(
        kind="deny-assignment", name="freeze", role=None, holder=None, meaning="refuses it"
    )
    *_, line = consulted([rule])
    assert line.split("   ")[:2] == ["freeze (deny)", "-"]


def test_unreadable_condition_keeps_its_caret() -> None:
    """All lines of it are moved alike."""
    why = "unexpected `x` at line 1, column 3\n  a x\n    ^"
    lines = consulted([_rule(outcome="condition-unreadable", failed=why)])
    assert lines[-5:] == [
        *("Why the condition of AcrPull cannot be read:", ""),
        *("  unexpected `x` at line 1, column 3", "    a x", "      ^"),
    ]


def test_rules_that_were_not_kept_are_counted() -> None:
    """A record that holds fewer rules than were looked at says so; without rules it says none."""
    assert consulted([_rule()], 1)[-1].startswith("AcrPull")
    assert consulted([_rule()], 4)[-1] == "and 3 more that were not kept"
    assert consulted([], 0) == []


def test_commands_name_the_registry_that_was_chosen() -> None:
    """Every command of Pratique does, each on a line of its own; others stay as they are."""
    found = [["docker login"], ["pratique a && pratique b 'x && y'", "pratique c"]]
    assert remedies(found, " --server example.com") == [
        "",
        "Each of these would allow it, narrowest first:",
        "",
        "  1. docker login",
        "  2. pratique a --server example.com",
        "     pratique b 'x && y' --server example.com",
        "     pratique c --server example.com",
    ]
    assert remedies([], " --server example.com") == []


def test_refusal_that_nothing_can_change_says_so() -> None:
    """Neither a command nor a group."""
    found = {"sentence": "no", "consulted": [], "groups_that_may": [], "remedies": []}
    assert denied(found, "ci-bot", "") == ["No: no.", "", "No command would allow it."]


def test_what_is_lost_comes_before_what_is_gained() -> None:
    """By principal, one line for each place, the reason once below those that share it."""
    told = _what_if(
        _difference(name="zoe", kind="User", gains=True, why="the role `AcrPull` grants it"),
        _difference(),
        _difference(action="push"),
        _difference(action="catalog", resources=["registry"]),
        _difference(name="alice", kind="User", why="`alice` is disabled"),
    )
    assert told.splitlines() == [
        "`ci-bot` (service principal) loses",
        "",
        "  pull, push on every repository",
        "  catalog on the registry",
        f"    since {MODE}",
        "",
        "`alice` (user) loses",
        "",
        "  pull on every repository",
        "    since `alice` is disabled",
        "",
        "`zoe` (user) gains",
        "",
        "  pull on every repository",
        "    since the role `AcrPull` grants it",
        "",
        f"All 2 repositories were looked at{SEEN}",
    ]


def test_permissions_of_one_resource_are_told_together() -> None:
    """Long lists stay short: verbs in brackets behind the resource, and a count of the rest."""
    kinds = [f"kind{number}" for number in range(14)]
    rows = [
        _difference(action=f"{_ON}{kind}/{verb}", resources=["registry"])
        for kind in kinds
        for verb in ("read", "write")
    ]
    told = _what_if(*rows, _difference(action="Microsoft.Authorization/directory/users/read"))
    assert "  kind0 (read, write), kind1 (read, write)" in told
    assert "kind11 (read, write) and 2 more on the registry\n" in told
    assert "  directory/users (read) on every repository\n" in told


def test_places_are_listed_up_to_a_number() -> None:
    """What is not shown is counted, here and by the server."""
    row = _difference(resources=list("abcdefg"), more_resources=10)
    assert "pull on `a`, `b`, `c`, `d`, `e` and 12 more\n" in _what_if(row)


def test_names_that_only_rules_know_are_examples() -> None:
    """A pattern of a rule is told by a name that it fits, apart from repositories that exist."""
    both = _difference(resources=["team/app"], examples=["team/any"])
    assert "pull on `team/app`, and on names like `team/any`\n" in _what_if(both)
    none = _difference(resources=[], examples=["team/any"])
    assert "pull on names like `team/any`\n" in _what_if(none)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (0, "There is no repository yet; a name for each pattern in the rules was looked at."),
        (1, f"The one repository there is was looked at{SEEN}"),
    ],
)
def test_few_repositories_are_told_as_people_would(asked: int, told: str) -> None:
    """None and one are words."""
    assert f" {told}" in _what_if(asked=asked)


def test_unknown_repositories_are_owned_up_to() -> None:
    """Whoever may not list repositories learns that there may be more to it."""
    told = _what_if(asked=1, known=False)
    assert told.startswith("Nothing changes: nobody loses anything, nobody gains anything. Looked")
    assert "you may not list the registry's repositories" in told
    assert "you may not" not in _what_if(asked=1)


def _review(since: str | None, *findings: dict[str, Any]) -> list[str]:
    found = {"days": 90, "recorded_since": since, "findings": findings}
    return reviewed(found, date(2026, 4, 11), " --data d")


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2026-01-11", None),
        ("2026-01-12", "Uses are recorded since 2026-01-12, which is less than 90 days"),
        (None, "No use was recorded so far"),
    ],
)
def test_review_says_since_when_uses_are_recorded(since: str | None, told: str | None) -> None:
    """Only where that is too short to call something unused."""
    first, *rest = _review(since)
    assert first == "No role assignment is worth a look."
    assert [line[: len(told or "")] for line in rest if line] == ([told] if told else [])


def test_review_numbers_what_to_type() -> None:
    """A finding without a command keeps its number; several commands stand below each other."""
    assignment = {"principal": None, "role": "Owner", "scope": REGISTRY}
    finding = {"assignment": assignment, "last_used": "2026-02-03", "says": "x", "command": None}
    command = "pratique a && pratique b"
    lines = _review("2025-01-01", finding, finding | {"command": command})
    assert lines[1].split() == ["1", "-", "Owner", "registries/pratique", "2026-02-03", "x"]
    assert lines[-4:] == [
        *("What to type:", "", "  2. pratique a --data d", "     pratique b --data d")
    ]


def test_decision_is_told_in_full() -> None:
    """What was asked, by whom, from where, when; why not, by which rules; what would help."""
    lines = explained(_decision(), " --data d")
    assert lines[:9] == [
        f"Refused: {LACKS}{MODE}.",
        "",
        "decision    5f0c-2a9e",
        "at          2026-01-05 10:11:12 UTC",
        "asked by    `ci-bot` from 203.0.113.7",
        "asked for   `pull` on `team/app`",
        f"permission  {_ON}pull/read",
        "reason      no-role-grants-it",
        "law         version 17",
    ]
    assert lines[-1] == "  1. pratique user enable ci-bot --data d"
    assert "does not carry the permission" in lines[11]


def test_decision_that_would_fall_otherwise_says_so() -> None:
    """Then nothing is to be done."""
    assert explained(_decision(allowed_now=True), "")[-1] == "Asked again, it is allowed now."


def test_refused_sign_in_tells_what_is_known() -> None:
    """Nobody asked for anything yet."""
    unknown = dict.fromkeys(("sentence", "caller", "action", "permission", "resource"), "")
    found = _decision(**unknown, reason="x", law_version=0, consulted=[], consulted_count=0)
    assert explained(found | {"remedies": [], "allowed_now": None}, "") == [
        "Refused: a sign-in.",
        "",
        "decision  5f0c-2a9e",
        "at        2026-01-05 10:11:12 UTC",
        "asked by  from 203.0.113.7",
        "reason    x",
    ]


@pytest.mark.parametrize(
    "text", ["5f0c-2a9e", " Decision: 5f0c-2a9e", "decision:5f0c-2a9e.", "`5f0c-2a9e`"]
)
def test_id_is_found_in_what_was_copied(text: str) -> None:
    """With the word or without it, with what stands around it."""
    assert decision_id(text) == "5f0c-2a9e"


@pytest.mark.parametrize("text", ["Decision:", "", "one two"])
def test_text_without_an_id_is_wrong_usage(text: str) -> None:
    """Nothing, or more than an id."""
    with pytest.raises(click.BadParameter):
        decision_id(text)
