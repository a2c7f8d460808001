"""Conditions: Azure's ABAC language, version 2.0, read, judged, printed and asked about.

Promises: a text becomes a condition or is refused at a place, whatever it holds and in bounded
work; a condition is TRUE, FALSE or UNKNOWN under given facts, by one evaluator, and what explains a
failure is found by asking the same evaluator. Refuses to know: which assignment holds a condition,
what UNKNOWN means for a grant or a denial, where facts come from, what time it is.

Source: reference section 5. What it leaves open is decided in `docs/guide/conditions.md`.
"""

from pratique.access.conditions.analysis import (
    attributes_of,
    depends_on_time,
    ends_at,
    failing_part,
    untargeted,
)
from pratique.access.conditions.condition import MAX_BYTES, Condition, read_condition
from pratique.access.conditions.errors import InvalidCondition
from pratique.access.conditions.evaluation import evaluate
from pratique.access.conditions.expressions import (
    MAX_VALUES,
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Exists,
    Expression,
    Not,
    Or,
    Source,
    SubOperationMatches,
)
from pratique.access.conditions.facts import (
    PRINCIPAL_ID,
    PRINCIPAL_TYPE,
    REPOSITORY_NAME,
    ROLE_DEFINITION_ID,
    UTC_NOW,
    Facts,
)
from pratique.access.conditions.operators import OPERATORS, Operator, Quantifier, Relation
from pratique.access.conditions.repositories import for_repositories
from pratique.access.conditions.truth import Truth
from pratique.access.conditions.values import Kind, Literal, Value, attribute_key

__all__ = [
    "MAX_BYTES",
    "MAX_VALUES",
    "OPERATORS",
    "PRINCIPAL_ID",
    "PRINCIPAL_TYPE",
    "REPOSITORY_NAME",
    "ROLE_DEFINITION_ID",
    "UTC_NOW",
    "ActionMatches",
    "And",
    "Attribute",
    "Comparison",
    "Condition",
    "Exists",
    "Expression",
    "Facts",
    "InvalidCondition",
    "Kind",
    "Literal",
    "Not",
    "Operator",
    "Or",
    "Quantifier",
    "Relation",
    "Source",
    "SubOperationMatches",
    "Truth",
    "Value",
    "attribute_key",
    "attributes_of",
    "depends_on_time",
    "ends_at",
    "evaluate",
    "failing_part",
    "for_repositories",
    "read_condition",
    "untargeted",
]
