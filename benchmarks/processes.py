"""Server processes: started with a log, awaited, measured in memory, ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_DEADLINE_SECONDS = 30.0
STOP_DEADLINE_SECONDS = 15.0
POLL_SECONDS = 0.005
LOG_TAIL_CHARACTERS = 2000


class BenchmarkError(Exception):
    """The run cannot give a result; the text says why and what to do."""


@dataclass(frozen=True)
class Started:
    """A server that has given its first answer.

    Attributes:
        process_id: of the process that was started; it ends its own children.
        seconds: from the start of the process to the first answer.
    """

    process_id: int
    seconds: float


@dataclass(frozen=True)
class Memory:
    """What one process holds, in megabytes of 1,000,000 bytes.

    Attributes:
        resident: all its pages in memory, shared ones counted in full (RSS).
        proportional: shared pages divided among those who share them (PSS).
    """

    resident: float
    proportional: float


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], url: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Run `command` until the block is left; entered once `url` gives any HTTP answer.

    Args:
        command: the server, staying in the foreground.
        url: asked again and again until it answers; a certificate is not looked at.
        log: takes the standard output and error of the server.
        environment: variables laid over the present ones.

    Raises:
        BenchmarkError: the server ended or did not answer in time.
    """
    with log.open("ab") as sink:
        before = time.perf_counter()
        server = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            _await_answer(server, url, log)
            yield Started(server.pid, time.perf_counter() - before)
        finally:
            _end(server)


def child_memory(process_id: int) -> list[Memory]:
    """The memory of each direct child of a process, as `/proc` gives it now."""
    return [memory(child) for child in children(process_id)]


def memory(process_id: int) -> Memory:
    """The memory of one process, as `/proc` gives it now."""
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()[1:]
    kibibytes = {name: int(words.split()[0]) for name, words in (line.split(":") for line in lines)}
    return Memory(kibibytes["Rss"] * 1024 / 1e6, kibibytes["Pss"] * 1024 / 1e6)


def children(process_id: int) -> list[int]:
    """The direct children of a process, by id."""
    tasks = Path(f"/proc/{process_id}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def _await_answer(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    unchecked = ssl._create_unverified_context()  # noqa: S323, SLF001 - a certificate made just now
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise BenchmarkError(f"`{server.args!r}` exited {server.returncode}:\n{_tail(log)}")
        try:
            urllib.request.urlopen(url, timeout=2, context=unchecked).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise BenchmarkError(f"`{url}` did not answer in {START_DEADLINE_SECONDS:.0f} s:\n{_tail(log)}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(STOP_DEADLINE_SECONDS)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
