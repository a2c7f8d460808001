"""Distinguished names (RFC 4514), so far as they must be compared."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)

_RARE: Final = re.compile(r"[\\+;]")


def comparable(distinguished_name: str) -> str:
    """A form that is the same for all usual spellings of one name.

    Case, spaces around the separators, and the ways to escape a character make no difference, nor
    does the order of the parts of a multi-valued component. A value whose matching rule heeds case
    is compared without it; no directory that people sign in to has two such entries.
    """
    if not _RARE.search(distinguished_name):
        # Nearly all names, of which a sync compares a few for each membership.
        return ",".join(map(_plain_part, distinguished_name.casefold().split(",")))
    components = _split(distinguished_name, ",;")
    return ",".join("+".join(sorted(map(_part, _split(c, "+")))) for c in components)


def _plain_part(text: str) -> str:
    attribute, equals, value = text.partition("=")
    plain = value.strip(" ").replace("=", r"\=")
    return f"{attribute.strip()}{equals}{plain}"


def _part(text: str) -> str:
    attribute, equals, value = text.partition("=")
    plain = _unescaped(_trimmed(value)).casefold()
    again = re.sub(r"([\\,+=;])", r"\\\1", plain)
    return f"{attribute.strip().casefold()}{equals}{again}"


def _trimmed(value: str) -> str:
    """Without spaces around it, but with a last one that is escaped."""
    left = value.lstrip(" ")
    right = left.rstrip(" ")
    slashes = len(right) - len(right.rstrip("\\"))
    return right + " " if slashes % 2 and len(right) < len(left) else right


def _unescaped(value: str) -> str:
    octets = bytearray()
    position = 0
    for match in _SPECIAL.finditer(value):
        octets += value[position : match.start()].encode("utf-8", "surrogatepass")
        octet, character = match.groups()
        octets += bytes.fromhex(octet) if octet else character.encode("utf-8", "surrogatepass")
        position = match.end()
    octets += value[position:].encode("utf-8", "surrogatepass")
    return octets.decode("utf-8", "replace")


def _split(text: str, separators: str) -> list[str]:
    parts, current, escaped = [], "", False
    for character in text:
        if not escaped and character in separators:
            parts.append(current)
            current = ""
            continue
        escaped = character == "\\" and not escaped
        current += character
    return [*parts, current]
