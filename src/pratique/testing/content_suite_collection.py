"""What every store that is collected from promises. See `content_suite_manifests` for the use."""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from pratique.access import Allowed
from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import (
    BlobUnknown,
    Collected,
    LinkPlace,
    ManifestPlace,
    Policy,
    StorageFailed,
)
from pratique.registry.blobs import RENEWED_AFTER
from pratique.registry.collection import LEAST_GRACE
from pratique.registry.locks import LockChange, Locks
from pratique.testing.content_builders import image, index, later, push_blob
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import in_loop
from pratique.testing.verdicts import allowed_on

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
V1 = Tag("v1")
# Links are made by a clock of the past, bytes by that of the files.
LONG = timedelta(days=2)
# Ids of registries; the one that goes comes first in the order of names.
GONE, KEPT = "0" * 32, "f" * 32
ALL = Policy(untagged=timedelta(minutes=5))


async def collected(
    stores: ContentStores, policy: Policy = ALL, *, only_count: bool = False
) -> Collected:
    """A whole collection, two days from now."""
    done = Collected()
    collection = stores.collection(lambda: stores.area_time() + LONG)
    async for step in collection.run(policy, only_count=only_count):
        done = step
    assert done.finished
    return done


def later_than(stores: ContentStores) -> Callable[[], datetime]:
    """A clock that is two days ahead of the stores."""
    return lambda: stores.area_time() + LONG


async def is_there(stores: ContentStores, digest: Digest, size: int) -> bool:
    """Whether a blob's bytes are stored."""
    try:
        await stores.contents.locate(digest, size)
    except StorageFailed:
        return False
    return True


def push(repository: RepositoryName = APP) -> Allowed:
    """A verdict on a push."""
    return allowed_on(repository)


