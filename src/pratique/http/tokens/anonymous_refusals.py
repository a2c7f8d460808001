"""Refusals of token requests that show no credential: recorded, and repetitions under one id.

Whoever forgot to log in is the commonest caller that a registry refuses, and most clients ask two
or three times before they give up; a machine that was set up without credentials asks for ever.
So what one source is refused again within a minute is the decision that was recorded before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from pratique.access import Denied, RegistryAction
from pratique.admission.attempts import source_of
from pratique.http.edge import Arrival, Entrance

SAME_FOR: Final = timedelta(minutes=1)
MAX_REMEMBERED: Final = 4096
# A person forgets to log in a few times in a minute; whoever asks for more tries names.
MOST_OF_ONE_SOURCE: Final = 20

_Key = tuple[str, str, str, RegistryAction, int]


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
        self._known: dict[_Key, tuple[datetime, str]] = {}
        self._counted: dict[str, tuple[datetime, int]] = {}

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
        source, version = source_of(arrival.request.client), arrival.snapshot.version
        asked = str(told.question.resource)
        key = (source, arrival.snapshot.registry_id, asked, action, version)
        now = self._clock()
        known = self._known.get(key)
        if known is not None and timedelta(0) <= now - known[0] < SAME_FOR:
            return known[1]
        if self._too_many(source, now):
            return self._new_id()
        while len(self._known) >= MAX_REMEMBERED:
            del self._known[next(iter(self._known))]
        decision_id = self._entrance.record(arrival, told)
        self._known[key] = (now, decision_id)
        return decision_id

    def _too_many(self, source: str, now: datetime) -> bool:
        """Whether so many refusals of one source are recorded already in this minute."""
        begun, count = self._counted.pop(source, (now, 0))
        if not timedelta(0) <= now - begun < SAME_FOR:
            begun, count = now, 0
        while len(self._counted) >= MAX_REMEMBERED:
            del self._counted[next(iter(self._counted))]
        self._counted[source] = (begun, count + 1)
        return count >= MOST_OF_ONE_SOURCE


def _action(denied: Denied) -> RegistryAction | None:
    action = denied.question.action
    return action if isinstance(action, RegistryAction) else None
