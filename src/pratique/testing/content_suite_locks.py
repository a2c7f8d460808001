"""What every set of stores promises of locks. See `content_suite_manifests` for how to use it."""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import LockChange, Locked, Locks
from pratique.registry.content import ManifestPlace
from pratique.registry.documents import OCI_IMAGE
from pratique.registry.locks import OPEN, Item
from pratique.testing.content_builders import descriptor, image, index, later, record
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import in_loop

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
V1, V2, V3 = Tag("v1"), Tag("v2"), Tag("v3")
IMAGE = image([b"layer"])
M = Digest.of(IMAGE)
LAYER, FOREIGN = Digest.of(b"layer"), Digest.of(b"foreign")

Attempt = Callable[[ContentStores], Awaitable[Any]]

# In an order in which each still can be done when those before it were.
ATTEMPTS: dict[str, Attempt] = {
    "link a blob": lambda s: s.links.link(APP, Digest.of(b"new"), 3, later(9)),
    "mount a blob": lambda s: s.links.mount(APP, OTHER, FOREIGN, later(9)),
    "push": lambda s: s.manifests.put(APP, record(index()), (V3,), later(9)),
    "push again": lambda s: s.manifests.put(APP, record(IMAGE), (V1,), later(9)),
    "tag again": lambda s: s.manifests.put(APP, record(IMAGE), (V2,), later(9)),
    "overwrite": lambda s: s.manifests.put(APP, record(index()), (V1,), later(9)),
    "untag": lambda s: s.manifests.untag(APP, V1, later(9)),
    "delete a manifest": lambda s: s.manifests.delete(APP, M, later(9)),
    "delete a blob": lambda s: s.links.unlink(APP, LAYER),
    "delete the repository": lambda s: s.catalogue.delete_repository(APP),
}
_DELETIONS = {"delete a manifest", "delete a blob", "delete the repository"}
REFUSED: dict[tuple[Item, Locks], set[str]] = {
    (None, Locks.WRITE): set(ATTEMPTS),
    (None, Locks.DELETE): {"untag", *_DELETIONS},
    (V1, Locks.WRITE): {"push again", "overwrite", "untag", *_DELETIONS},
    (V1, Locks.DELETE): {"untag", *_DELETIONS},
    (M, Locks.WRITE): {"push again", "tag again", "overwrite", "untag", *_DELETIONS},
    (M, Locks.DELETE): _DELETIONS,
    **{(item, lock): set() for item in (None, V1, M) for lock in (Locks.LIST, Locks.READ)},
}


async def fill(stores: ContentStores) -> None:
    """An image under the tag `v1`, and a blob elsewhere."""
    for content in (b"{}", b"layer"):
        await stores.links.link(APP, Digest.of(content), len(content), later(0))
    await stores.links.link(OTHER, FOREIGN, 7, later(0))
    await stores.manifests.put(APP, record(IMAGE), (V1,), later(1))


async def lock(stores: ContentStores, item: Item, locks: Locks) -> None:
    """Lock something that is there."""
    assert await stores.items.change_locks(APP, item, LockChange(lock=locks))


async def state(stores: ContentStores) -> object:
    """All that a refusal must leave as it was."""
    return (
        await stores.catalogue.repository(APP),
        await stores.catalogue.tag_facts(APP, 99, ""),
        await stores.catalogue.manifest_facts(APP, 99, ""),
        [await stores.links.size(APP, d) for d in (LAYER, FOREIGN, Digest.of(b"new"))],
    )


