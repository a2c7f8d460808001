"""What people write about roles, assignments and refusals."""

from __future__ import annotations

from pratique.admission.errors import Unacceptable

MAX_DESCRIPTION = 2048


def checked_description(text: str) -> str:
    """A description that fits, on one line.

    Raises:
        Unacceptable: it is longer than 2,048 characters, or holds some that no terminal should get.
    """
    if not text.isprintable():
        raise Unacceptable("a description is one line of printable characters; this one is not")
    if len(text) > MAX_DESCRIPTION:
        raise Unacceptable(f"the description is longer than {MAX_DESCRIPTION} characters")
    return text
