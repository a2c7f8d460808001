"""The programmes that docker and the kubelet start, run as they run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.terminal import Outcome

CREDENTIAL_HELPER = "pratique.cli.credential_helper"
KUBELET_PLUGIN = "pratique.cli.kubelet_plugin"


@dataclass(frozen=True)
class Programme:
    """One programme of a user.

    Attributes:
        module: whose `main` is the programme.
        home: where logins are kept.
    """

    module: str
    home: Path

    def command(self, *words: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-c", f"from {self.module} import main; main()", *words]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables it sees."""
        return {**os.environ, "XDG_CONFIG_HOME": str(self.home), **(more or {})}

    def run(
        self, *words: str, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*words),
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            env=self.environment(environment),
            timeout=60,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def run_at_once(self, inputs: Sequence[tuple[str, str]]) -> list[Outcome]:
        """Run it several times at the same time, each with a word and an input."""
        started = [
            subprocess.Popen(
                self.command(word),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=self.environment(),
            )
            for word, _ in inputs
        ]
        outcomes = []
        for process, (_, stdin) in zip(started, inputs, strict=True):
            out, err = process.communicate(stdin, timeout=60)
            outcomes.append(Outcome(process.returncode, out, err))
        return outcomes
