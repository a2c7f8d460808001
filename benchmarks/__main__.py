"""`python -m benchmarks`: one run, its table, and on demand a verdict as exit code.

Exit codes: 0 done, 1 a bar was missed with `--check` or the run broke off, 2 wrong usage or a
programme is missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.client import check
from benchmarks.measures import cases, first_answers, idle_memory, measure
from benchmarks.own_server import prepare
from benchmarks.processes import BenchmarkError, child_memory
from benchmarks.report import Run, as_json, as_text
from benchmarks.sample import make_sample
from benchmarks.servers import distribution, nginx

# Programme and the Debian package that has it.
NEEDED = {"wrk": "wrk", "nginx": "nginx-light", "docker-registry": "docker-registry"}


def main() -> int:
    """Measure, print, judge."""
    words = _parser().parse_args()
    missing = [package for programme, package in NEEDED.items() if not shutil.which(programme)]
    if missing:
        print(f"missing programmes: run `apt-get install {' '.join(missing)}`", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="pratique-bench-") as folder:
            run = _run(Path(folder), words.workers, words.rounds, words.seconds)
    except BenchmarkError as broken:
        print(f"the run broke off: {broken}", file=sys.stderr)
        return 1
    print(as_text(run))
    if words.json is not None:
        words.json.write_text(json.dumps(as_json(run), indent=2) + "\n")
    return 1 if words.check and not all(bar.held for bar in run.bars) else 0


def _run(folder: Path, workers: int, rounds: int, seconds: int) -> Run:
    places = {name: folder / name for name in ("sample", "nginx", "distribution", "pratique")}
    for place in places.values():
        place.mkdir()
    sample = make_sample(places["sample"])
    prepared = prepare(places["pratique"], sample, workers)
    starts = first_answers(prepared)
    with ExitStack() as stack:
        own = prepared.server(stack.enter_context(prepared.serving()))
        idle = idle_memory(own, sample)
        servers = [
            stack.enter_context(nginx(places["nginx"], sample, workers)),
            stack.enter_context(distribution(places["distribution"], sample)),
            own,
        ]
        for server in servers:
            check(server.url, sample, server.headers)
        table = [measure(case, servers, rounds, seconds) for case in cases(sample)]
        loaded = child_memory(own.process_id)
    return Run(rounds, seconds, workers, table, idle, loaded, starts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Pratique beside nginx and docker-registry on this machine.",
    )
    parser.add_argument("--rounds", type=_positive, default=7, help="figures per case (7)")
    parser.add_argument("--seconds", type=_positive, default=2, help="length of a burst (2)")
    parser.add_argument("--workers", type=_positive, default=2, help="worker processes (2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    return parser


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"`{word}` is no whole number from 1")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
