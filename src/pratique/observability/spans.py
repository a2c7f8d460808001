"""What a trace may tell of parts of a request, for those who compose the application.

Nothing of OpenTelemetry is named here: without traces, a part is used as it is, and nothing is
loaded and nothing is on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    Allowed,
    Denied,
    RegistryAction,
    Resource,
)

T = TypeVar("T")
Tells = Callable[[Any], Mapping[str, str]]


class Spans(Protocol):
    """Makes spans of what parts do."""

    def around(
        self,
        part: T,
        name: str,
        methods: Collection[str] | None = None,
        tells: Tells | None = None,
    ) -> T:
        """`part`, with a span for each call of some of its methods.

        Args:
            part: whose methods are called by name.
            name: of its spans, before the method's; empty for the method's alone.
            methods: which; None for all that are awaited.
            tells: attributes, from what a method returns.
        """
        ...


class NoSpans:
    """Leaves every part as it is."""

    def around(
        self,
        part: T,
        name: str,  # noqa: ARG002 - as `Spans` says
        methods: Collection[str] | None = None,  # noqa: ARG002
        tells: Tells | None = None,  # noqa: ARG002
    ) -> T:
        """`part` itself."""
        return part


def told_of_verdict(verdict: Allowed | Denied) -> dict[str, str]:
    """What the span of a decision says of it: never who asked."""
    question = verdict.question
    action = question.action
    return {
        "pratique.verdict": "allowed" if isinstance(verdict, Allowed) else "refused",
        "pratique.reason": str(verdict.reason),
        "pratique.action": action.word if isinstance(action, RegistryAction) else action.permission,
        "pratique.resource": _resource(question.resource),
    }


def _resource(resource: Resource) -> str:
    if resource is THE_REGISTRY:
        return "registry"
    return "*" if resource is EVERY_REPOSITORY else str(resource)
