"""`pratique denials`: what was refused lately, and what is refused from now on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from pratique.cli.refusal_lines import RefusalLines
from pratique.cli.refusal_list import newest, why
from pratique.cli.screen import Screen, broken, width
from pratique.cli.session import Session
from pratique.cli.verbs import verb
from pratique.naming import InvalidName, RepositoryName
from pratique.naming.moments import Since, told_since

LISTED: Final = 100
LISTED_BEFORE_FOLLOWING: Final = 10


def _since(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    try:
        Since.parse(value)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error
    return value


def _repository(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(RepositoryName(value))
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error


@verb(None, "denials", "pratique denials --since 1h --repo team/app")
@click.option(
    "--since",
    default="1d",
    show_default=True,
    callback=_since,
    metavar="TIME",
    help="How long ago, as in 30m, 1h or 2d; or a date and time, in UTC unless it has an offset.",
)
@click.option(
    "--principal",
    metavar="PRINCIPAL",
    help="Of this caller alone: a name or id, token:NAME, admin-user, or anonymous.",
)
@click.option("--repo", callback=_repository, metavar="REPO", help="On this repository alone.")
@click.option("--reason", metavar="REASON", help="For this reason alone, as the list calls it.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    help=f"So many at most, the newest; {LISTED} when not given, or {LISTED_BEFORE_FOLLOWING} "
    "with --follow.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is refused from now on.")
def denials(
    session: Session,
    screen: Screen,
    *,
    since: str,
    principal: str | None,
    repo: str | None,
    reason: str | None,
    limit: int | None,
    follow: bool,
) -> None:
    """List what was refused, the newest last.

    A sign-in that was refused stands without a name, since nobody proved to have one, and so
    belongs to no --principal and no --repo. With --follow, Ctrl-C ends it; with --json too, each
    refusal is one line.
    """
    given = {"principal": principal, "repository": repo, "reason": reason}
    query = {name: value for name, value in given.items() if value is not None}
    if follow:
        from pratique.cli.following import follow_on  # noqa: PLC0415 - loaded when used

        follow_on(session, screen, query, since, limit or LISTED_BEFORE_FOLLOWING)
    else:
        _listed(session, screen, query, since, limit or LISTED)


def _listed(
    session: Session, screen: Screen, query: Mapping[str, str], since: str, limit: int
) -> None:
    found = newest(session, query, since, limit)
    if screen.as_json or not found.rows:
        screen.show(found.rows, *broken(f"Nothing like that was refused {told_since(since)}."))
        return
    table = RefusalLines(width())
    table.fit(found.rows)
    lines = [*table.heading(), *table.lines(found.rows), ""]
    if found.more:
        lines += broken(f"These are the newest {limit}; `--limit` shows more.")
    lines += broken(f"To see one in full, with what would help: {why(session)}")
    screen.show(found.rows, *lines)
