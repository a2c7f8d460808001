"""All operations of this room, made from its stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pratique.registry.blobs import Blobs
from pratique.registry.listings import Listings
from pratique.registry.manifests import Manifests
from pratique.registry.ports import (
    BlobContents,
    BlobLinks,
    Catalogue,
    Items,
    ManifestStore,
    UploadArea,
)
from pratique.registry.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry's content, behind its operations."""

    manifests: Manifests
    blobs: Blobs
    uploads: Uploads
    listings: Listings

    @classmethod
    def build(  # noqa: PLR0913 - one for each store, by name
        cls,
        *,
        manifests: ManifestStore,
        links: BlobLinks,
        contents: BlobContents,
        area: UploadArea,
        catalogue: Catalogue,
        items: Items,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        accept_sparse: bool = True,
    ) -> Self:
        """The operations on these stores.

        Args:
            manifests: store of manifests and tags.
            links: store of links between repositories and blobs.
            contents: store of blobs' bytes.
            area: where uploads are received; ends in `contents`.
            catalogue: listings of the same rows as `manifests` and `links`.
            items: single ones of them.
            clock: the time now, with a time zone.
            new_id: a fresh upload id, hard to guess: hexadecimal digits, or a UUID.
            accept_sparse: see `Manifests`.
        """
        return cls(
            Manifests(manifests, clock, accept_sparse),
            Blobs(links, contents, clock),
            Uploads(area, links, contents, items, clock, new_id),
            Listings(catalogue, items),
        )
