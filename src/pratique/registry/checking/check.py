"""The walk through a whole store, with or without a server beside it.

A server goes on writing, so a suspicion is looked at again while no row is written before it is
told. Only then a fault is one, and only then a repair is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.naming import Digest
from pratique.registry.checking.findings import Finding, Kind
from pratique.registry.checking.manifest_rows import judge_manifest, parsed
from pratique.registry.checking.ports import BlobFiles, Mending, RowsAsTheyAre, Structure
from pratique.registry.checking.repair import Repair
from pratique.registry.checking.values import ManifestKey, Progress, TagRow, Trouble, Unreadable
from pratique.registry.collection import GRACE
from pratique.registry.namespaces import told

STEP: Final = 500
# A file that is replaced again and again between two looks is not damaged but in use.
_LOOKS: Final = 3
# From so many missing blobs on, most of all being missing is no accident of single files.
MANY: Final = 10


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at everything in a store, in small steps.

    Attributes:
        clock: the time now, with a time zone.
        told: is told how far it has come.
        step: rows that are read at once, at most.
    """

    structure: Structure
    rows: RowsAsTheyAre
    files: BlobFiles
    mending: Mending
    clock: Callable[[], datetime]
    told: Callable[[Progress], None]
    step: int = STEP

    def run(self, *, fast: bool, repair: bool, given_up: bool = False) -> Iterator[Finding]:
        """What is found, as it is found.

        Args:
            fast: whether to leave the bytes of blobs unread and go by their number.
            repair: whether to repair what can be without loss.
            given_up: whether to unlink missing blobs even where most of them are missing.

        Raises:
            StorageFull, StorageFailed: a store could not be read or changed.
        """
        mender: Repair | None = None
        if repair:
            unlinks = given_up or not self._most_are_missing()
            mender = Repair(self.files, self.mending, self.clock, unlinks_missing=unlinks)
        for rows in self.structure.loose():
            yield Finding(Kind.ROWS_LOOSE, "the database", rows)
        totals = self.structure.totals()
        yield from self._blobs(totals.blobs, mender, fast=fast)
        yield from self._files(mender, fast=fast)
        yield from self._manifests(totals.manifests, mender)
        yield from self._tags(totals.tags)
        for left in self.files.leftovers(self.clock() - GRACE):
            yield Finding(
                Kind.UPLOAD_BROKEN if left.is_upload else Kind.BIN_LEFT, left.path, left.what
            )

    def _most_are_missing(self) -> bool:
        """Whether this looks like a folder that is not where it should be, and not like damage."""
        missing = linked = 0
        after = ""
        while rows := self.rows.blobs(after, self.step):
            for row in rows:
                digest = parsed(row.digest)
                linked += row.linked
                missing += row.linked and digest is not None and self.files.look(digest) is None
            after = rows[-1].digest
        return missing >= MANY and missing * 2 > linked

    def _blobs(self, total: int, mender: Repair | None, *, fast: bool) -> Iterator[Finding]:
        after, done = "", 0
        self.told(Progress("blobs", 0, total))
        while rows := self.rows.blobs(after, self.step):
            for row in rows:
                yield from self._blob(row.digest, mender, fast=fast)
                done += 1
                self.told(Progress("blobs", done, total))
            after = rows[-1].digest
        after = ""
        while links := self.rows.loose_links(after, self.step):
            for text in links:
                # A row is written anew only for bytes that were read.
                found = list(self._blob(text, mender, fast=False))
                yield from found or self._loose_link(text, mender)
            after = links[-1]

    def _files(self, mender: Repair | None, *, fast: bool) -> Iterator[Finding]:
        """Files that no row knows; those that one knows were looked at by then."""
        last: str | None = ""
        done = 0
        while last is not None:
            listing = self.files.after(last)
            for path in listing.strangers:
                yield Finding(Kind.FILE_FOREIGN, path, "is no file of the registry's")
            for digest in listing.digests:
                if self.rows.blob(digest.text) is None:
                    yield from self._unknown(digest, mender, fast=fast)
            done += len(listing.digests)
            self.told(Progress("files", done, None))
            last = listing.next

    def _unknown(self, digest: Digest, mender: Repair | None, *, fast: bool) -> Iterator[Finding]:
        found = list(self._blob(digest.text, mender, fast=fast))
        yield from found
        look = self.files.look(digest)
        # An upload has its bytes in place before the row: a young file is one in flight.
        if found or look is None or look.touched_at >= self.clock() - GRACE:
            return
        if self.rows.blob(digest.text) is None:
            what = f"no repository knows these {look.size} bytes"
            yield Finding(Kind.BLOB_LEFT, f"blob {digest}", what)

    def _blob(self, text: str, mender: Repair | None, *, fast: bool) -> Iterator[Finding]:
        digest = parsed(text)
        if digest is None:
            yield Finding(Kind.ROW_UNREADABLE, f"a blob's row, `{text}`", "its name is no digest")
            return
        for _ in range(_LOOKS):
            trouble = self._trouble(digest, fast=fast)
            if trouble is None:
                return
            kind = self.mending.quiet(lambda: self._confirmed(digest, trouble))  # noqa: B023 - run at once
            if kind is not None:
                finding = Finding(kind, f"blob {digest}", trouble.what)
                repairable = mender is not None and not finding.is_note
                yield mender.blob(finding, digest, trouble) if mender and repairable else finding
                return

    def _loose_link(self, text: str, mender: Repair | None) -> Iterator[Finding]:
        row = self.rows.blob(text)
        if row is not None and row.size is None:
            what = "repositories link it and its bytes are whole, but it has no row"
            finding = Finding(Kind.LINK_LOOSE, f"blob {text}", what)
            yield mender.link(finding, Digest.parse(text)) if mender else finding

    def _trouble(self, digest: Digest, *, fast: bool) -> Trouble | None:
        """What seems to be wrong with a blob's file."""
        row = self.rows.blob(digest.text)
        look = self.files.look(digest)
        if look is None:
            return Trouble("its file is missing", None)
        if row is not None and row.size not in {None, look.size}:
            return Trouble(f"its file has {look.size} bytes instead of {row.size}", look)
        actual = digest if fast else self.files.digest_of(digest)
        if isinstance(actual, Unreadable):
            return Trouble(f"its file cannot be read: {actual.why}", look)
        if actual is None or actual == digest:
            return None
        return Trouble(f"its file's bytes have the digest {actual}", look)

    def _confirmed(self, digest: Digest, trouble: Trouble) -> Kind | None:
        """What the trouble is, if it is there still; asked while no row is written."""
        look = self.files.look(digest)
        row = self.rows.blob(digest.text)
        if trouble.look is not None:
            return Kind.BLOB_DAMAGED if trouble.look.is_of_the_same_bytes(look) else None
        if look is not None or row is None:
            return None
        return Kind.BLOB_MISSING if row.linked else Kind.ROW_LEFT

    def _manifests(self, total: int, mender: Repair | None) -> Iterator[Finding]:
        after: ManifestKey | None = None
        done = 0
        self.told(Progress("manifests", 0, total))
        while keys := self.rows.manifests(after, self.step):
            for key in keys:
                for finding in judge_manifest(self.rows, key):
                    damaged = finding.kind is Kind.MANIFEST_DAMAGED
                    yield mender.manifest(finding, key) if mender and damaged else finding
                done += 1
                self.told(Progress("manifests", done, total))
            after = keys[-1]

    def _tags(self, total: int) -> Iterator[Finding]:
        self.told(Progress("tags", 0, total))
        after: TagRow | None = None
        while tags := self.rows.loose_tags(after, self.step):
            for tag in tags:
                where = f"tag {told(f'{tag.repository}:{tag.name}')}"
                yield Finding(Kind.TAG_LOOSE, where, f"its manifest {tag.digest} is missing")
            after = tags[-1]
        self.told(Progress("tags", total, total))
