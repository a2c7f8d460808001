"""`python -m tests.crash 500`: kill a server so many times, and tell what was found."""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.crash.killing import Rounds, Tally
from tests.crash.variants import SMALL_BLOCKS, variant


def main() -> int:
    """Run, and print the figures; 1 when there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=500)
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no round after them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep everything here")
    parser.add_argument("--only", action="append", default=[], metavar="WAY", help="in this way")
    parser.add_argument("--small-blocks", action="store_true", help="write blobs in many blocks")
    words = parser.parse_args()
    begun = time.monotonic()
    # Whoever ends the run sees the figures so far, and no server is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pratique-crash-") as temporary:
        changes = SMALL_BLOCKS if words.small_blocks else ()
        environment = variant(Path(temporary) / "source", changes)
        folder = words.folder or Path(temporary) / "run"
        folder.mkdir(exist_ok=True)
        rounds = Rounds(folder, words.seed, words.only, environment)
        with suppress(KeyboardInterrupt):
            rounds.run(words.kills, _tell, words.seconds)
    sys.stderr.write("\n")
    sys.stdout.write(table(rounds.tally, time.monotonic() - begun))
    return 1 if rounds.tally.faults else 0


def table(tally: Tally, seconds: float) -> str:
    """The figures, for people."""
    kills = sum(tally.kills.values())
    lines = ["| Killed | Times |", "|---|---|"]
    lines += [f"| {way} | {number} |" for way, number in sorted(tally.kills.items())]
    lines += [
        f"| in all | {kills} |",
        "",
        f"seconds: {seconds:.0f}",
        f"rounds: {tally.rounds}",
        f"starts: {tally.starts}",
        f"median until it answers: {statistics.median(tally.start_seconds):.1f} s",
        f"longest until it answers: {max(tally.start_seconds):.1f} s",
        f"changes asked for: {tally.asked}",
        f"acknowledged changes, each once: {tally.acknowledged}",
        f"looks at what must be so, the same thing again after each kill: {tally.looks}",
        f"faults: {len(tally.faults)}",
        *(f"  {fault}" for fault in tally.faults[:100]),
    ]
    return "\n".join([*lines, ""])


def _tell(tally: Tally) -> None:
    sys.stderr.write(f"\r{sum(tally.kills.values())} kills, {len(tally.faults)} faults")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
