"""Verdicts for tests of what comes after the gate."""

from __future__ import annotations

from datetime import UTC, datetime

from pratique.access import (
    THE_REGISTRY,
    Allowed,
    FolderOwner,
    Question,
    RegistryAction,
    RegistryPolicy,
    build_law,
    decide,
)
from pratique.naming import RepositoryName, ResourceScope

_LAW = build_law(RegistryPolicy("demoregistry", ResourceScope("/subscriptions/quay")))


def allowed_on(repository: str, action: RegistryAction = RegistryAction.PUSH) -> Allowed:
    """The verdict that the folder's owner may do `action` on a repository."""
    return _verdict(Question(FolderOwner(), action, RepositoryName(repository)))


def allowed_catalog() -> Allowed:
    """The verdict that the folder's owner may list the catalog."""
    return _verdict(Question(FolderOwner(), RegistryAction.CATALOG, THE_REGISTRY))


def _verdict(question: Question) -> Allowed:
    verdict = decide(question, _LAW, datetime.fromtimestamp(0, UTC))
    if not isinstance(verdict, Allowed):
        raise TypeError(f"the folder's owner was refused: {verdict}")
    return verdict
