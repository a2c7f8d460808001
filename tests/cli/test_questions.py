"""`pratique access` over a folder: what is answered holds, and what is proposed helps."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import click
import pytest
from tests.cli.terminal import Outcome, Terminal, at_terminal

READER = "Container Registry Repository Reader"
CHECK = ("access", "check")


@pytest.fixture
def alice(owner: Terminal) -> Terminal:
    """A folder in which there are a user `alice`, and a group `night shift` that may pull."""
    owner.gets("user", "create", "alice")
    owner.gets("group", "create", "night shift")
    owner.gets("role", "assign", "AcrPull", "--to", "night shift")
    return owner


def _pasted(terminal: Terminal, lines: list[str]) -> None:
    """Type lines that were shown as they stand, wherever the terminal is."""
    anywhere = replace(terminal, words=())
    for line in lines:
        programme, *words = shlex.split(line)
        assert programme == "pratique"
        done = anywhere.types(*words)
        assert (done.code, done.err) == (0, ""), (line, done)


def _ways(shown: str) -> list[list[str]]:
    """The numbered ways out in what was shown, each with its commands."""
    ways: list[list[str]] = []
    for line in shown.splitlines():
        number, dot, command = line.strip().partition(". ")
        if dot and number.isdigit():
            ways.append([command])
        elif ways and line.startswith("     "):
            ways[-1].append(line.strip())
    return ways


def test_leave_names_the_rule(alice: Terminal) -> None:
    """Yes comes first, then the assignment with the group and the scope by which it holds."""
    alice.gets("group", "add", "night shift", "alice")
    done = alice.types(*CHECK, "alice", "pull", "app")
    assert (done.code, done.err) == (0, "")
    first, _, heading, line = done.out.splitlines()
    assert first == "Yes: `alice` may do `pull` on `app`, since the role `AcrPull` grants it."
    assert heading.split("   ")[0] == "RULE"
    assert line.split("   ") == [
        *("AcrPull", "group night shift", "registries/pratique", "grants it")
    ]


def test_refusal_names_every_rule_and_its_failing_part(alice: Terminal) -> None:
    """No comes first, then each rule in words, then the part of the condition that failed."""
    alice.gets("registry", "update", "--role-mode", "abac", "--yes")
    alice.gets("role", "assign", "AcrPush", "--to", "alice")
    alice.gets("role", "assign", READER, "--to", "alice", "--repository", "team/*")
    done = alice.types(*CHECK, "alice", "pull", "app")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("No: `alice` does not have the permission `Microsoft.Container")
    assert "is not honoured in the registry's role mode" in done.out
    assert f"Where the condition of {READER} failed:\n\n  @Request[" in done.out
    assert "StringStartsWith 'team/'\n" in done.out


def test_every_way_out_helps(alice: Terminal) -> None:
    """Each numbered remedy, pasted as it is shown, turns the answer into Yes."""
    alice.gets("deny", "create", "x", "--principal", "alice", "--action", "*/push/write")
    alice.gets("user", "disable", "alice")
    words = (*CHECK, "alice", "push", "app")
    ways = _ways(alice.types(*words).out)
    assert [len(way) for way in ways] == [3]
    assert "user enable" in ways[0][0]
    _pasted(alice, ways[0])
    assert alice.types(*words).out.startswith("Yes: ")


def test_groups_whose_members_may_are_offered(alice: Terminal) -> None:
    """Joining one would do; the command can be pasted, blanks and all."""
    shown = alice.types(*CHECK, "alice", "pull", "app").out
    (line,) = (one.strip() for one in shown.splitlines() if " group add " in one)
    assert line.startswith("pratique group add 'night shift' alice --data ")
    _pasted(alice, [line])
    assert alice.types(*CHECK, "alice", "pull", "app").code == 0


def test_tokens_get_their_remedies_in_steps(alice: Terminal) -> None:
    """Commands that belong together are lines below each other, and each names the folder."""
    alice.gets("token", "create", "app-ci", "--scope-map", "_repositories_pull")
    words = (*CHECK, "token:app-ci", "push", "app")
    (way,) = _ways(alice.types(*words).out)
    assert [line.split()[1] for line in way] == ["scope-map", "token"]
    _pasted(alice, way)
    assert alice.types(*words).code == 0


@pytest.mark.parametrize(
    ("principal", "action", "first"),
    [
        ("anonymous", "pull", "No: authentication required."),
        ("admin-user", "pull", "No: the admin user of this registry is disabled."),
        ("night shift", "push", "No: `night shift` does not have the permission"),
    ],
)
def test_everybody_can_be_asked_about(
    alice: Terminal, principal: str, action: str, first: str
) -> None:
    """Not only principals of the directory."""
    assert alice.types(*CHECK, principal, action, "app").out.startswith(first)


def test_answer_for_programs_is_the_servers(alice: Terminal) -> None:
    """With `--json` the verdict is printed whole, and the exit code is the same."""
    done = alice.types(*CHECK, "alice", "pull", "app", "--json")
    found = json.loads(done.out)
    assert (done.code, found["allowed"], found["reason"]) == (1, False, "no-role-assignment")
    assert found["groups_that_may"] == ["night shift"]
    assert alice.gets(*CHECK, "owner", "pull", "app")["allowed"] is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody", "pull", "app"), "`nobody`"),
        (("alice", "fly", "app"), "`fly` is no action"),
        (("alice", "pull", "App"), "`App`"),
        (("alice", "catalog", "app"), "ask about `registry`"),
    ],
)
def test_question_that_cannot_be_asked_is_no_denial(
    alice: Terminal, words: tuple[str, ...], told: str
) -> None:
    """It fails with a sentence and without an answer."""
    assert told in alice.fails(*CHECK, *words)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_answers_fit_a_terminal(alice: Terminal, columns: int) -> None:
    """But for commands and conditions, which are copied, no line is longer, and none is cut."""
    alice.gets("role", "assign", READER, "--to", "alice")
    done = at_terminal(alice, columns).types(*CHECK, "alice", "push", "app")
    shown = click.unstyle(done.out)
    lines = [line.rstrip() for line in shown.splitlines() if not line.startswith("  ")]
    prose = [line for line in lines if "Microsoft." not in line]
    assert max(map(len, prose)) <= columns
    assert "…" not in shown
    assert set(READER.split()) <= set(shown.split())


@pytest.mark.parametrize("columns", [24, 40, 80])
def test_even_a_narrow_terminal_gets_all_of_it(alice: Terminal, columns: int) -> None:
    """Where a column is too narrow for a word, the word goes on in the next line."""
    shown = click.unstyle(at_terminal(alice, columns).reads("role", "list"))
    whole = alice.reads("role", "list")
    assert sorted("".join(shown.split())) == sorted("".join(whole.split()))


def test_who_can_names_everybody_and_through_what(alice: Terminal) -> None:
    """Names, kinds, what lets them, and where; programs get the server's answer."""
    alice.gets("group", "add", "night shift", "alice")
    heading, *lines = alice.reads("access", "who-can", "pull", "app").splitlines()
    assert heading.split() == ["NAME", "KIND", "THROUGH", "SCOPE"]
    assert [line.split()[:3] for line in lines] == [
        ["alice", "user", "AcrPull"],
        ["owner", "user", "Owner"],
    ]
    assert "through the group" in lines[0]
    found = alice.gets("access", "who-can", "pull", "app")
    assert [holder["name"] for holder in found["holders"]] == ["alice", "owner"]
    alice.gets("registry", "update", "--role-mode", "abac", "--yes")
    told = alice.reads("access", "who-can", "pull", "app")
    assert told == "Nobody may do `pull` on `app`.\n"


