"""Roles under conditions: written by `--repository`, given as text or in a file, over a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from pratique.access.conditions import Condition, for_repositories
from pratique.cli.conditions import in_short, laid_out

READER = "Container Registry Repository Reader"
WRITER = "Container Registry Repository Writer"
_ON = "Microsoft.ContainerRegistry/registries/repositories/"
READING = (f"{_ON}content/read", f"{_ON}metadata/read")
NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
# Targets one of the four permissions of Repository Writer.
WITH_HOLES = f"!(ActionMatches{{'{_ON}content/write'}}) OR {NAME} StringEquals 'app'"


@pytest.fixture
def alice(owner: Terminal) -> Terminal:
    """A folder in mode abac, in which there is a user `alice`."""
    owner.gets("user", "create", "alice")
    owner.gets("registry", "update", "--role-mode", "abac", "--yes")
    return owner


def test_condition_is_written_and_shown(alice: Terminal) -> None:
    """`--repository` writes a condition; what is shown can be given back as that condition."""
    words = ("role", "assign", READER, "--to", "alice", "--repository", "team/*")
    told = alice.reads(*words)
    (held,) = alice.gets("role", "list", "--principal", "alice")
    assert held["condition"] == for_repositories(["team/*"], READING).text
    shown = told.partition("under the condition:\n")[2]
    assert shown.startswith("\n  (\n    !(ActionMatches{")
    assert str(Condition.parse(shown)) == str(Condition.parse(held["condition"]))
    assert max(map(len, shown.splitlines())) <= 100


def test_lists_say_conditions_in_short(alice: Terminal) -> None:
    """A list names the repositories; programs get the whole condition."""
    for more in ("team/*", "app", "*-tools"):
        alice.reads("role", "assign", READER, "--to", "alice", "--repository", more, "--also")
    assert "team/*, app, *-tools only" in alice.reads("role", "list")
    (held,) = alice.gets("role", "list", "--principal", "alice")
    assert held["condition"].count("ActionMatches") == 6


def test_assignment_that_stands_is_changed_on_demand_only(alice: Terminal) -> None:
    """Without `--replace` or `--also` it is refused, naming both; with them it is one still."""
    words = ("role", "assign", READER, "--to", "alice")
    alice.reads(*words, "--repository", "one")
    told = alice.fails(*words, "--repository", "two")
    assert "`--replace`" in told
    assert "`--also`" in told
    alice.reads(*words, "--repository", "two", "--also")
    assert "one, two only" in alice.reads("role", "list")
    alice.reads(*words, "--repository", "three", "--replace")
    assert "three only" in alice.reads("role", "list")
    made = alice.gets(*words, "--replace")
    assert (made["condition"], made["holes"]) == (None, [])
    assert [a["assignment_id"] for a in alice.gets("role", "list", "--principal", "alice")] == [
        made["assignment_id"]
    ]


def test_description_is_kept_until_another_is_given(alice: Terminal) -> None:
    """A new condition leaves it; another one, or an empty one, takes its place."""
    words = ("role", "assign", READER, "--to", "alice")

    def described() -> str:
        (held,) = alice.gets("role", "list", "--principal", "alice")
        description: str = held["description"]
        return description

    alice.reads(*words, "--description", "for the nightly job")
    assert described() == "for the nightly job"
    alice.reads(*words, "--repository", "one", "--replace")
    assert described() == "for the nightly job"
    alice.reads(*words, "--repository", "two", "--also", "--description", "for both jobs")
    assert described() == "for both jobs"
    assert "one line of printable" in alice.fails(*words, "--replace", "--description", "a\nb")
    alice.reads(*words, "--replace", "--description", "")
    assert described() == ""


def test_hole_is_warned_of(alice: Terminal) -> None:
    """What a condition does not target is named, with what to do; it was done all the same."""
    done = alice.types("role", "assign", WRITER, "--to", "alice", "--condition", WITH_HOLES)
    assert (done.code, done.out.count(WITH_HOLES.partition(" OR ")[0])) == (0, 1)
    assert done.err.startswith("warning: the condition does not target these permissions")
    untargeted = ("content/read", "metadata/read", "metadata/write")
    assert [line.strip() for line in done.err.splitlines() if line.startswith("  M")] == [
        f"{_ON}{permission}" for permission in untargeted
    ]
    assert "--replace" in done.err
    assert "--repository PATTERN" in done.err
    (held,) = alice.gets("role", "list", "--principal", "alice")
    assert held["condition"] == WITH_HOLES


def test_programs_are_warned_beside_their_answer(alice: Terminal) -> None:
    """With `--json`, standard output is the server's answer alone, and the warning is beside it."""
    words = ("role", "assign", WRITER, "--to", "alice", "--condition", WITH_HOLES, "--json")
    done = alice.types(*words)
    assert '"holes": [' in done.out
    assert done.err.startswith("warning: ")


