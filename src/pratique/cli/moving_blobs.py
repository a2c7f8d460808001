"""`pratique migrate-blobs`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli.collection import in_words
from pratique.cli.folder_option import data_option, database_option
from pratique.cli.moving import refuse_absent
from pratique.cli.progress import ProgressLine
from pratique.cli.screen import Screen, commands
from pratique.cli.storage_failures import storage_failures_told
from pratique.cli.verbs import local_verb
from pratique.settings import Places

if TYPE_CHECKING:
    from pratique.registry.blob_moves import Extent, Progress


@local_verb(
    None,
    "migrate-blobs",
    "pratique migrate-blobs --data /srv/pratique --to-blobs s3://blobs/prefix",
)
@data_option("The folder that has the files, or gets them.")
@database_option()
@click.option(
    "--to-blobs",
    metavar="s3://...",
    help="The object store that gets the blobs: s3://, az:// or gs://.",
)
@click.option("--from-blobs", metavar="s3://...", help="The object store that has them now.")
@click.option(
    "--take-back",
    is_flag=True,
    help="Move nothing; after a move that was killed, let new blobs be pushed where they are.",
)
def migrate_blobs(
    screen: Screen,
    *,
    data: Path,
    database: str | None,
    to_blobs: str | None,
    from_blobs: str | None,
    take_back: bool,
) -> None:
    """Move a registry's blobs from its folder to an object store, or back.

    Its server goes on. At the end it takes no new blobs until it is started with the new place; all
    else it serves. Each blob is compared with its digest on the way. Nothing is deleted; what
    breaks off is run again, and copies what is missing.
    """
    places = Places(data, database)
    if take_back:
        if to_blobs is not None or from_blobs is not None:
            raise click.UsageError("--take-back moves nothing; leave out --to-blobs, --from-blobs")
        _take_back(screen, places)
    elif to_blobs is not None and from_blobs is None:
        _move(screen, places, to_blobs, to_files=False)
    elif from_blobs is not None and to_blobs is None:
        _move(screen, places, from_blobs, to_files=True)
    else:
        raise click.UsageError("give --to-blobs or --from-blobs, one of them")


def _move(screen: Screen, places: Places, address: str, *, to_files: bool) -> None:
    from pratique.assembly import move_blobs  # noqa: PLC0415 - loaded when used
    from pratique.registry.blob_moves import BlobKind  # noqa: PLC0415

    refuse_absent(places)
    begun = time.monotonic()
    with storage_failures_told(), _progress() as told:
        done = move_blobs(
            places,
            address,
            BlobKind.FILES if to_files else BlobKind.OBJECTS,
            told,
            lambda: screen.warn(
                "a collection runs, or another move of the blobs; this begins when it has ended"
            ),
        )
    seconds = round(time.monotonic() - begun, 1)
    files = str(places.data / "blobs")
    source, target = (address, files) if to_files else (files, address)
    screen.show(
        {
            "copied": done.copied,
            "copied_bytes": done.copied_bytes,
            "there": done.there,
            "seconds": seconds,
        },
        f"moved from {source} to {target}, and compared: {done.copied} blobs "
        f"({in_words(done.copied_bytes)}) in {seconds} seconds; {done.there} were there already",
        f"  {source} is as it was; once the new place is served, it is not needed any more",
        *commands(
            "Stop the old server, and serve the new place:",
            _serving(places, None if to_files else address),
        ),
    )


def _serving(places: Places, address: str | None) -> str:
    variable = "" if places.database is None else "PRATIQUE_DATABASE=... "
    blobs = "" if address is None else f" --blobs '{address}'"
    return f"{variable}pratique serve --data {places.data}{blobs}"


def _take_back(screen: Screen, places: Places) -> None:
    from pratique.assembly import take_back_blobs  # noqa: PLC0415 - loaded when used

    refuse_absent(places)
    with storage_failures_told():
        take_back_blobs(places)
    screen.show(
        {"taken_back": True},
        f"the registry in {places.of_rows} takes blobs where they are",
    )


@contextmanager
def _progress() -> Iterator[Progress]:
    line = ProgressLine()

    def told(stage: str, blobs: int, copied_bytes: int, extent: Extent) -> None:
        line.show(
            f"{stage}: {blobs} of {extent.blobs} blobs, {in_words(copied_bytes)} copied of "
            f"{in_words(extent.bytes)}"
        )

    try:
        yield told
    finally:
        line.clear()
