"""A collection that is wrong in one way is found out by the machine of its neighbour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from tests.stores.test_collection_machine import AgedBin, CollectionMachine, Interrupted

from pratique.naming import Digest, RepositoryName
from pratique.registry import BlobUnknown, StorageFailed
from pratique.registry.blobs import RENEWED_AFTER
from pratique.registry.content import Found, LinkPlace
from pratique.registry.ports import BlobLinks
from pratique.testing.content_stores import ContentStores

# Beyond every period of grace.
LATE = timedelta(days=365)
APP = RepositoryName("team/app")
LAYER = b"one layer"


@dataclass(frozen=True)
class Hasty(Interrupted):
    """Links go so long before their time."""

    by: timedelta = LATE

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """See the port."""
        return await self.inner.unneeded_links(before + self.by, after, limit)

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """See the port."""
        await self.between()
        return await self.inner.drop_links(places, before + self.by)


@dataclass(frozen=True)
class LinksAsTheyWere(Interrupted):
    """Links go as they were found, whatever has happened since."""

    links: BlobLinks | None = None

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:  # noqa: ARG002
        """See the port."""
        assert self.links is not None
        await self.between()
        for repository, digest in places:
            await self.links.unlink(repository, digest)
        return len(places)


@dataclass(frozen=True)
class BytesAsTheyWere(Interrupted):
    """Bytes go as they were found, whatever has happened since."""

    async def forget_unlinked(
        self,
        digest: Digest,  # noqa: ARG002
        throw_away: Callable[[], int | None],
    ) -> int | None:
        """See the port."""
        await self.between()
        return throw_away()


@dataclass(frozen=True)
class HastyBin(AgedBin):
    """Bytes go however young they are."""

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        return super().throw_away(digest, before + LATE)


def no_grace_for_links(stores: ContentStores, found: Interrupted) -> ContentStores:
    """The grace is ignored."""
    return replace(stores, leftovers=Hasty(found.inner, found.between))


def no_allowance_for_renewals(stores: ContentStores, found: Interrupted) -> ContentStores:
    """Links go by the time that they have, though their blobs were asked about since."""
    return replace(stores, leftovers=Hasty(found.inner, found.between, RENEWED_AFTER))


def no_second_look_at_links(stores: ContentStores, found: Interrupted) -> ContentStores:
    """The transaction that deletes a link does not look whether it still may."""
    broken = LinksAsTheyWere(found.inner, found.between, stores.links)
    return replace(stores, leftovers=broken)


def no_second_look_at_bytes(stores: ContentStores, found: Interrupted) -> ContentStores:
    """Bytes go in a transaction that asks neither for links nor for their age."""
    broken = BytesAsTheyWere(found.inner, found.between)
    bytes_of = stores.bin
    assert isinstance(bytes_of, AgedBin)
    hasty = HastyBin(bytes_of.inner, bytes_of.passing)
    return replace(stores, leftovers=broken, bin=hasty)


def pushes(machine: CollectionMachine) -> None:
    """A push, while collections look at its blobs."""
    machine.push("upload", 0, APP, LAYER, 0, waits=False)


def relies_twice(machine: CollectionMachine) -> None:
    """A push that asks just before that would be written down, and takes nearly the grace then."""
    for content in (b"{}", LAYER):
        machine.leave_a_push(0, APP, content)
    machine.let_time_pass(RENEWED_AFTER - timedelta(minutes=10))
    machine.push("ask", 0, APP, LAYER, 0, waits=True)


def relies_between(machine: CollectionMachine) -> None:
    """A push that asks about old blobs between a look at their links and the deletion."""
    for content in (b"{}", LAYER):
        machine.leave_a_push(0, APP, content)
    machine.push_between("ask", 1, APP, LAYER, 0)
    machine.collect_all(0)


def uploads_between(machine: CollectionMachine) -> None:
    """A push of bytes that are there, between a look at who links them and the deletion."""
    for content in (b"{}", LAYER):
        machine.place_without_link(0, APP, content)
    machine.push_between("upload", 1, APP, LAYER, 0)
    machine.collect_all(0)


Broken = Callable[[ContentStores, Interrupted], ContentStores]
STORIES: dict[Broken, Callable[[CollectionMachine], None]] = {
    no_grace_for_links: pushes,
    no_allowance_for_renewals: relies_twice,
    no_second_look_at_links: relies_between,
    no_second_look_at_bytes: uploads_between,
}


@pytest.mark.parametrize("broken", STORIES, ids=lambda broken: str(broken.__name__))
def test_the_machine_tells(broken: Broken) -> None:
    """It loses what somebody relies on; where nothing is broken, the same loses nothing."""

    class BrokenMachine(CollectionMachine):
        def aged(self, stores: ContentStores) -> ContentStores:
            whole = super().aged(stores)
            assert isinstance(whole.leftovers, Interrupted)
            return broken(whole, whole.leftovers)

    told(CollectionMachine(), STORIES[broken])
    with pytest.raises((AssertionError, BlobUnknown, StorageFailed)):
        told(BrokenMachine(), STORIES[broken])


def told(machine: CollectionMachine, story: Callable[[CollectionMachine], None]) -> None:
    """Let it happen, and look at what is left."""
    machine.start()
    with closing(machine.runner):
        story(machine)
        assert machine.tags
        machine.what_was_acknowledged_is_there()
