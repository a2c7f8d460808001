"""A user at a terminal: types words, reads what comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from pratique.cli.program import program


@dataclass(frozen=True)
class Outcome:
    """How a verb ended.

    Attributes:
        code: the exit code.
        out: standard output.
        err: standard error.
    """

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """One user's terminal, in this process.

    Attributes:
        home: where logins are kept.
        words: options that go with every verb.
        environment: further variables.
    """

    home: Path
    words: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def types(self, *words: str, stdin: str = "") -> Outcome:
        """Run a verb, whatever comes of it."""
        environment = {
            "XDG_CONFIG_HOME": str(self.home),
            "PRATIQUE_DATA": None,
            "PRATIQUE_SERVER": None,
            **dict(self.environment),
        }
        done = CliRunner().invoke(
            program,
            [*words, *self.words],
            input=stdin,
            env=environment,
            prog_name="pratique",
            catch_exceptions=False,
        )
        return Outcome(done.exit_code, done.stdout, done.stderr)

    def reads(self, *words: str, stdin: str = "") -> str:
        """Run a verb that succeeds; what it shows to people."""
        done = self.types(*words, stdin=stdin)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out

    def gets(self, *words: str, stdin: str = "") -> Any:
        """Run a verb that succeeds; what it gives to programs."""
        return json.loads(self.reads(*words, "--json", stdin=stdin))

    def fails(self, *words: str, stdin: str = "") -> str:
        """Run a verb that is refused; its sentence."""
        done = self.types(*words, stdin=stdin)
        assert (done.code, done.out) == (1, ""), (words, done)
        opening = "pratique: "
        assert done.err.startswith(opening), done.err
        return done.err.removeprefix(opening).rstrip("\n")

    def misuses(self, *words: str) -> str:
        """Run a verb with a wrong command line; what it is told."""
        done = self.types(*words)
        assert (done.code, done.out) == (2, ""), (words, done)
        return done.err


def at_terminal(terminal: Terminal, columns: int) -> Terminal:
    """The same user before a screen of that many columns, not before a pipe."""
    # A terminal that calls itself dumb is taken to have 80 columns, whatever else is said.
    screen = (("TERM", "xterm"), ("FORCE_COLOR", "1"), ("COLUMNS", str(columns)))
    return replace(terminal, environment=(*terminal.environment, *screen))
