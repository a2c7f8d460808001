"""`pratique migrate-store`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pratique.cli.failures import Failed
from pratique.cli.progress import ProgressLine
from pratique.cli.screen import Screen, commands
from pratique.cli.storage_failures import storage_failures_told
from pratique.cli.verbs import local_verb
from pratique.settings import Places

_FOLDER = click.Path(file_okay=False, path_type=Path)
_URL = "postgresql://..."


@local_verb(
    None,
    "migrate-store",
    "pratique migrate-store --from-data /srv/pratique --to-database postgresql:///pratique",
)
@click.option("--from-data", type=_FOLDER, metavar="DIR", help="The folder that has the rows now.")
@click.option(
    "--from-database",
    envvar="PRATIQUE_FROM_DATABASE",
    show_envvar=True,
    metavar=_URL,
    help="The database that has them now.",
)
@click.option("--to-data", type=_FOLDER, metavar="DIR", help="The folder that gets them.")
@click.option(
    "--to-database",
    envvar="PRATIQUE_TO_DATABASE",
    show_envvar=True,
    metavar=_URL,
    help="The new, empty database that gets them.",
)
@click.option(
    "--take-back",
    is_flag=True,
    help="Move nothing; let what --from-... names be changed and served again.",
)
def migrate_store(  # the words of the command line
    screen: Screen,
    *,
    from_data: Path | None,
    from_database: str | None,
    to_data: Path | None,
    to_database: str | None,
    take_back: bool,
) -> None:
    """Move a registry's rows from its folder to PostgreSQL, or back.

    Its server goes on: pulls and sign-ins are served, and whoever pushes or changes the law is
    refused until the new place is served. Blobs stay where they are. The rows are compared at the
    end, and the target is a registry only then; what breaks off is begun anew.
    """
    source = _one_of("--from-data", from_data, "--from-database", from_database)
    if take_back:
        if to_data is not None or to_database is not None:
            raise click.UsageError("--take-back moves nothing; leave out --to-data, --to-database")
        _take_back(screen, source)
        return
    target = _one_of("--to-data", to_data, "--to-database", to_database)
    if (source.database is None) == (target.database is None):
        raise click.UsageError("name a folder and a database: rows move from one to the other")
    _move(screen, source, target)


def _move(screen: Screen, source: Places, target: Places) -> None:
    from pratique.assembly import move_rows  # noqa: PLC0415 - loaded when used

    refuse_absent(source)
    with storage_failures_told(), _progress() as told:
        done = move_rows(source, target, told)
    rows = done.rows
    named = (target.data if target.database is None else source.data, target.database is not None)
    screen.show(
        {"rows": rows, "law_version": done.version, "audit_head": str(done.head)},
        f"moved from {source.of_rows} to {target.of_rows}, and compared: "
        f"{rows['repositories']} repositories, {rows['tags']} tags, {rows['manifests']} manifests, "
        f"{rows['ledger']} records of law and directory, {rows['audit']} audit entries",
        f"  the audit log goes on after {done.head}; what the old server still notes stays there",
        *commands(
            "Stop the old server, and serve the new place with the same blobs:",
            _serving(*named),
        ),
    )
    if done.audit_faults:
        screen.warn("the audit log was not as it was written, and is so still:", *done.audit_faults)


def _serving(data: Path, in_database: bool) -> str:
    variable = "PRATIQUE_DATABASE=... " if in_database else ""
    return f"{variable}pratique serve --data {data}"


def _take_back(screen: Screen, source: Places) -> None:
    from pratique.assembly import take_back  # noqa: PLC0415 - loaded when used

    refuse_absent(source)
    with storage_failures_told():
        take_back(source)
    screen.show(
        {"taken_back": True},
        f"the registry in {source.of_rows} takes changes again; serve no other copy of it",
    )


def _one_of(folder: str, data: Path | None, url: str, database: str | None) -> Places:
    if (data is None) == (database is None):
        raise click.UsageError(f"give {folder} or {url}, one of them")
    return Places(data or Path(), database)


def refuse_absent(source: Places) -> None:
    """Refuse to move anything from where no registry is.

    Raises:
        Failed: so it is, or it cannot be read.
    """
    from pratique.assembly import is_prepared  # noqa: PLC0415 - loaded when used

    with storage_failures_told():
        if not is_prepared(source):
            raise Failed(f"there is no registry in {source.of_rows}")


@contextmanager
def _progress() -> Iterator[Callable[[str, str, int], None]]:
    line = ProgressLine()

    def told(stage: str, table: str, rows: int) -> None:
        line.show(f"{stage} {table}: {rows} rows")

    try:
        yield told
    finally:
        line.clear()
