"""Every verb explains itself, and the page "Command line" is what the verbs say now."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.cli.terminal import Terminal

from pratique.cli import reference
from pratique.cli.program import program
from pratique.cli.verbs import Verb

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
ALL = dict(reference.verbs())
LEAVES = {words: verb for words, verb in ALL.items() if not isinstance(verb, click.Group)}
GROUPS = {words: verb for words, verb in ALL.items() if isinstance(verb, click.Group)}
# `serve` gives a running server, not an answer.
WITHOUT_JSON = {"pratique serve"}


@pytest.fixture
def somebody(tmp_path: Path) -> Terminal:
    """A terminal of somebody who has neither a folder nor a login."""
    return Terminal(tmp_path / "home")


def test_page_is_what_the_verbs_say() -> None:
    """The page in the repository is the one that is made now, and it has every verb."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == reference.page(), "run: python -m pratique.cli.reference > docs/reference/cli.md"
    headings = {line.lstrip("#").strip() for line in page.splitlines() if line.startswith("##")}
    assert ALL.keys() <= headings


def test_page_is_printed_by_its_module() -> None:
    """`python -m pratique.cli.reference` prints the page."""
    command = [sys.executable, "-m", "pratique.cli.reference"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == reference.page()


@pytest.mark.parametrize("words", ALL)
def test_verb_has_help(somebody: Terminal, words: str) -> None:
    """`-h` explains every verb, with an example and with `--json`, and changes nothing."""
    shown = somebody.reads(*words.split()[1:], "-h")
    assert f"Usage: {words} " in shown
    assert ALL[words].help
    if words in LEAVES:
        assert "\nExample:\n  pratique " in shown
        assert words in WITHOUT_JSON or "--json" in shown


@pytest.mark.parametrize("words", list(LEAVES))
def test_example_can_be_typed(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example is a right command line of the very verb that it explains."""
    monkeypatch.chdir(tmp_path)
    verb = LEAVES[words]
    assert isinstance(verb, Verb)
    typed = shlex.split(verb.example)
    for named in (word for word in typed if word.endswith(".pem")):
        Path(named).touch()
    count = len(words.split())
    assert " ".join(typed[:count]) == words
    with verb.make_context(words, typed[count:], parent=reference.root()) as context:
        assert words in WITHOUT_JSON or "as_json" in context.params


@pytest.mark.parametrize("words", GROUPS)
def test_lists_of_verbs_are_not_cut(somebody: Terminal, words: str) -> None:
    """In the help of a group, no line of a verb ends in dots."""
    listed = somebody.reads(*words.split()[1:], "-h").partition("Commands:")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_lines_of_the_first_help_are_those_of_the_verbs(somebody: Terminal) -> None:
    """`pratique -h` says of each verb what the verb's own help begins with."""
    shown = " ".join(somebody.reads("-h").split())
    for name in program.list_commands(reference.root()):
        first_paragraph = (ALL[f"pratique {name}"].help or "").split("\n\n")[0]
        assert f" {name} {' '.join(first_paragraph.split())}" in shown


def test_unknown_verb_is_wrong_usage(somebody: Terminal) -> None:
    """A verb that does not exist is told, with exit code 2."""
    assert "No such command" in somebody.misuses("scuttle")


@pytest.mark.parametrize("words", ["sp", "role assign", "access check", "registry update"])
def test_help_is_quick(words: str) -> None:
    """Help loads none of what only some verbs need."""
    heavy = {"httpx", "rich", "lark", "msgspec", "pratique.access", "pratique.assembly"}
    code = (
        "import sys; from pratique.cli.program import program\n"
        f"program.main({[*words.split(), '-h']}, standalone_mode=False)\n"
        f"print(*sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == ""
