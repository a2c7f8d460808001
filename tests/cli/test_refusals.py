"""`pratique denials` over a folder: what was refused, in columns that a screen has room for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Terminal, at_terminal

from pratique.admission.decisions import DecisionRecord
from pratique.assembly import now
from pratique.cli.following import Shown
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions

_ON = "Microsoft.ContainerRegistry/registries/"
HERE = f"/subscriptions/0/resourceGroups/rg/providers/{_ON}pratique"
Happened = Callable[..., list[str]]


@pytest.fixture
def moment() -> datetime:
    """When the test begins, to the second."""
    return now().replace(microsecond=0)


@pytest.fixture
def happened(data: Path, moment: datetime) -> Happened:
    """Writes refusals into the folder, each a minute before the one that follows; their ids."""

    def write(*records: dict[str, Any]) -> list[str]:
        made = [
            DecisionRecord(
                decision_id=f"5f0c2a9e-41d3-4c11-8a7e-{number:012d}",
                at=moment - timedelta(minutes=len(records) - number),
                **{
                    "kind": "refused",
                    "reason": "no-role-assignment",
                    "sentence": "no",
                    "caller_kind": "principal",
                    "caller_id": "9f",
                    "caller": "`ci-bot`",
                    "action": "pull",
                    "permission": f"{_ON}pull/read",
                    "resource": "team/app",
                    "client": "192.0.2.1",
                    **record,
                },
            )
            for number, record in enumerate(records)
        ]
        with closing(SqliteDecisions(data / "decisions.db")) as store:
            store.record(made, [])
        return [record.decision_id for record in made]

    return write


SIGN_IN = {
    "kind": "sign-in refused",
    "reason": "wrong-name-or-secret",
    "sentence": "",
    "caller_kind": "",
    "caller_id": "",
    "caller": "",
    "action": "",
    "permission": "",
    "resource": "",
    "client": "192.0.2.77",
}
EVERY_KIND: tuple[dict[str, Any], ...] = (
    {},
    {"action": "push", "resource": "a/long/name/of/a/repository/that/goes/on/and/on"},
    {"caller_kind": "token", "caller_id": "deploy", "caller": "the token `deploy`"},
    {"caller_kind": "admin-user", "caller_id": "", "caller": "the admin user"},
    {"caller_kind": "anonymous", "caller_id": "", "caller": "an anonymous caller"},
    {"action": f"{_ON}tokens/read", "resource": HERE},
    {"action": "Microsoft.Authorization/directory/users/write", "resource": "/"},
    {"action": "catalog", "resource": "registry"},
    {"action": "delete", "resource": "*"},
    SIGN_IN,
    {"caller": f"`{'n' * 200}`", "reason": "scope-map-does-not-cover"},
)


def words_of(lines: Iterable[str]) -> list[list[str]]:
    """The columns of each line."""
    return [[cell.strip() for cell in line.split("   ") if cell.strip()] for line in lines]


def test_each_refusal_is_a_line_where_nobody_looks(
    owner: Terminal, happened: Happened, moment: datetime
) -> None:
    """Oldest first and whole, so that a programme can search them; last, how to see one in full."""
    ids = happened(*EVERY_KIND)
    heading, *lines, empty, last = owner.reads("denials").splitlines()
    assert words_of([heading]) == [["TIME (UTC)", "WHO", "WHAT", "REASON", "DECISION"]]
    found = words_of(lines)
    assert [cells[0] for cells in found] == [
        f"{moment - timedelta(minutes=len(ids) - number):%Y-%m-%d %H:%M:%S}"
        for number in range(len(ids))
    ]
    assert [tuple(cells[1:3]) for cells in found] == [
        ("ci-bot", "pull team/app"),
        ("ci-bot", "push a/long/name/of/a/repository/that/goes/on/and/on"),
        ("token:deploy", "pull team/app"),
        ("admin-user", "pull team/app"),
        ("anonymous", "pull team/app"),
        ("ci-bot", "registries/tokens/read registries/pratique"),
        ("ci-bot", "directory/users/write /"),
        ("ci-bot", "catalog"),
        ("ci-bot", "delete every repository"),
        ("from 192.0.2.77", "sign in"),
        ("n" * 200, "pull team/app"),
    ]
    assert [cells[4] for cells in found] == ids
    assert empty == ""
    chosen = " ".join(owner.words)
    assert last == f"To see one in full, with what would help: pratique why ID {chosen}"


@pytest.mark.parametrize("columns", [80, 100])
def test_each_refusal_is_two_lines_on_a_narrow_screen(
    owner: Terminal, happened: Happened, columns: int
) -> None:
    """No line is wider than the screen, and the id of the decision is whole."""
    ids = happened(*EVERY_KIND)
    told = at_terminal(owner, columns).reads("denials")
    table = told.partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= columns
    above, below = table[2::2], table[3::2]
    assert words_of(below) == [
        [record.get("reason", "no-role-assignment"), decision_id]
        for record, decision_id in zip(EVERY_KIND, ids, strict=True)
    ]
    starts = {line.index(what) for line in above for what in ("pull", "push") if what in line}
    assert len(starts) == 1
    assert above[1].endswith("…") or columns == 100


def test_each_refusal_is_one_line_on_a_screen_with_room(
    owner: Terminal, happened: Happened
) -> None:
    """Nothing is broken or cut."""
    (decision_id,) = happened({})
    _, line, *_ = at_terminal(owner, 130).reads("denials").splitlines()
    assert words_of([line])[0][1:] == ["ci-bot", "pull team/app", "no-role-assignment", decision_id]


def test_what_others_wrote_moves_no_cursor(owner: Terminal, happened: Happened) -> None:
    """A name with control characters stays on its line."""
    happened({"caller": "`eve\x1b[2J\nroot`", "caller_kind": "principal"})
    told = owner.reads("denials")
    assert "\x1b" not in told
    assert "eve?[2J?root" in told


def test_programs_get_what_the_api_says(owner: Terminal, happened: Happened) -> None:
    """A list of objects, the oldest first; an empty one too."""
    assert owner.gets("denials") == []
    ids = happened({}, SIGN_IN)
    rows = owner.gets("denials", "--since", "1h")
    assert [row["decision_id"] for row in rows] == ids
    assert (rows[0]["caller"], rows[0]["resource"]) == ("`ci-bot`", "team/app")
    assert (rows[1]["caller"], rows[1]["client"]) == ("", "192.0.2.77")


def test_the_list_is_narrowed(owner: Terminal, happened: Happened, moment: datetime) -> None:
    """By time, caller, repository and reason, each and together."""
    made = owner.gets("sp", "create", "ci-bot")
    mine = {"caller_id": made["object_id"]}
    happened(mine, {"resource": "base"}, {**mine, "resource": "base"}, SIGN_IN)

    def listed(*words: str) -> list[str]:
        return [row["decision_id"][-1] for row in owner.gets("denials", *words)]

    assert listed() == ["0", "1", "2", "3"]
    assert listed("--since", "150s") == ["2", "3"]
    assert listed("--since", f"{moment - timedelta(minutes=3):%Y-%m-%dT%H:%M:%SZ}") == [
        "1",
        "2",
        "3",
    ]
    assert listed("--principal", "ci-bot") == ["0", "2"]
    assert listed("--principal", "9F") == ["1"]
    assert listed("--repo", "base") == ["1", "2"]
    assert listed("--repo", "base", "--principal", made["client_id"]) == ["2"]
    assert listed("--reason", "wrong-name-or-secret") == ["3"]
    assert listed("--limit", "3") == ["1", "2", "3"]
    told = owner.reads("denials", "--limit", "3")
    assert "These are the newest 3; `--limit` shows more.\n" in told
    assert "newest" not in owner.reads("denials", "--limit", "4")
    assert (
        owner.reads("denials", "--repo", "x") == "Nothing like that was refused in the last 1d.\n"
    )
    told = owner.reads("denials", "--repo", "x", "--since", "2026-01-05")
    assert told == "Nothing like that was refused since 2026-01-05.\n"


def test_more_than_a_page_is_listed(owner: Terminal, happened: Happened) -> None:
    """The registry gives a thousand at once; a longer list is put together."""
    happened(*([{}] * 1200))
    assert len(owner.gets("denials", "--limit", "1100")) == 1100
    assert len(owner.gets("denials", "--limit", "10000", "--since", "2d")) == 1200
    assert len(owner.gets("denials")) == 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--since", "soon"), "`soon` is not a point in time: write how long ago, as in"),
        (("--repo", "A"), "`A` is not a repository name"),
        (("--limit", "0"), "0 is not in the range"),
        (("ci-bot",), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(
    owner: Terminal, words: tuple[str, ...], told: str
) -> None:
    """With exit code 2."""
    assert told in " ".join(owner.misuses("denials", *words).split())


def test_who_is_not_there_is_told(owner: Terminal) -> None:
    """So is a reason that there is not; also when the list should be followed."""
    for further in ((), ("--follow",)):
        told = owner.fails("denials", "--principal", "eve", *further)
        assert "answers to `eve`" in told
        told = owner.fails("denials", "--reason", "because", *further)
        assert "`because` is no reason of a refusal" in told
    assert json.loads(owner.types("denials", "--principal", "eve", "--json").err)["error"][
        "code"
    ] == ("NOT_FOUND")


def test_so_many_ids_are_remembered() -> None:
    """What was shown is not shown again, unless so many others came since."""

    def rows(*ids: str) -> list[dict[str, Any]]:
        return [{"decision_id": one} for one in ids]

    shown = Shown(kept=3)
    assert shown.new(rows("a", "b", "a")) == rows("a", "b")
    assert shown.new(rows("b", "c")) == rows("c")
    assert shown.new(rows("d")) == rows("d")
    assert shown.new(rows("b", "c", "d")) == []
    assert shown.new(rows("a")) == rows("a")


def test_how_long_they_are_kept_is_set(owner: Terminal) -> None:
    """In days, with a bound."""
    assert "refusals kept            30 days\n" in owner.reads("registry", "show")
    changed = owner.gets("registry", "update", "--keep-refusals", "90")
    assert changed["refusals_kept_days"] == 90
    assert "refusals kept            90 days\n" in owner.reads("registry", "show")
    for days in ("0", "3651"):
        assert "is not in the range" in owner.misuses("registry", "update", "--keep-refusals", days)