class CollectionSuite:
    """Collection, and the rows and bytes that it goes by."""

    @in_loop
    async def test_keeps_all_that_tags_lead_to(self, stores: ContentStores) -> None:
        """An image with a tag, its index and what refers to them stay, with their blobs."""
        registry = stores.registry()
        for content in (b"{}", b"layer"):
            await push_blob(registry, push(), content)
        child = image([b"layer"])
        await registry.manifests.put(push(), Digest.of(child), None, child)
        whole = index([child])
        await registry.manifests.put(push(), V1, None, whole)
        subject = {"mediaType": "application/vnd.oci.image.index.v1+json"}
        subject |= {"digest": Digest.of(whole).text, "size": len(whole)}  # type: ignore[dict-item]
        signature = image(subject=subject)
        await registry.manifests.put(push(), Digest.of(signature), None, signature)
        done = await collected(stores)
        assert (done.manifests, done.links, done.blobs) == (0, 0, 0)
        assert await stores.manifests.find(APP, Digest.of(child)) is not None
        assert await is_there(stores, Digest.of(b"layer"), 5)

    @in_loop
    async def test_takes_what_nothing_leads_to(self, stores: ContentStores) -> None:
        """An image whose tag has gone goes with its links and bytes; another's blobs stay."""
        registry = stores.registry()
        for content in (b"{}", b"old layer"):
            await push_blob(registry, push(), content)
        await push_blob(registry, push(OTHER), b"{}")
        old = image([b"old layer"])
        await registry.manifests.put(push(), V1, None, old)
        await registry.manifests.put(push(OTHER), V1, None, image())
        await registry.manifests.delete(push(), V1)
        counted = await collected(stores, only_count=True)
        assert counted.manifests == 1
        assert await stores.manifests.find(APP, Digest.of(old)) is not None
        done = await collected(stores)
        assert (done.manifests, done.links, done.blobs, done.blob_bytes) == (1, 2, 1, 9)
        assert await stores.manifests.find(APP, Digest.of(old)) is None
        assert not await is_there(stores, Digest.of(b"old layer"), 9)
        assert await is_there(stores, Digest.of(b"{}"), 2)
        again = await collected(stores)
        assert (again.manifests, again.links, again.blobs) == (0, 0, 0)

    @in_loop
    async def test_keeps_untagged_manifests_unless_told(self, stores: ContentStores) -> None:
        """Without a wish for it, no manifest goes, and nothing of what one holds."""
        registry = stores.registry()
        await push_blob(registry, push(), b"{}")
        content = image()
        await registry.manifests.put(push(), Digest.of(content), None, content)
        done = await collected(stores, Policy())
        assert (done.manifests, done.links, done.blobs) == (0, 0, 0)

    @in_loop
    async def test_leaves_the_young_alone(self, stores: ContentStores) -> None:
        """Bytes and links of a push that is still going on stay."""
        registry = stores.registry()
        digest = await push_blob(registry, push(), b"{}")
        await stores.links.link(APP, digest, 2, stores.area_time() + LONG)
        done = await collected(stores)
        assert (done.links, done.blobs) == (0, 0)
        await stores.links.unlink(APP, digest)
        soon = stores.collection(stores.area_time)
        async for step in soon.run(ALL):
            done = step
        assert done.blobs == 0
        assert await is_there(stores, digest, 2)

    @in_loop
    async def test_asking_about_a_blob_keeps_it(self, stores: ContentStores) -> None:
        """A client that was told that a blob is there may rely on it for the whole period."""
        registry = stores.registry()
        digest = await push_blob(registry, push(), b"{}")
        before = stores.area_time() + LONG - Policy().grace
        found = await stores.leftovers.unneeded_links(before, None, 10)
        assert found.places == (LinkPlace(APP, digest),)
        # Between the look and the deletion.
        assert await stores.links.renew(APP, digest, before, before)
        assert await stores.leftovers.drop_links(found.places, before) == 0
        assert await stores.links.size(APP, digest) == 2
        assert not await stores.links.renew(OTHER, digest, before, before)

    @in_loop
    async def test_asking_keeps_it_where_that_is_not_written(self, stores: ContentStores) -> None:
        """Who asked about a link that was left alone as it was has the whole period too."""
        digest = await push_blob(stores.registry(), push(), b"{}")
        made = stores.area_time()
        await stores.links.link(APP, digest, 2, made)
        asked = made + RENEWED_AFTER - timedelta(seconds=1)
        await replace(stores.registry().blobs, clock=lambda: asked).confirm(push(), digest)
        for grace in (LEAST_GRACE, Policy().grace):
            end = asked + grace - timedelta(seconds=1)
            clock = partial(datetime.fromtimestamp, end.timestamp(), UTC)
            async for step in stores.collection(clock).run(Policy(grace)):
                assert step.links == 0
        assert await stores.links.size(APP, digest) == 2

    @in_loop
    async def test_a_young_link_is_not_written_again(self, stores: ContentStores) -> None:
        """Renewing leaves alone what is young enough."""
        await stores.links.link(APP, Digest.of(b"{}"), 2, later(100))
        assert await stores.links.renew(APP, Digest.of(b"{}"), later(200), later(50))
        found = await stores.leftovers.unneeded_links(later(150), None, 10)
        assert len(found.places) == 1

    @in_loop
    async def test_decides_again_before_it_deletes(self, stores: ContentStores) -> None:
        """A tag, a link or a manifest that came after the look keeps what it leads to."""
        registry = stores.registry()
        digest = await push_blob(registry, push(), b"{}")
        content = image()
        await registry.manifests.put(push(), Digest.of(content), None, content)
        place = ManifestPlace(APP, Digest.of(content))
        before = stores.area_time() + LONG
        assert await stores.leftovers.drop_links([LinkPlace(APP, digest)], before) == 0
        await registry.manifests.put(push(), V1, None, content)
        assert await stores.leftovers.drop_manifests([place], before, before) == 0
        thrown = await stores.leftovers.forget_unlinked(digest, lambda: 1 // 0)
        assert thrown is None

    @in_loop
    async def test_bytes_that_must_stay_stay(self, stores: ContentStores) -> None:
        """When nothing is thrown away, the blob is not forgotten, and can be linked."""
        registry = stores.registry()
        digest = await push_blob(registry, push(), b"{}")
        await stores.links.unlink(APP, digest)
        assert await stores.leftovers.unlinked([digest]) == (digest,)
        assert await stores.leftovers.forget_unlinked(digest, lambda: None) is None
        await push_blob(registry, push(OTHER), b"{}")
        assert await stores.links.size(OTHER, digest) == 2
        assert await stores.leftovers.unlinked([digest]) == ()

    @in_loop
    async def test_collected_bytes_can_be_pushed_again(self, stores: ContentStores) -> None:
        """After a blob has gone, a push of it works as the first one did."""
        registry = stores.registry()
        digest = await push_blob(registry, push(), b"{}")
        await stores.links.unlink(APP, digest)
        assert (await collected(stores)).blobs == 1
        assert not await is_there(stores, digest, 2)
        await push_blob(registry, push(), b"{}")
        assert (await registry.blobs.confirm(push(), digest)).size == 2

    @in_loop
    async def test_confirms_only_what_is_linked(self, stores: ContentStores) -> None:
        """A blob of another repository is unknown here."""
        registry = stores.registry()
        digest = await push_blob(registry, push(OTHER), b"{}")
        try:
            await registry.blobs.confirm(push(), digest)
        except BlobUnknown:
            return
        raise AssertionError

    @in_loop
    async def test_goes_on_where_a_step_ended(self, stores: ContentStores) -> None:
        """Many leftovers go in many steps, each of which tells what has gone so far."""
        registry = stores.registry()
        for number in range(10):
            await push_blob(registry, push(), f"blob {number}".encode())
        steps = [
            step
            async for step in stores.collection(lambda: stores.area_time() + LONG).run(Policy())
        ]
        assert [step.links for step in steps[:4]] == [3, 6, 9, 10]
        assert steps[-1].blobs == 10
        assert all(not step.finished for step in steps[:-1])

    @in_loop
    async def test_takes_what_a_deleted_registry_left(self, stores: ContentStores) -> None:
        """Its repositories go in small steps, tagged or not; those of others stay."""
        gone, kept, home = GONE, KEPT, stores.registry()
        for registry in (home, home.of(gone), home.of(kept)):
            for name in (APP, OTHER):
                await push_blob(registry, push(name), b"{}")
                for number in range(5):
                    content = image([], annotations={"number": str(number)})
                    await registry.manifests.put(push(name), Tag(f"v{number}"), None, content)
        await push_blob(home.of(gone), push(), b"of the deleted one alone")
        # What nobody may list, delete or change goes too, since nobody is left to unlock it.
        for item in (None, V1):
            change = LockChange(lock=Locks.LIST | Locks.DELETE | Locks.WRITE)
            await home.of(gone).listings.change_locks(push(), item, change)

        async def ids() -> frozenset[str]:
            return frozenset({"", kept})

        clock = later_than(stores)
        for only_count in (True, False):
            steps = [
                step
                async for step in stores.collection(clock, 2, ids).run(
                    Policy(), only_count=only_count
                )
            ]
            assert steps[-1].repositories == 2
        assert (steps[-1].blobs, len(steps) > 8) == (1, True)
        assert await home.of(gone).listings.catalogue.repository(APP) is None
        assert await home.of(gone).blobs.links.size(APP, Digest.of(b"{}")) is None
        for registry in (home, home.of(kept)):
            facts = await registry.listings.repository(push(OTHER))
            assert (facts.name, facts.manifest_count, facts.tag_count) == (OTHER, 5, 5)
            await registry.blobs.locate(push(), Digest.of(b"{}"))

    @in_loop
    async def test_a_registry_that_is_made_meanwhile_loses_nothing(
        self, stores: ContentStores
    ) -> None:
        """Ids are read after the names that they are compared with."""
        home = stores.registry()
        made: set[str] = set()

        async def ids() -> frozenset[str]:
            found = frozenset({"", *made})
            # As soon as they are read, another one is made, and pushed to.
            made.add(KEPT)
            await push_blob(home.of(KEPT), push(), b"{}")
            await home.of(KEPT).manifests.put(push(), V1, None, image())
            return found

        await push_blob(home.of(GONE), push(), b"{}")
        await home.of(GONE).manifests.put(push(), V1, None, image())
        collection = stores.collection(later_than(stores), 1, ids)
        steps = [step async for step in collection.run(Policy())]
        assert steps[-1].repositories == 1
        await home.of(KEPT).manifests.locate(push(), V1)
