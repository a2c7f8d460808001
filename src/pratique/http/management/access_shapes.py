"""Roles, deny assignments, verdicts and the audit log, as the management API answers with them."""

from __future__ import annotations

from typing import Literal

from pratique.access import Outcome, PrincipalKind, Reason
from pratique.access.review import Fault
from pratique.http.management.shapes import Day, Shape, Time

RuleKind = Literal["role-assignment", "deny-assignment"]


class Permissions(Shape, frozen=True, kw_only=True):
    """What a role grants."""

    actions: list[str]
    not_actions: list[str]
    data_actions: list[str]
    not_data_actions: list[str]


class RoleDefinition(Shape, frozen=True, kw_only=True):
    """A role."""

    name: str
    role_id: str
    description: str
    built_in: bool
    assignable_scopes: list[str]
    permissions: list[Permissions]


class RoleAssignment(Shape, frozen=True, kw_only=True):
    """Who holds which role, where, under what; name and kind are null when the holder is gone."""

    assignment_id: str
    role: str
    role_id: str
    principal: str | None
    principal_id: str
    principal_kind: PrincipalKind | None
    scope: str
    condition: str | None
    description: str
    created: Time


class NewRoleAssignment(RoleAssignment, frozen=True, kw_only=True):
    """An assignment that was made, and what its condition leaves open."""

    holes: list[str]


class DenyAssignment(Shape, frozen=True, kw_only=True):
    """What is refused to whom, whatever their roles grant."""

    deny_id: str
    name: str
    description: str
    actions: list[str]
    not_actions: list[str]
    data_actions: list[str]
    not_data_actions: list[str]
    condition: str | None
    scope: str
    everyone: bool
    principals: list[str | None]
    principal_ids: list[str]
    excluded: list[str | None]
    excluded_ids: list[str]
    applies_to_child_scopes: bool
    not_in_force: list[str]
    created: Time


class Attributes(Shape, frozen=True, kw_only=True):
    """A principal's custom security attributes."""

    principal: str
    object_id: str
    attributes: dict[str, list[str | int | bool]]


class ConsultedRule(Shape, frozen=True, kw_only=True):
    """One rule that was looked at, and what became of it."""

    rule_id: str
    kind: RuleKind
    role: str | None
    name: str
    holder: str | None
    through_group: str | None
    scope: str
    outcome: Outcome
    meaning: str
    failed: str | None


class Verdict(Shape, frozen=True, kw_only=True):
    """A verdict with everything behind it; each remedy is the commands that carry it out."""

    allowed: bool
    reason: Reason
    sentence: str
    principal: str
    action: str
    permission: str
    resource: str
    consulted: list[ConsultedRule]
    remedies: list[list[str]]
    groups_that_may: list[str]


class Holder(Shape, frozen=True, kw_only=True):
    """Somebody who may, and through what."""

    name: str
    kind: str
    object_id: str | None
    reason: Reason
    through: str
    role: str | None
    through_group: str | None
    scope: str | None
    rule_id: str | None


class Holders(Shape, frozen=True, kw_only=True):
    """Everybody who may, by kind and name."""

    action: str
    permission: str
    resource: str
    holders: list[Holder]


class Difference(Shape, frozen=True, kw_only=True):
    """What somebody would gain or lose; `examples` are names that need not be there."""

    name: str
    kind: str
    object_id: str | None
    gains: bool
    action: str
    permission: str
    resources: list[str]
    more_resources: int
    examples: list[str]
    why: str
    before: str


class Trial(Shape, frozen=True, kw_only=True):
    """Who would gain and who would lose what."""

    differences: list[Difference]
    repositories_asked: int
    repositories_known: bool


class Finding(Shape, frozen=True, kw_only=True):
    """A grant that is worth a look, and the command that mends it."""

    fault: Fault
    assignment: RoleAssignment
    last_used: Day | None
    narrower: str | None
    other: RoleAssignment | None
    says: str
    command: str | None


class Review(Shape, frozen=True, kw_only=True):
    """Grants that are worth a look; uses are recorded since the day that is given."""

    days: int
    recorded_since: Day | None
    findings: list[Finding]


class Decision(Shape, frozen=True, kw_only=True):
    """A recorded refusal."""

    decision_id: str
    at: Time
    kind: str
    reason: str
    sentence: str
    caller: str
    caller_kind: str
    action: str
    permission: str
    resource: str
    client: str


class ListedDecision(Decision, frozen=True, kw_only=True):
    """A recorded refusal in a list."""

    caller_id: str


class ExplainedDecision(Decision, frozen=True, kw_only=True):
    """A recorded refusal, and what would help now."""

    law_version: int
    consulted: list[ConsultedRule]
    consulted_count: int
    allowed_now: bool | None
    remedies: list[list[str]]


class Decisions(Shape, frozen=True, kw_only=True):
    """A page of refusals, the newest first; `next` is the `after` of the page that follows."""

    since: Time
    settled_until: Time
    decisions: list[ListedDecision]
    next: str | None


class AuditEntry(Shape, frozen=True, kw_only=True):
    """An entry as it is stored: microseconds since 1970, and the JSON that the hash was made of."""

    seq: int
    at: int
    category: str
    change_id: str | None
    body: str
    hash: str


class AuditEntries(Shape, frozen=True, kw_only=True):
    """A page of entries."""

    entries: list[AuditEntry]
    more: bool


class AuditHead(Shape, frozen=True, kw_only=True):
    """The last entry with its hash, and the last that was pruned."""

    head: str
    base: str


class Pruned(Shape, frozen=True, kw_only=True):
    """How many entries are gone."""

    removed: int