class LocksSuite:
    """Locks of repositories, tags and manifests."""

    @in_loop
    async def test_changes_of_locks(self, stores: ContentStores) -> None:
        """Each lock is changed by itself and seen with its item, by name and in lists."""
        await fill(stores)
        for item in (None, V1, M):
            await lock(stores, item, Locks.WRITE | Locks.READ)
            change = LockChange(lock=Locks.DELETE, unlock=Locks.READ)
            assert await stores.items.change_locks(APP, item, change)
        expected = Locks.WRITE | Locks.DELETE
        repository = await stores.catalogue.repository(APP)
        tag, manifest = await stores.items.tag(APP, V1), await stores.items.manifest(APP, M)
        assert repository is not None
        assert tag is not None
        assert manifest is not None
        assert repository.locks == await stores.items.locks(APP) == expected
        assert tag.locks == manifest.locks == expected
        assert await stores.catalogue.tag_facts(APP, 9, "") == (tag,)
        assert await stores.catalogue.manifest_facts(APP, 9, "") == (manifest,)
        assert manifest.tags == (V1,)
        assert (repository.updated_at, tag.updated_at) == (later(1), later(1))

    @in_loop
    async def test_what_is_not_there_has_no_locks(self, stores: ContentStores) -> None:
        """Nothing absent is locked, nor known as an item."""
        change = LockChange(lock=Locks.WRITE)
        assert not await stores.items.change_locks(APP, None, change)
        await fill(stores)
        for item in (V2, Digest.of(b"absent")):
            assert not await stores.items.change_locks(APP, item, change)
        assert not await stores.items.change_locks(OTHER, V1, change)
        assert await stores.items.locks(OTHER) == OPEN
        assert await stores.items.tag(APP, V2) is None
        assert await stores.items.manifest(APP, Digest.of(b"absent")) is None
        assert await stores.items.tag(OTHER, V1) is None
        assert await stores.items.manifest(OTHER, M) is None

    @pytest.mark.parametrize(("item", "locks"), REFUSED)
    @in_loop
    async def test_what_a_lock_forbids(
        self, stores: ContentStores, item: Item, locks: Locks
    ) -> None:
        """What it forbids changes nothing; what it does not goes on; unlocked, all does."""
        await fill(stores)
        await lock(stores, item, locks)
        before = await state(stores)
        refused = REFUSED[item, locks]
        for name in refused:
            with pytest.raises(Locked) as told:
                await ATTEMPTS[name](stores)
            assert told.value.item == item, name
        assert await state(stores) == before
        for name, attempt in ATTEMPTS.items():
            if name not in refused:
                assert await attempt(stores) is not False, name
        if refused:
            assert await stores.items.change_locks(APP, item, LockChange(unlock=locks))
            await ATTEMPTS["delete the repository"](stores)

    @pytest.mark.parametrize("locks", [Locks.WRITE, Locks.DELETE])
    @pytest.mark.parametrize("by", ["tag", "digest"])
    @in_loop
    async def test_parts_of_what_is_locked(
        self, stores: ContentStores, locks: Locks, by: str
    ) -> None:
        """The parts of a locked index stay, at any depth, and so do their blobs."""
        await fill(stores)
        inner = index([IMAGE])
        outer = record(index([inner]))
        await stores.manifests.put(APP, record(inner), (), later(2))
        await stores.manifests.put(APP, outer, (V2,), later(3))
        await lock(stores, V2 if by == "tag" else outer.digest, locks)
        for digest in (M, Digest.of(inner)):
            with pytest.raises(Locked):
                await stores.manifests.delete(APP, digest, later(4))
        with pytest.raises(Locked):
            await stores.links.unlink(APP, LAYER)
        assert await stores.manifests.untag(APP, V1, later(4))

    @in_loop
    async def test_what_is_not_listed(self, stores: ContentStores) -> None:
        """It is in no list, and found by its name."""
        await fill(stores)
        signature = record(index(subject=descriptor(IMAGE, OCI_IMAGE)))
        await stores.manifests.put(APP, signature, (V2, V3), later(2))
        for item in (V2, M):
            await lock(stores, item, Locks.LIST)
        assert await stores.catalogue.tags(APP, 9, "") == (V1, V3)
        assert [t.name for t in await stores.catalogue.tag_facts(APP, 1, "v1")] == [V3]
        [manifest] = await stores.catalogue.manifest_facts(APP, 9, "")
        assert (manifest.digest, manifest.tags) == (signature.digest, (V3,))
        found = await stores.items.tag(APP, V2)
        assert found is not None
        assert found.locks == Locks.LIST
        assert await stores.items.manifest(APP, M) is not None
        assert await stores.manifests.find(APP, V2) is not None
        assert len(await stores.manifests.referrers(APP, M)) == 1
        await lock(stores, signature.digest, Locks.LIST)
        assert await stores.manifests.referrers(APP, M) == ()
        await stores.manifests.put(OTHER, record(index()), (), later(3))
        await lock(stores, None, Locks.LIST)
        assert await stores.catalogue.repositories(9, "") == (OTHER,)
        repository = await stores.catalogue.repository(APP)
        assert repository is not None
        assert (repository.manifest_count, repository.tag_count) == (2, 3)

    @pytest.mark.parametrize(
        ("item", "by_tag", "by_digest", "by_other_tag"),
        [
            (None, "repository", "repository", "repository"),
            (M, "manifest", "manifest", "manifest"),
            (V1, "tag", None, None),
        ],
    )
    @in_loop
    async def test_what_is_not_pulled(
        self,
        stores: ContentStores,
        item: Item,
        by_tag: str | None,
        by_digest: str | None,
        by_other_tag: str | None,
    ) -> None:
        """What closes a manifest is told with it; a closed repository gives out no blob either."""
        await fill(stores)
        await stores.manifests.put(APP, record(IMAGE), (V2,), later(2))
        assert await stores.links.size_to_read(APP, LAYER) == 5
        await lock(stores, item, Locks.READ)
        for reference, closed_by in ((V1, by_tag), (M, by_digest), (V2, by_other_tag)):
            found = await stores.manifests.find(APP, reference)
            assert found is not None
            assert found.closed_by == closed_by
        assert await stores.links.size(APP, LAYER) == 5
        assert await stores.links.size_to_read(APP, Digest.of(b"absent")) is None
        if item is None:
            with pytest.raises(Locked):
                await stores.links.size_to_read(APP, LAYER)
            with pytest.raises(Locked):
                await stores.manifests.referrers(APP, M)
        else:
            assert await stores.links.size_to_read(APP, LAYER) == 5
            assert await stores.manifests.referrers(APP, M) == ()
        assert await stores.links.mount(OTHER, APP, LAYER, later(3)) is (item is not None)

    @in_loop
    async def test_locks_stay_with_their_item(self, stores: ContentStores) -> None:
        """A push over something keeps its locks; what is made anew has none."""
        await fill(stores)
        for item in (None, V1, M):
            await lock(stores, item, Locks.LIST)
        await stores.manifests.put(APP, record(IMAGE), (V1,), later(2))
        tag, manifest = await stores.items.tag(APP, V1), await stores.items.manifest(APP, M)
        assert tag is not None
        assert manifest is not None
        assert tag.locks == manifest.locks == await stores.items.locks(APP) == Locks.LIST
        await stores.manifests.delete(APP, M, later(3))
        await stores.manifests.put(APP, record(IMAGE), (V1,), later(4))
        tag, manifest = await stores.items.tag(APP, V1), await stores.items.manifest(APP, M)
        assert tag is not None
        assert manifest is not None
        assert tag.locks == manifest.locks == OPEN

    @pytest.mark.parametrize("item", [None, M])
    @pytest.mark.parametrize("locks", [Locks.WRITE, Locks.DELETE])
    @in_loop
    async def test_collection_leaves_what_is_locked(
        self, stores: ContentStores, item: Item, locks: Locks
    ) -> None:
        """An untagged manifest stays, even when it was found before it was locked."""
        await fill(stores)
        await stores.manifests.untag(APP, V1, later(2))
        found = await stores.leftovers.unneeded_manifests(later(9), None, 9)
        assert found.places == (ManifestPlace(APP, M),)
        await lock(stores, item, locks)
        assert await stores.leftovers.drop_manifests(found.places, later(9), later(9)) == 0
        assert (await stores.leftovers.unneeded_manifests(later(9), None, 9)).places == ()
        assert await stores.items.change_locks(APP, item, LockChange(unlock=locks))
        assert await stores.leftovers.drop_manifests(found.places, later(9), later(9)) == 1

    @pytest.mark.parametrize("item", [None, V1])
    @in_loop
    async def test_a_lock_races_with_pushes(self, stores: ContentStores, item: Item) -> None:
        """What a tag points to when it is locked, it points to for as long as it is."""
        await fill(stores)
        pushed = [record(index(annotations={"n": str(n)})) for n in range(21)]

        async def locked() -> object:
            await lock(stores, item, Locks.WRITE)
            return await stores.manifests.find(APP, V1)

        async def push(number: int) -> None:
            await stores.manifests.put(APP, pushed[number], (V1,), later(number))

        outcomes = await asyncio.gather(
            *(push(number) for number in range(10)),
            locked(),
            *(push(number) for number in range(10, 20)),
            return_exceptions=True,
        )
        at_lock = outcomes.pop(10)
        assert await stores.manifests.find(APP, V1) == at_lock
        assert all(outcome is None or isinstance(outcome, Locked) for outcome in outcomes)
        with pytest.raises(Locked):
            await push(20)
