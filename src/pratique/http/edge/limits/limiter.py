"""The limiter: finds the bucket of whoever sends, and writes the answer when it is empty.

A limit of an address is asked before anything of a request is looked at; that of an identity when
it is proved. What is refused by a limit leaves no decision and no id: a flood must not become a
flood of records. It is counted, and told in the log once a minute for each who.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from pratique.access import (
    AdminUser,
    Anonymous,
    FolderOwner,
    Law,
    RepositoryToken,
    name_subject,
)
from pratique.admission import Caller
from pratique.admission.account import caller_key
from pratique.admission.attempts import source_of
from pratique.http.edge.limits.answers import refusal
from pratique.http.edge.limits.classes import (
    CLASSES,
    RequestClass,
    Whose,
    class_of,
    number_of_class,
)
from pratique.http.edge.limits.gcra import TICK_NANOSECONDS, Rate, seconds_of
from pratique.http.edge.limits.presets import Limits
from pratique.http.edge.limits.table import SharedBuckets
from pratique.http.wire.messages import Request, Response
from pratique.naming.errors import printable
from pratique.observability import LineLog, Meter

MAX_REMEMBERED: Final = 4096
_TICK_BITS: Final = TICK_NANOSECONDS.bit_length() - 1
_ONE_LINE: Final = Rate.of(1)
_LONGEST_WHO: Final = 200


class Purse:
    """What one who has left in one class.

    Args:
        limiter: to which it belongs.
        whose: what kind of limit it is.
        kind: of the requests.
        key: which who, whatever its name is now.
        who: the same, for people.
        rate: how much.
    """

    __slots__ = ("_limiter", "_nanoseconds", "key", "kind", "rate", "take", "who", "whose")

    def __init__(
        self,
        limiter: Limiter,
        whose: Whose,
        kind: RequestClass,
        key: str,
        who: str,
        rate: Rate,
    ) -> None:
        self._limiter = limiter
        self._nanoseconds = limiter.nanoseconds
        self.take = limiter.buckets.bucket(f"{whose}/{kind}/{key}", rate).take
        self.whose, self.kind, self.key, self.who, self.rate = whose, kind, key, who, rate

    def spend(self, request: Request) -> Response | None:
        """Count a request; the answer that refuses it when nothing is left."""
        wait = self.take(self._nanoseconds() >> _TICK_BITS)
        return self._limiter.refuse(self, seconds_of(wait), request) if wait else None


class Limiter:
    """Counts requests and refuses those that are too many.

    Args:
        limits: how many.
        buckets: shared by all workers.
        log: takes a line a minute for each who that is refused.
        meter: counts what is refused.
        nanoseconds: a clock that all processes of the machine share and nobody sets, above 0.
    """

    def __init__(
        self,
        limits: Limits,
        buckets: SharedBuckets,
        log: LineLog,
        meter: Meter,
        nanoseconds: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.buckets = buckets
        self.nanoseconds = nanoseconds
        self._rates = limits.rates
        self._log = log
        self._meter = meter
        self._of_clients: dict[str, tuple[Purse | None, ...]] = {}
        self._of_callers: dict[tuple[str, RequestClass], Purse] = {}

    def before(
        self, handle: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """What answers requests: `handle`, for those that are within the limits of addresses."""
        if not any(whose is Whose.ADDRESS for whose, _ in self._rates):
            return handle

        clients, nanoseconds = self._of_clients, self.nanoseconds

        def limited(request: Request) -> Awaitable[Response]:
            purses = clients.get(request.client) or self._purses_of(request.client)
            purse = purses[number_of_class(request.method, request.path)]
            if purse is not None:
                wait = purse.take(nanoseconds() >> _TICK_BITS)
                if wait:
                    return _given(self.refuse(purse, seconds_of(wait), request))
            return handle(request)

        return limited

    def purse_of(self, caller: Caller, request: Request, law: Law) -> Purse | None:
        """What somebody who is proved may send of this kind of request; None for any number.

        Whoever is nobody is counted by address.

        Args:
            caller: who sends.
            request: what is sent.
            law: names the caller.
        """
        kind = class_of(request.method, request.path)
        rate = self._rates.get((Whose.IDENTITY, kind))
        if rate is None or isinstance(caller.subject, FolderOwner):
            return None
        anonymous = isinstance(caller.subject, Anonymous)
        source = source_of(request.client) if anonymous else ""
        key = "/".join((*caller_key(caller.subject), source))
        if isinstance(caller.subject, RepositoryToken | AdminUser):
            # Others of the same name open other registries.
            key = f"{key}/{law.registry.name.casefold()}"
        purse = self._of_callers.get((key, kind))
        if purse is None:
            named = f"anonymous callers at `{source}`"
            who = named if anonymous else name_subject(caller.subject, law)
            purse = Purse(self, Whose.IDENTITY, kind, key, who[:_LONGEST_WHO], rate)
            if len(self._of_callers) >= MAX_REMEMBERED:
                self._of_callers.clear()
            self._of_callers[key, kind] = purse
        return purse

    def refuse(self, purse: Purse, seconds: int, request: Request) -> Response:
        """The answer to a request for which nothing is left; counted, and told now and then.

        Args:
            purse: that is empty.
            seconds: after which something will be there again.
            request: that is refused.
        """
        self._meter.limited(purse.whose, purse.kind)
        told = self.buckets.bucket(f"told/{purse.whose}/{purse.key}", _ONE_LINE)
        if not told.take(self.nanoseconds() >> _TICK_BITS):
            self._log.write(
                {
                    "event": "limited",
                    "whose": purse.whose,
                    "class": purse.kind,
                    "who": purse.who,
                    "per_minute": purse.rate.per_minute,
                    "client": request.client,
                },
                at_once=True,
            )
        return refusal(purse.whose, purse.kind, purse.who, purse.rate, seconds, request.path)

    def _purses_of(self, client: str) -> tuple[Purse | None, ...]:
        source = source_of(client)
        who = f"the address `{printable(source)}`"
        rates = [(kind, self._rates.get((Whose.ADDRESS, kind))) for kind in CLASSES]
        purses = tuple(
            None if rate is None else Purse(self, Whose.ADDRESS, kind, source, who, rate)
            for kind, rate in rates
        )
        if len(self._of_clients) >= MAX_REMEMBERED:
            self._of_clients.clear()
        self._of_clients[client] = purses
        return purses


async def _given(response: Response) -> Response:
    return response
