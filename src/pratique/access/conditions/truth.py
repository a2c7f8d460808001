"""Three-valued truth (Kleene): a condition may be true, false, or impossible to evaluate."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """What an expression is under given facts.

    UNKNOWN stands for what cannot be evaluated: an attribute is missing, is of another type than
    the operator needs, or is no date or GUID. The caller decides what that means: an unknown
    condition grants nothing, and an unknown condition of a deny rule denies.
    """

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        # INVARIANT: `if evaluate(...)` would take UNKNOWN for one side or the other, in silence.
        raise TypeError("a truth has three values: compare it with `is`")
