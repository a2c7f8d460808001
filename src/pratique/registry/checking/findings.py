"""What a check finds: each with what is wrong, where, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What can be wrong. The first group are faults, the second is worth knowing and harmless."""

    DATABASE_DAMAGED = "database-damaged"
    ROWS_LOOSE = "rows-loose"
    ROW_UNREADABLE = "row-unreadable"
    BLOB_MISSING = "blob-missing"
    BLOB_DAMAGED = "blob-damaged"
    LINK_LOOSE = "link-loose"
    MANIFEST_DAMAGED = "manifest-damaged"
    MANIFEST_MISREAD = "manifest-misread"
    TAG_LOOSE = "tag-loose"

    MANIFEST_SPARSE = "manifest-sparse"
    BLOB_LEFT = "blob-left"
    ROW_LEFT = "row-left"
    FILE_FOREIGN = "file-foreign"
    UPLOAD_BROKEN = "upload-broken"
    BIN_LEFT = "bin-left"


class Outcome(StrEnum):
    """What became of a finding."""

    FOUND = "found"
    REPAIRED = "repaired"
    LEFT = "left"


_NOTES: Final = frozenset(
    {
        Kind.MANIFEST_SPARSE,
        Kind.BLOB_LEFT,
        Kind.ROW_LEFT,
        Kind.FILE_FOREIGN,
        Kind.UPLOAD_BROKEN,
        Kind.BIN_LEFT,
    }
)
_FROM_A_BACKUP: Final = (
    "if a backup has it whole, put its file back there; else `pratique check --repair`, "
    "and push what needs it once more"
)
TO_DO: Final[Mapping[Kind, str]] = {
    Kind.DATABASE_DAMAGED: "stop the server, keep a copy of the folder, and restore a backup",
    Kind.ROWS_LOOSE: "keep a copy of the folder, and report this: the registry writes no such rows",
    Kind.ROW_UNREADABLE: "keep a copy of the folder, and restore a backup",
    Kind.BLOB_MISSING: _FROM_A_BACKUP,
    Kind.BLOB_DAMAGED: _FROM_A_BACKUP,
    Kind.LINK_LOOSE: "`pratique check --repair` writes its row again",
    Kind.MANIFEST_DAMAGED: (
        "`pratique check --repair` moves it aside with its tags; then push the image once more"
    ),
    Kind.MANIFEST_MISREAD: "push the manifest once more, before anything is collected",
    Kind.TAG_LOOSE: "push the tag once more, or take it away with `pratique untag`",
    Kind.MANIFEST_SPARSE: "nothing, if it was pushed so or the parts were deleted; else push again",
    Kind.BLOB_LEFT: "nothing: collection takes it, as does `pratique gc`",
    Kind.ROW_LEFT: "nothing: the next push of the blob uses it",
    Kind.FILE_FOREIGN: "move it elsewhere; the registry neither reads nor deletes it",
    Kind.UPLOAD_BROKEN: "nothing: a client starts anew, and it is forgotten after a week",
    Kind.BIN_LEFT: "nothing: collection takes it, as does `pratique gc`",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, or is worth knowing.

    Attributes:
        where: the repository, the tag, the digest or the file, for people.
        what: what is wrong with it.
        outcome: what a repair made of it; found, when none was wanted.
        done: what the repair did, or why it left the thing alone; empty when none was wanted.
    """

    kind: Kind
    where: str
    what: str
    outcome: Outcome = Outcome.FOUND
    done: str = ""

    @property
    def is_note(self) -> bool:
        """Whether this is harmless."""
        return self.kind in _NOTES

    @property
    def is_open(self) -> bool:
        """Whether this is a fault that is there still."""
        return not self.is_note and self.outcome is not Outcome.REPAIRED

    @property
    def to_do(self) -> str:
        """What whoever runs the registry should do about it."""
        return self.done if self.outcome is not Outcome.FOUND else TO_DO[self.kind]
