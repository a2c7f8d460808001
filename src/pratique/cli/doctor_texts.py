"""An error that somebody pasted, explained without asking anybody."""

from __future__ import annotations

from pratique.cli.doctor_report import findings_lines
from pratique.cli.screen import Screen
from pratique.diagnosis.printed import explain
from pratique.diagnosis.redaction import Redaction
from pratique.diagnosis.report import SCHEMA, finding_as_data


def explain_text(screen: Screen, text: str) -> int:
    """Show what an error text tells, and give the exit code: 1 when it proves something, else 3."""
    redaction = Redaction(())
    findings = explain(text)
    told = [
        {name: _cleaned(value, redaction) for name, value in finding_as_data(finding).items()}
        for finding in findings
    ]
    certain = any(finding.certain for finding in findings)
    whole = {"schema": SCHEMA, "verdict": "proven" if certain else "suspected", "findings": told}
    screen.show(whole, *([] if screen.as_json else findings_lines(told)))
    return 1 if certain else 3


def _cleaned(value: object, redaction: Redaction) -> object:
    if isinstance(value, str):
        return redaction.clean(value)
    return [redaction.clean(each) for each in value] if isinstance(value, list) else value
