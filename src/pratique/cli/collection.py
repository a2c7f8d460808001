"""`pratique gc`: delete what nothing needs any more, with or without a server beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import click

from pratique.cli.failures import Failed
from pratique.cli.folder_option import places_options
from pratique.cli.screen import Screen
from pratique.cli.spans import span
from pratique.cli.storage_failures import storage_failures_told
from pratique.cli.verbs import local_verb
from pratique.settings import Places

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@local_verb(None, "gc", "pratique gc --data /srv/pratique --dry-run")
@places_options("The registry's folder.")
@click.option(
    "--untagged",
    callback=span(),
    metavar="TIME",
    help="Also manifests that no tag has led to for TIME, as in 30d; none when not given.",
)
@click.option(
    "--grace",
    callback=span(),
    default="24h",
    show_default=True,
    metavar="TIME",
    help="Leave alone what a push touched within TIME; longer than any push takes.",
)
@click.option("--dry-run", is_flag=True, help="Delete nothing, and say what would go.")
def gc(
    screen: Screen, *, places: Places, untagged: timedelta | None, grace: timedelta, dry_run: bool
) -> None:
    """Delete what nothing needs any more: blobs, uploads that were left, untagged manifests.

    It may run while the registry is served; pushes and pulls go on. A running server does the same
    by itself (`pratique serve --collect-every`).
    """
    from pratique.assembly import is_prepared, opened_collection  # noqa: PLC0415 - loaded when used
    from pratique.cli.collecting import facts  # noqa: PLC0415
    from pratique.registry import Collected, Collection, Policy  # noqa: PLC0415

    async def run(collection: Collection) -> Collected:
        done = Collected()
        async for step in collection.run(Policy(grace, untagged), only_count=dry_run):
            done = step
        return done

    with storage_failures_told(places.of_rows):
        if not is_prepared(places):
            raise Failed(
                f"there is no registry in {places.of_rows}; name its folder with `--data DIR`"
            )
        with opened_collection(places) as (collection, turn), turn.held(_waiting(screen)):
            done = asyncio.run(run(collection))
    verb = "would go" if dry_run else "gone"
    parts = [
        f"{done.blobs} blobs ({in_words(done.blob_bytes)})",
        *([f"{done.repositories} repositories of deleted registries"] if done.repositories else []),
        f"{done.links} links of blobs to repositories",
        *([f"{done.manifests} untagged manifests"] if untagged is not None else []),
        *([] if dry_run else [f"{done.uploads} uploads that were left"]),
    ]
    screen.show({**facts(done), "dry_run": dry_run}, f"{verb}:", *(f"  {part}" for part in parts))


def _waiting(screen: Screen) -> Callable[[], None]:
    return lambda: screen.warn("a collection or a backup is running; this begins when it has ended")


def in_words(size: int) -> str:
    """A number of bytes, in the largest unit of which there is at least one."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{size} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
