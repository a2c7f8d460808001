"""What the operations promise on any stores that keep the ports' promises.

See `content_suite_manifests` for how to use a suite.
"""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import (
    BlobUnknown,
    DigestMismatch,
    ManifestInvalid,
    ManifestReferencesUnknown,
    ManifestUnknown,
    Page,
    PutManifest,
    RepositoryUnknown,
    TagUnknown,
    UploadUnknown,
)
from pratique.registry.documents import OCI_IMAGE, OCI_INDEX
from pratique.testing.content_builders import CONFIG_TYPE, descriptor, image, index, push_blob
from pratique.testing.content_stores import ContentStores
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import body_of, in_loop
from pratique.testing.verdicts import allowed_catalog, allowed_on

APP = allowed_on("team/app")
OTHER = allowed_on("team/other")
V1, V2 = Tag("v1"), Tag("v2")


class RegistrySuite:
    """The four groups of operations, together."""

    @in_loop
    async def test_pushes_and_pulls_an_image(self, stores: ContentStores) -> None:
        """What was pushed is pulled, byte for byte."""
        registry = stores.registry()
        digests = [await push_blob(registry, APP, content) for content in (b"layer", b"{}")]
        put = await registry.manifests.put(APP, V1, OCI_IMAGE, image([b"layer"], b"{}"))
        assert put == PutManifest(Digest.of(image([b"layer"])), None, (V1,))
        found = await registry.manifests.locate(APP, V1)
        assert (found.content, found.media_type) == (image([b"layer"]), OCI_IMAGE)
        blobs = [content_of(await registry.blobs.locate(APP, digest)) for digest in digests]
        assert blobs == [b"layer", b"{}"]

    @in_loop
    async def test_absent_things_have_names(self, stores: ContentStores) -> None:
        """Each absent thing is refused as what it is."""
        registry = stores.registry()
        digest = Digest.of(b"absent")
        for reference in (V1, digest):
            with pytest.raises(ManifestUnknown):
                await registry.manifests.locate(APP, reference)
        with pytest.raises(ManifestUnknown):
            await registry.manifests.delete(APP, digest)
        with pytest.raises(TagUnknown):
            await registry.manifests.delete(APP, V1)
        with pytest.raises(BlobUnknown):
            await registry.blobs.locate(APP, digest)
        with pytest.raises(BlobUnknown):
            await registry.blobs.delete(APP, digest)
        with pytest.raises(RepositoryUnknown):
            await registry.listings.tags(APP, 10, None)
        with pytest.raises(RepositoryUnknown):
            await registry.listings.tag_facts(APP, 10, None)
        with pytest.raises(RepositoryUnknown):
            await registry.listings.manifest_facts(APP, 10, None)
        with pytest.raises(RepositoryUnknown):
            await registry.listings.delete_repository(APP)
        assert await registry.manifests.referrers(APP, digest, None) == ()

    @pytest.mark.parametrize(
        "upload_id", ["", "..", "../x", "A" * 32, "0" * 65, "00000000\n", "\0"]
    )
    @in_loop
    async def test_malformed_upload_ids(self, stores: ContentStores, upload_id: str) -> None:
        """An upload id that was never given out never reaches the store."""
        uploads = stores.registry().uploads
        digest = Digest.of(b"")
        for question in (
            uploads.status(APP, upload_id),
            uploads.append(APP, upload_id, body_of([b""]), None, None),
            uploads.finish(APP, upload_id, digest, body_of([b""]), None, None),
            uploads.cancel(APP, upload_id),
        ):
            with pytest.raises(UploadUnknown):
                await question

    @in_loop
    async def test_a_digest_alone_gives_nothing(self, stores: ContentStores) -> None:
        """A blob of one repository is unknown in another until it is mounted there."""
        registry = stores.registry()
        digest = await push_blob(registry, APP, b"secret")
        with pytest.raises(BlobUnknown):
            await registry.blobs.locate(OTHER, digest)
        assert await registry.blobs.mount(OTHER, APP, digest)
        assert content_of(await registry.blobs.locate(OTHER, digest)) == b"secret"
        await registry.blobs.delete(APP, digest)
        with pytest.raises(BlobUnknown):
            await registry.blobs.locate(APP, digest)
        assert content_of(await registry.blobs.locate(OTHER, digest)) == b"secret"
        assert await registry.blobs.holders(digest, 10) == (OTHER.repository,)
        assert not await registry.blobs.mount(APP, APP, digest)

    @in_loop
    async def test_pushes_by_digest(self, stores: ContentStores) -> None:
        """A push by digest must be what it says, and may name tags, each once."""
        registry = stores.registry()
        digest = Digest.of(index(), "sha512")
        put = await registry.manifests.put(APP, digest, None, index(), (V1, V2, V1))
        assert put == PutManifest(digest, None, (V1, V2))
        assert (await registry.manifests.locate(APP, V2)).digest == digest
        with pytest.raises(DigestMismatch):
            await registry.manifests.put(APP, digest, None, index() + b" ", (Tag("v3"),))
        with pytest.raises(ManifestUnknown):
            await registry.manifests.locate(APP, Tag("v3"))

    @in_loop
    async def test_a_wrong_digest_comes_before_a_bad_manifest(self, stores: ContentStores) -> None:
        """Bytes damaged on the way are told as that, not as a fault in the manifest."""
        with pytest.raises(DigestMismatch):
            await stores.registry().manifests.put(APP, Digest.of(index()), None, index()[:-1])

    @in_loop
    async def test_a_long_manifest(self, stores: ContentStores) -> None:
        """A manifest of nearly 4 MiB goes the same way."""
        registry = stores.registry()
        content = index(annotations={f"a{n}": "A" * 10_000 for n in range(390)})
        await registry.manifests.put(APP, V1, OCI_INDEX, content)
        assert (await registry.manifests.locate(APP, V1)).content == content
        with pytest.raises(ManifestInvalid):
            await registry.manifests.put(APP, V1, OCI_INDEX, content[:-1])

    @in_loop
    async def test_sparse_manifests(self, stores: ContentStores) -> None:
        """A missing layer is accepted or refused as the registry is set."""
        registry, strict = stores.registry(), stores.registry(accept_sparse=False)
        for content in (b"{}", b"one"):
            await push_blob(registry, APP, content)
        with pytest.raises(ManifestReferencesUnknown) as refused:
            await strict.manifests.put(APP, V1, None, image([b"one", b"two"]))
        assert refused.value.digests == (Digest.of(b"two"),)
        await registry.manifests.put(APP, V1, None, image([b"one", b"two"]))
        await registry.manifests.locate(APP, V1)

    @in_loop
    async def test_filters_referrers(self, stores: ContentStores) -> None:
        """Referrers of one type are listed alone; a push tells its subject."""
        registry = stores.registry()
        await push_blob(registry, APP, b"{}")
        subject = descriptor(b"absent", OCI_IMAGE)
        digest = Digest.of(b"absent")
        bom = image(subject=subject, artifactType="application/vnd.bom")
        put = await registry.manifests.put(APP, Digest.of(bom), None, bom)
        assert put.subject == digest
        await registry.manifests.put(APP, V1, None, image(subject=subject))
        found = await registry.manifests.referrers(APP, digest, "application/vnd.bom")
        assert [referrer.digest for referrer in found] == [Digest.of(bom)]
        found = await registry.manifests.referrers(APP, digest, CONFIG_TYPE)
        assert [referrer.digest for referrer in found] == [Digest.of(image(subject=subject))]
        assert len(await registry.manifests.referrers(APP, digest, None)) == 2

    @in_loop
    async def test_pages(self, stores: ContentStores) -> None:
        """A page says whether more follows; a page of nothing never does."""
        registry = stores.registry()
        tags = (Tag("a"), Tag("b"), Tag("c"))
        await registry.manifests.put(APP, Digest.of(index()), None, index(), tags)
        listings = registry.listings
        assert await listings.tags(APP, 2, None) == Page(tags[:2], more=True)
        assert await listings.tags(APP, 2, "b") == Page(tags[2:], more=False)
        assert await listings.tags(APP, 3, None) == Page(tags, more=False)
        assert await listings.tags(APP, 0, None) == Page((), more=False)
        assert await listings.tags(APP, 3, "c") == Page((), more=False)
        facts = await listings.tag_facts(APP, 2, None)
        assert ([f.name for f in facts.items], facts.more) == (["a", "b"], True)
        manifests = await listings.manifest_facts(APP, 1, None)
        assert ([f.tags for f in manifests.items], manifests.more) == ([tags], False)

    @in_loop
    async def test_the_catalog(self, stores: ContentStores) -> None:
        """The catalog names all repositories, page by page, until they are deleted."""
        registry = stores.registry()
        for allowed in (OTHER, APP):
            await registry.manifests.put(allowed, V1, None, index())
        names: tuple[RepositoryName, ...] = (APP.repository, OTHER.repository)
        catalog = registry.listings.catalog
        assert await catalog(allowed_catalog(), 1, None) == Page(names[:1], more=True)
        assert await catalog(allowed_catalog(), 1, names[0]) == Page(names[1:], more=False)
        deleted = await registry.listings.delete_repository(APP)
        assert (deleted.manifests, deleted.tags) == ((Digest.of(index()),), (V1,))
        assert await catalog(allowed_catalog(), 9, None) == Page(names[1:], more=False)

    @in_loop
    async def test_a_repository_without_tags(self, stores: ContentStores) -> None:
        """A repository whose tags are all gone is still there."""
        registry = stores.registry()
        await registry.manifests.put(APP, V1, None, index())
        await registry.manifests.delete(APP, V1)
        assert await registry.listings.tags(APP, 10, None) == Page((), more=False)
        assert (await registry.listings.repository(APP)).manifest_count == 1

    @in_loop
    async def test_a_failed_upload_links_nothing(self, stores: ContentStores) -> None:
        """After a wrong digest the repository has neither blob."""
        registry = stores.registry()
        upload = await registry.uploads.open(APP)
        with pytest.raises(DigestMismatch):
            await registry.uploads.finish(
                APP, upload.upload_id, Digest.of(b"x"), body_of([b"y"]), None, 1
            )
        for content in (b"x", b"y"):
            with pytest.raises(BlobUnknown):
                await registry.blobs.locate(APP, Digest.of(content))

    @in_loop
    async def test_sweeps(self, stores: ContentStores) -> None:
        """Uploads of today are never swept by a clock of today."""
        registry = stores.registry()
        upload = await registry.uploads.open(APP)
        assert await registry.uploads.sweep() == 0
        assert await registry.uploads.status(APP, upload.upload_id) == upload

    @in_loop
    async def test_a_verdict_on_no_repository(self, stores: ContentStores) -> None:
        """A verdict on the catalog opens no repository."""
        with pytest.raises(TypeError):
            await stores.registry().manifests.locate(allowed_catalog(), V1)
