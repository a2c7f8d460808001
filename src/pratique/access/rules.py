"""How conditions and deny assignments bear on one question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pratique.access.actions import ControlAction
from pratique.access.conditions import (
    PRINCIPAL_ID,
    PRINCIPAL_TYPE,
    REPOSITORY_NAME,
    ROLE_DEFINITION_ID,
    Facts,
    InvalidCondition,
    Truth,
    Value,
    attribute_key,
    evaluate,
    read_condition,
)
from pratique.access.consulted import Consulted, Outcome, Weighed
from pratique.access.denials import EVERYONE, DenyAssignment, Refusal
from pratique.access.law import Law, RoleMode
from pratique.access.principals import Principal
from pratique.access.question import AboutAssignment, Question
from pratique.access.roles import PermissionSet, RoleDefinition
from pratique.naming import RepositoryName

_REPOSITORY_NAME = attribute_key(REPOSITORY_NAME)
_OUTCOMES = {
    Truth.TRUE: Outcome.MATCHED,
    Truth.FALSE: Outcome.CONDITION_FALSE,
    Truth.UNKNOWN: Outcome.CONDITION_UNKNOWN,
}
_MATCHED, _CONDITION_FALSE = Outcome.MATCHED, Outcome.CONDITION_FALSE
_RBAC = RoleMode.RBAC
_NOTHING: Mapping[str, tuple[Value, ...]] = {}


class Inquiry:
    """One question with everything that conditions may ask about it.

    Attributes:
        depended_on_time: whether a condition asked for the time so far.
        weighed_any: whether any condition of a grant had a say so far.
    """

    def __init__(self, question: Question, law: Law, at: datetime, principal: Principal) -> None:
        self.question = question
        self.law = law
        self.depended_on_time = False
        self.weighed_any = False
        self._at = at
        self._principal = principal
        action = question.action
        self._by_data_actions = law.registry.mode is not _RBAC and not isinstance(
            action, ControlAction
        )
        # Any of these allows the action, in the registry's mode.
        self._permissions: tuple[str, ...]
        if isinstance(action, ControlAction):
            self._permissions = (action.permission,)
        elif self._by_data_actions:
            self._permissions = (action.data_permission,)
        else:
            self._permissions = action.permissions

    def weigh(self, condition: str, role: RoleDefinition) -> tuple[Outcome, Weighed | None]:
        """What a condition makes of a grant: matched, or how it failed on what.

        It is asked for each permission that the role grants, as any of them allows the action.
        """
        self.weighed_any = True
        outcome, weighed = _CONDITION_FALSE, None
        grants = role.grants_data_action if self._by_data_actions else role.grants_action
        for permission in filter(grants, self._permissions):
            facts = self._facts(permission)
            outcome = self._outcome(condition, facts)
            if outcome is _MATCHED:
                return outcome, None
            weighed = Weighed(condition, facts)
        return outcome, weighed

    def is_denied(self, holders: tuple[str, ...], consulted: list[Consulted]) -> bool:
        """Whether a deny assignment refuses; those that were looked at are added to `consulted`.

        Args:
            holders: the principal's object id, then its groups'.
            consulted: takes every deny assignment that names one of them, or everyone.
        """
        denies = False
        for denial, through in self._naming(holders):
            outcome = self._outcome_of(denial, holders)
            consulted.append(Consulted(denial, denial.name, outcome, through))
            denies = denies or outcome is Outcome.DENIES
        return denies

    def _naming(self, holders: Iterable[str]) -> Iterable[tuple[DenyAssignment, str | None]]:
        found: dict[str, tuple[DenyAssignment, str | None]] = {}
        for number, named in enumerate((*holders, EVERYONE)):
            through = None if number == 0 or named == EVERYONE else named
            for denial in self.law.denials.get(named, ()):
                found.setdefault(denial.deny_id, (denial, through))
        return found.values()

    def _outcome_of(self, denial: DenyAssignment, holders: tuple[str, ...]) -> Outcome:
        line = self.law.line_of(self.question.scope)
        reached = line if denial.reaches_below else line[:1]
        if denial.scope.key not in reached:
            return Outcome.DENY_OTHER_SCOPE
        if not denial.excluded_ids.isdisjoint(holders):
            return Outcome.DENY_EXCLUDES
        touched = False
        for refusal in denial.refusals:
            for permission in self._permissions:
                if not self._names(refusal.permissions, permission):
                    continue
                touched = True
                if self._refuses(refusal, permission):
                    return Outcome.DENIES
        return Outcome.DENY_CONDITION_FALSE if touched else Outcome.DENY_OTHER_ACTION

    def _names(self, permissions: PermissionSet, permission: str) -> bool:
        if self._by_data_actions:
            return permissions.holds_data_action(permission)
        return permissions.holds_action(permission)

    def _refuses(self, refusal: Refusal, permission: str) -> bool:
        """A refusal whose condition cannot be read or evaluated refuses."""
        if refusal.condition is None:
            return True
        outcome = self._outcome(refusal.condition, self._facts(permission))
        return outcome is not Outcome.CONDITION_FALSE

    def _outcome(self, text: str, facts: Facts) -> Outcome:
        found = read_condition(text)
        if isinstance(found, InvalidCondition):
            return Outcome.CONDITION_UNREADABLE
        self.depended_on_time = self.depended_on_time or found.depends_on_time
        return _OUTCOMES[evaluate(found.expression, facts)]

    def _facts(self, permission: str) -> Facts:
        resource, about = self.question.resource, self.question.about
        request = _NOTHING
        if self._by_data_actions and isinstance(resource, RepositoryName):
            # Only data actions on a repository carry its name (reference 5.1).
            request = {_REPOSITORY_NAME: (resource,)}
        elif about is not None:
            request = _facts_about(about)
        return Facts(
            permission=permission,
            at=self._at,
            # Which of the two Azure fills is documented for role assignments only; written either
            # way, a condition means the same here.
            request=request,
            resource=request,
            principal=self._principal.attributes,
        )


def _facts_about(assignment: AboutAssignment) -> Mapping[str, tuple[Value, ...]]:
    return {
        attribute_key(ROLE_DEFINITION_ID): (assignment.role_id,),
        attribute_key(PRINCIPAL_ID): (assignment.principal_id,),
        attribute_key(PRINCIPAL_TYPE): (assignment.principal_kind,),
    }
