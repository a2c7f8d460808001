"""Everybody that a law knows, and who of them may do something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pratique.access.actions import ControlAction, RegistryAction
from pratique.access.decision import Allowed, Denied
from pratique.access.judge import decide
from pratique.access.law import Law
from pratique.access.patience import Patience, endless
from pratique.access.principals import PrincipalKind
from pratique.access.question import (
    AdminUser,
    Anonymous,
    DirectoryPrincipal,
    Question,
    RepositoryToken,
    Resource,
    Subject,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may, and the verdict that says through what."""

    subject: Subject
    allowed: Allowed


def every_subject(law: Law) -> Iterator[Subject]:
    """All who could ask: everybody of the directory but groups, tokens, the admin user, nobody."""
    for principal in law.principals.values():
        if principal.kind is not PrincipalKind.GROUP:
            yield DirectoryPrincipal(principal.object_id)
    for name in law.tokens:
        yield RepositoryToken(name)
    yield AdminUser()
    yield Anonymous()


def who_can(
    action: RegistryAction | ControlAction,
    resource: Resource,
    law: Law,
    at: datetime,
    patience: Patience = endless,
) -> tuple[Holder, ...]:
    """Everybody who may do `action` on `resource`, by the same verdicts that guard requests.

    Raises:
        TooLong: `patience` came to an end.
    """
    found = []
    for subject in every_subject(law):
        patience()
        verdict = decide(Question(subject, action, resource), law, at)
        if isinstance(verdict, Allowed):
            found.append(Holder(subject, verdict))
    return tuple(found)


def groups_that_may(denied: Denied, at: datetime, patience: Patience = endless) -> tuple[str, ...]:
    """Object ids of the groups whose members may do what was refused; the subject is in none.

    What is missing is then a membership, not a role.

    Raises:
        TooLong: `patience` came to an end.
    """
    question, law = denied.question, denied.law
    if not isinstance(question.subject, DirectoryPrincipal):
        return ()
    found = []
    for principal in law.principals.values():
        if principal.kind is PrincipalKind.GROUP:
            patience()
            asked = replace(question, subject=DirectoryPrincipal(principal.object_id))
            verdict = decide(asked, law, at)
            if isinstance(verdict, Allowed) and verdict.consulted:
                found.append(principal.object_id)
    return tuple(found)
