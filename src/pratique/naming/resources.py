"""Resource scopes: where a role is assigned (reference 4.5), and what lies below what."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Self

from pratique.naming.errors import InvalidName

_PART = r"[A-Za-z0-9][A-Za-z0-9._()-]{0,89}"
_GRAMMAR = re.compile(
    rf"(/providers/Microsoft\.Management/managementGroups/{_PART}"
    rf"|/subscriptions/{_PART}(?:/resourceGroups/{_PART}"
    rf"(?:/providers/Microsoft\.ContainerRegistry/registries/{_PART})?)?)/?|/",
    # ASCII: without it, ignoring case lets U+212A (the Kelvin sign) stand for `k`.
    re.ASCII | re.IGNORECASE,
)


# A law repeats few scopes many times, and each index keeps the key.
@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return text.casefold()


class ResourceScope(str):
    """`/`, a management group, a subscription, a resource group or a registry.

    The spelling is kept; comparison is by `key`, since Azure ignores case in scopes.

    Raises:
        InvalidName: the text is none of these.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text`, leaving one trailing slash behind, or refuse it."""
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise InvalidName(
                "scope",
                text,
                "write `/`, `/providers/Microsoft.Management/managementGroups/NAME`, or "
                "`/subscriptions/ID` followed by `/resourceGroups/NAME` and "
                "`/providers/Microsoft.ContainerRegistry/registries/NAME` as far as needed",
            )
        return super().__new__(cls, match.group(1) or "/")

    @property
    def key(self) -> str:
        """The form that compares equal for equal scopes; one object for many of them."""
        return _folded(self)

    @classmethod
    def management_group(cls, name: str) -> Self:
        """The scope of a management group."""
        return cls(f"/providers/Microsoft.Management/managementGroups/{name}")

    def ancestors_within_subscription(self) -> tuple[ResourceScope, ...]:
        """This scope, and those above it up to its subscription, nearest first."""
        parts = self.split("/")
        if len(parts) < 3 or parts[1].casefold() != "subscriptions":
            return (self,)
        lengths = [n for n in (9, 5, 3) if n <= len(parts)]
        return tuple(ResourceScope("/".join(parts[:n])) for n in lengths)
