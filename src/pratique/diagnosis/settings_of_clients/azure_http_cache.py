"""What MSAL remembers of refusals (`msal_http_cache.bin`), read without running anything.

The file is a pickle, whose reader runs what the file says. So its opcodes are walked through, and
nothing but texts and numbers is taken from them. Source: msal `individual_cache.py`, whose index is
`"_index_": ([[expires_at, created_at, key], ...], ...)`, and `throttled_http_client.py`, whose keys
begin with method and address and end with the kind of answer.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from pratique.diagnosis.facts.azure_cli import Remembered

_INDEX: Final = "_index_"
_REFUSALS: Final = (" 400", " 429/5xx/Retry-After")
_TEXTS: Final = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_NUMBERS: Final = frozenset({"BININT", "BININT1", "BININT2", "LONG1"})
_MOST: Final = 200


def remembered_refusals(content: bytes, now: datetime) -> tuple[Remembered, ...]:
    """Refusals that are not forgotten at this time; none where the file is not as it is known.

    Args:
        content: of the file.
        now: the time of day.
    """
    found: dict[str, Remembered] = {}
    try:
        for expires, key in _entries(content):
            words = key.split(" ")
            until = datetime.fromtimestamp(expires, UTC)
            if words[0] == "POST" and len(words) > 2 and key.endswith(_REFUSALS) and until > now:
                found[key] = Remembered(words[1], until)
    # What is no pickle ends in one of many ways.
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return ()
    return tuple(found.values())[:_MOST]


def _entries(content: bytes) -> Iterator[tuple[int, str]]:
    """Expiry and key of each entry of the list with which the index begins."""
    texts: dict[int, str] = {}
    memorised, last, inside = 0, "", False
    numbers: list[int] = []
    argument: Any
    for opcode, argument, _ in pickletools.genops(content):
        text: str | None = None
        if opcode.name == "MEMOIZE":
            texts[memorised] = last
            memorised += 1
        elif opcode.name in {"BINGET", "LONG_BINGET"}:
            text = texts.get(argument, "")
        elif opcode.name in _TEXTS:
            text = last = argument
        elif opcode.name in _NUMBERS:
            numbers.append(argument)
        else:
            last = ""
        if text is None:
            continue
        if inside and len(numbers) < 2:
            # In the mapping that follows the list, the key comes before its numbers.
            return
        if inside:
            yield numbers[-2], text
        inside = inside or text == _INDEX
        numbers.clear()
