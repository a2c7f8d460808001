"""How long a question about a whole law may take.

The law knows no clock, so whoever asks gives a function that is called at each step of a long
question, and ends it by raising `TooLong`.
"""

from __future__ import annotations

from collections.abc import Callable

Patience = Callable[[], None]


class TooLong(Exception):
    """The question was given up; a narrower one may be answered."""


def endless() -> None:
    """The patience of those who keep nobody waiting."""
