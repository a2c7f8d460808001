"""Failures of an object store, told as the two that the rooms know, in an operator's words.

What a store answers is searched for the codes that S3, Azure Blob and GCS document. No query of
an address is repeated: it may hold a signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from obstore import exceptions

from pratique.registry import StorageFailed, StorageFull

_QUERY: Final = re.compile(r"\?[^\s\"')>]+")
_FULL: Final = ("QuotaExceeded", "StorageFull", "InsufficientStorage", "507 ")
# In this order: an answer may speak of several things, the first of which is what to do first.
_WORDS: Final = (
    (
        ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"),
        "{place} does not exist; create it, or correct the address of the blobs",
    ),
    (
        (
            *("RequestTimeTooSkewed", "Request date header too old", "RequestExpired"),
            *("difference between the request time", "not within the acceptable"),
        ),
        "the clock of this machine and that of {place} differ too much; set this machine's clock",
    ),
    (
        ("169.254.169.254", "metadata.google.internal", "Missing credentials", "no credentials"),
        "there are no credentials for {place}; give them in the environment of the server",
    ),
    (
        (
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"),
            *("AuthenticationFailed", "AuthorizationFailure", "401 Unauthorized"),
        ),
        "{place} does not accept the credentials; correct them in the environment of the server",
    ),
    (
        ("AccessDenied", "AuthorizationPermissionMismatch", "403 Forbidden"),
        "access to {place} is denied; let the server's identity get, put, list and delete there",
    ),
    (
        ("kind: Connect", "error sending request", "dns error", "Connection refused"),
        "{place} cannot be reached; see to the network between, or correct the endpoint",
    ),
    (("TimedOut", "operation timed out", "kind: Timeout"), "{place} did not answer in time"),
    (
        ("SlowDown", "ServerBusy", "429 ", "503 ", "500 Internal", "502 ", "504 "),
        "{place} is overloaded or out of order, and stayed so after several tries",
    ),
)


def fault_of(error: Exception, place: str, doing: str) -> StorageFull | StorageFailed:
    """`StorageFull` when a quota is exhausted, else `StorageFailed` with words and the cause.

    Args:
        error: as obstore raised it.
        place: which store, in words.
        doing: what was tried.
    """
    text = str(error)
    if any(code in text for code in _FULL):
        return StorageFull()
    first = _QUERY.sub("?...", text.partition("\n\nDebug source")[0]).replace("\n", " ")[:500]
    for codes, words in _WORDS:
        if any(code in text for code in codes):
            return StorageFailed(f"{words.format(place=place)} ({doing}: {first})")
    return StorageFailed(f"{place} failed ({doing}: {first})")


@contextmanager
def faults_told(place: str, doing: str) -> Iterator[None]:
    """Raise what obstore raises within as what `fault_of` makes of it."""
    try:
        yield
    # A missing object or bucket is told as the built-in one.
    except (exceptions.BaseError, FileNotFoundError) as error:
        raise fault_of(error, place, doing) from error
