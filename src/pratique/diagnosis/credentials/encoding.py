"""The `auth` of an entry: base64 of `USER:PASSWORD`, and the ways in which it goes wrong.

Clients decode with Go's standard alphabet, which skips line breaks. What they would not accept is
named by its mistake; the text itself is never in the words.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.facts.credentials import Credential
from pratique.diagnosis.secret import Secret

EMPTY: Final = "its `auth` is empty"
NOT_BASE64: Final = "its `auth` is no base64"
NOT_ENCODED: Final = "its `auth` is the pair itself, which must be encoded as base64"
URL_SAFE: Final = "its `auth` is in base64's URL-safe alphabet; clients take the standard one alone"
BROKEN_BY_SPACE: Final = "its `auth` has a blank inside its base64"
NO_PADDING: Final = "its `auth` lacks the `=` at the end of its base64"
TWICE: Final = "its `auth` is encoded twice"
NO_COLON: Final = "its `auth` has no `:` between user and password"
NO_USER: Final = "its `auth` has no user before the `:`"
LINE_BREAK: Final = "its password ends with a line break"
NOT_UTF8: Final = "its `auth` is no UTF-8 text"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What an `auth` holds.

    Attributes:
        credential: user and password; None when clients cannot decode it.
        fault: what is wrong; with a credential, what is wrong with that.
    """

    credential: Credential | None
    fault: str = ""


def decode_auth(text: str, *, padding_optional: bool = False) -> Decoded:
    """User and password of an `auth` that is not empty.

    Args:
        text: as it is stored.
        padding_optional: whether the client takes base64 without `=` (the kubelet).
    """
    compact = text.replace("\r", "").replace("\n", "")
    if padding_optional and not compact.endswith("="):
        compact += "=" * (-len(compact) % 4)
    raw = _standard(compact)
    if raw is None:
        return Decoded(None, _why_no_base64(compact))
    pair = raw.decode("utf-8", "replace")
    username, colon, password = pair.partition(":")
    if not colon:
        again = _standard(pair.strip())
        return Decoded(None, TWICE if again is not None and b":" in again else NO_COLON)
    if not username:
        return Decoded(None, NO_USER)
    password = password.strip("\x00")
    fault = LINE_BREAK if password.endswith(("\n", "\r")) else ""
    if "\ufffd" in pair:
        fault = NOT_UTF8
    return Decoded(Credential(username, Secret(password)), fault)


def _standard(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None


def _why_no_base64(text: str) -> str:
    if any(letter.isspace() for letter in text):
        return BROKEN_BY_SPACE
    if ":" in text:
        return NOT_ENCODED
    if _standard(text + "=" * (-len(text) % 4)) is not None:
        return NO_PADDING
    standard = text.replace("-", "+").replace("_", "/")
    if standard != text and _standard(standard + "=" * (-len(standard) % 4)) is not None:
        return URL_SAFE
    return NOT_BASE64
