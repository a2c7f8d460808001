"""Recorded decisions in the memory of one process: for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from threading import Lock

from pratique.admission.attempts import source_of
from pratique.admission.decisions import (
    NAMES_KEPT,
    OTHERS,
    DecisionRecord,
    GrantUse,
    LastUse,
    Place,
)


class _Use:
    """The last days of one grant and action."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.names: dict[str, date] = {}
        self.others: date | None = None

    def add(self, use: GrantUse) -> None:
        self.day = max(self.day, use.day)
        name = use.repository
        if name is None:
            return
        if name != OTHERS and (name in self.names or len(self.names) < NAMES_KEPT):
            self.names[name] = max(use.day, self.names.get(name, use.day))
        else:
            self.others = max(use.day, self.others or use.day)


class MemoryDecisions:
    """Keeps the promises of `pratique.admission.Decisions`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._decisions: dict[str, DecisionRecord] = {}
        self._uses: dict[tuple[str, str], _Use] = {}
        self._started_on: date | None = None

    def record(self, decisions: Sequence[DecisionRecord], uses: Sequence[GrantUse]) -> None:
        """Keep them all."""
        days = [use.day for use in uses]
        days += [decision.at.astimezone(UTC).date() for decision in decisions]
        with self._lock:
            if self._started_on is None:
                self._started_on = min(days, default=None)
            for decision in decisions:
                self._decisions.setdefault(decision.decision_id, decision)
            for use in uses:
                self._uses.setdefault((use.grant_id, use.action), _Use(use.day)).add(use)

    def find(self, decision_id: str) -> DecisionRecord | None:
        """The decision of that id."""
        return self._decisions.get(decision_id)

    def newest(
        self,
        *,
        since: datetime,
        limit: int,
        caller_id: str | None = None,
        resource: str | None = None,
        after: Place | None = None,
    ) -> tuple[DecisionRecord, ...]:
        """Decisions from `since` on, the newest first."""
        found = [
            decision
            for decision in self._newest_first()
            if decision.at >= since
            and caller_id in (None, decision.caller_id)
            and resource in (None, decision.resource)
            and (after is None or decision.place < after)
        ]
        return tuple(found[: max(0, limit)])

    def uses_since(self, day: date) -> tuple[LastUse, ...]:
        """What was used on `day` or later."""
        with self._lock:
            return tuple(
                LastUse(
                    grant_id,
                    action,
                    use.day,
                    tuple(sorted(name for name, last in use.names.items() if last >= day)),
                    use.others is not None and use.others >= day,
                )
                for (grant_id, action), use in sorted(self._uses.items(), key=lambda item: item[0])
                if use.day >= day
            )

    def prune(self, *, before: datetime, keep: int, keep_each: int, uses_before: date) -> None:
        """Forget what is old or too much."""
        kept: list[DecisionRecord] = []
        of_source: Counter[str] = Counter()
        for decision in self._newest_first():
            source = source_of(decision.client)
            of_source[source] += 1
            if decision.at >= before and of_source[source] <= keep_each and len(kept) < keep:
                kept.append(decision)
        with self._lock:
            self._decisions = {decision.decision_id: decision for decision in kept}
            self._uses = {key: use for key, use in self._uses.items() if use.day >= uses_before}
            for use in self._uses.values():
                use.names = {name: day for name, day in use.names.items() if day >= uses_before}
                if use.others is not None and use.others < uses_before:
                    use.others = None

    def started_on(self) -> date | None:
        """The day of the first thing ever kept."""
        return self._started_on

    def _newest_first(self) -> list[DecisionRecord]:
        with self._lock:
            return sorted(self._decisions.values(), key=lambda record: record.place, reverse=True)
