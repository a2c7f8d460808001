"""The move of a registry's blobs to another store, while the registry goes on.

Promises: until every blob that a repository links was read, compared with its digest and written
durably at the new place, the registry's rows say that the blobs are at the old one; from then on
they say that they are at the new one, and no server that keeps blobs at the old one can link a blob
which the new one does not have. Nothing at the old place is changed or deleted.
"""

from pratique.registry.blob_moves.move import BlobMove, BlobsMoved, Progress
from pratique.registry.blob_moves.ports import (
    BlobHome,
    BlobKind,
    BlobNotWhole,
    BlobsAt,
    BlobSource,
    BlobTarget,
    Extent,
)

__all__ = [
    "BlobHome",
    "BlobKind",
    "BlobMove",
    "BlobNotWhole",
    "BlobSource",
    "BlobTarget",
    "BlobsAt",
    "BlobsMoved",
    "Extent",
    "Progress",
]
