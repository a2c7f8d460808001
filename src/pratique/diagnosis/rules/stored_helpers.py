"""Causes in credential helpers: missing, failing, slow, retired, or of another account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pratique.diagnosis.facts.credentials import (
    HelperOutcome,
    HelperRun,
)
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.printed import words_in
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import Rule, choice, login_for, quoted
from pratique.diagnosis.rules.stored_shape import (
    helper_named,
    helper_taken_out,
    sends_in_vain,
    sends_nothing,
)

_METADATA: Final = "insufficient-node-scope-or-imds-blocked"
_LOCKED: Final = "helper-fails-or-locked"
_RETIRED: Final = frozenset({"acr-linux", "acr-windows", "acr-darwin"})
_OF_A_DESKTOP: Final = frozenset(
    {"desktop", "desktop.exe", "osxkeychain", "wincred", "wincred.exe"}
)
_OF_GOOGLE: Final = frozenset({"gcloud", "gcr"})
_AMAZON: Final = "ecr-login"
_PACKAGES: Final = {
    _AMAZON: "sudo apt-get install amazon-ecr-credential-helper",
    "pass": "sudo apt-get install golang-docker-credential-helpers",
    "secretservice": "sudo apt-get install golang-docker-credential-helpers",
    "gcr": "gcloud components install docker-credential-gcr",
}
_LONGEST_SAYING: Final = 200


def missing(seen: Examination) -> Iterator[Finding]:
    """The configuration names a helper that is not installed."""
    for run in _failing(seen, HelperOutcome.MISSING):
        install = _PACKAGES.get(run.helper)
        left = run.helper in _OF_A_DESKTOP
        yield certain(
            "credential-helper-missing",
            f"{helper_named(seen, run)}, and no programme `docker-credential-{run.helper}` is on "
            "the search path.",
            *([install] if install else [*helper_taken_out(seen, run), login_for(seen)]),
            evidence=[f"`docker-credential-{run.helper}` is not on the search path"],
            advice="Docker Desktop or another system has left this line behind: take it out and "
            "log in again."
            if left
            else "Install the helper, or take the line out and log in again.",
        )


def failing(seen: Examination) -> Iterator[Finding]:
    """A helper is there and fails; its words may tell why."""
    for run in _failing(seen, HelperOutcome.FAILED):
        known = {each.cause.id: each for each in words_in(run.said, seen.reference)}
        named, evidence = helper_named(seen, run), (_said(run),)
        metadata, told = known.get(_METADATA), known.get(_LOCKED)
        if metadata is not None:
            words = f"{named}: {metadata.words.rstrip('.')}."
            yield replace(metadata, words=words, evidence=evidence)
            if metadata.certain:
                continue
        yield certain(
            _LOCKED,
            f"{named}, and that helper fails.",
            *(told.commands if told else [_by_hand(run)]),
            evidence=evidence,
            advice=(told.advice if told else "")
            or "Mend the helper as its words say, or take it out of the file and log in again.",
        )
    if kind_of(seen) is Kind.ECR:
        yield from _amazon_has_nothing(seen)


def _amazon_has_nothing(seen: Examination) -> Iterator[Finding]:
    """Amazon's helper stores nothing: for a host of Amazon `not found` means that it failed."""
    for run in _failing(seen, HelperOutcome.EMPTY):
        if run.helper == _AMAZON:
            yield certain(
                _LOCKED,
                f"{helper_named(seen, run)}, and that helper gets no credentials of AWS.",
                "aws sts get-caller-identity",
                "tail ~/.ecr/log/ecr-login.log",
                evidence=[_said(run)],
            )


def slow(seen: Examination) -> Iterator[Finding]:
    """A helper does not answer in time."""
    for run in _failing(seen, HelperOutcome.TIMED_OUT):
        yield certain(
            "credential-helper-slow",
            f"{helper_named(seen, run)}, and that helper does not answer in time.",
            f"{_by_hand(run)} > /dev/null",
            evidence=[f"`docker-credential-{run.helper} get` was ended, without an answer"],
            advice="It may wait for a password, a locked keychain or a network that is not there.",
        )


def retired(seen: Examination) -> Iterator[Finding]:
    """The old helper for Azure registries is configured."""
    if seen.credentials is None or not (sends_nothing(seen) or sends_in_vain(seen)):
        return
    chosen = choice(seen)
    for run in seen.credentials.helpers:
        if run.helper not in _RETIRED or (chosen is not None and chosen.helper is not run):
            continue
        yield certain(
            "retired-acr-helper",
            f"{helper_named(seen, run)}, which is retired and gives no login that works.",
            *helper_taken_out(seen, run),
            login_for(seen),
            evidence=[f"`docker-credential-{run.helper}`: {run.outcome.value}"],
        )
        return


def root_of_google(seen: Examination) -> Iterator[Finding]:
    """Google's helper runs as root, who may be logged in to another account."""
    chosen = choice(seen)
    if chosen is None or chosen.helper is None or chosen.helper.helper not in _OF_GOOGLE:
        return
    caller = seen.place.sudo_user
    if not (seen.place.is_root and caller and caller != "root" and sends_in_vain(seen)):
        return
    yield suspected(
        "root-vs-user-gcloud",
        f"Google's helper runs as root, with root's own account of gcloud, not with that of "
        f"`{caller}`.",
        "gcloud auth list",
        f"sudo -u {quoted(caller)} gcloud auth list",
        evidence=[
            f"`{caller}` called sudo; `docker-credential-{chosen.helper.helper}` ran as root"
        ],
        advice="Pull without `sudo`, or log root's gcloud in to the account that may read.",
    )


def _failing(seen: Examination, outcome: HelperOutcome) -> Iterator[HelperRun]:
    if seen.credentials is not None and sends_nothing(seen):
        for run in seen.credentials.helpers:
            if run.outcome is outcome and run.helper not in _RETIRED:
                yield run


def _by_hand(run: HelperRun) -> str:
    return f"printf %s {quoted(run.key)} | {quoted('docker-credential-' + run.helper)} get"


def _said(run: HelperRun) -> str:
    ended = f" with status {run.status}" if run.status is not None else ""
    words = f": {run.said[:_LONGEST_SAYING]}" if run.said else ""
    return f"`docker-credential-{run.helper} get` ended{ended}{words}"


RULES: tuple[Rule, ...] = (missing, failing, slow, retired, root_of_google)
