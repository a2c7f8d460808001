"""Blobs in an object store: S3, Azure Blob, GCS and what speaks like them.

```text
PREFIX/data/UPLOAD/PART      an object: written once, under a name that is used once
PREFIX/registry              whose all this is
```

What an object is, a chunk or a blob, is said by rows (`pratique.registry.object_ports`). An object
that no row knows is nothing, and collection deletes it.
"""

from pratique.storage.blobs.objects.address import NoSuchPlace, open_bucket
from pratique.storage.blobs.objects.bin import ObjectBin
from pratique.storage.blobs.objects.bucket import Bucket
from pratique.storage.blobs.objects.contents import ADDRESS_LIFETIME, ObjectBlobs
from pratique.storage.blobs.objects.moving import ObjectsMoving
from pratique.storage.blobs.objects.sending import Sender
from pratique.storage.blobs.objects.uploads import ObjectUploads

__all__ = [
    "ADDRESS_LIFETIME",
    "Bucket",
    "NoSuchPlace",
    "ObjectBin",
    "ObjectBlobs",
    "ObjectUploads",
    "ObjectsMoving",
    "Sender",
    "open_bucket",
]
