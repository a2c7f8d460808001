"""A diagnosis as plain data, in a form that stays: `schema` changes when a member changes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from pratique.diagnosis.facts.conversation import Exchange
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, plain
from pratique.diagnosis.redaction import Redaction
from pratique.diagnosis.verdict import Verdict, is_well

SCHEMA: Final = "pratique-doctor/1"
# Members whose values are words of ours: a password that is one of them must not spoil them.
_OUR_OWN: Final = frozenset(
    {"schema", "client", "verdict", "outcome", "id", "title", "kind", "method", "sent", "failure"}
)


def report(
    seen: Examination, findings: Sequence[Finding], verdict: Verdict, redaction: Redaction
) -> dict[str, Any]:
    """Everything that a person or a programme may want to know.

    Args:
        seen: what was seen.
        findings: what follows from it.
        verdict: the answer.
        redaction: takes out what must not be there.
    """
    whole = {
        "schema": SCHEMA,
        "image": seen.wish.image,
        "reference": _reference(seen),
        "client": seen.wish.client.value,
        "verdict": verdict.word,
        "works": None if seen.outcome is Outcome.UNTESTED else is_well(seen),
        "outcome": _word(seen.outcome),
        "credential": _credential(seen),
        "steps": [
            {
                "name": step.name,
                "well": step.well,
                "words": step.words,
                "seconds": round(step.seconds, 4),
            }
            for step in seen.steps
        ],
        "findings": [finding_as_data(finding) for finding in findings],
        "requests": [_exchange(exchange) for exchange in _asked(seen)],
        "decision_id": seen.decision_id or None,
    }
    cleaned: dict[str, Any] = _cleaned(whole, redaction)
    return cleaned


def finding_as_data(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "id": finding.cause.id,
        "number": finding.cause.number,
        "certain": finding.certain,
        "title": finding.cause.title,
        "words": finding.words,
        "evidence": list(finding.evidence),
        "advice": finding.advice,
        "commands": list(finding.commands),
    }


def _reference(seen: Examination) -> dict[str, Any] | None:
    reference = seen.reference
    if reference is None:
        return None
    return {
        "host": reference.host,
        "server": reference.server,
        "repository": reference.repository,
        "tag": reference.tag or None,
        "digest": reference.digest or None,
    }


def _credential(seen: Examination) -> dict[str, Any]:
    choice = seen.credentials.choice if seen.credentials else None
    if choice is None:
        return {"found": False, "source": None, "user": None, "kind": None, "helper": None}
    token = choice.credential.identity_token is not None
    return {
        "found": True,
        "source": choice.source.name,
        "user": choice.credential.username or None,
        "kind": "identity-token" if token else "password",
        "helper": choice.helper.helper if choice.helper else None,
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "sent": exchange.sent.value,
        "status": exchange.status or None,
        "failure": exchange.failure.why.name.lower().replace("_", "-")
        if exchange.failure
        else None,
        "seconds": round(exchange.seconds, 4),
    }


def _asked(seen: Examination) -> list[Exchange]:
    return [*seen.exchanges, *(seen.az_visit.exchanges if seen.az_visit else ())]


def _word(member: Enum) -> str:
    return member.name.lower().replace("_", "-")


def _cleaned(value: Any, redaction: Redaction) -> Any:
    match value:
        case str():
            return redaction.clean(plain(value))
        case dict():
            return {
                key: each if key in _OUR_OWN else _cleaned(each, redaction)
                for key, each in value.items()
            }
        case list():
            return [_cleaned(each, redaction) for each in value]
        case _:
            return value
