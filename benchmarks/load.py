"""One burst of requests at one server, made and counted by `wrk`."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import BenchmarkError

SCRIPT = Path(__file__).parent / "count.lua"
THREADS = 2
ANSWER_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Burst:
    """What came back.

    Attributes:
        requests_per_second: complete answers.
        bytes_per_second: of answers, complete or not.
        p50: milliseconds until half of the answers were there.
        p99: milliseconds until 99 of 100 were there.
    """

    requests_per_second: float
    bytes_per_second: float
    p50: float
    p99: float


def burst(
    url: str,
    headers: Mapping[str, str],
    connections: int,
    seconds: float,
    asking: str = "",
    *,
    refused: bool = False,
) -> Burst:
    """Keep `connections` busy for some seconds.

    Args:
        url: what is asked for, unless `asking` says otherwise.
        headers: of the request.
        connections: at once.
        seconds: for how long; whole ones.
        asking: Lua for `wrk` that says what to send; a GET without a body by itself.
        refused: whether answers are to be refusals, all of them.

    Raises:
        BenchmarkError: an answer was an error, or a connection broke: such a figure means nothing.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"{asking}\n{SCRIPT.read_text()}")
        script.flush()
        command = [
            "wrk",
            *("--threads", str(min(THREADS, connections)), "--connections", str(connections)),
            *("--duration", f"{seconds:.0f}s", "--timeout", f"{ANSWER_TIMEOUT_SECONDS}s"),
            *("--script", script.name),
            *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}")),
            url,
        ]
        deadline = seconds + 2 * ANSWER_TIMEOUT_SECONDS
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=deadline
        )
    if done.returncode != 0:
        raise BenchmarkError(f"`wrk` exited {done.returncode}: {done.stdout}{done.stderr}")
    counted = json.loads(done.stdout.splitlines()[-1])
    wanted = counted["requests"] if refused else 0
    if counted["failed"] or counted["refused"] != wanted or not counted["requests"]:
        raise BenchmarkError(
            f"`{url}`: {counted['refused']} answers were errors and {counted['failed']} "
            f"connections broke, of {counted['requests']} requests"
        )
    elapsed = counted["microseconds"] / 1e6
    return Burst(
        counted["requests"] / elapsed,
        counted["bytes"] / elapsed,
        counted["p50"] / 1000,
        counted["p99"] / 1000,
    )
