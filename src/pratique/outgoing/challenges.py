"""What a registry asks for before it gives anything (RFC 9110 section 11, distribution tokens)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 4096
_PARAMETER = re.compile(r'([a-z_]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.ASCII)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to be let in.

    Attributes:
        scheme: `bearer` or `basic`.
        realm: where tokens are given.
        service: for whom.
    """

    scheme: str
    realm: str = ""
    service: str = ""


def read_challenge(value: str) -> Challenge | None:
    """The challenge of a `WWW-Authenticate` header; None for what cannot be answered."""
    if len(value) > _LONGEST:
        return None
    scheme, _, rest = value.strip().partition(" ")
    scheme = scheme.lower()
    if scheme == "basic":
        return Challenge(scheme)
    found = {m[1]: re.sub(r"\\(.)", r"\1", m[2] or m[3] or "") for m in _PARAMETER.finditer(rest)}
    if scheme != "bearer" or "realm" not in found:
        return None
    return Challenge(scheme, found["realm"], found.get("service", ""))
