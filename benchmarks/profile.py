"""`python -m benchmarks.profile WORK`: where the time of a worker goes while a work is done.

One worker serves, the work is done again and again, and two programmes look at the worker from
outside: py-spy says which Python functions run (`pip install py-spy`), perf which libraries and
kernel functions (Debian: linux-perf). Either alone will do. Runs as root, or where a process may
look at its own children.

Exit codes: 0 done, 1 the run broke off, 2 wrong usage or both programmes are missing.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.bench import Bench, opened
from benchmarks.peers.finding import Found
from benchmarks.processes import BenchmarkError, children
from benchmarks.scale import FULL, QUICK
from benchmarks.works import BY_NAME
from benchmarks.works.many_tags import WORK as MANY_TAGS
from benchmarks.works.many_tags import large_registry
from benchmarks.works.work import Work

# Works that are done to the one server, and one that starts a server of its own.
PROFILED = ("manifests", "blobs", "ranges", "pushes", "cold-pulls", "many-tags")
SAMPLES_PER_SECOND = 250
SHOWN = 25


@dataclass(frozen=True)
class Profile:
    """What py-spy saw.

    Attributes:
        samples: taken while Python code ran.
        alone: by function, how often it ran itself.
        whole: by function, how often it or something that it had called ran.
    """

    samples: int
    alone: Counter[str]
    whole: Counter[str]


def main() -> int:
    """Do the work, look at the worker, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    parser.add_argument("work", choices=PROFILED)
    parser.add_argument("--seconds", type=int, default=10, help="how long to look (10)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    words = parser.parse_args()
    if not any(map(shutil.which, ("py-spy", "perf"))):
        print("missing programme: py-spy or perf", file=sys.stderr)
        return 2
    scale = QUICK if words.quick else FULL
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pratique-bench-") as folder,
            opened(Path(folder), Found({}, {}), scale, 1, 1, 1, _silent) as bench,
        ):
            _look(bench, BY_NAME[words.work], words.seconds)
    except BenchmarkError as broken:
        print(f"the run broke off: {broken}", file=sys.stderr)
        return 1
    return 0


def folded(lines: Sequence[str]) -> Profile:
    """Add up stacks as py-spy writes them in its form `raw`: `outer;inner;innermost COUNT`."""
    samples, alone, whole = 0, Counter[str](), Counter[str]()
    for line in lines:
        stack, _, number = line.rpartition(" ")
        count, frames = int(number), [frame for frame in stack.split(";") if frame]
        if not frames:
            continue
        samples += count
        alone[frames[-1]] += count
        for frame in set(frames):
            whole[frame] += count
    return Profile(samples, alone, whole)


def _look(bench: Bench, work: Work, seconds: int) -> None:
    with (
        _once(bench, work) as (process_id, once),
        _doing(once),
        tempfile.TemporaryDirectory() as place,
    ):
        worker = children(process_id)[0]
        if shutil.which("py-spy"):
            _print_functions(_spied(worker, seconds, Path(place) / "stacks"))
        if shutil.which("perf"):
            print(_perf(worker, seconds, Path(place) / "perf.data"))


@contextmanager
def _once(bench: Bench, work: Work) -> Iterator[tuple[int, Callable[[], None]]]:
    """The process that works, and what gives it work for a while."""
    if work.name == MANY_TAGS.name:
        with large_registry(bench) as found:
            yield found
    else:

        def once() -> None:
            work.measure(replace(bench, seconds=1))

        yield bench.pratique.process_id, once


@contextmanager
def _doing(once: Callable[[], None]) -> Iterator[None]:
    """Do the work over and over until the block is left."""
    ended = threading.Event()
    failed: list[BenchmarkError] = []

    def again() -> None:
        try:
            while not ended.is_set():
                once()
        except BenchmarkError as error:
            failed.append(error)

    doing = threading.Thread(target=again)
    doing.start()
    try:
        yield
    finally:
        ended.set()
        doing.join()
    if failed:
        raise failed[0]


def _spied(worker: int, seconds: int, output: Path) -> Profile:
    _run(
        *("py-spy", "record", "--pid", str(worker), "--duration", str(seconds)),
        *("--rate", str(SAMPLES_PER_SECOND), "--function", "--format", "raw"),
        *("--nonblocking", "--output", str(output)),
    )
    return folded(output.read_text().splitlines())


def _perf(worker: int, seconds: int, output: Path) -> str:
    """Tables of libraries, and of functions in them."""
    _run(
        *("perf", "record", "-e", "cpu-clock", "-F", str(SAMPLES_PER_SECOND)),
        *("-p", str(worker), "-o", str(output), "--", "sleep", str(seconds)),
    )
    report = ("perf", "report", "-i", str(output), "--stdio", "--percent-limit", "0.7", "--sort")
    return "\n".join(
        line.rstrip()
        for columns in ("dso", "dso,sym")
        for line in _run(*report, columns).splitlines()
        if line.strip() and not line.startswith("# ") and line != "#"
    )


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise BenchmarkError(f"`{command[0]}` exited {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def _print_functions(profile: Profile) -> None:
    for title, counted in (("by itself", profile.alone), ("with all it calls", profile.whole)):
        print(f"Python functions, part of {profile.samples} samples, {title}")
        for frame, count in counted.most_common(SHOWN):
            print(f"  {count / max(1, profile.samples):6.1%}  {frame}")


def _silent(_words: str) -> None:
    """Say nothing of the start."""


if __name__ == "__main__":
    sys.exit(main())
