"""Which limit a request counts against: five classes, told apart by method and path alone.

They are told apart before anything is parsed, so that a flood is cheap to refuse.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Everything of the registry that signs nobody in.
_CONTROL: Final = ("/api/v1/", "/subscriptions/", "/providers/", "/v1.0/")
_READ_ALIKE: Final = ("/help/", *_CONTROL)


class RequestClass(StrEnum):
    """What a request costs the registry, roughly.

    Attributes:
        READS: manifests, lists, and whether something is there (`HEAD`).
        BLOBS: downloads of blobs.
        WRITES: whatever changes content: uploads, manifests, deletions.
        TOKENS: requests for tokens, and sign-ins.
        CHANGES: whatever changes law, directory or settings.
    """

    READS = "reads"
    BLOBS = "blobs"
    WRITES = "writes"
    TOKENS = "tokens"
    CHANGES = "changes"


class Whose(StrEnum):
    """Whom a limit is for.

    Attributes:
        IDENTITY: whoever proved who they are; for everybody else, their address.
        ADDRESS: whoever sends from an address, before anything is proved.
    """

    IDENTITY = "identity"
    ADDRESS = "address"


CLASSES: Final = tuple(RequestClass)
_READS, _BLOBS, _WRITES, _TOKENS, _CHANGES = range(len(CLASSES))


def class_of(method: str, path: str) -> RequestClass:
    """The class of a request."""
    return CLASSES[number_of_class(method, path)]


def number_of_class(method: str, path: str) -> int:
    """The class of a request, as its place in `CLASSES`: a number is found at once by a number."""
    if path[:4] == "/v2/" or path[:8] == "/acr/v1/":
        if method == "GET":
            return _BLOBS if "/blobs/" in path and "/blobs/uploads/" not in path else _READS
        return _READS if method in _READING else _WRITES
    if path.startswith(_READ_ALIKE) and method in _READING:
        return _READS
    if path.startswith(_CONTROL):
        return _CHANGES
    return _READS if path in {"/", "/v2"} else _TOKENS
