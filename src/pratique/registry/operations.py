"""All operations of this room, made from its stores, for each registry that lies in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from pratique.registry.blobs import Blobs
from pratique.registry.listings import Listings
from pratique.registry.manifests import Manifests
from pratique.registry.namespaces import HOME, Namespace
from pratique.registry.ports import (
    BlobContents,
    BlobLinks,
    Catalogue,
    Items,
    ManifestStore,
    UploadArea,
)
from pratique.registry.uploads import Uploads
from pratique.registry.within import (
    AreaWithin,
    CatalogueWithin,
    ItemsWithin,
    LinksWithin,
    ManifestsWithin,
)

# Few objects each, made again at once where more registries are in use.
_MOST_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry's content, behind its operations, and the way to that of the others.

    No operation of one reaches what lies in another, whatever names it is given: names of
    repositories are of one registry, and bytes are reached through repositories alone.
    """

    manifests: Manifests
    blobs: Blobs
    uploads: Uploads
    listings: Listings
    _further: Callable[[str], Registry] | None = field(default=None, repr=False)

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
        """The home registry's operations on these stores.

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
        made: dict[str, Registry] = {}

        def further(registry_id: str) -> Registry:
            known = made.get(registry_id)
            if known is None:
                space = Namespace(registry_id)
                inside, single = LinksWithin(links, space), ItemsWithin(items, space)
                known = Registry(
                    Manifests(ManifestsWithin(manifests, space), clock, accept_sparse),
                    Blobs(inside, contents, clock, links, space),
                    Uploads(AreaWithin(area, space), inside, contents, single, clock, new_id),
                    Listings(CatalogueWithin(catalogue, space), single, space),
                )
                if len(made) >= _MOST_REMEMBERED:
                    made.clear()
                made[registry_id] = known
            return known

        return cls(
            Manifests(manifests, clock, accept_sparse),
            Blobs(links, contents, clock, links, HOME),
            Uploads(area, links, contents, items, clock, new_id),
            Listings(catalogue, items, HOME),
            further,
        )

    def of(self, registry_id: str) -> Registry:
        """The content of the registry of that id, asked of the home registry; its own for ""."""
        if not registry_id or self._further is None:
            return self
        return self._further(registry_id)
