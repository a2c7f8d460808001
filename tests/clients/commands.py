"""Programmes of others: found, run, listened to, and ended by their process ids."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RUN_DEADLINE_SECONDS = 120.0
START_DEADLINE_SECONDS = 30.0
# The distribution's own programmes come first: others of the same name may stand before them.
SEARCH_PATH = os.pathsep.join(["/usr/bin", "/usr/sbin", os.environ.get("PATH", "")])
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Missing(Exception):
    """A client cannot be driven on this machine; the message says why."""


@dataclass(frozen=True)
class Printed:
    """What a programme left behind.

    Attributes:
        command: what was run, for people.
        exit_code: of the process.
        text: standard output and error in the order of their writing, without terminal codes.
        digest: of the manifest that a pull brought, as the client itself gives it.
    """

    command: str
    exit_code: int
    text: str
    digest: str | None = None

    @property
    def lines(self) -> list[str]:
        """The lines that hold something."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]

    def expect_success(self) -> Printed:
        """This very value; everything printed when the programme failed.

        Raises:
            AssertionError: the programme failed.
        """
        if self.exit_code != 0:
            raise AssertionError(f"{self.command} exited {self.exit_code}:\n{self.text}")
        return self


def find(program: str) -> str:
    """Where `program` is.

    Raises:
        Missing: it is not installed.
    """
    found = shutil.which(program, path=SEARCH_PATH)
    if found is None:
        raise Missing(f"`{program}` is not installed")
    return found


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    typed: str = "",
    folder: Path | None = None,
    seconds: float = RUN_DEADLINE_SECONDS,
) -> Printed:
    """Run `command` to its end, whatever its exit code.

    Args:
        command: programme and words.
        environment: variables laid over the present ones.
        typed: standard input.
        folder: working directory.
        seconds: after which it is ended.

    Raises:
        AssertionError: it had to be ended.
    """
    words = " ".join(command)
    try:
        done = subprocess.run(
            list(command),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input=typed,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as expired:
        raise AssertionError(f"{words} did not end; so far:\n{expired.output!r}") from expired
    text = _TERMINAL_CODES.sub("", done.stdout).replace("\r", "\n")
    return Printed(words, done.returncode, text.strip())


@contextmanager
def daemon(command: Sequence[str], log: Path, answers: Callable[[], bool]) -> Iterator[None]:
    """Run `command` in the background until the block ends.

    Args:
        command: a programme that stays in the foreground.
        log: receives what it writes.
        answers: whether it can be used by now.

    Raises:
        AssertionError: it ended, or did not answer within the deadline.
    """
    with log.open("wb") as sink:
        process = subprocess.Popen(
            list(command), stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            deadline = time.monotonic() + START_DEADLINE_SECONDS
            while not answers():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{command[0]} does not answer:\n{log.read_text()}")
                time.sleep(0.1)
            yield
        finally:
            _end(process)


def needs_root(what: str) -> None:
    """Return when this process may start `what`.

    Raises:
        Missing: it may not.
    """
    if os.geteuid() != 0:
        raise Missing(f"{what} can only be started by root")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)
