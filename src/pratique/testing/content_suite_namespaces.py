"""What every set of stores promises when several registries lie in it.

See `content_suite_manifests` for the use.
"""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import (
    BlobUnknown,
    ManifestReferencesUnknown,
    ManifestUnknown,
    Registry,
    UploadUnknown,
)
from pratique.testing.content_builders import image, push_blob
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import body_of, in_loop
from pratique.testing.verdicts import allowed_on

APP, OTHER = RepositoryName("team/app"), RepositoryName("zebra")
V1 = Tag("v1")
CATALOG = allowed_on(APP)


def registries(stores: ContentStores) -> tuple[Registry, Registry, Registry]:
    """The home registry, and two more: whose names come first and last among those of others."""
    home = stores.registry()
    return home, home.of("0" * 32), home.of("f" * 32)


async def names(registry: Registry, n: int = 10, last: str | None = None) -> list[str]:
    """A page of its catalog."""
    return list((await registry.listings.catalog(CATALOG, n, last)).items)


class NamespaceSuite:
    """Each registry's names, tags, links and uploads, beside those of the others."""

    @in_loop
    async def test_same_names_hold_different_content(self, stores: ContentStores) -> None:
        """Tags, manifests and links of one are not those of another."""
        every = registries(stores)
        for number, registry in enumerate(every):
            config = str(number).encode()
            await push_blob(registry, allowed_on(APP), config)
            content = image((), config)
            await registry.manifests.put(allowed_on(APP), V1, None, content)
            assert (await registry.manifests.locate(allowed_on(APP), V1)).content == content
        for number, registry in enumerate(every):
            for other in range(len(every)):
                digest = Digest.of(image((), str(other).encode()))
                blob = Digest.of(str(other).encode())
                if other == number:
                    await registry.blobs.locate(allowed_on(APP), blob)
                    await registry.manifests.locate(allowed_on(APP), digest)
                    continue
                with pytest.raises(ManifestUnknown, match="`team/app`"):
                    await registry.manifests.locate(allowed_on(APP), digest)
                with pytest.raises(BlobUnknown, match="`team/app`"):
                    await registry.blobs.locate(allowed_on(APP), blob)

    @in_loop
    async def test_catalogs_are_apart(self, stores: ContentStores) -> None:
        """Each in its own order and pages, whatever lies before or after it."""
        every = registries(stores)
        for registry in every:
            for name in (APP, OTHER):
                await push_blob(registry, allowed_on(name), b"{}")
                await registry.manifests.put(allowed_on(name), V1, None, image())
        for registry in every:
            assert await names(registry) == [APP, OTHER]
            page = await registry.listings.catalog(CATALOG, 1, None)
            assert (page.items, page.more) == ((APP,), True)
            page = await registry.listings.catalog(CATALOG, 2, None)
            assert (page.items, page.more) == ((APP, OTHER), False)
            assert await names(registry, last=APP) == [OTHER]
            for beyond in (OTHER, "~", "~~", "~0", "\uffff"):
                assert await names(registry, last=beyond) == []
            facts = await registry.listings.repository(allowed_on(OTHER))
            assert facts.name == OTHER
            assert type(facts.name) is RepositoryName
        await every[1].listings.delete_repository(allowed_on(APP))
        assert [await names(r) for r in every] == [[APP, OTHER], [OTHER], [APP, OTHER]]

    @in_loop
    async def test_holders_are_of_one_registry(self, stores: ContentStores) -> None:
        """Others that come first in the order do not use up the limit."""
        every = registries(stores)
        digest = Digest.of(b"shared")
        for registry in every:
            for number in range(4):
                await push_blob(registry, allowed_on(f"r{number}"), b"shared")
        for registry in every:
            assert await registry.blobs.holders(digest, 3) == ("r0", "r1", "r2")
        await every[2].blobs.delete(allowed_on("r0"), digest)
        assert await every[2].blobs.holders(digest, 2) == ("r1", "r2")
        assert await every[0].blobs.holders(digest, 2) == ("r0", "r1")

    @in_loop
    async def test_mounts_stay_within_one_registry(self, stores: ContentStores) -> None:
        """A source of the same name elsewhere is no source."""
        home, first, last = registries(stores)
        digest = Digest.of(b"shared")
        await push_blob(first, allowed_on(APP), b"shared")
        for registry, expected in ((home, False), (last, False), (first, True)):
            assert await registry.blobs.mount(allowed_on(OTHER), allowed_on(APP), digest) is (
                expected
            )

    @in_loop
    async def test_uploads_are_of_one_registry(self, stores: ContentStores) -> None:
        """An id is unknown in a repository of the same name elsewhere; the sentence tells no id."""
        every = registries(stores)
        for registry in every:
            status = await registry.uploads.open(allowed_on(APP))
            for other in every:
                if other is registry:
                    continue
                with pytest.raises(UploadUnknown, match="`team/app`"):
                    await other.uploads.status(allowed_on(APP), status.upload_id)
                with pytest.raises(UploadUnknown):
                    await other.uploads.append(
                        allowed_on(APP), status.upload_id, body_of([b"x"]), None, 1
                    )
                with pytest.raises(UploadUnknown):
                    await other.uploads.cancel(allowed_on(APP), status.upload_id)
            await registry.uploads.append(
                allowed_on(APP), status.upload_id, body_of([b"x"]), None, 1
            )
            blob = await registry.uploads.finish(
                allowed_on(APP), status.upload_id, Digest.of(b"x"), None, None, None
            )
            assert blob.size == 1

    @in_loop
    async def test_what_lies_elsewhere_is_missing_here(self, stores: ContentStores) -> None:
        """A manifest needs the blobs of its own registry's repository."""
        home, first, _ = registries(stores)
        await push_blob(home, allowed_on(APP), b"{}")
        await push_blob(home, allowed_on(APP), b"layer")
        with pytest.raises(ManifestReferencesUnknown, match="the repository `team/app` does"):
            await first.manifests.put(allowed_on(APP), V1, None, image([b"layer"]))
