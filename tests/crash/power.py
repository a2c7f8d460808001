"""`python -m tests.crash.power 300`: lose the power at so many points of a run, and tell."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.losing import fail_syncs, faults_after_loss, points, recorded, slow_commits
from tests.crash.variants import SMALL_BLOCKS, variant


def main() -> int:
    """Record a run, lose the power, and print the figures; 1 when there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.power", description=__doc__)
    parser.add_argument("points", type=int, nargs="?", default=300)
    parser.add_argument("--steps", type=int, default=40, help="of each client")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failing", action="store_true", help="let syncs fail now and then")
    parser.add_argument("--small-blocks", action="store_true", help="write blobs in many blocks")
    words = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pratique-power-") as temporary:
        during = fail_syncs(words.seed) if words.failing else slow_commits
        changes = SMALL_BLOCKS if words.small_blocks else ()
        environment = variant(Path(temporary) / "source", changes)
        folder = Path(temporary) / "run"
        folder.mkdir()
        run = recorded(folder, words.steps, words.seed, during, environment)
        losses = points(run, words.points, words.seed + 1)
        models = Counter(loss.model.value for _, loss in losses)
        end = run.records[-1].end
        sys.stderr.write(f"{len(run.records)} records\n")
        faults = list(faults_after_loss(run, losses, words.seed + 2))
    kinds = Counter(record.kind.name for record in run.records)
    asked, acknowledged = run.history.asked_since(-1)
    lines = [
        f"records: {len(run.records)}, {end} bytes",
        *(f"  {kind}: {number}" for kind, number in sorted(kinds.items())),
        f"changes asked for: {asked}, acknowledged: {acknowledged}",
        *(f"points, {model}: {number}" for model, number in sorted(models.items())),
        f"seconds: {time.monotonic() - begun:.0f}",
        f"faults: {len(faults)}",
        *(f"  {fault}" for fault in faults[:100]),
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
