"""What stands at, above or below a scope."""

from __future__ import annotations

from pratique.access import Law
from pratique.naming import ResourceScope


class Around:
    """A scope, and where others stand to it.

    Args:
        law: knows what lies above the registry.
        scope: in the middle.
    """

    def __init__(self, law: Law, scope: ResourceScope) -> None:
        self._law = law
        self._key = scope.key
        self._line = frozenset(law.line_of(scope))

    def above(self, other: ResourceScope) -> bool:
        """Whether the other one is this very scope, or above it."""
        return other.key in self._line

    def below(self, other: ResourceScope) -> bool:
        """Whether the other one is below."""
        return other.key != self._key and self._key in self._law.line_of(other)

    def concerns(self, other: ResourceScope, *, above_only: bool) -> bool:
        """Whether the other one is in a list of this scope.

        Args:
            other: a scope.
            above_only: whether the list leaves out what is below.
        """
        return self.above(other) or (not above_only and self.below(other))
