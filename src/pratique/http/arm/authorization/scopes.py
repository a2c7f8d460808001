"""Whether something stands at, above or below a scope."""

from __future__ import annotations

from pratique.access import Law
from pratique.naming import ResourceScope


def is_at_or_above(law: Law, scope: ResourceScope, of: ResourceScope) -> bool:
    """Whether `scope` is `of` or above it."""
    return scope.key in law.line_of(of)


def is_below(law: Law, scope: ResourceScope, of: ResourceScope) -> bool:
    """Whether `scope` is below `of`."""
    return scope.key != of.key and of.key in law.line_of(scope)
