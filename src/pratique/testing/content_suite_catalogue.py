"""What every `Catalogue` promises. See `content_suite_manifests` for how to use a suite."""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import DeletedRepository, ManifestFacts, RepositoryFacts, TagFacts
from pratique.registry.documents import OCI_IMAGE, OCI_INDEX
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


class CatalogueSuite:
    """Listings and facts."""

    @in_loop
    async def test_pages_through_tags(self, stores: ContentStores) -> None:
        """Tags come in the order of their bytes, strictly after the last one given."""
        tags = tuple(Tag(text) for text in ("b", "B", "a.1", "a-1", "a_1", "10", "9"))
        await stores.manifests.put(APP, record(index()), tags, later(0))
        expected = ("10", "9", "B", "a-1", "a.1", "a_1", "b")
        assert await stores.catalogue.tags(APP, 100, "") == expected
        assert await stores.catalogue.tags(APP, 2, "9") == ("B", "a-1")
        assert await stores.catalogue.tags(APP, 2, "A") == ("B", "a-1")
        assert await stores.catalogue.tags(APP, 2, "b") == ()

    @in_loop
    async def test_pages_through_repositories(self, stores: ContentStores) -> None:
        """Repositories come in the order of their bytes once they have had a manifest."""
        for name in ("b", "a/b", "a", "a-b"):
            await stores.manifests.put(RepositoryName(name), record(index()), (), later(0))
        await stores.links.link(RepositoryName("blobs-only"), Digest.of(b""), 0, later(0))
        assert await stores.catalogue.repositories(100, "") == ("a", "a-b", "a/b", "b")
        assert await stores.catalogue.repositories(1, "a-b") == ("a/b",)

    @in_loop
    async def test_counts(self, stores: ContentStores) -> None:
        """A repository knows its age, its last change and how much it holds."""
        assert await stores.catalogue.repository(APP) is None
        first, second = record(index()), record(index(annotations={"n": "2"}))
        await stores.manifests.put(APP, first, (Tag("a"), Tag("b")), later(1))
        await stores.manifests.put(APP, second, (), later(2))
        assert await stores.catalogue.repository(APP) == RepositoryFacts(
            APP, later(1), later(2), manifest_count=2, tag_count=2
        )
        await stores.manifests.untag(APP, Tag("none"), later(3))
        await stores.manifests.delete(APP, Digest.of(b"none"), later(3))
        await stores.manifests.delete(APP, first.digest, later(4))
        assert await stores.catalogue.repository(APP) == RepositoryFacts(
            APP, later(1), later(4), manifest_count=1, tag_count=0
        )

    @in_loop
    async def test_knows_tags(self, stores: ContentStores) -> None:
        """A tag keeps when it was first pushed, and learns when it was last."""
        first, second = record(index()), record(index(annotations={"n": "2"}))
        await stores.manifests.put(APP, first, (Tag("a"), Tag("b")), later(1))
        await stores.manifests.put(APP, second, (Tag("b"),), later(2))
        a = TagFacts(Tag("a"), first.digest, later(1), later(1))
        b = TagFacts(Tag("b"), second.digest, later(1), later(2))
        assert await stores.catalogue.tag_facts(APP, 10, "") == (a, b)
        assert await stores.catalogue.tag_facts(APP, 10, "a") == (b,)
        assert await stores.catalogue.tag_facts(APP, 1, "") == (a,)

    @in_loop
    async def test_knows_manifests(self, stores: ContentStores) -> None:
        """A manifest's size is its own, its config's and its layers'; its tags come sorted."""
        for content in (b"{}", b"layer"):
            await stores.links.link(APP, Digest.of(content), len(content), later(0))
        picture = image([b"layer"], subject=descriptor(b"absent", OCI_IMAGE))
        listing = index([picture], artifactType="application/vnd.bom")
        await stores.manifests.put(APP, record(picture), (), later(1))
        await stores.manifests.put(APP, record(listing), (Tag("b"), Tag("a")), later(2))
        await stores.manifests.put(APP, record(picture), (Tag("c"),), later(3))
        expected = [
            ManifestFacts(
                Digest.of(picture),
                OCI_IMAGE,
                artifact_type=None,
                config_media_type=CONFIG_TYPE,
                size=len(picture) + 2 + 5,
                created_at=later(1),
                updated_at=later(3),
                tags=(Tag("c"),),
            ),
            ManifestFacts(
                Digest.of(listing),
                OCI_INDEX,
                artifact_type="application/vnd.bom",
                config_media_type=None,
                size=len(listing),
                created_at=later(2),
                updated_at=later(2),
                tags=(Tag("a"), Tag("b")),
            ),
        ]
        expected.sort(key=lambda facts: facts.digest.text)
        first, second = expected
        assert await stores.catalogue.manifest_facts(APP, 10, "") == (first, second)
        assert await stores.catalogue.manifest_facts(APP, 1, "") == (first,)
        assert await stores.catalogue.manifest_facts(APP, 10, first.digest.text) == (second,)

    @in_loop
    async def test_deletes_a_repository(self, stores: ContentStores) -> None:
        """Everything of it goes, links too; its neighbours stay."""
        other = RepositoryName("team/app2")
        for name in (APP, other):
            await stores.links.link(name, Digest.of(b"{}"), 2, later(0))
            await stores.manifests.put(name, record(image()), (Tag("b"), Tag("a")), later(0))
        subject = record(index(subject=descriptor(b"absent", OCI_IMAGE)))
        await stores.manifests.put(APP, subject, (), later(0))
        digests = sorted((Digest.of(image()), subject.digest), key=lambda digest: digest.text)
        assert await stores.catalogue.delete_repository(APP) == DeletedRepository(
            tuple(digests), (Tag("a"), Tag("b"))
        )
        assert await stores.catalogue.delete_repository(APP) is None
        assert await stores.links.size(APP, Digest.of(b"{}")) is None
        assert await stores.manifests.referrers(APP, Digest.of(b"absent")) == ()
        assert await stores.catalogue.repositories(10, "") == (other,)
        assert await stores.links.size(other, Digest.of(b"{}")) == 2
