"""Moves a registry's blobs and ends itself in the middle: DATA DATABASE ADDRESS KIND STAGE SIGNAL.

DATABASE is a URL, or empty for rows in the folder; SIGNAL is what it sends itself. While the first
blobs are copied, another one is pushed by a server that has them where they are.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.upkeep.blob_moves import FIRST, nobody_waits, opened, pushes

from pratique.assembly import move_blobs
from pratique.registry.blob_moves import BlobKind
from pratique.settings import Places


def main(data: str, database: str, address: str, kind: str, stage: str, number: str) -> None:
    """Move until two blobs have been copied, or the second pass has come to one."""
    # Ignored by whatever a shell began in the background, and by all that begins.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    places = Places(Path(data), database or None)
    back = kind == BlobKind.FILES
    old = Places(places.data, places.database, address if back else None)
    with opened(old) as stores:
        pushed = False

        def told(at_work: str, blobs: int, *_rest: object) -> None:
            nonlocal pushed
            if not pushed:
                pushes(stores, FIRST)
                pushed = True
            if at_work == stage and (blobs >= 2 or stage == "completing"):
                os.kill(os.getpid(), signal.Signals[number])

        move_blobs(places, address, BlobKind(kind), told, nobody_waits)


if __name__ == "__main__":
    main(*sys.argv[1:])
