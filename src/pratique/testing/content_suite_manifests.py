"""What every `ManifestStore` promises.

A test class that derives from a suite needs a fixture `stores`: a `ContentStores`, empty.
"""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestReferencesUnknown, Referrer, StoredManifest
from pratique.registry.documents import OCI_IMAGE, OCI_INDEX
from pratique.registry.locks import LockChange, Locks
from pratique.testing.content_builders import (
    CONFIG_TYPE,
    descriptor,
    image,
    index,
    later,
    record,
)
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import in_loop

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
V1, V2 = Tag("v1"), Tag("v2")


async def _link(stores: ContentStores, *contents: bytes, at: RepositoryName = APP) -> None:
    for content in contents:
        await stores.links.link(at, Digest.of(content), len(content), later(0))


class ManifestStoreSuite:
    """Manifests by digest and by tag."""

    @in_loop
    async def test_finds_nothing_in_an_empty_store(self, stores: ContentStores) -> None:
        """An absent manifest is None, by tag and by digest."""
        assert await stores.manifests.find(APP, V1) is None
        assert await stores.manifests.find(APP, Digest.of(b"")) is None

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    @in_loop
    async def test_keeps_every_byte(self, stores: ContentStores, algorithm: str) -> None:
        """A manifest is found by tag and by digest, byte for byte, with its media type."""
        content = index() + b" \n\t"
        kept = record(content, algorithm)
        await stores.manifests.put(APP, kept, (V1, V2), later(0))
        expected = StoredManifest(Digest.of(content, algorithm), OCI_INDEX, content)
        assert await stores.manifests.find(APP, V1) == expected
        assert await stores.manifests.find(APP, V2) == expected
        assert await stores.manifests.find(APP, kept.digest) == expected

    @in_loop
    async def test_repositories_are_apart(self, stores: ContentStores) -> None:
        """What one repository has, another does not."""
        kept = record(index())
        await stores.manifests.put(APP, kept, (V1,), later(0))
        assert await stores.manifests.find(OTHER, V1) is None
        assert await stores.manifests.find(OTHER, kept.digest) is None
        assert not await stores.manifests.delete(OTHER, kept.digest, later(1))
        assert not await stores.manifests.untag(OTHER, V1, later(1))
        assert await stores.manifests.find(APP, V1) is not None

    @in_loop
    async def test_tags_differ_by_case(self, stores: ContentStores) -> None:
        """`v1` and `V1` are two tags."""
        await stores.manifests.put(APP, record(index()), (V1,), later(0))
        assert await stores.manifests.find(APP, Tag("V1")) is None

    @in_loop
    async def test_a_tag_moves(self, stores: ContentStores) -> None:
        """A tag points to what was pushed last; what it pointed to before stays."""
        first, second = record(index()), record(index(annotations={"n": "2"}))
        await stores.manifests.put(APP, first, (V1,), later(0))
        await stores.manifests.put(APP, second, (V1,), later(1))
        found = await stores.manifests.find(APP, V1)
        assert found is not None
        assert found.digest == second.digest
        assert await stores.manifests.find(APP, first.digest) is not None

    @in_loop
    async def test_every_change_begins_another_moment(self, stores: ContentStores) -> None:
        """No two states have one moment, whatever changes; reading changes nothing."""
        kept, lock = record(index()), LockChange(lock=Locks.READ)

        async def linked() -> None:
            await _link(stores, b"blob")

        changes: list[Callable[[], Awaitable[object]]] = [
            linked,
            lambda: stores.manifests.put(APP, kept, (V1, V2), later(0)),
            lambda: stores.items.change_locks(APP, V1, lock),
            lambda: stores.items.change_locks(APP, None, lock),
            lambda: stores.manifests.untag(APP, V2, later(1)),
            lambda: stores.manifests.delete(APP, kept.digest, later(2)),
            lambda: stores.links.unlink(APP, Digest.of(b"blob")),
        ]
        moments = [stores.manifests.moment()]
        for change in changes:
            await change()
            moment = stores.manifests.moment()
            await stores.manifests.find(APP, V1)
            assert stores.manifests.moment() == moment
            moments.append(moment)
        told = [moment for moment in moments if moment is not None]
        assert len(told) in {0, len(moments)}
        assert len(set(told)) == len(told)

    @in_loop
    async def test_refuses_unknown_references(self, stores: ContentStores) -> None:
        """A manifest without its config leaves nothing behind, not even a repository."""
        with pytest.raises(ManifestReferencesUnknown) as refused:
            await stores.manifests.put(APP, record(image()), (V1,), later(0))
        assert refused.value.digests == (Digest.of(b"{}"),)
        assert await stores.manifests.find(APP, V1) is None
        assert await stores.catalogue.repository(APP) is None

    @in_loop
    async def test_a_refusal_moves_no_tag(self, stores: ContentStores) -> None:
        """A tag stays where it was when the push that would move it is refused."""
        before = record(index())
        await stores.manifests.put(APP, before, (V1,), later(0))
        with pytest.raises(ManifestReferencesUnknown):
            await stores.manifests.put(APP, record(image()), (V1,), later(1))
        found = await stores.manifests.find(APP, V1)
        assert found is not None
        assert found.digest == before.digest

    @in_loop
    async def test_a_link_elsewhere_does_not_count(self, stores: ContentStores) -> None:
        """References are looked for in the manifest's own repository alone."""
        await _link(stores, b"{}", at=OTHER)
        with pytest.raises(ManifestReferencesUnknown):
            await stores.manifests.put(APP, record(image()), (), later(0))

    @in_loop
    async def test_accepts_known_references(self, stores: ContentStores) -> None:
        """Config, layers and children that are there let a manifest in."""
        await _link(stores, b"{}", b"layer")
        child = image([b"layer"])
        await stores.manifests.put(APP, record(child, sparse=False), (), later(0))
        await stores.manifests.put(APP, record(index([child]), sparse=False), (V1,), later(1))
        assert await stores.manifests.find(APP, V1) is not None

    @in_loop
    async def test_deletes_a_manifest_with_its_tags(self, stores: ContentStores) -> None:
        """Deletion by digest takes the tags that point there and no others."""
        first, second = record(index()), record(index(annotations={"n": "2"}))
        await stores.manifests.put(APP, first, (V1, Tag("stable")), later(0))
        await stores.manifests.put(APP, second, (V2,), later(1))
        assert await stores.manifests.delete(APP, first.digest, later(2))
        assert await stores.manifests.find(APP, first.digest) is None
        assert await stores.manifests.find(APP, V1) is None
        assert await stores.catalogue.tags(APP, 10, "") == (V2,)
        assert not await stores.manifests.delete(APP, first.digest, later(3))

    @in_loop
    async def test_untags(self, stores: ContentStores) -> None:
        """Deletion of a tag leaves the manifest and its other tags."""
        kept = record(index())
        await stores.manifests.put(APP, kept, (V1, V2), later(0))
        assert await stores.manifests.untag(APP, V1, later(1))
        assert await stores.manifests.find(APP, V1) is None
        assert await stores.manifests.find(APP, V2) is not None
        assert not await stores.manifests.untag(APP, V1, later(2))

    @in_loop
    async def test_lists_referrers(self, stores: ContentStores) -> None:
        """Referrers come oldest first, with type, size and annotations, the subject absent."""
        await _link(stores, b"{}")
        subject = descriptor(b"absent", OCI_IMAGE)
        signature = image(subject=subject)
        listing = index(subject=subject, annotations={"a": "ü"})
        bom = image(subject=subject, artifactType="application/vnd.bom")
        for second, content in enumerate((signature, listing, bom)):
            await stores.manifests.put(APP, record(content), (), later(second))
        found = await stores.manifests.referrers(APP, Digest.of(b"absent"))
        assert found == (
            _referrer(signature, CONFIG_TYPE, None),
            Referrer(Digest.of(listing), OCI_INDEX, len(listing), None, {"a": "ü"}),
            _referrer(bom, "application/vnd.bom", None),
        )

    @in_loop
    async def test_forgets_referrers(self, stores: ContentStores) -> None:
        """A deleted manifest refers to nothing any more; other repositories never did."""
        kept = record(index(subject=descriptor(b"absent", OCI_IMAGE)))
        subject = Digest.of(b"absent")
        await stores.manifests.put(APP, kept, (), later(0))
        assert len(await stores.manifests.referrers(APP, subject)) == 1
        assert await stores.manifests.referrers(OTHER, subject) == ()
        await stores.manifests.delete(APP, kept.digest, later(1))
        assert await stores.manifests.referrers(APP, subject) == ()

    @in_loop
    async def test_pushing_again_changes_nothing_else(self, stores: ContentStores) -> None:
        """The same manifest pushed twice is there once, and refers once."""
        kept = record(index(subject=descriptor(b"absent", OCI_IMAGE)))
        for second in range(2):
            await stores.manifests.put(APP, kept, (V1,), later(second))
        assert len(await stores.manifests.referrers(APP, Digest.of(b"absent"))) == 1
        assert len(await stores.catalogue.manifest_facts(APP, 10, "")) == 1

    @in_loop
    async def test_simultaneous_moves_of_a_tag(self, stores: ContentStores) -> None:
        """Of many pushes at once all manifests are kept, and the tag points to one of them."""
        pushed = [record(index(annotations={"n": str(n)})) for n in range(20)]
        await asyncio.gather(
            *(stores.manifests.put(APP, kept, (V1,), later(n)) for n, kept in enumerate(pushed))
        )
        found = await stores.manifests.find(APP, V1)
        assert found is not None
        assert found.digest in {kept.digest for kept in pushed}
        assert len(await stores.catalogue.manifest_facts(APP, 100, "")) == 20

    @in_loop
    async def test_a_push_races_with_a_deletion(self, stores: ContentStores) -> None:
        """Whichever comes last, a tag never points to a manifest that is gone."""
        kept = record(index())
        await asyncio.gather(
            *(stores.manifests.put(APP, kept, (V1,), later(n)) for n in range(10)),
            *(stores.manifests.delete(APP, kept.digest, later(n)) for n in range(10)),
        )
        by_digest = await stores.manifests.find(APP, kept.digest)
        assert await stores.manifests.find(APP, V1) == by_digest


def _referrer(content: bytes, artifact_type: str, annotations: dict[str, str] | None) -> Referrer:
    return Referrer(Digest.of(content), OCI_IMAGE, len(content), artifact_type, annotations)
