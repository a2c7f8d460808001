"""Signs: which printed words stand for which cause, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pratique.diagnosis.printed.phrases import Phrase
from pratique.diagnosis.printed.setting import Setting


class Yields(Enum):
    """What a sign gives way to: words that fit many causes are no news beside better ones."""

    NEVER = 0
    TO_PROOF = 1
    TO_ANYTHING = 2


@dataclass(frozen=True, slots=True)
class Sign:
    """Words that stand for a cause.

    Attributes:
        cause: its id.
        certain: whether the words prove it.
        phrases: any of them is enough.
        needs: any of these must stand in the text too (near, where the words are to prove
            something), or in the reference; nothing when empty; lower case.
        unless: none of these may stand in it; lower case.
        when: what must be true of the text as a whole; None for nothing.
        yields: beside what else it does not count.
        words: in place of the usual words about the cause; empty for those.
    """

    cause: str
    certain: bool
    phrases: tuple[Phrase, ...]
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    when: Callable[[Setting], bool] | None = None
    yields: Yields = Yields.NEVER
    words: str = ""


def proves(
    cause: str,
    *phrases: str,
    needs: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    words: str = "",
) -> Sign:
    """A sign that proves its cause."""
    return Sign(cause, certain=True, phrases=_all(phrases), needs=needs, unless=unless, words=words)


def hints(
    cause: str,
    *phrases: str,
    needs: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    when: Callable[[Setting], bool] | None = None,
    yields: Yields = Yields.NEVER,
    words: str = "",
) -> Sign:
    """A sign that makes its cause likely."""
    return Sign(
        cause,
        certain=False,
        phrases=_all(phrases),
        needs=needs,
        unless=unless,
        when=when,
        yields=yields,
        words=words,
    )


def vaguely(
    cause: str,
    *phrases: str,
    needs: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    words: str = "",
) -> Sign:
    """A sign that counts only when the text says nothing better."""
    return Sign(
        cause,
        certain=False,
        phrases=_all(phrases),
        needs=needs,
        unless=unless,
        yields=Yields.TO_ANYTHING,
        words=words,
    )


def _all(phrases: tuple[str, ...]) -> tuple[Phrase, ...]:
    return tuple(map(Phrase, phrases))
