"""The content: what a repository holds, and how it gets in and out.

Promises: every operation takes the verdict that allows it and touches that verdict's repository
alone; what was acknowledged is kept, and bytes that do not match their digest are never given
out. Refuses to know: who asks, HTTP, and where anything is stored.
"""

from pratique.registry.blobs import Blobs
from pratique.registry.collection import Collected, Collection, Policy, StandingRegistries
from pratique.registry.content import (
    BlobElsewhere,
    DeletedRepository,
    Found,
    LinkPlace,
    ManifestFacts,
    ManifestPlace,
    Page,
    PutManifest,
    Referrer,
    RepositoryFacts,
    StoredBlob,
    StoredManifest,
    TagFacts,
    UploadId,
    UploadStatus,
)
from pratique.registry.documents import MAX_MANIFEST_SIZE, read_manifest
from pratique.registry.errors import (
    BlobUnknown,
    ContentError,
    DigestMismatch,
    Locked,
    ManifestInvalid,
    ManifestReferencesUnknown,
    ManifestTooLarge,
    ManifestUnknown,
    RangeOutOfOrder,
    RepositoryUnknown,
    SizeMismatch,
    StorageFailed,
    StorageFrozen,
    StorageFull,
    TagUnknown,
    TooManyToSort,
    UploadBusy,
    UploadUnknown,
)
from pratique.registry.listings import Listings
from pratique.registry.locks import LockChange, Locks
from pratique.registry.manifests import Manifests
from pratique.registry.namespaces import Namespace, StoredName
from pratique.registry.operations import Registry
from pratique.registry.ports import (
    BlobBin,
    BlobContents,
    BlobLinks,
    Catalogue,
    Items,
    Leftovers,
    ManifestStore,
    Remains,
    UploadArea,
)
from pratique.registry.records import ManifestRecord, Reference
from pratique.registry.time_order import Order
from pratique.registry.uploads import Uploads

__all__ = [
    "MAX_MANIFEST_SIZE",
    "BlobBin",
    "BlobContents",
    "BlobElsewhere",
    "BlobLinks",
    "BlobUnknown",
    "Blobs",
    "Catalogue",
    "Collected",
    "Collection",
    "ContentError",
    "DeletedRepository",
    "DigestMismatch",
    "Found",
    "Items",
    "Leftovers",
    "LinkPlace",
    "Listings",
    "LockChange",
    "Locked",
    "Locks",
    "ManifestFacts",
    "ManifestInvalid",
    "ManifestPlace",
    "ManifestRecord",
    "ManifestReferencesUnknown",
    "ManifestStore",
    "ManifestTooLarge",
    "ManifestUnknown",
    "Manifests",
    "Namespace",
    "Order",
    "Page",
    "Policy",
    "PutManifest",
    "RangeOutOfOrder",
    "Reference",
    "Referrer",
    "Registry",
    "Remains",
    "RepositoryFacts",
    "RepositoryUnknown",
    "SizeMismatch",
    "StandingRegistries",
    "StorageFailed",
    "StorageFrozen",
    "StorageFull",
    "StoredBlob",
    "StoredManifest",
    "StoredName",
    "TagFacts",
    "TagUnknown",
    "TooManyToSort",
    "UploadArea",
    "UploadBusy",
    "UploadId",
    "UploadStatus",
    "UploadUnknown",
    "Uploads",
    "read_manifest",
]
