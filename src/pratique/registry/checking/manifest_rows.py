"""What is wrong with one manifest's rows."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.naming import Digest, InvalidName, MediaType
from pratique.registry.checking.findings import Finding, Kind
from pratique.registry.checking.ports import RowsAsTheyAre
from pratique.registry.checking.values import ManifestKey, ManifestRow
from pratique.registry.documents import read_manifest
from pratique.registry.errors import ManifestInvalid, ManifestTooLarge
from pratique.registry.namespaces import told
from pratique.registry.records import ManifestRecord

_SHOWN = 3


def parsed(text: str) -> Digest | None:
    """The digest in a row; None when it is none."""
    try:
        return Digest.parse(text)
    except InvalidName:
        return None


def judge_manifest(rows: RowsAsTheyAre, key: ManifestKey) -> Iterator[Finding]:
    """Compare a manifest with its digest, with its rows, and with what its repository has.

    Nothing is found when there is no such manifest any more.
    """
    row = rows.manifest(key)
    if row is None:
        return
    where = f"manifest {told(f'{key.repository}@{key.digest}')}"
    digest = parsed(key.digest)
    if digest is None:
        yield Finding(Kind.ROW_UNREADABLE, where, "its name is no digest")
        return
    actual = Digest.of(row.content, digest.algorithm)
    if actual != digest:
        yield Finding(Kind.MANIFEST_DAMAGED, where, f"its content has the digest {actual}")
        return
    try:
        record = read_manifest(
            row.content, MediaType(row.media_type), digest.algorithm, may_be_sparse=True
        )
    except (ManifestInvalid, ManifestTooLarge, InvalidName) as error:
        yield Finding(Kind.MANIFEST_MISREAD, where, f"with the media type of its row, {error}")
        return
    if wrong := _misread(row, record):
        yield Finding(Kind.MANIFEST_MISREAD, where, wrong)
    lacking = rows.lacking(key.repository, record.needed_blobs, record.needed_manifests)
    # Collection may have taken the manifest and then its parts since it was read.
    if lacking and rows.manifest(key) is not None:
        yield Finding(Kind.MANIFEST_SPARSE, where, _lack(lacking))


def _misread(row: ManifestRow, record: ManifestRecord) -> str | None:
    if row.size != len(row.content):
        return f"its row says {row.size} bytes, but it has {len(row.content)}"
    expected = {(reference.kind, reference.digest.text) for reference in record.references}
    if missing := expected - row.references:
        return f"{len(missing)} of what it references are not recorded, so collection would take it"
    if more := row.references - expected:
        return f"{len(more)} references are recorded that it does not have"
    return None


def _lack(digests: tuple[Digest, ...]) -> str:
    shown = ", ".join(map(str, digests[:_SHOWN]))
    more = f" and {len(digests) - _SHOWN} more" if len(digests) > _SHOWN else ""
    return f"its repository does not have {shown}{more}, which it references"
