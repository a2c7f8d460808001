"""Columns to values and back. What a row holds was valid when it was written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from typing import Final

from pratique.naming import Digest, MediaType, Tag
from pratique.registry import StoredName

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Makes a text of that type without its grammar.
_made = str.__new__


def to_micros(at: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The time, in UTC."""
    return _EPOCH + micros * _MICROSECOND


@lru_cache(maxsize=256)
def media_type(text: str) -> MediaType:
    """The media type in a row."""
    return MediaType(text)


@lru_cache(maxsize=4096)
def digest(text: str) -> Digest:
    """The digest in a row; its grammar is not checked again, since look-ups are hot."""
    algorithm, _, encoded = text.partition(":")
    made = object.__new__(Digest)
    for name, value in (("algorithm", algorithm), ("hex", encoded), ("text", text)):
        object.__setattr__(made, name, value)
    return made


def tag(text: str) -> Tag:
    """The tag in a row; its grammar is not checked again, since pages hold many."""
    return _made(Tag, text)


def repository(text: str) -> StoredName:
    """The name of a repository in a row; its grammar is not checked again, as that of a tag."""
    return _made(StoredName, text)


def tags(texts: Iterable[str]) -> tuple[Tag, ...]:
    """As `tag`, of a whole page."""
    return tuple(map(_made, repeat(Tag), texts))


def repositories(texts: Iterable[str]) -> tuple[StoredName, ...]:
    """As `repository`, of a whole page."""
    return tuple(map(_made, repeat(StoredName), texts))
