"""Sets of limits, by the names of Azure Container Registry's tiers, and single ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pratique.http.edge.limits.classes import RequestClass, Whose
from pratique.http.edge.limits.gcra import MOST_PER_MINUTE, Rate

OF_AN_ADDRESS: Final = 10
"""How many identities' worth one address may send, since many machines may stand behind it."""
_NO_LIMIT: Final = "none"


class UnknownLimit(ValueError):
    """A text names no limit; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit that holds.

    Attributes:
        rates: by whom and class; what is not there is not limited.
    """

    rates: Mapping[tuple[Whose, RequestClass], Rate] = field(default_factory=dict)

    @classmethod
    def parse(cls, preset: str, single: Iterable[str]) -> Limits:
        """The limits of a preset, with single ones laid over it.

        Args:
            preset: a key of `PRESETS`.
            single: each `WHOSE.CLASS=N`, as in `identity.reads=3000`; N may be `none`.

        Raises:
            UnknownLimit: one of the texts names no limit.
        """
        rates = dict(PRESETS[preset].rates)
        for text in single:
            name, _, number = text.partition("=")
            key = _key(name, text)
            rates.pop(key, None)
            if number != _NO_LIMIT:
                rates[key] = _rate(number, text)
        return cls(rates)

    def __bool__(self) -> bool:
        return bool(self.rates)


def _key(name: str, text: str) -> tuple[Whose, RequestClass]:
    whose, _, kind = name.partition(".")
    try:
        return Whose(whose), RequestClass(kind)
    except ValueError as error:
        raise UnknownLimit(
            f"`{text}` is no limit; write WHOSE.CLASS=N, where WHOSE is one of "
            f"{', '.join(Whose)} and CLASS one of {', '.join(RequestClass)}"
        ) from error


def _rate(number: str, text: str) -> Rate:
    if not (number.isascii() and number.isdigit()) or len(number) > len(str(MOST_PER_MINUTE)):
        raise UnknownLimit(f"`{text}` has no number of requests a minute, nor `none`")
    try:
        return Rate.of(int(number))
    except ValueError as error:
        raise UnknownLimit(f"`{text}`: {error}") from error


def _tier(reads: int, writes: int) -> Limits:
    """The limits that follow from an ACR tier's ReadOps and WriteOps a minute."""
    each = {
        RequestClass.READS: reads,
        RequestClass.BLOBS: reads,
        RequestClass.WRITES: writes,
        RequestClass.TOKENS: reads,
        RequestClass.CHANGES: writes,
    }
    worth = {Whose.IDENTITY: 1, Whose.ADDRESS: OF_AN_ADDRESS}
    return Limits(
        {
            (whose, kind): Rate.of(times * number)
            for whose, times in worth.items()
            for kind, number in each.items()
        }
    )


PRESETS: Final[Mapping[str, Limits]] = {
    "none": Limits(),
    "basic": _tier(1000, 100),
    "standard": _tier(3000, 500),
    "premium": _tier(10_000, 2000),
}
