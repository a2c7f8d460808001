"""HTML in the making: whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

# Elements without content (HTML, "Void elements").
_VOID: Final = frozenset({"br", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already, and is taken into a page as it stands."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | bool | None) -> Markup:
    """One element.

    Args:
        name: of the element; written in the code, never taken from a request.
        content: markup, and text that is escaped; None for nothing.
        attributes: their values are escaped; True for one without a value, None or False for
            none. `_` in a name stands for `-`, one at its end for nothing.
    """
    opened = "".join(_attributes(attributes))
    if name in _VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{joined(*content)}</{name}>")


def joined(*content: str | None) -> Markup:
    """Pieces one after the other; text is escaped."""
    return Markup("".join(_piece(piece) for piece in content if piece is not None))


def _piece(piece: str) -> str:
    return piece if isinstance(piece, Markup) else escape(piece)


def _attributes(given: Mapping[str, str | bool | None]) -> Iterator[str]:
    for key, value in given.items():
        name = key.removesuffix("_").replace("_", "-")
        if value is True:
            yield f" {name}"
        elif value is not None and value is not False:
            yield f' {name}="{escape(value)}"'
