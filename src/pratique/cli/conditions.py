"""How conditions are shown: over several lines where there is room, in a few words in lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.cli.screen import shortened

WIDTH = 96
_STEP = "  "
_ASKED = r"@Request\[Microsoft\.ContainerRegistry/registries/repositories:name\]"
_COMPARISON = rf"{_ASKED} String(?:Equals|StartsWith|Like) '[a-z0-9._/*-]+'"
_GUARD = r"!\(ActionMatches\{'[^'\s]+'\}\)"
# What `--repository` writes.
_BLOCK = re.compile(
    rf"\(\((?P<guards>{_GUARD}(?: AND {_GUARD})*)\) OR "
    rf"\((?P<names>{_COMPARISON}(?: OR {_COMPARISON})*)\)\)"
)
_NAME = re.compile(r" String(?P<relation>[A-Za-z]+) '(?P<text>[^']+)'")

_NAMESPACES = re.compile(
    r"Microsoft\.(?:ContainerRegistry/registries/|Directory/CustomSecurityAttributes/Id:)"
)


def in_short(condition: str | None) -> str | None:
    """A condition in a few words: the patterns where `--repository` wrote it, else its beginning.

    Blocks that target different permissions are not put into words together, since each lets pass
    what the other targets.
    """
    if condition is None:
        return None
    blocks = list(_BLOCK.finditer(condition))
    alike = len({block["guards"] for block in blocks}) == 1
    between = _BLOCK.sub("", condition).replace(" OR ", "").strip("()")
    if alike and not between:
        patterns = dict.fromkeys(p for block in blocks for p in _patterns(block["names"]))
        return f"{', '.join(patterns)} only"
    return shortened(_NAMESPACES.sub("", " ".join(condition.split())))


def laid_out(condition: str, width: int = WIDTH) -> list[str]:
    """A condition over lines of at most `width` characters, as far as it can be broken.

    The lines together are the same condition, and can be given back as one. What cannot be read
    here is shown as it is written.
    """
    # The reader of conditions takes a tenth of a second to load.
    from pratique.access.conditions import Condition, InvalidCondition  # noqa: PLC0415

    try:
        expression = Condition.parse(condition).expression
    except InvalidCondition:
        return condition.splitlines()
    return list(_lines(expression, "", width))


def _patterns(names: str) -> Iterator[str]:
    for found in _NAME.finditer(names):
        yield f"{found['text']}*" if found["relation"] == "StartsWith" else found["text"]


def _lines(expression: object, indent: str, width: int) -> Iterator[str]:
    from pratique.access.conditions import And, Not, Or  # noqa: PLC0415 - loaded when used

    whole = f"{indent}{expression}"
    if len(whole) <= width:
        yield whole
        return
    match expression:
        case And(terms) | Or(terms):
            joint = "AND" if isinstance(expression, And) else "OR"
            for number, term in enumerate(terms):
                if number:
                    yield f"{indent}{joint}"
                if isinstance(term, And | Or):
                    yield from _bracketed("(", term, indent, width)
                else:
                    yield from _lines(term, indent, width)
        case Not(term):
            yield from _bracketed("!(", term, indent, width)
        case _:
            yield whole


def _bracketed(opening: str, term: object, indent: str, width: int) -> Iterator[str]:
    whole = f"{indent}{opening}{term})"
    if len(whole) <= width:
        yield whole
        return
    yield f"{indent}{opening}"
    yield from _lines(term, indent + _STEP, width)
    yield f"{indent})"
