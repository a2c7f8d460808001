"""From a text to findings, the certain ones first."""

from __future__ import annotations

import shlex
from typing import Final

from pratique.diagnosis.findings import Finding, suspected
from pratique.diagnosis.printed.answers import finding_of
from pratique.diagnosis.printed.answers_table import ANSWERS
from pratique.diagnosis.printed.setting import Setting, setting_of
from pratique.diagnosis.printed.signs import Sign, Yields
from pratique.diagnosis.printed.signs_table import SIGNS
from pratique.diagnosis.printed.tidying import lowered, tidy
from pratique.diagnosis.references import Reference

_MOST_EVIDENCE: Final = 3
_NEAR: Final = 700


def explain(text: str, reference: Reference | None = None) -> tuple[Finding, ...]:
    """The causes that a pasted error names; never nothing.

    Args:
        text: as pasted; of it the first 64 KiB are read.
        reference: the image it is about, when that is known.
    """
    return words_in(text, reference) or (_unexplained(reference),)


def words_in(text: str, reference: Reference | None = None) -> tuple[Finding, ...]:
    """The causes that a text names, for words of a server or a helper; perhaps nothing.

    Args:
        text: as for `explain`.
        reference: likewise.
    """
    clean = tidy(text)
    low = lowered(clean)
    setting = setting_of(clean, low, reference)
    found: list[tuple[Sign, Finding]] = []
    for sign in SIGNS:
        finding = _read(sign, clean, low, setting)
        if finding is not None:
            found.append((sign, finding))
    return _ranked(_weighed(found))


def _read(sign: Sign, clean: str, low: str, setting: Setting) -> Finding | None:
    if any(word in low for word in sign.unless):
        return None
    if sign.when is not None and not sign.when(setting):
        return None
    if sign.needs and not (_stands(sign.needs, low) or _stands(sign.needs, setting.reference)):
        return None
    for phrase in sign.phrases:
        hit = phrase.find(clean, low)
        if hit is not None and (not sign.certain or _is_near(sign, hit.place, low, setting)):
            return finding_of(sign, hit, setting, ANSWERS[sign.cause])
    return None


def _stands(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)


def _is_near(sign: Sign, place: int, low: str, setting: Setting) -> bool:
    around = low[max(0, place - _NEAR) : place + _NEAR]
    return not sign.needs or _stands(sign.needs, around) or _stands(sign.needs, setting.reference)


def _weighed(found: list[tuple[Sign, Finding]]) -> list[Finding]:
    """Those that still count beside the others."""
    proved = any(sign.certain for sign, _ in found)
    clear = any(sign.yields is not Yields.TO_ANYTHING for sign, _ in found)
    given_up = {Yields.TO_PROOF: proved, Yields.TO_ANYTHING: clear, Yields.NEVER: False}
    return [finding for sign, finding in found if not given_up[sign.yields]]


def _ranked(findings: list[Finding]) -> tuple[Finding, ...]:
    """One finding for each cause: proved before suspected, and then as the tables have them."""
    merged: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: not f.certain):
        first = merged.get(finding.cause.id)
        if first is None:
            merged[finding.cause.id] = finding
        else:
            merged[finding.cause.id] = _with_evidence(first, finding.evidence)
    return tuple(merged.values())


def _with_evidence(finding: Finding, more: tuple[str, ...]) -> Finding:
    evidence = tuple(dict.fromkeys((*finding.evidence, *more)))[:_MOST_EVIDENCE]
    return Finding(
        finding.cause,
        finding.certain,
        finding.words,
        evidence,
        finding.advice,
        finding.commands,
    )


def _unexplained(reference: Reference | None) -> Finding:
    image = "IMAGE" if reference is None else str(reference)
    return suspected(
        "unexplained",
        "The text holds no words of a client or registry that tell of one cause.",
        f"pratique doctor {shlex.quote(image)}",
        advice="Let the doctor look for itself, on the machine that pulls and as the user who "
        "pulls.",
    )
