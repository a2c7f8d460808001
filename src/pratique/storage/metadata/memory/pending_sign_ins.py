"""Sign-ins on their way in the memory of one process: for tests."""

from __future__ import annotations

from datetime import datetime

from pratique.admission.pending_sign_ins import IN_ALL, PER_OWNER, NotKept, Pending


class MemoryPendingSignIns:
    """Keeps the promises of `pratique.admission.pending_sign_ins.PendingSignIns`."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Pending] = {}

    async def keep(self, pending: Pending, at: datetime) -> bool:
        """Keep a thing, unless its key is taken."""
        self._kept = {key: kept for key, kept in self._kept.items() if kept.until > at}
        if (pending.kind, pending.key) in self._kept:
            return False
        owned = [
            kept
            for kept in self._kept.values()
            if (kept.kind, kept.owner) == (pending.kind, pending.owner)
        ]
        alike = sum(kept.kind == pending.kind for kept in self._kept.values())
        if len(owned) >= PER_OWNER or alike >= IN_ALL:
            raise NotKept("too many sign-ins are on their way; try again in some minutes")
        self._kept[pending.kind, pending.key] = pending
        return True

    async def find(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body of what is not yet forgotten."""
        kept = self._kept.get((kind, key))
        return kept.body if kept is not None and kept.until > at else None

    async def take(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body, which is gone with this."""
        body = await self.find(kind, key, at)
        self._kept.pop((kind, key), None)
        return body

    async def replace(self, kind: str, key: str, before: bytes, after: bytes) -> bool:
        """Let the body be `after` if it is still `before`."""
        kept = self._kept.get((kind, key))
        if kept is None or kept.body != before:
            return False
        self._kept[kind, key] = Pending(kind, key, after, kept.owner, kept.until)
        return True
