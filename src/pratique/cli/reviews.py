"""`pratique access review`: grants that could go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from pratique.cli.scopes import short_scope
from pratique.cli.screen import Screen, Source, broken, tabled
from pratique.cli.session import Session, address
from pratique.cli.verbs import verb
from pratique.cli.verdicts import numbered


@verb(None, "review", "pratique access review --days 30")
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=90,
    show_default=True,
    help="A grant that was not used for so long counts as unused.",
)
def review(session: Session, screen: Screen, days: int) -> None:
    """List role assignments that could go.

    That is what nobody uses, what grants more than was used, and what means nothing. Each comes
    with what to type.
    """
    found = session.call("GET", address("access", "review"), query={"days": str(days)})
    if screen.as_json:
        screen.show(found)
        return
    today = datetime.now(UTC).date()  # noqa: TID251 - how old a record is depends on the day
    screen.show(found, *reviewed(found, today, session.chosen_by))


def reviewed(found: Mapping[str, Any], today: date, chosen_by: str) -> list[str]:
    """Findings in words.

    Args:
        found: as the management API gives it.
        today: in UTC.
        chosen_by: the words by which the user chose the registry.
    """
    rows = [{"number": n, **f} for n, f in enumerate(found["findings"], start=1)]
    lines = _table(rows) if rows else ["No role assignment is worth a look."]
    steps = [
        line
        for row in rows
        if row["command"]
        for line in numbered(row["number"], [row["command"]], chosen_by)
    ]
    if steps:
        lines += ["", "What to type:", "", *steps]
    since = _since(found, today)
    return [*lines, "", *broken(since)] if since else lines


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns: dict[str, Source] = {
        "#": "number",
        "PRINCIPAL": lambda row: row["assignment"]["principal"],
        "ROLE": lambda row: row["assignment"]["role"],
        "SCOPE": lambda row: short_scope(row["assignment"]),
        "LAST USED": "last_used",
        "FINDING": "says",
    }
    return tabled(rows, columns, prose=True)


def _since(found: Mapping[str, Any], today: date) -> str | None:
    """Since when uses are recorded, where that is not long enough to say what is unused."""
    if found["recorded_since"] is None:
        return "No use was recorded so far, so nothing can be said about grants that are not used."
    since = date.fromisoformat(found["recorded_since"])
    if since <= today - timedelta(days=found["days"]):
        return None
    return (
        f"Uses are recorded since {since}, which is less than {found['days']} days, so nothing can "
        "be said yet about grants that are not used."
    )
