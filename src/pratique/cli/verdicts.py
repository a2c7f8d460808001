"""How a verdict is told: the rules that were consulted, and what would help."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pratique.cli.conditions import laid_out
from pratique.cli.scopes import short_scope
from pratique.cli.screen import Source, tabled

_NEXT = re.compile(r" && (?=pratique )")
Rule = Mapping[str, Any]


def consulted(rules: Sequence[Rule], count: int | None = None) -> list[str]:
    """Every rule with what became of it, and the parts on which conditions failed.

    Args:
        rules: as the management API gives them.
        count: how many there were, when not all of them were kept.
    """
    if not rules:
        return []
    columns: dict[str, Source] = {
        "RULE": _name,
        "HELD BY": _holder,
        "SCOPE": short_scope,
        "WHAT BECAME OF IT": "meaning",
    }
    lines = ["", *tabled(rules, columns, prose=True)]
    if count is not None and count > len(rules):
        lines.append(f"and {count - len(rules)} more that were not kept")
    for rule in rules:
        lines += _failed(rule)
    return lines


def remedies(found: Sequence[Sequence[str]], chosen_by: str) -> list[str]:
    """What would help, numbered, as commands that can be typed.

    Args:
        found: for each remedy its commands, in order.
        chosen_by: the words by which the user chose the registry.
    """
    if not found:
        return []
    one = len(found) == 1
    lines = [
        "",
        "This would allow it:" if one else "Each of these would allow it, narrowest first:",
    ]
    lines.append("")
    for number, steps in enumerate(found, start=1):
        lines += numbered(number, steps, chosen_by)
    return lines


def numbered(number: int, steps: Iterable[str], chosen_by: str) -> list[str]:
    """The commands of one way out, behind its number."""
    first, *further = (line for step in steps for line in _typed(step, chosen_by))
    opening = f"  {number}. "
    return [f"{opening}{first}", *(f"{' ' * len(opening)}{line}" for line in further)]


def on(resource: str) -> str:
    """How a sentence names a resource of the management API."""
    match resource:
        case "*":
            return "every repository"
        case "registry":
            return "the registry"
        case "/":
            return "everything (`/`)"
        case _:
            return f"`{resource}`"


def _typed(command: str, chosen_by: str) -> Iterator[str]:
    """A command as lines to be typed at this registry, one for each of those that `&&` joins."""
    for one in _NEXT.split(command):
        yield f"{one}{chosen_by}" if one.startswith("pratique ") else one


def _name(rule: Rule) -> str:
    name = rule["name"] or rule["rule_id"]
    return f"{name} (deny)" if rule["kind"] == "deny-assignment" else str(name)


def _holder(rule: Rule) -> str | None:
    group = rule["through_group"]
    return f"group {group}" if group else rule["holder"]


def _failed(rule: Rule) -> Iterator[str]:
    if not rule["failed"]:
        return
    unreadable = rule["outcome"] == "condition-unreadable"
    lines = rule["failed"].splitlines() if unreadable else laid_out(rule["failed"])
    yield ""
    if unreadable:
        yield f"Why the condition of {_name(rule)} cannot be read:"
    else:
        yield f"Where the condition of {_name(rule)} failed:"
    yield ""
    # All lines are moved alike, so that a caret stays where it points.
    yield from (f"  {line}" for line in lines)
