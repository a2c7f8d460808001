"""A pasted text made fit for reading: bounded, without control characters, without secrets."""

from __future__ import annotations

import re
import string
from typing import Final

LONGEST: Final = 64 * 1024
"""Characters of a pasted text that are read."""
_GONE: Final = "[hidden]"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,16}[a-zA-Z]")
_JSON_QUOTE = re.compile(r"\\{1,8}(?=[\"'/])")
_JSON_CODE = re.compile(r"\\{1,4}u00(2[267]|3[ce])")
_JSON_BREAK = re.compile(r"\\{1,4}[nrt](?![a-z])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BLANKS = re.compile(r"[ \t]+")
_BREAKS = re.compile(r" ?\n[ \n]*")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d\u00a0", "''\"\" ")
_SECRETS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=authorization)[\"']?[:=] ?[\"'\[]{0,4}(?:basic|bearer|token) [^\s\"',\]]{1,8192}",
        r"\b(?:basic|bearer) (?=[a-z0-9+/._~-]{0,64}[0-9=])[a-z0-9+/=._~-]{16,8192}",
        r"(?<=://)[^\s/@\"']{1,2048}@",
        r"\beyJ[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,8192}){0,2}",
        (
            r"\b(?:gh[opsu]_|ghr_|github_pat_|dckr_pat_|dckr_oat_|glpat-|gldt-|glcbt-|npm_|hvs\.|AKIA|"
            r"ASIA|AKCp|cmVmdGtuO)[A-Za-z0-9_.=-]{6,2048}"
        ),
        r"(?<=--password )\S{1,2048}",
        r"(?<=--password=)\S{1,2048}",
        r"(?<=--creds )\S{1,2048}",
        r"(?<=--creds=)\S{1,2048}",
        r"(?<= -p )\S{1,2048}",
        (
            r"(?:password|passwd|secret|access_token|refresh_token|identitytoken|client_secret|"
            r"signature|sig|auth)[\"']?(?:=|: ?[\"'])[^\s&\"',;}]{1,8192}"
        ),
    )
)


def tidy(text: str) -> str:
    """The text in plain characters, blanks and breaks made single, and what is secret hidden."""
    plain = _ESCAPES.sub("", text[:LONGEST]).translate(_QUOTES)
    plain = _JSON_CODE.sub(lambda m: chr(int(m[1], 16)), plain)
    plain = _JSON_BREAK.sub("\n", _JSON_QUOTE.sub("", plain))
    plain = _CONTROL.sub(" ", plain.replace("\r", "\n"))
    plain = _BREAKS.sub("\n", _BLANKS.sub(" ", plain)).strip()
    for secret in _SECRETS:
        plain = secret.sub(_GONE, plain)
    return plain


def lowered(text: str) -> str:
    """The text with A to Z in lower case; every character keeps its place."""
    return text.translate(_LOWER)
