"""Blobs as files in one folder, shared by all worker processes of a machine.

```text
FOLDER/blobs/sha256/ab/abcd…      a blob: whole, verified, on disk; never changed
FOLDER/blobs/bin/…                a blob that nothing links, about to be deleted
FOLDER/blobs/damaged/…            what a repair moved aside; never deleted
FOLDER/uploads/ID                 bytes received; those beyond the session's offset do not count
FOLDER/uploads/ID.session         offset and repository; locked while a request writes
```
"""

from pratique.storage.blobs.filesystem.bin import FilesystemBin
from pratique.storage.blobs.filesystem.contents import FilesystemBlobs
from pratique.storage.blobs.filesystem.copies import FilesystemCopies, Manner
from pratique.storage.blobs.filesystem.examination import FilesystemExamination
from pratique.storage.blobs.filesystem.moving import FilesystemMoving
from pratique.storage.blobs.filesystem.turn import CollectionTurn
from pratique.storage.blobs.filesystem.uploads import FilesystemUploads, uploads_in

__all__ = [
    "CollectionTurn",
    "FilesystemBin",
    "FilesystemBlobs",
    "FilesystemCopies",
    "FilesystemExamination",
    "FilesystemMoving",
    "FilesystemUploads",
    "Manner",
    "uploads_in",
]
