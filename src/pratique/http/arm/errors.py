"""What these clients print of a failure: `{"error": {"code", "message"}}` (az-cli-wire, 11)."""

from __future__ import annotations

import msgspec

from pratique.access.conditions import InvalidCondition
from pratique.admission import AlreadyExists, ControlError, NotFound, Unacceptable
from pratique.http.wire.json_bodies import UnreadableJson
from pratique.http.wire.messages import (
    BodyTooLarge,
    BodyTruncated,
    Response,
    TooManyFields,
    json_response,
)
from pratique.http.wire.problems import TRY_AGAIN
from pratique.naming import InvalidName
from pratique.registry import StorageFailed, StorageFrozen, StorageFull


class ArmError(Exception):
    """A failure with the status and the code by which clients tell it from others.

    Args:
        status: of HTTP.
        code: for programs.
        message: for people.
        allowed: methods that the address takes, of a request with another one.
    """

    def __init__(self, status: int, code: str, message: str, allowed: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.allowed = allowed


class UnreadableRequest(ValueError):
    """A query or a body is not what the address takes."""


# The first kind that fits counts.
_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (NotFound, 404, "ResourceNotFound"),
    (AlreadyExists, 409, "Conflict"),
    (Unacceptable, 400, "BadRequest"),
    (ControlError, 503, "ServiceUnavailable"),
    (UnreadableRequest, 400, "InvalidRequestContent"),
    (UnreadableJson, 400, "InvalidRequestContent"),
    (InvalidCondition, 400, "InvalidCondition"),
    (InvalidName, 400, "InvalidResourceName"),
    (TooManyFields, 400, "InvalidRequestContent"),
    (BodyTruncated, 400, "InvalidRequestContent"),
    (BodyTooLarge, 413, "RequestEntityTooLarge"),
    (StorageFull, 507, "InsufficientStorage"),
    (StorageFrozen, 503, "ServiceUnavailable"),
    (StorageFailed, 500, "InternalServerError"),
)
FAILURES: tuple[type[Exception], ...] = (ArmError, *(kind for kind, _, _ in _KINDS))
"""Everything that `failure_response` tells of."""
FAILURE_STATUSES = frozenset(status for _, status, _ in _KINDS)
"""The statuses of those that say none themselves."""


def failure_response(error: Exception) -> Response:
    """The answer that tells of one of `FAILURES`."""
    if isinstance(error, ArmError):
        headers = (("allow", error.allowed),) if error.allowed else ()
        return error_response(error.status, error.code, str(error), headers)
    status, code = next((s, c) for kind, s, c in _KINDS if isinstance(error, kind))
    headers = (TRY_AGAIN,) if isinstance(error, StorageFrozen) else ()
    return error_response(status, code, str(error), headers)


def error_response(
    status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """The envelope."""
    return json_response(status, {"error": {"code": code, "message": message}}, *headers)


class _Error(msgspec.Struct):
    code: str
    message: str


class _Errors(msgspec.Struct):
    errors: list[_Error]


def in_this_envelope(response: Response) -> Response:
    """A refusal that another part of the server wrote, with its status, headers and words."""
    told = msgspec.json.decode(response.body, type=_Errors).errors[0]
    headers = tuple((k, v) for k, v in response.headers if k != "content-type")
    return error_response(response.status, told.code, told.message, headers)
