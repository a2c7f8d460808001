"""`pratique audit`: the audit log, whether it is whole, and its way to other systems."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Final

import click
import msgspec

from pratique.admission.audit import CATEGORIES, Entry, Head, InvalidHead, Link, Verification
from pratique.admission.audit.entries import decoded
from pratique.cli.audit_columns import TABLES, Origin, line_of, row_of, table_of
from pratique.cli.audit_pages import extent, links_after, newest
from pratique.cli.failures import Failed
from pratique.cli.screen import Screen, Source
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb
from pratique.naming import InvalidName
from pratique.naming.moments import Since, told_before

audit = group_of_verbs(
    "audit", "Sign-ins, pushes, deletions, refusals and changes; and their proof."
)
LISTED: Final = 50
_FAULTS_SHOWN: Final = 20


def _heads(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[Head]:
    try:
        return [Head.parse(value) for value in values]
    except InvalidHead as error:
        raise click.BadParameter(str(error)) from error


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            Since.parse(value)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error
    return value


@verb(audit, "list", "pratique audit list --category change")
@click.option("--category", type=click.Choice(CATEGORIES), help="Of this kind alone.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=LISTED,
    show_default=True,
    help="So many at most, the newest.",
)
def list_entries(session: Session, screen: Screen, category: str | None, limit: int) -> None:
    """List the newest entries, the newest last."""
    rows = [_told(link) for link in newest(session, limit, category)]
    columns: dict[str, Source] = {
        "#": "seq",
        "AT": "at",
        "WHO": "identity",
        "FROM": "client",
        "WHAT": "operation",
        "ON": _object,
        "STATUS": lambda row: row["status"] or "",
        "WHY": "description",
    }
    screen.table(rows, columns, empty="The audit log is empty.", prose=True)


@verb(audit, "head", "pratique audit head")
def head(session: Session, screen: Screen) -> None:
    """Print the newest hash, to keep elsewhere for `verify`."""
    _, last = extent(session)
    screen.show({"head": str(last)}, str(last))


@verb(audit, "verify", "pratique audit verify")
@click.option(
    "--head",
    "heads",
    multiple=True,
    callback=_heads,
    metavar="HEAD",
    help="A head that was kept elsewhere; may be given several times.",
)
def verify(session: Session, screen: Screen, heads: list[Head]) -> None:
    """Recompute all hashes, and name what was tampered with.

    Somebody who may write the folder can make a whole new chain. Only a head that was kept
    elsewhere shows that, and that the end was cut off.
    """
    base, _ = extent(session)
    verification = Verification(base, heads)
    verification.take(links_after(session, verification.head.seq))
    # The log is written to meanwhile, if only by these requests: so the end is asked for after all
    # that came, and what is new is followed up to there and no further.
    _, last = extent(session)
    new = links_after(session, verification.head.seq)
    verification.take(takewhile(lambda link: link.seq <= last.seq, new))
    faults = verification.end(last)
    if faults:
        named = [f"{fault.seq}: {fault.says}" for fault in faults[:_FAULTS_SHOWN]]
        more = len(faults) - len(named)
        rest = [f"and {more} more"] if more else []
        raise Failed("\n".join(["the audit log is not as it was written", *named, *rest]))
    content = {"entries": verification.count, "head": str(last), "compared_heads": len(heads)}
    agree = "1 kept head agrees." if len(heads) == 1 else f"{len(heads)} kept heads agree."
    kept = agree if heads else "No kept head was compared."
    screen.show(content, f"{verification.count} entries follow from each other. {kept}", str(last))


@verb(audit, "export", "pratique audit export --table login --since 1d")
@click.option(
    "--table",
    "tables",
    type=click.Choice(tuple(TABLES)),
    multiple=True,
    help="This one alone; may be given several times. All, when not given.",
)
@click.option("--since", callback=_moment, metavar="TIME", help="As in 1h or 2d, or a date.")
@click.option(
    "--after", type=click.IntRange(0), default=0, help="Only entries with a higher number."
)
def export(
    session: Session, screen: Screen, *, tables: tuple[str, ...], since: str | None, after: int
) -> None:
    """Print entries as JSON lines, with Azure Monitor's columns.

    The tables are ContainerRegistryLoginEvents, ContainerRegistryRepositoryEvents, and for changes
    PratiqueAuditEvents; each row names its own in `Type`.
    """
    del screen
    wanted = {TABLES[name] for name in tables or TABLES}
    every = session.call("GET", address("registries"))
    home = next((registry for registry in every if registry["home"]), None)
    shown = home or session.call("GET", address("registry"))
    origin = Origin(shown["id"], shown["tenant_id"], shown["login_server"] or "")
    begins = None if since is None else Since.parse(since)
    now = datetime.now(UTC)  # noqa: TID251 - how long ago something is depends on the time
    earliest = None if begins is None else begins.before(now)
    for link in links_after(session, after):
        entry = _entry(link)
        if table_of(entry) in wanted and (earliest is None or entry.at >= earliest):
            click.echo(line_of(row_of(entry, origin)))


@verb(audit, "prune", "pratique audit prune --before 365d --data ./data")
@click.option(
    "--before", required=True, callback=_moment, metavar="TIME", help="As in 365d, or a date."
)
def prune(session: Session, screen: Screen, before: str) -> None:
    """Remove the oldest entries, for whoever owns the folder.

    An entry says how many went, and seals where they ended: the rest verifies as before.
    """
    done = session.call("POST", address("audit", "prune"), body={"before": before})
    screen.show(done, f"Removed {done['removed']} entries that were made {told_before(before)}.")


def _entry(link: Link) -> Entry:
    try:
        return decoded(link.body)
    except msgspec.DecodeError as error:
        raise Failed(
            f"the entry {link.seq} of the audit log cannot be read; see `pratique audit verify`"
        ) from error


def _told(link: Link) -> dict[str, Any]:
    entry = _entry(link)
    row: dict[str, Any] = msgspec.to_builtins(entry)
    defaults = {"identity": "", "client": "", "status": 0, "description": ""}
    return {"seq": link.seq, **defaults, **row}


def _object(row: Mapping[str, Any]) -> str:
    if "lost" in row:
        return ", ".join(f"{count} of {name}" for name, count in row["lost"].items())
    if "removed" in row:
        return f"{row['removed']} entries through {row['through']}"
    if "records" in row:
        named = [f"{r['kind']} {r.get('name') or r['key']}".strip() for r in row["records"]]
        rest = f" and {row['record_count'] - 3} more" if row["record_count"] > 3 else ""
        return ", ".join(named[:3]) + rest
    place = str(row.get("repository", ""))
    tag, digest = row.get("tag", ""), row.get("digest", "")
    return place + (f":{tag}" if tag else f"@{digest[:19]}" if digest else "")
