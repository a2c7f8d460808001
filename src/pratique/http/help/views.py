"""What the help page says of one refusal, as HTML. All of it comes in as text and is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC

from pratique.access import Outcome, meaning
from pratique.admission.decisions import ConsultedRecord, DecisionRecord
from pratique.http.help.reasoning import PERMISSION, Reasoning
from pratique.http.help.told import advice_on, sentence_of
from pratique.http.pages import Markup, element, joined


def told(record: DecisionRecord) -> Markup:
    """What everybody sees who has the id."""
    at = record.at.astimezone(UTC)
    return joined(
        element("p", "Refused: ", *_with_code(sentence_of(record)), ".", class_="bad"),
        _facts({"When": f"{at:%Y-%m-%d %H:%M:%S} UTC", "Decision": record.decision_id}),
    )


def advice(record: DecisionRecord) -> Markup:
    """What the one who was refused can do."""
    return element("p", advice_on(record), class_="after")


def unknown() -> Markup:
    """The one answer to every id under which nothing can be told."""
    return element(
        "p",
        "Nothing is kept under this id. Look whether all of it is there. Refusals are forgotten "
        "after a month, and the challenge to a client that showed no credentials is not kept: "
        "that is the first of the two causes. Of a refusal that was made this very moment, ask "
        "again in a second.",
        class_="note",
    )


def unreadable() -> Markup:
    """What is told while the record of refusals is out of reach."""
    return element(
        "p",
        "The record of refusals cannot be read just now. Try again in a moment; the operator "
        "finds the cause in the log.",
        class_="note",
    )


def invitation(address: str) -> Markup:
    """The way to sign in."""
    return element(
        "p",
        "Do you look after access to this registry? ",
        element("a", "Sign in", href=address),
        " to see the whole reasoning, and the commands that would allow it.",
    )


def signed_in(user_name: str, address: str) -> Markup:
    """Who is signed in, and the way to be somebody else."""
    return element(
        "p",
        "You are signed in as ",
        element("strong", user_name),
        ". ",
        element("a", "Use another account", href=address),
        class_="quiet hint",
    )


def permission_needed() -> Markup:
    """What somebody is told who may not see the reasoning."""
    return element(
        "p",
        "The whole reasoning is for those who hold the permission ",
        element("code", PERMISSION),
        " on this registry. You do not.",
        class_="note",
    )


def handed_on(record: DecisionRecord, host: str) -> Markup:
    """What somebody who was refused can send to the operator."""
    text = (
        f"The registry {host} refused me: {sentence_of(record)}.\n"
        f"To see why: pratique why {record.decision_id}"
    )
    return joined(
        element("h2", "It was you who was refused"),
        element("p", "Send this to the operator of the registry, who sees the whole reasoning:"),
        _to_copy(text, "Copy the message"),
    )


def reasoning(record: DecisionRecord, found: Reasoning) -> Markup:
    """Everything behind a refusal, and the ways out."""
    facts = {
        "Asked by": " from ".join(filter(None, (record.caller, record.client))),
        "Asked for": f"`{record.action}` on {_resource(record.resource)}" if record.action else "",
        "Permission": f"`{record.permission}`" if record.permission else "",
        "Reason": record.reason,
        "Law": f"version {record.law_version}",
    }
    return joined(
        element("h2", "The whole reasoning"),
        _facts({name: value for name, value in facts.items() if value}),
        _consulted(record) if record.consulted else None,
        *_ways_out(record, found),
    )


def _ways_out(record: DecisionRecord, found: Reasoning) -> Iterator[Markup]:
    if found.unanswered:
        yield _line(f"What would allow it cannot be told just now: {found.unanswered}.")
    elif found.allowed_now:
        yield _line("Asked again, it is allowed now.")
    elif found.remedies:
        yield element("h2", "What would allow it")
        if len(found.remedies) > 1:
            yield element("p", "Each of these would, the narrowest first:")
        ways = (
            element("li", _to_copy("\n".join(commands), "Copy", f"Copy the commands of way {n}"))
            for n, commands in enumerate(found.remedies, start=1)
        )
        yield element("ol", *ways)
    elif found.allowed_now is False:
        yield _line("There is no command that would allow it.")
    elif record.kind == "refused":
        yield _line("It cannot be asked again: who asked is not there any more.")


def _line(text: str) -> Markup:
    return element("p", element("strong", text), class_="after")


def _consulted(record: DecisionRecord) -> Markup:
    more = record.consulted_count - len(record.consulted)
    return joined(
        element("h3", "What was looked at"),
        element("ul", *map(_rule, record.consulted), class_="rules"),
        element("p", f"And {more} more that were not kept.", class_="quiet") if more else None,
    )


def _rule(rule: ConsultedRecord) -> Markup:
    kind = "Deny assignment " if rule.outcome.startswith("den") else ""
    group = "the group " if rule.through_group else ""
    held_by = f"held by {group}{rule.principal}, " if rule.principal else ""
    return element(
        "li",
        element("p", kind, element("strong", rule.role), f": {meaning(Outcome(rule.outcome))}"),
        element("p", f"{held_by}at ", element("code", _short(rule.scope)), class_="quiet hint"),
        element("p", element("code", rule.failed)) if rule.failed else None,
    )


def _short(scope: str) -> str:
    """The last kind and name of a scope, which tells people enough."""
    return "/".join(scope.split("/")[-2:]).removeprefix("/") or "/"


def _resource(text: str) -> str:
    return {"*": "every repository", "registry": "the registry"}.get(text, f"`{text}`")


def _to_copy(text: str, button: str, name: str | None = None) -> Markup:
    """Text to be copied; the button is there where a script can work it.

    Args:
        text: to be copied.
        button: what stands on it.
        name: for those who hear it, where there are several.
    """
    return element(
        "div",
        element("pre", text),
        element(
            "button", button, type="button", class_="second copy", aria_label=name, hidden=True
        ),
        element("span", role="status", class_="hint"),
        class_="to-copy",
    )


def _with_code(sentence: str) -> Iterator[str]:
    """A sentence, with what stands in backticks as code."""
    pieces = sentence.split("`")
    if len(pieces) % 2 == 0:
        yield sentence
        return
    for number, piece in enumerate(pieces):
        yield element("code", piece) if number % 2 else piece


def _facts(facts: Mapping[str, str]) -> Markup:
    return element(
        "dl",
        *(
            joined(element("dt", name), element("dd", *_with_code(value)))
            for name, value in facts.items()
        ),
    )
