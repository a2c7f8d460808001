"""Wrong sign-ins in the memory of one process: for tests."""

from __future__ import annotations

from datetime import datetime

from pratique.admission.attempts import FADE, Count, Standing


class MemorySignInAttempts:
    """Keeps the promises of `pratique.admission.SignInAttempts`."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], Count] = {}
        self._known: set[tuple[str, str]] = set()

    async def standing(self, source: str, account: str, at: datetime) -> Standing:
        """The counts that have not faded."""
        return Standing(
            self._count(at, "pair", source, account),
            self._count(at, "source", source),
            self._count(at, "account", account),
            (source, account) in self._known,
        )

    async def failed(self, source: str, account: str, at: datetime) -> None:
        """Count one wrong attempt."""
        for key in (("pair", source, account), ("source", source), ("account", account)):
            self._counts[key] = Count(self._count(at, *key).failures + 1, at)

    async def succeeded(self, source: str, account: str, at: datetime) -> None:
        """Remember the pair, and forgive it."""
        del at
        self._known.add((source, account))
        self._counts.pop(("pair", source, account), None)

    def _count(self, at: datetime, *key: str) -> Count:
        count = self._counts.get(key, Count())
        if count.last_at is None or count.last_at < at - FADE:
            return Count()
        return count
