"""A collection that is wrong in one way is found out by the machine of its neighbour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.stores.test_collection_machine import AgedBin, CollectionMachine, Interrupted

from pratique.naming import Digest
from pratique.registry import BlobUnknown, StorageFailed
from pratique.registry.blobs import RENEWED_AFTER
from pratique.registry.content import Found, LinkPlace
from pratique.registry.ports import BlobLinks
from pratique.testing.content_stores import ContentStores

# Beyond every period of grace.
LATE = timedelta(days=365)
# It ends with the first sequence that fails, which need not be the shortest.
BOUNDS = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
)


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


@pytest.mark.parametrize(
    "broken",
    [
        no_grace_for_links,
        no_allowance_for_renewals,
        no_second_look_at_links,
        no_second_look_at_bytes,
    ],
)
def test_the_machine_tells(broken: Callable[[ContentStores, Interrupted], ContentStores]) -> None:
    """Some sequence loses what somebody relies on."""

    class Broken(CollectionMachine):
        def aged(self, stores: ContentStores) -> ContentStores:
            whole = super().aged(stores)
            assert isinstance(whole.leftovers, Interrupted)
            return broken(whole, whole.leftovers)

    with pytest.raises(Exception) as told:  # noqa: PT011 - several failures are a group of them
        run_state_machine_as_test(Broken, settings=BOUNDS)
    assert _is_loss(told.value)


def _is_loss(error: BaseException) -> bool:
    """Whether the machine found something lost, and is not broken itself."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_loss, error.exceptions))
    return isinstance(error, AssertionError | BlobUnknown | StorageFailed)