def _what_if(terminal: Terminal, *words: str) -> str:
    return terminal.reads("access", "what-if", *words)


def test_what_if_says_who_loses_and_who_gains(alice: Terminal) -> None:
    """Losses first, by principal, with the reason; and it comes true when it is done."""
    alice.gets("role", "assign", "AcrPush", "--to", "alice")
    told = _what_if(alice, "--remove", "AcrPush from alice", "--add", "AcrDelete to alice")
    lost, gained = told.split("`alice` (user) gains\n")
    assert lost.startswith("`alice` (user) loses\n\n")
    assert "push on every repository\n" in lost
    assert "  delete on every repository\n    since the role `AcrDelete` grants it\n" in gained
    assert [a["role"] for a in alice.gets("role", "list", "--principal", "alice")] == ["AcrPush"]
    alice.reads("role", "unassign", "AcrPush", "--from", "alice")
    alice.reads("role", "assign", "AcrDelete", "--to", "alice")
    assert alice.types(*CHECK, "alice", "push", "app").code == 1
    assert alice.types(*CHECK, "alice", "delete", "app").code == 0


def test_what_if_takes_an_assignment_by_its_id(alice: Terminal) -> None:
    """The id of the list for programs means the same as the words."""
    made = alice.gets("role", "assign", "AcrPush", "--to", "alice")
    by_id = ("access", "what-if", "--remove", made["assignment_id"])
    by_words = ("access", "what-if", "--remove", "acrpush from ALICE")
    assert alice.gets(*by_id) == alice.gets(*by_words)


