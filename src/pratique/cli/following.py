"""`pratique denials --follow`: refusals as they come, until Ctrl-C.

Workers write a moment after they decide, so a refusal may appear below newer ones. The registry
says up to when its list is settled, by its own clock; from there it is asked again each time, and
what was shown before is known by its id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import click

from pratique.cli.failures import Failed
from pratique.cli.json_text import json_text
from pratique.cli.refusal_lines import RefusalLines
from pratique.cli.refusal_list import Newest, Row, newest, why
from pratique.cli.screen import Screen, width
from pratique.cli.session import Session

POLL_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 5.0
# More at once are a flood, which nobody reads; they can be listed afterwards.
MOST_AT_A_TIME: Final = 5000
IDS_KEPT: Final = 4 * MOST_AT_A_TIME
# As a shell tells of a programme that Ctrl-C ended (128 and the number of SIGINT).
INTERRUPTED: Final = 130
# A server that starts anew is out of reach, or is answered for by a proxy.
_PASSING: Final = frozenset({"FAILED", "UNAVAILABLE", "UNKNOWN", "TOOMANYREQUESTS"})


class Shown:
    """The ids of what was shown, so many of them; the oldest are forgotten first."""

    def __init__(self, kept: int = IDS_KEPT) -> None:
        self._kept = kept
        self._ids: dict[str, None] = {}

    def new(self, rows: Iterable[Row]) -> list[Row]:
        """Those of the rows that were not shown; they count as shown from now on."""
        found = []
        for row in rows:
            if row["decision_id"] not in self._ids:
                found.append(row)
                self._ids[row["decision_id"]] = None
        while len(self._ids) > self._kept:
            del self._ids[next(iter(self._ids))]
        return found


class Tail:
    """What is refused from now on.

    Args:
        session: with the registry.
        query: what the refusals have in common, as the management API calls it.

    Raises:
        Failed: the registry refused, or cannot be reached.
    """

    def __init__(self, session: Session, query: Mapping[str, str]) -> None:
        self._session = session
        self._query = query
        self._shown = Shown()
        self._settled_until = newest(session, query, "1s", 1).settled_until
        # What stands already, but is not settled, will be met again; it is not new then.
        self._shown.new(self._unsettled().rows)

    def begin(self, since: str, limit: int) -> list[Row]:
        """The newest of those that stand already, the oldest first.

        Raises:
            Failed: the registry refused, or cannot be reached.
        """
        rows = newest(self._session, self._query, since, limit).rows
        self._shown.new(rows)
        return rows

    def more(self) -> tuple[list[Row], bool]:
        """What came since the last call, the oldest first, and whether older ones were left out.

        Raises:
            Failed: the registry refused, or cannot be reached; the next call makes up for it.
        """
        found = self._unsettled()
        self._settled_until = found.settled_until
        return self._shown.new(found.rows), found.more

    def _unsettled(self) -> Newest:
        return newest(self._session, self._query, self._settled_until, MOST_AT_A_TIME)


class Watch:
    """Asks again and again, and tells when the registry goes away and comes back.

    Args:
        tail: gives what is new.
        registry: how to name the registry to the user.
        pause: waits for so many seconds.
    """

    def __init__(self, tail: Tail, registry: str, pause: Callable[[float], None]) -> None:
        self._tail = tail
        self._registry = registry
        self._pause = pause
        self._away = False
        self._seconds = POLL_SECONDS

    def rows(self) -> Iterator[list[Row]]:
        """What is new, each time that there is something; it has no end.

        Raises:
            Failed: the registry refuses to go on.
        """
        while True:
            self._pause(self._seconds)
            try:
                rows, cut = self._tail.more()
            except Failed as failed:
                self._gone(failed)
                continue
            if self._away:
                _tell(f"{self._registry} answers again")
            self._away, self._seconds = False, POLL_SECONDS
            if cut:
                _tell(f"more than {MOST_AT_A_TIME} came at once; the oldest of them are left out")
            if rows:
                yield rows

    def _gone(self, failed: Failed) -> None:
        if failed.code not in _PASSING:
            raise failed
        if not self._away:
            _tell(f"{failed.message.rstrip('.')}; asking again until it answers (Ctrl-C ends)")
        self._away = True
        self._seconds = min(2 * self._seconds, LONGEST_PAUSE_SECONDS)


def follow_on(
    session: Session, screen: Screen, query: Mapping[str, str], since: str, limit: int
) -> None:
    """Print the newest refusals, then each as it comes; ends the programme on Ctrl-C.

    Args:
        session: with the registry.
        screen: whether programs read it; then each refusal is one line of JSON.
        query: what the refusals have in common, as the management API calls it.
        since: when the list begins, as the management API takes it.
        limit: how many of those that stand already.

    Raises:
        Failed: the registry refuses, or cannot be reached at first.
    """
    try:
        tail = Tail(session, query)
        rows = tail.begin(since, limit)
        table = RefusalLines(width())
        table.fit(rows)
        if not screen.as_json:
            _tell(f"{why(session)} shows one in full; Ctrl-C ends", *table.heading())
        _print(screen, table, rows)
        for fresh in Watch(tail, session.registry, time.sleep).rows():
            _print(screen, table, fresh)
    except KeyboardInterrupt:
        click.get_current_context().exit(INTERRUPTED)


def _print(screen: Screen, table: RefusalLines, rows: Iterable[Row]) -> None:
    for row in rows:
        lines = [json_text(row)] if screen.as_json else table.lines([row])
        click.echo("\n".join(lines))


def _tell(*lines: str) -> None:
    """Say something that is no refusal, on standard error."""
    click.echo("\n".join(lines), err=True)
