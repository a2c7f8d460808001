"""Pages of lists: `n` and `last` in, `Link` out (OCI "Listing Tags"; reference 10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

DEFAULT_PAGE = 1000
MAX_PAGE = 10_000


class MalformedPage(ValueError):
    """`n` is not a number."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many entries, after which one.

    Attributes:
        n: 0 to 10,000; more is cut to that.
        last: None for the beginning.
    """

    n: int
    last: str | None


def parse_page(parameters: dict[str, list[str]]) -> PageRequest:
    """The page that a query asks for.

    Raises:
        MalformedPage: `n` is not a whole number from 0 on.
    """
    text = parameters.get("n", [""])[0]
    last = parameters.get("last", [""])[0] or None
    if not text:
        return PageRequest(DEFAULT_PAGE, last)
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise MalformedPage(f"`n` must be a whole number, 0 or more; `{text[:20]}` is not")
    return PageRequest(min(int(text), MAX_PAGE), last)


def next_link(path: str, last: str, n: int, **further: str) -> tuple[str, str]:
    """The header that names the next page, relative to the host."""
    return link_to_next(path, {"last": last, "n": str(n), **further})


def link_to_next(path: str, query: Mapping[str, str]) -> tuple[str, str]:
    """The header that names the page at `path` with `query`, relative to the host."""
    return ("link", f'<{quote(path, safe="/")}?{urlencode(query)}>; rel="next"')
