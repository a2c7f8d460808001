"""The meter: what happened in this process, as numbers in its row of the board.

Counting is an addition to a number in shared memory: no lock, no system call. Requests wait for a
moment and are counted many at a time: what counts them is then at hand in the processor's caches,
where after every single request it would have to be fetched anew. Each number is written by one
thread only, the event loop's, except those of writes, which are the writing thread's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Final

from pratique.access import Allowed, Denied, RegistryAction
from pratique.observability import names
from pratique.observability.board import Board
from pratique.observability.metrics import Kind, Table

TOGETHER: Final = 256
_UPLOAD_EVENTS: Final = {
    "open_upload": {202: "opened", 201: "at_once"},
    "finish_upload": {201: "finished"},
    "cancel_upload": {204: "cancelled"},
}


class Meter:
    """Counts in one row of a board.

    Args:
        table: says where each number is.
        board: gives the row.

    Attributes:
        in_flight: requests that came and are not over; written to the row by `flush`.
        on_refused: told why the request of now is refused, where somebody wants to know.
    """

    def __init__(self, table: Table, board: Board) -> None:
        self.table = table
        self.board = board
        self._numbers = board.take_row()
        # What an earlier process measured is no more; what it counted stays.
        for place in table.places_of(Kind.GAUGE):
            self._numbers[place] = 0.0
        self._bounds = {m.name: m.bounds for m in table.metrics if m.kind is Kind.HISTOGRAM}
        self._request_bounds = self._bounds[names.REQUEST_SECONDS]
        routes = next(m for m in table.metrics if m.name == names.REQUESTS).labels[0].values
        # Per row: where its status classes begin, where its histogram begins, its upload events.
        self._routes = {
            route: (
                table.place(names.REQUESTS, route, names.STATUS_CLASSES[0]) - 2,
                table.place(names.REQUEST_SECONDS, route),
                _UPLOAD_EVENTS.get(route),
            )
            for route in routes
        }
        self._nowhere = self._routes[names.NOWHERE]
        self._sum = len(self._request_bounds) + 1
        self.in_flight = 0
        self.on_refused: Callable[[str], None] | None = None
        self._answered: list[tuple[str, int, float, int, int]] = []
        self._received = table.place(names.RECEIVED)
        self._sent = table.place(names.SENT)

    @classmethod
    def unseen(cls, table: Table) -> Meter:
        """One that counts where nobody else reads."""
        return cls(table, Board.of_one_process(table.width))

    def answered(self, route: str, status: int, seconds: float, received: int, sent: int) -> None:
        """A request was answered.

        Args:
            route: the row that did; a name that is no row counts as `nowhere`.
            status: 200 to 599.
            seconds: since its headers were there.
            received: bytes of its body.
            sent: bytes of the answer's body.
        """
        self._answered.append((route, status, seconds, received, sent))
        if len(self._answered) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write what waits into the row. Call it every second."""
        answered, self._answered = self._answered, []
        numbers, bounds = self._numbers, self._request_bounds
        for route, status, seconds, received, sent in answered:
            statuses, histogram, events = self._routes.get(route, self._nowhere)
            numbers[statuses + status // 100] += 1.0
            numbers[histogram + bisect_left(bounds, seconds)] += 1.0
            numbers[histogram + self._sum] += seconds
            numbers[self._sent] += sent
            numbers[self._received] += received
            if events is not None and status in events:
                self.count(names.UPLOADS, events[status])
        self.measure(names.IN_FLIGHT, number=float(self.in_flight))

    def body_broke(self) -> None:
        """A request's body broke off."""
        self.count(names.BROKEN_BODIES)

    def decided(self, verdict: Allowed | Denied) -> None:
        """A request was allowed or refused."""
        action = verdict.question.action
        word = action.word if isinstance(action, RegistryAction) else names.CONTROL
        told = "allowed" if isinstance(verdict, Allowed) else "refused"
        self.count(names.DECISIONS, told, word, verdict.reason)
        if self.on_refused is not None and not isinstance(verdict, Allowed):
            self.on_refused(verdict.reason)

    def sign_in_refused(self, reason: str) -> None:
        """A credential proved nobody."""
        self.count(names.SIGN_INS_REFUSED, reason)
        if self.on_refused is not None:
            self.on_refused(reason)

    def address_refused(self, reason: str) -> None:
        """A request came from where nobody is let in."""
        self.count(names.ADDRESSES_REFUSED, reason)
        if self.on_refused is not None:
            self.on_refused(reason)

    def limited(self, whose: str, kind: str) -> None:
        """A request was one too many.

        Args:
            whose: one of `names.LIMITS_OF`.
            kind: one of `names.REQUEST_CLASSES`.
        """
        self.count(names.LIMITED, whose, kind)
        if self.on_refused is not None:
            self.on_refused("limited")

    def token_asked(self, kind: str, status: int) -> None:
        """A request for a token was answered.

        Args:
            kind: one of `names.TOKEN_KINDS`.
            status: of the answer.
        """
        outcome = "granted" if status < 300 else "refused" if status < 500 else "failed"
        self.count(names.TOKENS, kind, outcome)

    def written(self, group: int, seconds: float) -> None:
        """So many writes went to the disk together; the first waited so long for it."""
        self.observe(names.WRITE_GROUP, float(group))
        self.observe(names.WRITE_SECONDS, seconds)

    def collected(self, gone: Mapping[str, int], freed: int) -> None:
        """A collection came to its end.

        Args:
            gone: how much of what.
            freed: bytes.
        """
        self.count(names.COLLECTIONS, "finished")
        for what, number in gone.items():
            self.count(names.COLLECTED, what, by=number)
        self.count(names.COLLECTED_BYTES, by=freed)

    def count(self, name: str, *values: str, by: float = 1.0) -> None:
        """Add to a counter.

        Raises:
            KeyError: there is no such series.
        """
        self._numbers[self.table.place(name, *values)] += by

    def measure(self, name: str, *values: str, number: float) -> None:
        """Set a gauge.

        Raises:
            KeyError: there is no such series.
        """
        self._numbers[self.table.place(name, *values)] = number

    def observe(self, name: str, number: float) -> None:
        """Take one observation into a histogram without labels."""
        bounds = self._bounds[name]
        start = self.table.place(name)
        self._numbers[start + bisect_left(bounds, number)] += 1.0
        self._numbers[start + len(bounds) + 1] += number