def test_what_if_names_an_assignment_that_words_do_not_tell(alice: Terminal) -> None:
    """What comes through a group, or stands twice, is not guessed."""
    alice.gets("group", "add", "night shift", "alice")
    words = ("access", "what-if", "--remove", "AcrPull from alice")
    assert "does not have the role `AcrPull` itself" in alice.fails(*words)
    made = [
        alice.gets("role", "assign", "AcrPull", "--to", "alice", "--scope", scope)
        for scope in ("registry", "subscription")
    ]
    told = alice.fails(*words)
    assert all(one["assignment_id"] in told for one in made)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--disable", "owner"), "`owner` (user) loses\n"),
        (("--delete", "alice"), "`alice` (user) loses\n"),
        (("--delete", "night shift"), "Nothing changes: "),
        (("--mode", "abac"), "since its role `Owner` is not honoured"),
        (("--mode", "rbac"), "Nothing changes: "),
        (("--anonymous-pull", "on"), "Whoever has no login gains\n"),
        (("--anonymous-pull", "off"), "Nothing changes: "),
        (("--admin-user", "on"), "The admin user gains\n"),
        (("--add", "AcrDelete to alice"), "`alice` (user) gains\n\n  delete on every repository\n"),
        (("--undeny", "freeze"), "`alice` (user) gains\n\n  push on every repository\n"),
    ],
)
def test_what_if_tries_every_kind_of_change(
    alice: Terminal, words: tuple[str, ...], told: str
) -> None:
    """Each option is a change; a change without consequence is said to be one."""
    alice.gets("role", "assign", "AcrPush", "--to", "alice")
    alice.gets("deny", "create", "freeze", "--principal", "alice", "--action", "*/push/write")
    assert told in _what_if(alice, *words)


def test_what_if_limits_what_it_adds(alice: Terminal) -> None:
    """`--add-repository` is as `--repository` of the assignment."""
    alice.gets("registry", "update", "--role-mode", "abac", "--yes")
    told = _what_if(alice, "--add", f"{READER} to alice", "--add-repository", "team/app")
    assert "pull on names like `team/app`\n" in told
    assert "every repository" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say what to try"),
        (("--add", "AcrPull"), "is not 'ROLE to PRINCIPAL'"),
        (("--add", " to alice"), "is not 'ROLE to PRINCIPAL'"),
        (("--add-repository", "x"), "needs --add"),
    ],
)
def test_what_if_without_a_change_is_wrong_usage(
    alice: Terminal, words: tuple[str, ...], told: str
) -> None:
    """Something is to be tried, and spelled as the help says."""
    assert told in alice.misuses("access", "what-if", *words)


def test_review_finds_and_what_it_says_helps(alice: Terminal) -> None:
    """Each finding has a number and a command under it; once typed, nothing is found."""
    alice.gets("group", "add", "night shift", "alice")
    alice.gets("role", "assign", "AcrPull", "--to", "alice")
    alice.gets("role", "assign", READER, "--to", "alice")
    shown = alice.reads("access", "review")
    table, _, rest = shown.partition("\n\nWhat to type:\n\n")
    heading, *lines = table.splitlines()
    assert heading.split() == ["#", "PRINCIPAL", "ROLE", "SCOPE", "LAST", "USED", "FINDING"]
    assert len(lines) == 2
    _pasted(alice, [line for way in _ways(rest) for line in way])
    assert alice.reads("access", "review").startswith("No role assignment is worth a look.\n")


def test_review_says_that_too_little_is_recorded(alice: Terminal) -> None:
    """Without records nothing is called unused; programs get what the server found."""
    told = alice.reads("access", "review", "--days", "30")
    assert "No use was recorded so far" in told
    found = alice.gets("access", "review", "--days", "30")
    assert (found["days"], found["recorded_since"], found["findings"]) == (30, None, [])
    assert "0 is not in the range" in alice.misuses("access", "review", "--days", "0")


def test_outcome_without_an_answer_differs_from_denied(alice: Terminal) -> None:
    """Both exit with 1; only a denial says something on standard output."""
    denied = alice.types(*CHECK, "alice", "pull", "app")
    failed = alice.types(*CHECK, "nobody", "pull", "app")
    assert (denied.code, bool(denied.out), denied.err) == (1, True, "")
    assert failed == Outcome(1, "", failed.err)
