"""Collection: what nothing needs any more goes, while everything else goes on.

A push is not one request: blobs come first, and what will need them comes last. So nothing goes
that was linked, put in place or asked about within the grace period, and each deletion is decided
and done in the same step as the look that allows it.

```text
link of a blob       goes when no manifest of its repository needs it, a grace period after it was
                     made or its blob was last asked about; up to `RENEWED_AFTER` later, as that is
                     noted no more often
bytes of a blob      go when no repository links it, a grace period after they were put in place
manifest             goes when no tag and no other manifest leads to it, where that is wanted
upload               goes when nobody wrote to it for `IDLE_LIMIT`
repository           goes when its registry was deleted, whose id will be no other's
```
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pratique.naming import Digest
from pratique.registry.blobs import RENEWED_AFTER
from pratique.registry.content import LinkPlace, ManifestPlace
from pratique.registry.namespaces import MARK, StoredName
from pratique.registry.ports import BlobBin, Leftovers, Remains, UploadArea
from pratique.registry.uploads import IDLE_LIMIT

GRACE: Final = timedelta(hours=24)
# Longer than any writer waits for its turn, so that a blob that was just put in place is linked.
LEAST_GRACE: Final = timedelta(minutes=5)
STEP: Final = 200


@dataclass(frozen=True, slots=True)
class Policy:
    """What is to be collected.

    Attributes:
        grace: for how long a link or a blob is left alone; at least `LEAST_GRACE`.
        untagged: for how long a manifest that nothing leads to is kept; None keeps all.

    Raises:
        ValueError: a period is too short.
    """

    grace: timedelta = GRACE
    untagged: timedelta | None = None

    def __post_init__(self) -> None:
        if self.grace < LEAST_GRACE or (self.untagged is not None and self.untagged < LEAST_GRACE):
            raise ValueError(f"a period of grace is at least {LEAST_GRACE}")


@dataclass(frozen=True, slots=True)
class Collected:
    """What has gone.

    Attributes:
        repositories: of registries that were deleted.
        blob_bytes: that the blobs took.
        finished: whether the collection has come to its end.
    """

    repositories: int = 0
    manifests: int = 0
    links: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    uploads: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class StandingRegistries:
    """Which registries lie in the stores, and which of them there still are.

    Attributes:
        remains: gives repositories by their names in the stores, and ends them.
        ids: of all registries that there are when it is called, or later; never of fewer.
    """

    remains: Remains
    ids: Callable[[], Awaitable[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Collection:
    """Collects in small steps; whoever asks for the next step decides how fast.

    Several may run at once, on one machine or on many: none undoes what another relies on.

    Attributes:
        clock: the time now, with a time zone.
        step: rows that are looked at in one step, at most.
        registries: tells which registries were deleted; without it, nothing goes for that.
    """

    leftovers: Leftovers
    bin: BlobBin
    area: UploadArea
    clock: Callable[[], datetime]
    step: int = STEP
    registries: StandingRegistries | None = None

    async def run(self, policy: Policy, *, only_count: bool = False) -> AsyncIterator[Collected]:
        """Collect; after each step, what has gone so far.

        Args:
            policy: what is to be collected.
            only_count: whether to leave everything and say what would go. What a manifest holds
                is then counted only where it would go by itself.
        """
        done = Collected()
        if self.registries is not None:
            async for step in self._deleted(done, self.registries, only_count=only_count):
                done = step
                yield done
        if policy.untagged is not None:
            async for step in self._manifests(done, policy.untagged, only_count=only_count):
                done = step
                yield done
        async for step in self._links(done, policy.grace, only_count=only_count):
            done = step
            yield done
        async for step in self._blobs(done, policy.grace, only_count=only_count):
            done = step
            yield done
        if not only_count:
            done = replace(done, uploads=await self.area.sweep(self.clock() - IDLE_LIMIT))
        yield replace(done, finished=True)

    async def _deleted(
        self, done: Collected, registries: StandingRegistries, *, only_count: bool
    ) -> AsyncIterator[Collected]:
        after = MARK
        while True:
            names = await registries.remains.repositories(self.step, after)
            # INVARIANT: the ids are read after the names. Whatever lies under an id was put there
            # when its registry was, so an id that is not among these is of one that was deleted,
            # and none will ever have it again.
            standing = await registries.ids() if names else frozenset[str]()
            for name in map(StoredName, names):
                if name.registry_id in standing:
                    continue
                gone = 0 if only_count else await registries.remains.drop_part(name, self.step)
                while gone:
                    yield done
                    gone = await registries.remains.drop_part(name, self.step)
                done = replace(done, repositories=done.repositories + 1)
            yield done
            if len(names) < self.step:
                return
            after = names[-1]

    async def _manifests(
        self, done: Collected, kept: timedelta, *, only_count: bool
    ) -> AsyncIterator[Collected]:
        after: ManifestPlace | None = None
        before = self.clock() - kept
        while True:
            found = await self.leftovers.unneeded_manifests(before, after, self.step)
            if not found.places and found.next is None:
                return
            gone = len(found.places)
            if not only_count:
                gone = await self.leftovers.drop_manifests(found.places, before, self.clock())
            done = replace(done, manifests=done.manifests + gone)
            yield done
            after = found.next
            if after is None:
                return

    async def _links(
        self, done: Collected, grace: timedelta, *, only_count: bool
    ) -> AsyncIterator[Collected]:
        after: LinkPlace | None = None
        # A blob may have been asked about so long after the time that its link has.
        before = self.clock() - grace - RENEWED_AFTER
        while True:
            found = await self.leftovers.unneeded_links(before, after, self.step)
            gone = len(found.places)
            if found.places and not only_count:
                gone = await self.leftovers.drop_links(found.places, before)
            done = replace(done, links=done.links + gone)
            yield done
            after = found.next
            if after is None:
                return

    async def _blobs(
        self, done: Collected, grace: timedelta, *, only_count: bool
    ) -> AsyncIterator[Collected]:
        before = self.clock() - grace
        after: str = ""
        while True:
            digests, following = await self.bin.after(after, self.step)
            for digest in await self.leftovers.unlinked(digests):
                size = await self._throw_away(digest, before, only_count=only_count)
                if size is not None:
                    total = done.blob_bytes + size
                    done = replace(done, blobs=done.blobs + 1, blob_bytes=total)
            yield done
            if following is None:
                break
            after = following
        if not only_count:
            await self.bin.empty()

    async def _throw_away(
        self, digest: Digest, before: datetime, *, only_count: bool
    ) -> int | None:
        if only_count:
            return await self.bin.size_if_older(digest, before)

        def throw_away() -> int | None:
            return self.bin.throw_away(digest, before)

        return await self.leftovers.forget_unlinked(digest, throw_away)
