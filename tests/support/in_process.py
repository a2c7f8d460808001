"""Verbs of the command line, in this process: the same code, without a start of Python each."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from dataclasses import dataclass

from click.testing import CliRunner

from pratique.cli.program import program


@dataclass(frozen=True)
class Typed:
    """How a verb ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def typed(*words: str) -> Typed:
    """Run a verb.

    Where this process cannot, one of its own does it: in a thread, whose output would be mixed with
    others', and inside an event loop, of which there is one at a time.
    """
    if threading.current_thread() is not threading.main_thread() or _in_a_loop():
        done = subprocess.run(
            [sys.executable, "-m", "pratique", *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Typed(done.returncode, done.stdout, done.stderr)
    told = CliRunner().invoke(program, words, prog_name="pratique", catch_exceptions=False)
    return Typed(told.exit_code, told.stdout, told.stderr)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
