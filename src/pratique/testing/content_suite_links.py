"""What every `BlobLinks` promises. See `content_suite_manifests` for how to use a suite."""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import asyncio

from pratique.naming import Digest, RepositoryName
from pratique.testing.content_builders import later
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import in_loop

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
BLOB = Digest.of(b"blob")


class BlobLinksSuite:
    """Links between repositories and blobs."""

    @in_loop
    async def test_links_in_one_repository(self, stores: ContentStores) -> None:
        """A link gives the size, in its own repository alone."""
        await stores.links.link(APP, BLOB, 4, later(0))
        assert await stores.links.size(APP, BLOB) == 4
        assert await stores.links.size(OTHER, BLOB) is None
        assert await stores.links.size(APP, Digest.of(b"blob", "sha512")) is None

    @in_loop
    async def test_an_empty_blob_is_linked(self, stores: ContentStores) -> None:
        """A size of nothing is a size."""
        await stores.links.link(APP, Digest.of(b""), 0, later(0))
        assert await stores.links.size(APP, Digest.of(b"")) == 0
        assert await stores.links.unlink(APP, Digest.of(b""))

    @in_loop
    async def test_linking_again_changes_nothing(self, stores: ContentStores) -> None:
        """Many links of one blob at once are one link."""
        await asyncio.gather(*(stores.links.link(APP, BLOB, 4, later(n)) for n in range(10)))
        assert await stores.links.holders(BLOB, 10) == (APP,)
        assert await stores.links.unlink(APP, BLOB)
        assert not await stores.links.unlink(APP, BLOB)

    @in_loop
    async def test_unlinks_in_one_repository(self, stores: ContentStores) -> None:
        """Other repositories keep their link."""
        await stores.links.link(APP, BLOB, 4, later(0))
        await stores.links.link(OTHER, BLOB, 4, later(0))
        assert await stores.links.unlink(APP, BLOB)
        assert await stores.links.size(APP, BLOB) is None
        assert await stores.links.size(OTHER, BLOB) == 4

    @in_loop
    async def test_mounts(self, stores: ContentStores) -> None:
        """A mount links what the source links, once or again, and nothing else."""
        await stores.links.link(APP, BLOB, 4, later(0))
        assert await stores.links.mount(OTHER, APP, BLOB, later(1))
        assert await stores.links.mount(OTHER, APP, BLOB, later(2))
        assert await stores.links.size(OTHER, BLOB) == 4
        assert not await stores.links.mount(OTHER, APP, Digest.of(b"other"), later(3))
        assert await stores.links.size(OTHER, Digest.of(b"other")) is None

    @in_loop
    async def test_mounts_nothing_unlinked(self, stores: ContentStores) -> None:
        """A source that has unlinked the blob is no source, though the bytes are there."""
        await stores.links.link(APP, BLOB, 4, later(0))
        await stores.links.unlink(APP, BLOB)
        assert not await stores.links.mount(OTHER, APP, BLOB, later(1))

    @in_loop
    async def test_names_holders(self, stores: ContentStores) -> None:
        """Holders come in lexical order, as many as were asked for."""
        names = [RepositoryName(f"r{n}") for n in (3, 1, 2)]
        for name in names:
            await stores.links.link(name, BLOB, 4, later(0))
        assert await stores.links.holders(BLOB, 2) == ("r1", "r2")
        assert await stores.links.holders(Digest.of(b"other"), 2) == ()
