"""Digests (OCI image-spec, "Digests"): what content is called by what it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol, Self

from pratique.naming.errors import InvalidName, UnsupportedDigestAlgorithm

_GRAMMAR = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)")
_HEX = re.compile(r"[0-9a-f]+")
_HEX_LENGTH = {"sha256": 64, "sha512": 128}
_MAX_LENGTH = 256


class Hasher(Protocol):
    """A running digest, as `hashlib` gives it."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes so far, in lower-case hexadecimal."""
        ...

    def copy(self) -> Hasher:
        """An independent continuation."""
        ...


@dataclass(frozen=True, slots=True)
class Digest:
    """A registered digest of the algorithms that this registry computes: sha256 and sha512.

    Attributes:
        algorithm: `sha256` or `sha512`.
        hex: lower-case hexadecimal of the algorithm's length.
        text: both, joined by a colon; the canonical form.

    Raises:
        InvalidName: `hex` has the wrong length or other characters, or `text` is not both.
        UnsupportedDigestAlgorithm: `algorithm` is another one.
    """

    algorithm: str
    hex: str
    text: str

    def __post_init__(self) -> None:
        length = _hex_length(self.algorithm, self.text)
        if len(self.hex) != length or _HEX.fullmatch(self.hex) is None:
            rule = f"{self.algorithm} takes {length} lower-case hexadecimal digits"
            raise InvalidName("digest", self.text, rule)
        if self.text != f"{self.algorithm}:{self.hex}":
            raise InvalidName("digest", self.text, "it is not algorithm, colon and digits")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The digest that `text` spells.

        Raises:
            InvalidName: it breaks the grammar or has the wrong length.
            UnsupportedDigestAlgorithm: its algorithm is unknown here.
        """
        match = _GRAMMAR.fullmatch(text) if len(text) <= _MAX_LENGTH else None
        if match is None:
            raise InvalidName("digest", text, "write it as `sha256:` and 64 hexadecimal digits")
        return cls(match.group(1), match.group(2), text)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Self:
        """The digest of `content`.

        Raises:
            UnsupportedDigestAlgorithm: `algorithm` is unknown here.
        """
        hasher = new_hasher(algorithm)
        hasher.update(content)
        return cls.from_hasher(algorithm, hasher)

    @classmethod
    def from_hasher(cls, algorithm: str, hasher: Hasher) -> Self:
        """The digest of all that `hasher`, of `algorithm`, has taken in.

        Raises:
            InvalidName: `hasher` is of an algorithm with another length.
            UnsupportedDigestAlgorithm: `algorithm` is unknown here.
        """
        encoded = hasher.hexdigest()
        return cls(algorithm, encoded, f"{algorithm}:{encoded}")

    def __str__(self) -> str:
        return self.text


def new_hasher(algorithm: str) -> Hasher:
    """A running digest of no bytes yet.

    Raises:
        UnsupportedDigestAlgorithm: `algorithm` is unknown here.
    """
    _hex_length(algorithm, algorithm)
    return hashlib.new(algorithm)


def _hex_length(algorithm: str, text: str) -> int:
    length = _HEX_LENGTH.get(algorithm)
    if length is None:
        raise UnsupportedDigestAlgorithm(
            "digest this registry can check", text, "use sha256 or sha512"
        )
    return length
