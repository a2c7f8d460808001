"""Where the blobs of a registry are, as rows say it: statements for SQLite and PostgreSQL.

```text
blob_home         blob_objects                     the blobs are
none              none                             files, or there are none yet
none              some                             objects: the registry began with them
files, ADDRESS    of objects at ADDRESS, if any    files: copies of them are made, or were left
objects, ADDRESS  of all blobs                     objects
```

While new blobs are refused at the old place, and ever after, that is done by a trigger, so it holds
for every process of every node, whatever it remembers:

- on their way to objects, no repository links a blob without an object. A server that keeps blobs
  in files has none for a blob that was pushed to it alone.
- on their way to files, nothing says that an object is a blob. A server that keeps blobs in objects
  does that before it links one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves import BlobKind, BlobsAt, Extent
from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.rows import digest as digest_of

STEP: Final = 500

# Names of triggers, and what they say.
LINKS_FENCE: Final = "pratique_blobs_in_objects"
LINKS_WORDS: Final = (
    "the blobs of this registry are being moved to an object store, or were, and this server, "
    "which keeps them in files, takes no new ones meanwhile"
)
PLACES_FENCE: Final = "pratique_blobs_in_files"
PLACES_WORDS: Final = (
    "the blobs of this registry are being moved to files, or were, and this server, which keeps "
    "them in an object store, takes no new ones meanwhile"
)

HOME: Final = "SELECT kind, address FROM blob_home"
KEEP_HOME: Final = """
    INSERT INTO blob_home (only_row, kind, address) VALUES (1, $1, $2)
    ON CONFLICT (only_row) DO UPDATE SET kind = excluded.kind, address = excluded.address
"""
ANY_OBJECT: Final = "SELECT 1 FROM blob_objects LIMIT 1"
FORGET_OBJECTS: Final = "DELETE FROM blob_objects"
EXTENT: Final = """
    SELECT COUNT(*), COALESCE(SUM(size), 0) FROM blobs b
    WHERE EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest)
"""
PLACED: Final = """
    SELECT digest, size FROM blob_objects WHERE digest > $1 ORDER BY digest LIMIT $2
"""
UNPLACED: Final = """
    SELECT digest, size FROM blobs b
    WHERE digest > $1 AND EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest)
    AND NOT EXISTS (SELECT 1 FROM blob_objects o WHERE o.digest = b.digest)
    ORDER BY digest LIMIT $2
"""


def blobs_at(home: Sequence[Any] | None, *, any_object: bool) -> BlobsAt | None:
    """Where the blobs are; None where nothing says it.

    Args:
        home: what `HOME` gives.
        any_object: whether `ANY_OBJECT` gives something.
    """
    if home is not None:
        return BlobsAt(BlobKind(home[0]), home[1])
    return BlobsAt(BlobKind.OBJECTS, None) if any_object else None


def before(to: BlobsAt) -> BlobsAt:
    """What is said of blobs that are on their way to `to`."""
    kind = BlobKind.OBJECTS if to.kind is BlobKind.FILES else BlobKind.FILES
    return BlobsAt(kind, to.address)


def refuse_moved(at: BlobsAt | None, to: BlobsAt, *, any_unplaced: bool) -> None:
    """Refuse to move blobs that are at the new place already.

    Args:
        at: where they are.
        to: where they shall go.
        any_unplaced: whether `UNPLACED` gives something.

    Raises:
        StorageFailed: they are there.
    """
    are_files = at is None and any_unplaced and to.kind is BlobKind.FILES
    if not are_files and (at is None or at.kind is not to.kind):
        return
    if to.kind is BlobKind.FILES:
        raise StorageFailed("the blobs of this registry are files already")
    where = "an object store" if at is None or at.address is None else at.address
    raise StorageFailed(
        f"the blobs of this registry are in {where} already. To another object store, they are "
        "moved by way of files: `pratique migrate-blobs --from-blobs ...` first"
    )


def incomplete(digest: str) -> StorageFailed:
    """A repository links a blob that the new place does not have."""
    return StorageFailed(
        f"the blob {digest} is linked and was not moved, so the blobs of this registry stay where "
        "they are; run this again"
    )


def sizes_of(rows: Sequence[Sequence[Any]]) -> list[BlobSize]:
    """What `PLACED` and `UNPLACED` give."""
    return [BlobSize(digest_of(row[0]), int(row[1])) for row in rows]


def extent_of(row: Sequence[Any] | None) -> Extent:
    """What `EXTENT` gives."""
    return Extent(0, 0) if row is None else Extent(int(row[0]), int(row[1]))
