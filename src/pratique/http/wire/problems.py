"""The error table: every code that this registry answers with, its status and its meaning.

Codes are those of the OCI distribution specification 1.1, section "Error Codes", and ACR's own
(reference section 3). The reference page of the documentation is made from this table.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from pratique.http.wire.messages import Response, encode_json


class Problem(Enum):
    """One code with its HTTP status and what it means to people.

    A code that comes with two statuses has two members.
    """

    UNAUTHORIZED = (401, "UNAUTHORIZED", "nobody proved who they are, or their token lacks this")
    DENIED = (403, "DENIED", "the caller is known and may not do this")
    # Docker prints the words of this code alone; after `DENIED` it says that the repository may
    # not exist.
    FORBIDDEN = (403, "UNAUTHORIZED", "the caller is known and lacks the permission to do this")
    BLOB_UNKNOWN = (404, "BLOB_UNKNOWN", "the repository has no such blob")
    BLOB_UPLOAD_INVALID = (400, "BLOB_UPLOAD_INVALID", "the upload cannot go on like this")
    RANGE_INVALID = (416, "BLOB_UPLOAD_INVALID", "a chunk or range is out of order")
    BLOB_UPLOAD_UNKNOWN = (404, "BLOB_UPLOAD_UNKNOWN", "the repository has no such upload")
    UPLOAD_BUSY = (409, "BLOB_UPLOAD_INVALID", "another request writes to this upload now")
    DIGEST_INVALID = (400, "DIGEST_INVALID", "the digest is malformed or is not the content's")
    MANIFEST_BLOB_UNKNOWN = (
        404,
        "MANIFEST_BLOB_UNKNOWN",
        "the manifest references what its repository does not have",
    )
    MANIFEST_INVALID = (400, "MANIFEST_INVALID", "the manifest breaks its own rules")
    MANIFEST_UNKNOWN = (404, "MANIFEST_UNKNOWN", "the repository has no such manifest")
    MANIFEST_TOO_LARGE = (413, "SIZE_INVALID", "the manifest is larger than 4 MiB")
    NAME_INVALID = (400, "NAME_INVALID", "the name of the repository is malformed")
    NAME_UNKNOWN = (404, "NAME_UNKNOWN", "there is no such repository")
    SIZE_INVALID = (400, "SIZE_INVALID", "more or fewer bytes came than were announced")
    TAG_INVALID = (400, "TAG_INVALID", "the tag is malformed")
    TAG_UNKNOWN = (404, "TAG_UNKNOWN", "the repository has no such tag")
    PAGINATION_NUMBER_INVALID = (
        400,
        "PAGINATION_NUMBER_INVALID",
        "`n` is not a number of entries",
    )
    TOOMANYREQUESTS = (429, "TOOMANYREQUESTS", "too many requests or wrong sign-ins; wait")
    UNSUPPORTED = (405, "UNSUPPORTED", "this address does not know the method")
    # Clients print the words of this code alone, and try nothing again after it.
    LOCKED = (405, "UNSUPPORTED", "a lock of the repository, tag or manifest forbids this")
    NOT_FOUND = (404, "UNSUPPORTED", "there is nothing at this address")
    BAD_REQUEST = (400, "BAD_REQUEST", "the request cannot be understood")
    TOO_LARGE = (413, "SIZE_INVALID", "the request is larger than its kind may be")
    CONFLICT = (409, "CONFLICT", "what the request would make is there already")
    RESOURCE_UNKNOWN = (404, "NOT_FOUND", "what the request names is not there")
    STORAGE_FULL = (507, "UNKNOWN", "the registry's disk is full")
    UNAVAILABLE = (503, "UNAVAILABLE", "the registry cannot answer now")
    UNKNOWN = (500, "UNKNOWN", "the registry failed; its log has the cause")

    def __init__(self, status: int, code: str, meaning: str) -> None:
        self.status = status
        self.code = code
        self.meaning = meaning


# Beside `UNAVAILABLE` where the registry takes no changes: a move takes seconds, or minutes.
TRY_AGAIN: Final = ("retry-after", "30")

_NOT_GIVEN: Any = object()


def problem_response(
    problem: Problem,
    message: str,
    *,
    detail: Any = _NOT_GIVEN,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """The response that tells of `problem`, in the specification's envelope."""
    error: dict[str, Any] = {"code": problem.code, "message": message}
    if detail is not _NOT_GIVEN:
        error["detail"] = detail
    return Response(
        problem.status,
        [("content-type", "application/json; charset=utf-8"), *headers],
        encode_json({"errors": [error]}),
    )
