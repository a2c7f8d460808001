"""The repair of what a check found, where it loses nothing that is whole.

```text
blob that is missing      put back from what was thrown away, if that is whole; else its row and
                          its links go, so that `HEAD` says no and the next push uploads it
blob without a row        gets one, where links and whole bytes are there
blob that is damaged      its file moves aside, since a push would take it for whole; row and links
                          go as above
manifest that is damaged  its content moves aside, its row and its tags go
```

A push that finds a file in its place touches it and links it afterwards; so a file that was touched
within `LEAST_GRACE` stays, else the link could come after its file has gone. Nothing is ever
linked: a manifest may speak of blobs that its repository was never given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from pratique.naming import Digest
from pratique.registry.checking.findings import Finding, Outcome
from pratique.registry.checking.ports import BlobFiles, Mending
from pratique.registry.checking.values import ManifestKey, ManifestRow, Trouble
from pratique.registry.collection import LEAST_GRACE

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Repair:
    """Repairs one finding at a time.

    Attributes:
        clock: the time now, with a time zone.
        unlinks_missing: whether what is missing may be forgotten. Where most is, the folder of
            blobs may not be where it should be, and collection would take what comes back.
    """

    files: BlobFiles
    mending: Mending
    clock: Callable[[], datetime]
    unlinks_missing: bool

    def blob(self, finding: Finding, digest: Digest, trouble: Trouble) -> Finding:
        """Let a blob that cannot be pulled be pushed again; what became of the finding."""
        look = trouble.look
        if look is None and self.files.put_back(digest):
            return _repaired(finding, "it had been thrown away whole, and is back in its place")
        if look is None and not self.unlinks_missing:
            return _left(
                finding,
                "most blobs are missing, so it was not unlinked: see that `blobs` is where it "
                "should be, or restore a backup, or add `--given-up`",
            )
        before = self.clock() - LEAST_GRACE
        moved: list[str] = []

        def is_so_still() -> bool:
            if look is None:
                return self.files.look(digest) is None
            place = self.files.set_aside(digest, look, before)
            moved.extend([] if place is None else [place])
            return bool(moved)

        repositories = self.mending.forget_blob(digest.text, is_so_still)
        if repositories is None:
            return _left(
                finding, "a push touched it within the last five minutes; check again after that"
            )
        aside = f"its file is now {moved[0]}; " if moved else ""
        if not repositories:
            return _repaired(finding, f"{aside}the next push uploads it")
        holders = ", ".join(repositories[:_SHOWN])
        more = f" and {len(repositories) - _SHOWN} more" if len(repositories) > _SHOWN else ""
        return _repaired(finding, f"{aside}unlinked; push what needs it again to {holders}{more}")

    def link(self, finding: Finding, digest: Digest) -> Finding:
        """Write the row of a blob whose links and bytes are there."""

        def size() -> int | None:
            look = self.files.look(digest)
            return None if look is None else look.size

        if self.mending.record_blob(digest.text, size, self.clock()):
            return _repaired(finding, "its row was written again")
        return _left(finding, "it changed meanwhile; check again")

    def manifest(self, finding: Finding, key: ManifestKey) -> Finding:
        """Move a manifest whose content is not what its digest says aside, with its tags."""
        kept: list[str] = []

        def keep(row: ManifestRow, tags: tuple[str, ...]) -> bool:
            digest = Digest.parse(key.digest)
            if Digest.of(row.content, digest.algorithm) == digest:
                return False
            kept[:] = [self.files.keep_manifest(key, row, tags)]
            return True

        tags = self.mending.forget_manifest(key, keep, self.clock())
        if tags is None:
            return _left(finding, "it changed meanwhile; check again")
        gone = f"its tags are gone: {', '.join(tags)}" if tags else "it had no tag"
        return _repaired(finding, f"its content is now {kept[0]}; {gone}; push it again")


def _repaired(finding: Finding, done: str) -> Finding:
    return replace(finding, outcome=Outcome.REPAIRED, done=done)


def _left(finding: Finding, done: str) -> Finding:
    return replace(finding, outcome=Outcome.LEFT, done=done)
