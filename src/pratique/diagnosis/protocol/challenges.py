"""Challenges of a 401, as servers really write them (RFC 9110, 11.2 and 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pratique.diagnosis.facts.conversation import Challenge

_LONGEST: Final = 16 * 1024
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_SCHEME = re.compile(rf"\s*({_TOKEN})(?=[\s,]|$)")
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(?!=)([^\s,"]+))\s*')
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")


def read_challenges(values: Sequence[str]) -> tuple[Challenge, ...]:
    """Every challenge in the values of `WWW-Authenticate`; what cannot be read ends its value.

    Args:
        values: one per header line; a line may hold several challenges.
    """
    return tuple(challenge for value in values for challenge in _of(value[:_LONGEST]))


def _of(value: str) -> Iterator[Challenge]:
    at = _after_commas(value, 0)
    while at < len(value):
        found = _SCHEME.match(value, at)
        if found is None:
            return
        at = found.end()
        if _PARAMETER.match(value, at) is None:
            opaque = _TOKEN68.match(value, at)
            at = opaque.end() if opaque else at
        parameters, at = _parameters(value, at)
        yield Challenge(found[1].lower(), parameters)


def _parameters(value: str, at: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while True:
        found = _PARAMETER.match(value, at)
        if found is None:
            return parameters, _after_commas(value, at)
        text = found[3] if found[2] is None else re.sub(r"\\(.)", r"\1", found[2])
        parameters.setdefault(found[1].lower(), text)
        at = _after_commas(value, found.end())


def _after_commas(value: str, at: int) -> int:
    while at < len(value) and value[at] in ", \t":
        at += 1
    return at
