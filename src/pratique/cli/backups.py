"""`pratique backup` and `pratique restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pratique.cli.collection import in_words
from pratique.cli.failures import Failed
from pratique.cli.folder_option import folder_option
from pratique.cli.progress import ProgressLine
from pratique.cli.screen import Screen, commands
from pratique.cli.storage_failures import storage_failures_told
from pratique.cli.verbs import local_verb
from pratique.registry.backup import BackupRecord, CopyProgress


@local_verb(None, "backup", "pratique backup --data /srv/pratique /mnt/backup/pratique")
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@folder_option()
@click.option(
    "--hard-links",
    is_flag=True,
    help="Let blobs be the same files where both folders are on one file system; no second copy.",
)
@click.option("--prune", is_flag=True, help="Delete blobs in TARGET that the registry forgot.")
@click.option("--decisions", is_flag=True, help="Take along what was refused, too.")
def backup(  # the words of the command line
    screen: Screen, *, target: Path, data: Path, hard_links: bool, prune: bool, decisions: bool
) -> None:
    """Copy a registry to TARGET while it is served; the next time, only what is new.

    TARGET is a new folder, or one with a backup of the same registry, which stays whole until the
    new one is. It holds the signing keys: protect it as the registry's folder.
    """
    from pratique.assembly import is_prepared, upkeep_of  # noqa: PLC0415 - loaded when used
    from pratique.settings import Places  # noqa: PLC0415

    with storage_failures_told():
        if not is_prepared(Places(data)):
            raise Failed(f"there is no registry in {data}; name its folder with `--data DIR`")
        with (
            _progress() as told,
            upkeep_of(Places(data)).backup(
                target,
                told,
                lambda: screen.warn("a collection is running; the backup begins when it has ended"),
                hard_links=hard_links,
                decisions=decisions,
            ) as work,
        ):
            done = work.run(prune=prune)
    pruned = f"{done.pruned} blobs pruned ({in_words(done.pruned_bytes)})"
    screen.show(
        {
            **_facts(done.record),
            "copied": done.copied,
            "copied_bytes": done.copied_bytes,
            "pruned": done.pruned,
            "pruned_bytes": done.pruned_bytes,
        },
        f"backed up to {target}: {_in_all(done.record)}",
        f"  {done.copied} blobs were new ({in_words(done.copied_bytes)})",
        *([f"  {pruned}"] if prune else []),
    )
    if done.record.lacking:
        screen.warn(
            f"the registry itself does not have {len(done.record.lacking)} blobs whole, so the "
            "backup does not either; see `pratique check`"
        )


@local_verb(None, "restore", "pratique restore /mnt/backup/pratique --data /srv/pratique")
@click.argument("source", type=click.Path(file_okay=False, path_type=Path))
@folder_option("The registry's folder, new or empty.")
@click.option("--full", is_flag=True, help="Compare all content with its digests on the way.")
def restore(screen: Screen, *, source: Path, data: Path, full: bool) -> None:
    """Make a registry of the backup in SOURCE.

    The backup is looked at first: its database, and whether each blob is there with the right size.
    """
    from pratique.assembly import upkeep_of  # noqa: PLC0415 - loaded when used
    from pratique.settings import Places  # noqa: PLC0415

    with (
        storage_failures_told(),
        _progress() as told,
        upkeep_of(Places(data)).restore(source, told, full=full) as work,
    ):
        done = work.run(full=full)
    screen.show(
        {**_facts(done.record), "copied": done.blobs, "copied_bytes": done.blob_bytes},
        f"restored from {source}, as it was at {done.record.taken_at:%Y-%m-%d %H:%M} UTC: "
        f"{_in_all(done.record)}",
        *commands("Serve it:", f"pratique serve --data {data}"),
    )
    if done.record.lacking:
        screen.warn(
            f"the backup never had {len(done.record.lacking)} blobs whole: `pratique check "
            f"--repair --data {data}` lets clients push them again"
        )


def _facts(record: BackupRecord) -> dict[str, Any]:
    contents = record.contents
    return {
        "taken_at": record.taken_at.isoformat(),
        "repositories": contents.repositories,
        "manifests": contents.manifests,
        "tags": contents.tags,
        "blobs": contents.blobs,
        "blob_bytes": contents.blob_bytes,
        "lacking": [digest.text for digest in record.lacking],
    }


def _in_all(record: BackupRecord) -> str:
    contents = record.contents
    return (
        f"{contents.repositories} repositories, {contents.tags} tags, {contents.manifests} "
        f"manifests, {contents.blobs} blobs ({in_words(contents.blob_bytes)})"
    )


@contextmanager
def _progress() -> Iterator[Callable[[CopyProgress], None]]:
    line = ProgressLine()

    def told(progress: CopyProgress) -> None:
        line.show(
            f"blobs: {progress.blobs} of {progress.blobs_in_all}, "
            f"{in_words(progress.bytes)} of {in_words(progress.bytes_in_all)}"
        )

    try:
        yield told
    finally:
        line.clear()
