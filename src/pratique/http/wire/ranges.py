"""Byte ranges: of downloads (RFC 9110 section 14) and of upload chunks (OCI "Pushing a blob")."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.ASCII)
# The specification writes `0-99`; clients that follow RFC 9110 write `bytes 0-99/*`.
_CHUNK = re.compile(r"(?:bytes[ =])?([0-9]{1,19})-([0-9]{1,19})(?:/(?:\*|[0-9]{1,19}))?", re.ASCII)


class UnsatisfiableRange(ValueError):
    """The range begins after the content's end."""


class MalformedChunkRange(ValueError):
    """A `Content-Range` of an upload is not `START-END`."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


def parse_range(value: str | None, size: int) -> ByteRange | None:
    """The part of a content of `size` bytes that a `Range` header asks for.

    Returns:
        None for the whole: without a header, with several ranges, or with a form that this
        registry does not know, all of which RFC 9110 allows to be ignored.

    Raises:
        UnsatisfiableRange: nothing of the content lies in it.
    """
    match = _RANGE.fullmatch(value) if value else None
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise UnsatisfiableRange(value)
        return ByteRange(max(0, size - length), size)
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    # RFC 9110 lets a server refuse or ignore a range that ends before it begins; the official
    # conformance programme wants it refused.
    if start >= size or end <= start:
        raise UnsatisfiableRange(value)
    return ByteRange(start, end)


def parse_chunk_range(value: str | None) -> ByteRange | None:
    """The place of an upload's chunk, None without a header.

    Raises:
        MalformedChunkRange: it is not `START-END` with END not before START.
    """
    if value is None:
        return None
    match = _CHUNK.fullmatch(value.strip())
    if match is None:
        raise MalformedChunkRange(value)
    start, last = (int(part) for part in match.groups())
    if last < start:
        raise MalformedChunkRange(value)
    return ByteRange(start, last + 1)
