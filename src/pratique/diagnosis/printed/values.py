"""Values that may be taken out of a hostile text, and nothing else.

Each kind has a shape, by which it is found, and a grammar, which it must fulfil to be shown or to
stand in a command. None of them may hold a control character, begin like an option of a command,
or look like a token or a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "host": r"[a-z0-9\[][a-z0-9.:\]-]{0,250}",
        "upstream": r"[a-z0-9][a-z0-9.:-]{0,250}",
        "image": r"[a-z0-9\[][a-z0-9._/:@\]-]{0,400}",
        "repository": r"[a-z0-9][a-z0-9._/-]{0,254}",
        "tag": r"[a-z0-9_][a-z0-9._:-]{0,140}",
        "ip": r"[0-9a-f.:]{3,45}",
        "decision": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "platform": r"[a-z0-9]{1,20}/[a-z0-9/._-]{1,40}",
        "helper": r"[a-z0-9][a-z0-9._-]{0,60}",
        "secret": r"[a-z0-9][a-z0-9.-]{0,252}",
        "action": r"[a-z][a-z0-9:._*-]{0,100}",
        "resource": r"[a-z0-9][a-z0-9:._/-]{0,250}",
        "number": r"[0-9]{1,9}",
    }
)
"""How each kind is found, in lower case."""
_LABELS = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){0,30}"
_HOST = rf"(?:{_LABELS}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::[0-9]{{1,5}})?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}"
_GRAMMARS: Final[Mapping[str, re.Pattern[str]]] = {
    "host": re.compile(_HOST),
    "upstream": re.compile(_HOST),
    "image": re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._/:@\]-]{0,400}"),
    "repository": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}"),
    "tag": re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,140}"),
    "ip": re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{3,45}"),
    "decision": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "platform": re.compile(r"[A-Za-z0-9]{1,20}/[A-Za-z0-9/._-]{1,40}"),
    "helper": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}"),
    "secret": re.compile(_NAME),
    "action": re.compile(r"[A-Za-z][A-Za-z0-9:._*-]{0,100}"),
    "resource": re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,250}"),
    "number": re.compile(r"[0-9]{1,9}"),
}
_TRAILING: Final = ".,:;-_/"
# Nobody names a repository like this; a password or a token may look like it.
_TOKEN = re.compile(
    r"(?:eyJ|gh[opsur]_|github_pat_|dckr_|glpat-|AKIA|ASIA)|[A-Za-z0-9_]{48,}", re.ASCII
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def checked(kind: str, found: str) -> str | None:
    """The value, when it is one of its kind and can be shown; otherwise None.

    Args:
        kind: a key of `SHAPES`.
        found: a part of the text.
    """
    value = found.rstrip(_TRAILING)
    if _GRAMMARS[kind].fullmatch(value) is None:
        return None
    if _TOKEN.search(_DIGEST.sub("", value)) is not None:
        return None
    return value
