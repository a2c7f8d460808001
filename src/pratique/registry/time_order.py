"""Listings by the time of the last push, which no store keeps in order.

All of a repository's items are read for it, up to a number that takes no time to sort.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

from pratique.registry.content import Page
from pratique.registry.errors import TooManyToSort

T = TypeVar("T")
MOST_SORTED: Final = 10_000


class Order(StrEnum):
    """In which order a listing stands, in the words of ACR's `orderby`."""

    BY_NAME = "none"
    OLDEST_FIRST = "timeasc"
    NEWEST_FIRST = "timedesc"


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Where items come from, and what they go by.

    Attributes:
        read: so many items by name, after a name.
        name: of an item, as text.
        updated_at: when an item was last pushed.
    """

    read: Callable[[int, str], Awaitable[tuple[T, ...]]]
    name: Callable[[T], str]
    updated_at: Callable[[T], datetime]


async def page_in_time(source: Source[T], n: int, last: str | None, order: Order) -> Page[T]:
    """`n` items at most, strictly after that of the name `last`; none when it is gone.

    Items of one time stand by their names.

    Raises:
        TooManyToSort: there are more than `MOST_SORTED`.
    """
    found = await source.read(MOST_SORTED + 1, "")
    if len(found) > MOST_SORTED:
        raise TooManyToSort(MOST_SORTED)
    newest_first = order is Order.NEWEST_FIRST
    ordered = sorted(found, key=source.updated_at, reverse=newest_first)
    start = 0
    if last is not None:
        names = [source.name(item) for item in ordered]
        start = names.index(last) + 1 if last in names else len(names)
    page = tuple(ordered[start : start + n])
    return Page(page, more=0 < n < len(ordered) - start)