def test_condition_stands_in_a_file(alice: Terminal, tmp_path: Path) -> None:
    """A file is read as it is, but for its end; `-` is standard input."""
    text = for_repositories(["app"], READING).text
    file = tmp_path / "condition"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n\n")
    words = ("role", "assign", READER, "--to", "alice", "--condition-file")
    assert alice.gets(*words, str(file))["condition"] == text
    again = alice.gets(*words, "-", "--replace", stdin=f"{text}\n")
    assert again["condition"] == text


@pytest.mark.parametrize("text", ["@Request[x] StringEquals x", "a\n  OR b\n", "(" * 3])
def test_caret_of_a_refusal_points_where_it_should(alice: Terminal, text: str) -> None:
    """The refused line and the caret below it stand as the server placed them."""
    told = alice.fails("role", "assign", READER, "--to", "alice", "--condition", text)
    sentence, line, caret = told.split("\n")
    number, column = (
        int(word.rstrip(";,")) for word in sentence.split(" at line ")[1].split()[0:3:2]
    )
    written = text.split("\n")[number - 1]
    assert line == f"  {written}"
    assert caret == f"  {' ' * (column - 1)}^"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--repository", "x", "--condition", "y"), "give one of"),
        (("--condition", "x", "--condition-file", "-"), "give one of"),
        (("--replace", "--also", "--repository", "x"), "give --replace or --also"),
        (("--also",), "--also needs"),
    ],
)
def test_contradictions_are_wrong_usage(alice: Terminal, words: tuple[str, ...], told: str) -> None:
    """One source for the condition, and one thing to do with an assignment that stands."""
    assert told in alice.misuses("role", "assign", READER, "--to", "alice", *words)


def test_file_that_is_no_text_is_told(alice: Terminal, tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are wrong usage."""
    file = tmp_path / "condition"
    file.write_bytes(b"\xff\xfe")
    words = ("role", "assign", READER, "--to", "alice", "--condition-file", str(file))
    assert "is not UTF-8 text" in " ".join(alice.misuses(*words).split())


def test_mode_that_honours_no_repositories_names_both_ways_out(owner: Terminal) -> None:
    """In mode rbac, `--repository` is refused with the change of mode and with tokens."""
    owner.gets("user", "create", "alice")
    told = owner.fails("role", "assign", "AcrPull", "--to", "alice", "--repository", "team/*")
    assert "pratique registry update --role-mode abac" in told
    assert "pratique scope-map create" in told


@pytest.mark.parametrize(
    "condition",
    [
        for_repositories(["team/*", "app"], READING).text,
        f"!({WITH_HOLES})",
        f"{NAME} StringEquals 'a' AND ({WITH_HOLES} OR {NAME} StringEquals '{'b' * 200}')",
        "!(!(@Principal[Engineering_Project] StringEquals 'shop'))",
    ],
)
@pytest.mark.parametrize("width", [20, 60, 96, 1000])
def test_layout_changes_nothing(condition: str, width: int) -> None:
    """Over however many lines, it is the same condition."""
    lines = laid_out(condition, width)
    assert Condition.parse("\n".join(lines)).expression == Condition.parse(condition).expression
    assert (len(lines) > 1) == (len(str(Condition.parse(condition))) > width)


def test_what_cannot_be_read_is_shown_as_written() -> None:
    """A condition of a language that this version does not know is shown all the same."""
    assert laid_out("tomorrow's\nlanguage") == ["tomorrow's", "language"]


def test_short_form_does_not_hide_what_it_leaves_out() -> None:
    """Only what `--repository` wrote is said by its patterns; everything else is cut visibly."""
    one = for_repositories(["one"], READING).text
    two = for_repositories(["two/*"], READING[:1]).text
    assert in_short(None) is None
    assert in_short(one) == "one only"
    assert in_short(f"({one}) OR ({one})") == "one only"
    for other in (f"!({one})", f"({one}) AND ({one})", f"({one}) OR ({two})", WITH_HOLES):
        shown = in_short(other)
        assert shown is not None
        assert shown.endswith("…")
        assert len(shown) == 40


def test_reader_of_conditions_is_loaded_by_need() -> None:
    """No module of the command line loads the parser generator."""
    code = (
        "import importlib, pkgutil, sys, pratique.cli\n"
        "for module in pkgutil.iter_modules(pratique.cli.__path__):\n"
        "    importlib.import_module(f'pratique.cli.{module.name}')\n"
        "print('lark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
