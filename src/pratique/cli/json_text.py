"""JSON for programmes, which people see too: what a terminal might obey is escaped."""

from __future__ import annotations

import json
import re
from typing import Any

_BEYOND_ASCII = re.compile(r"[^\n -~]")


def json_text(content: Any, indent: int | None = None) -> str:
    """`content` as JSON in which letters of all languages stand as they are.

    JSON itself escapes the control characters below the blank, but not the others, nor what turns
    the direction of writing. They stand only inside texts, where an escape means the same.

    Args:
        content: of what JSON knows.
        indent: blanks for each level; None for one line.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    return _BEYOND_ASCII.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0]).strip('"')
