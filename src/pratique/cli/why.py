"""`pratique why`: a recorded decision in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.screen import Screen, aligned, broken
from pratique.cli.session import Session, address
from pratique.cli.verbs import verb
from pratique.cli.verdicts import consulted, on, remedies

_WORD = "decision:"


@verb(None, "why", "pratique why 5f0c2a9e41d3")
@click.argument("words", metavar="DECISION-ID", nargs=-1, required=True)
def why(session: Session, screen: Screen, words: tuple[str, ...]) -> None:
    """Explain a refusal by the id that its message ends with.

    The message says `Decision: ID`; ID may be given with that word or without it.
    """
    found = session.call("GET", address("decisions", decision_id(" ".join(words))))
    screen.show(found, *([] if screen.as_json else explained(found, session.chosen_by)))


def decision_id(text: str) -> str:
    """The id in what a refusal says of its decision.

    Raises:
        click.BadParameter: there is none, or more than one.
    """
    found = text.strip()
    if found.lower().startswith(_WORD):
        found = found[len(_WORD) :]
    found = found.strip("`'\". ")
    if not found or len(found.split()) > 1:
        raise click.BadParameter(f"`{text}` is not the id of one decision")
    return found


def explained(found: Mapping[str, Any], chosen_by: str) -> list[str]:
    """A recorded decision in words.

    Args:
        found: as the management API gives it; what a refused sign-in cannot know is empty.
        chosen_by: the words by which the user chose the registry.
    """
    asked = f"`{found['action']}` on {on(found['resource'])}" if found["action"] else ""
    client = f"from {found['client']}" if found["client"] else ""
    fields = {
        "decision": found["decision_id"],
        "at": found["at"].replace("T", " ").replace("Z", " UTC"),
        "asked by": f"{found['caller']} {client}".strip(),
        "asked for": asked,
        "permission": found["permission"],
        "reason": found["reason"],
        "law": f"version {found['law_version']}" if found["law_version"] else "",
    }
    lines = [*broken(f"Refused: {found['sentence'] or 'a sign-in'}."), ""]
    lines += aligned({name: value for name, value in fields.items() if value})
    lines += consulted(found["consulted"], found["consulted_count"])
    if found["allowed_now"]:
        return [*lines, "", "Asked again, it is allowed now."]
    return [*lines, *remedies(found["remedies"], chosen_by)]
