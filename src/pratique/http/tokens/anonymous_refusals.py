"""Refusals of token requests that show no credential: recorded, and repetitions under one id.

Whoever forgot to log in is the commonest caller that a registry refuses, and most clients ask two
or three times before they give up; a machine that was set up without credentials asks for ever.
So what one source is refused again within a minute is the decision that was recorded before, as
long as it is judged by the same snapshot: a law that was put back may have the same number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from pratique.access import Denied, RegistryAction
from pratique.admission.attempts import source_of
from pratique.admission.snapshot import Snapshot
from pratique.http.edge import Arrival, Entrance

SAME_FOR: Final = timedelta(minutes=1)
MAX_REMEMBERED: Final = 4096
# A person forgets to log in a few times in a minute; whoever asks for more tries names.
MOST_OF_ONE_SOURCE: Final = 20

_Key = tuple[str, str, str, RegistryAction]


class AnonymousRefusals:
    """Gives each such refusal its decision.

    Args:
        entrance: records.
        clock: gives now, with a time zone.
        new_id: gives an id where there is nothing to record.
    """

    def __init__(
        self, entrance: Entrance, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._entrance = entrance
        self._clock = clock
        self._new_id = new_id
        self._known: OrderedDict[_Key, tuple[datetime, str, Snapshot]] = OrderedDict()
        self._counted: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def decision_of(self, arrival: Arrival, denials: Sequence[Denied]) -> str:
        """The id of the decision.

        Args:
            arrival: the request.
            denials: what was refused, as it was asked for; of several a push is recorded, since
                every push asks for more, else the first. A request for nothing, or for what no
                registry has, is nothing to record.
        """
        told = next((d for d in denials if _action(d) is RegistryAction.PUSH), None)
        if told is None:
            told = next(iter(denials), None)
        action = None if told is None else _action(told)
        if told is None or action is None:
            return self._new_id()
        source, asked = source_of(arrival.request.client), str(told.question.resource)
        key = (source, arrival.snapshot.registry_id, asked, action)
        now = self._clock()
        known = self._known.get(key)
        if known is not None and _is_young(known[0], now) and known[2] is arrival.snapshot:
            return known[1]
        if self._too_many(source, now):
            return self._new_id()
        decision_id = self._entrance.record(arrival, told)
        self._remember(key, (now, decision_id, arrival.snapshot))
        return decision_id

    def _remember(self, key: _Key, decided: tuple[datetime, str, Snapshot]) -> None:
        self._known.pop(key, None)
        while self._known:
            oldest = next(iter(self._known))
            # What is too old goes also where there is room: it holds a law that may be large.
            if len(self._known) < MAX_REMEMBERED and _is_young(self._known[oldest][0], decided[0]):
                break
            del self._known[oldest]
        self._known[key] = decided

    def _too_many(self, source: str, now: datetime) -> bool:
        """Whether so many refusals of one source are recorded already in this minute."""
        begun, count = self._counted.pop(source, (now, 0))
        if not _is_young(begun, now):
            begun, count = now, 0
        while len(self._counted) >= MAX_REMEMBERED:
            self._counted.popitem(last=False)
        self._counted[source] = (begun, count + 1)
        return count >= MOST_OF_ONE_SOURCE


def _is_young(at: datetime, now: datetime) -> bool:
    # A clock that was put back makes nothing younger.
    return timedelta(0) <= now - at < SAME_FOR


def _action(denied: Denied) -> RegistryAction | None:
    action = denied.question.action
    return action if isinstance(action, RegistryAction) else None
