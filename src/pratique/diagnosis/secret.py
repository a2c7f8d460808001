"""A secret that cannot be printed by accident."""

from __future__ import annotations

from typing import final


@final
class Secret:
    """Text that never appears in a representation, a format or a comparison's message.

    Args:
        text: the secret itself.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for a request that needs it or a rule that looks at its form."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
