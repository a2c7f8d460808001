"""What was looked at on the way to a verdict, what became of it, and why the verdict fell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pratique.access.conditions import Facts, InvalidCondition, failing_part, read_condition
from pratique.access.denials import DenyAssignment
from pratique.access.roles import RoleAssignment


class Reason(StrEnum):
    """Why a verdict fell as it did; closed, so that every renderer must know them all."""

    # Allowed
    ROLE_ASSIGNMENT = "role-assignment"
    ADMIN_USER = "admin-user"
    SCOPE_MAP = "scope-map"
    ANONYMOUS_PULL = "anonymous-pull"
    FOLDER_OWNER = "folder-owner"
    # Denied
    NOT_AUTHENTICATED = "not-authenticated"
    TOKEN_DOES_NOT_COVER = "token-does-not-cover"  # noqa: S105 - a reason, no secret
    UNKNOWN_ACTION = "unknown-action"
    PRINCIPAL_UNKNOWN = "principal-unknown"
    PRINCIPAL_DISABLED = "principal-disabled"
    DENY_ASSIGNMENT = "deny-assignment"
    NO_ROLE_ASSIGNMENT = "no-role-assignment"
    NO_ROLE_GRANTS_IT = "no-role-grants-it"
    CONDITION_NOT_MET = "condition-not-met"
    ADMIN_USER_DISABLED = "admin-user-disabled"
    TOKEN_DISABLED = "token-disabled"  # noqa: S105 - likewise
    SCOPE_MAP_MISSING = "scope-map-missing"
    SCOPE_MAP_DOES_NOT_COVER = "scope-map-does-not-cover"
    NOT_FOR_THIS_KIND = "not-for-this-kind"


class Outcome(StrEnum):
    """What became of one consulted rule."""

    # A role assignment
    MATCHED = "matched"
    OTHER_SCOPE = "other-scope"
    ROLE_MISSING = "role-missing"
    ROLE_LACKS_ACTION = "role-lacks-action"
    OTHER_REGISTRY_MODE = "other-registry-mode"
    CONDITION_FALSE = "condition-false"
    CONDITION_UNKNOWN = "condition-unknown"
    CONDITION_UNREADABLE = "condition-unreadable"
    # A deny assignment
    DENIES = "denies"
    DENY_EXCLUDES = "deny-excludes"
    DENY_OTHER_SCOPE = "deny-other-scope"
    DENY_OTHER_ACTION = "deny-other-action"
    DENY_CONDITION_FALSE = "deny-condition-false"


CONDITION_FAILED = frozenset(
    {Outcome.CONDITION_FALSE, Outcome.CONDITION_UNKNOWN, Outcome.CONDITION_UNREADABLE}
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A condition that was not met.

    The part on which it failed is looked for when somebody asks, since most refusals are never
    explained; the evaluator that finds it is the one that judged, asked about the same facts.
    """

    condition: str
    facts: Facts

    @property
    def failed(self) -> str:
        """The smallest part that explains the failure, or why the text cannot be read."""
        found = read_condition(self.condition)
        if isinstance(found, InvalidCondition):
            return str(found)
        return str(failing_part(found.expression, self.facts))


class Consulted(NamedTuple):
    """One rule that was looked at, in the order of looking.

    Attributes:
        rule: a role assignment or a deny assignment.
        role_name: of the assignment's role, or its id when the role is missing; the deny
            assignment's own name.
        through_group: object id of the group by which the rule concerns the principal, None when
            it names the principal itself, or everyone.
        weighed: of a condition that was not met, what it was and what it was asked about.
    """

    rule: RoleAssignment | DenyAssignment
    role_name: str
    outcome: Outcome
    through_group: str | None
    weighed: Weighed | None = None

    @property
    def failed(self) -> str:
        """The part on which a condition failed, or why it cannot be read; empty without one."""
        return "" if self.weighed is None else self.weighed.failed

    @property
    def rule_id(self) -> str:
        """The GUID of the assignment."""
        rule = self.rule
        return rule.assignment_id if isinstance(rule, RoleAssignment) else rule.deny_id
