"""`python -m benchmarks [WORK ...]`: one run, its tables, and on demand a verdict as exit code.

Exit codes: 0 done, 1 a bar was missed with `--check` or the run broke off, 2 wrong usage or a
programme is missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import opened
from benchmarks.peers.finding import Found, build, find
from benchmarks.plot import as_svg
from benchmarks.processes import BenchmarkError
from benchmarks.report import Done, Run, as_json, as_text
from benchmarks.scale import FULL, QUICK
from benchmarks.works import BY_NAME, WORKS
from benchmarks.works.work import Work

QUICK_ROUNDS, QUICK_SECONDS = 2, 1


def main() -> int:
    """Measure, print, judge."""
    words = _parser().parse_args()
    if shutil.which("wrk") is None:
        print("missing programme: run `apt-get install wrk`", file=sys.stderr)
        return 2
    if words.build:
        for peer, reason in build().items():
            print(f"{peer} was not built: {reason}", file=sys.stderr)
    found = _chosen(find(), words.peers)
    works = [BY_NAME[name] for name in words.works] or list(WORKS)
    try:
        with tempfile.TemporaryDirectory(prefix="pratique-bench-") as folder:
            run = _run(Path(folder), found, works, words)
    except BenchmarkError as broken:
        print(f"the run broke off: {broken}", file=sys.stderr)
        return 1
    print(as_text(run))
    if words.json is not None:
        words.json.write_text(json.dumps(as_json(run), indent=2) + "\n")
    if words.plot is not None:
        words.plot.write_text(as_svg(run))
    missed = run.scale == FULL.name and not all(bar.held for bar in run.bars)
    return 1 if words.check and missed else 0


def _run(folder: Path, found: Found, works: Sequence[Work], words: argparse.Namespace) -> Run:
    scale = QUICK if words.quick else FULL
    rounds = words.rounds or (QUICK_ROUNDS if words.quick else 7)
    seconds = words.seconds or (QUICK_SECONDS if words.quick else 2)
    with opened(folder, found, scale, rounds, seconds, words.workers, _tell) as bench:
        done = []
        for work in works:
            _tell(f"measuring {work.name}")
            begun = time.monotonic()
            done.append(Done(work, work.measure(bench)))
            _tell(f"measured {work.name} in {time.monotonic() - begun:.0f} s")
        servers = bench.servers
    return Run(scale.name, rounds, seconds, words.workers, servers, found.missing, done)


def _chosen(found: Found, peers: str | None) -> Found:
    """Only the peers that were asked for."""
    if peers is None:
        return found
    wanted = set(filter(None, peers.split(",")))
    for unknown in wanted - found.programmes.keys():
        raise SystemExit(f"`{unknown}` is no peer that is on this machine: {found.missing}")
    left_out = dict.fromkeys(found.programmes.keys() - wanted, "left out")
    programmes = {name: path for name, path in found.programmes.items() if name in wanted}
    return Found(programmes, {**found.missing, **left_out})


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Pratique beside nginx and other registries on this machine.",
        epilog="works: " + "; ".join(f"{work.name}, {work.words}" for work in WORKS),
    )
    parser.add_argument(
        "works", nargs="*", metavar="WORK", choices=[*BY_NAME, []], help="all when none is given"
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does everything work?")
    parser.add_argument("--rounds", type=_positive, help="figures per case (7)")
    parser.add_argument("--seconds", type=_positive, help="length of a burst (2)")
    parser.add_argument("--workers", type=_positive, default=2, help="worker processes (2)")
    parser.add_argument("--peers", metavar="NAMES", help="only these, with commas; `` for none")
    parser.add_argument("--build", action="store_true", help="build missing peers with Go before")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the figures as SVG")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    return parser


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"`{word}` is no whole number from 1")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
