"""`python -m tests.crash.mutants`: break the source in one way at a time; the bed must tell.

The server runs the broken copy, and is judged by the whole source.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.crash.killing import Rounds, Tally
from tests.crash.losing import faults_after_loss, points, recorded, slow_commits
from tests.crash.variants import Change, variant

STEPS: Final = 18
POINTS: Final = 200
KILLS: Final = 60
_CONTENTS: Final = "storage/blobs/filesystem/contents.py"
_DATABASE: Final = "storage/metadata/sqlite/database.py"
_SYNC_BYTES: Final = "            os.fsync(descriptor)\n"
_MOVE: Final = "            os.rename(source, target)  # noqa: PTH104\n"
_SYNC_FOLDER: Final = "another process may just have put it there.\n        sync_folder(folder)\n"
_COMMIT: Final = """        connection.execute("COMMIT")
    except BaseException:
        # A full disk"""
_TELL: Final = "                job.future.set_result(outcome)\n"
_ANSWER: Final = (
    "        for job, outcome in zip(group, outcomes, strict=True):\n"
    f"            if not isinstance(outcome, _Failure):\n{_TELL}"
)
_FINISHING: Final = "registry/uploads.py"
_SIZE: Final = "        size = await self.area.offset(repository, known) + (length or 0)\n"
_PLACED: Final = (
    "        size = await self.area.finish(repository, known, digest, body, start, length)\n"
)
_LINKED: Final = "        await self.links.link(repository, digest, size, self.clock())\n"


MUTANTS: Final = {
    "no sync of the bytes of a blob": (Change(_CONTENTS, _SYNC_BYTES, ""),),
    "no sync of the folder of a blob": (
        Change(_CONTENTS, _SYNC_FOLDER, _SYNC_FOLDER.replace("sync_folder(folder)", "pass")),
    ),
    "a blob in place before its bytes are synced": (
        Change(_CONTENTS, _SYNC_BYTES, ""),
        Change(_CONTENTS, _MOVE, _MOVE + _SYNC_BYTES),
    ),
    "an answer before the commit": (
        Change(_DATABASE, _COMMIT, _ANSWER + _COMMIT),
        Change(
            _DATABASE, f"            else:\n{_TELL}", "            else:\n                pass\n"
        ),
    ),
    "no sync of a commit": (Change(_DATABASE, 'synchronous = FULL"', 'synchronous = NORMAL"'),),
    "a row before its blob is in place": (
        Change(_FINISHING, _LINKED, ""),
        Change(_FINISHING, _PLACED, _SIZE + _LINKED + _PLACED),
    ),
}
"""Faults, each of which loses what was acknowledged when the wrong moment comes."""


def by_power(folder: Path, environment: dict[str, str], seed: int) -> Iterator[str]:
    """What is found after losses of power."""
    run = recorded(folder, STEPS, seed, slow_commits, environment)
    yield from faults_after_loss(run, points(run, POINTS, seed + 1), seed + 2)


def by_kills(folder: Path, environment: dict[str, str], seed: int) -> Iterator[str]:
    """What is found after kills."""

    def told(tally: Tally) -> None:
        if tally.faults:
            raise _Told

    rounds = Rounds(folder, seed, environment=environment)
    try:
        rounds.run(KILLS, told)
    except _Told:
        yield f"{rounds.tally.kills.total()} kills: {rounds.tally.faults[0]}"


class _Told(Exception):
    """There is a fault, so that no more rounds are needed."""


RUNS: Final[dict[str, Callable[[Path, dict[str, str], int], Iterator[str]]]] = {
    "power": by_power,
    "kills": by_kills,
}


def main() -> int:
    """Break, run, and print what told; 1 when nothing told a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="MUTANT")
    parser.add_argument("--run", action="append", default=[], choices=RUNS)
    words = parser.parse_args()
    untold = 0
    for name in words.only or MUTANTS:
        told = False
        for run in words.run or RUNS:
            with tempfile.TemporaryDirectory(prefix="pratique-mutant-") as temporary:
                folder = Path(temporary)
                environment = variant(folder / "source", MUTANTS[name])
                (folder / "run").mkdir()
                found = next(RUNS[run](folder / "run", environment, words.seed), None)
            told = told or found is not None
            sys.stdout.write(f"| {name} | {run} | {found or 'not told'} |\n")
            sys.stdout.flush()
        untold += not told
    return 1 if untold else 0


if __name__ == "__main__":
    sys.exit(main())
