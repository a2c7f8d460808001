"""What each failure of an operation looks like on the wire; the one place that translates."""

from __future__ import annotations

from typing import Any

from pratique.http.dataplane.listings import UnknownOrder
from pratique.http.dataplane.locks import UnreadableAttributes
from pratique.http.dataplane.manifests import TooManyTags
from pratique.http.dataplane.uploads import DigestMissing
from pratique.http.wire.messages import BodyTooLarge, BodyTruncated, Response, TooManyFields
from pratique.http.wire.paging import MalformedPage
from pratique.http.wire.problems import TRY_AGAIN, Problem, problem_response
from pratique.http.wire.ranges import MalformedChunkRange, UnsatisfiableRange
from pratique.naming import Digest, InvalidName
from pratique.registry import (
    BlobUnknown,
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

_BY_TYPE: dict[type[Exception], Problem] = {
    BlobUnknown: Problem.BLOB_UNKNOWN,
    DigestMismatch: Problem.DIGEST_INVALID,
    Locked: Problem.LOCKED,
    ManifestInvalid: Problem.MANIFEST_INVALID,
    ManifestReferencesUnknown: Problem.MANIFEST_BLOB_UNKNOWN,
    ManifestTooLarge: Problem.MANIFEST_TOO_LARGE,
    ManifestUnknown: Problem.MANIFEST_UNKNOWN,
    RangeOutOfOrder: Problem.RANGE_INVALID,
    RepositoryUnknown: Problem.NAME_UNKNOWN,
    SizeMismatch: Problem.SIZE_INVALID,
    StorageFailed: Problem.UNKNOWN,
    StorageFrozen: Problem.UNAVAILABLE,
    StorageFull: Problem.STORAGE_FULL,
    TagUnknown: Problem.TAG_UNKNOWN,
    UploadBusy: Problem.UPLOAD_BUSY,
    UploadUnknown: Problem.BLOB_UPLOAD_UNKNOWN,
    BodyTooLarge: Problem.TOO_LARGE,
    BodyTruncated: Problem.SIZE_INVALID,
    DigestMissing: Problem.DIGEST_INVALID,
    MalformedChunkRange: Problem.BLOB_UPLOAD_INVALID,
    MalformedPage: Problem.PAGINATION_NUMBER_INVALID,
    TooManyFields: Problem.BAD_REQUEST,
    TooManyTags: Problem.BAD_REQUEST,
    TooManyToSort: Problem.BAD_REQUEST,
    UnknownOrder: Problem.BAD_REQUEST,
    UnreadableAttributes: Problem.BAD_REQUEST,
    UnsatisfiableRange: Problem.RANGE_INVALID,
}
_BY_KIND_OF_NAME = {
    "repository name": Problem.NAME_INVALID,
    "tag": Problem.TAG_INVALID,
    "digest": Problem.DIGEST_INVALID,
    "digest this registry can check": Problem.DIGEST_INVALID,
    "media type": Problem.MANIFEST_INVALID,
    "upload id": Problem.BLOB_UPLOAD_UNKNOWN,
}
FAILURES: tuple[type[Exception], ...] = (*_BY_TYPE, InvalidName)


def failure_response(error: Exception) -> Response:
    """The answer that tells a client of `error`, which is one of `FAILURES`."""
    match error:
        case InvalidName():
            problem = _BY_KIND_OF_NAME.get(error.kind, Problem.BAD_REQUEST)
            return problem_response(problem, str(error), detail={error.kind: error.text})
        case MalformedChunkRange():
            message = "Content-Range must be `START-END`, in bytes"
        case UnsatisfiableRange():
            message = "the range asked for lies beyond the end of the blob"
        case _:
            message = str(error)
    problem, detail = _BY_TYPE[type(error)], _detail(error)
    headers = _headers(error)
    if detail is None:
        return problem_response(problem, message, headers=headers)
    return problem_response(problem, message, detail=detail, headers=headers)


def _headers(error: Exception) -> tuple[tuple[str, str], ...]:
    match error:
        case RangeOutOfOrder():
            return (("range", f"0-{max(0, error.offset - 1)}"),)
        case StorageFrozen():
            return (TRY_AGAIN,)
        case _:
            return ()


def _detail(error: Exception) -> Any:
    """What programs may want to know, in the forms of ACR where it has one (reference 3)."""
    match error:
        case ManifestReferencesUnknown():
            return [digest.text for digest in error.digests[:100]]
        case ManifestUnknown():
            kind = "Digest" if isinstance(error.reference, Digest) else "Tag"
            return {kind: str(error.reference)}
        case RepositoryUnknown():
            return {"name": error.repository}
        case _:
            return None
