"""What a change of the law would mean: who gains and who loses what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pratique.access.actions import REPOSITORY_ACTIONS, ControlAction, RegistryAction
from pratique.access.decision import Allowed, Denied
from pratique.access.denials import EVERYONE
from pratique.access.holders import every_subject
from pratique.access.judge import decide
from pratique.access.known_permissions import DIRECTORY, POWERS, REGISTRY_CONTROL
from pratique.access.law import Law
from pratique.access.patience import Patience, endless
from pratique.access.question import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    DirectoryPrincipal,
    Question,
    RepositoryToken,
    Resource,
    Subject,
)
from pratique.access.scope_maps import ScopeMap
from pratique.naming import RepositoryName, ResourceScope

ROOT = ResourceScope("/")
# A name that no rule can know, for subjects whom every rule treats alike on all repositories.
_ANY = RepositoryName("any/repository")


@dataclass(frozen=True, slots=True)
class Difference:
    """What one subject gains or loses by a change.

    Attributes:
        action: that was allowed before and is not after, or the other way round.
        resources: where. `EVERY_REPOSITORY` when it is so on all of them, those to come included.
        gains: whether it is allowed after.
        verdicts: of one of the resources, before and after.
    """

    subject: Subject
    action: RegistryAction | ControlAction
    resources: tuple[Resource, ...]
    gains: bool
    verdicts: tuple[Allowed | Denied, Allowed | Denied]


def compare(
    before: Law,
    after: Law,
    at: datetime,
    repositories: Sequence[RepositoryName],
    patience: Patience = endless,
) -> tuple[Difference, ...]:
    """Everybody whose rights differ between two laws, and how.

    Each difference is two verdicts of the one evaluator. Subjects for whom both laws hold the very
    same rules are passed over.

    Args:
        before: the law that stands.
        after: the law that would.
        at: now, with a time zone.
        repositories: on which to ask about those whose rights differ from repository to
            repository.
        patience: asked before each question.

    Raises:
        TooLong: `patience` came to an end.
    """
    two = _Two(before, after)
    found: list[Difference] = []
    for subject in dict.fromkeys((*every_subject(before), *every_subject(after))):
        if two.untouched(subject):
            continue
        places = (_ANY,) if two.alike_everywhere(subject) else repositories
        found += _differences(subject, two, at, places, patience)
    return tuple(found)


def _differences(
    subject: Subject,
    two: _Two,
    at: datetime,
    places: Sequence[RepositoryName],
    patience: Patience,
) -> Iterator[Difference]:
    for action, resources in _asked(places, control=two.may_differ_in_control(subject)):
        changed: dict[bool, list[Resource]] = {True: [], False: []}
        verdicts: dict[bool, tuple[Allowed | Denied, Allowed | Denied]] = {}
        for resource in resources:
            patience()
            question = Question(subject, action, resource)
            pair = (decide(question, two.before, at), decide(question, two.after, at))
            if bool(pair[0]) != bool(pair[1]):
                gains = bool(pair[1])
                changed[gains].append(EVERY_REPOSITORY if resource is _ANY else resource)
                verdicts.setdefault(gains, pair)
        for gains, where in changed.items():
            if where:
                yield Difference(subject, action, tuple(where), gains, verdicts[gains])


def _asked(
    places: Sequence[RepositoryName], *, control: bool
) -> Iterator[tuple[RegistryAction | ControlAction, Sequence[Resource]]]:
    for action in REPOSITORY_ACTIONS:
        yield action, places
    yield RegistryAction.CATALOG, (THE_REGISTRY,)
    for permission in (*POWERS, *REGISTRY_CONTROL) if control else ():
        yield ControlAction(permission), (ROOT if permission in DIRECTORY else THE_REGISTRY,)


class _Two:
    """Two laws, and which holders they treat otherwise than one another."""

    def __init__(self, before: Law, after: Law) -> None:
        self.before = before
        self.after = after
        self._same_roles = before.roles is after.roles
        self._moved = frozenset(_moved(before, after))
        self._conditioned = frozenset((*_conditioned(before), *_conditioned(after)))

    def untouched(self, subject: Subject) -> bool:
        """Whether both hold the very same rules for a subject, so that no verdict can differ."""
        same_policy = self.before.registry == self.after.registry
        return same_policy and not self.may_differ_in_control(subject)

    def may_differ_in_control(self, subject: Subject) -> bool:
        """Whether they may hold other rules for a subject, whatever the registry's policy says.

        The policy is about content only: role mode, anonymous pull, the admin user.
        """
        return not (self._same_roles and self._same_rules(subject))

    def _same_rules(self, subject: Subject) -> bool:
        before, after = self.before, self.after
        match subject:
            case DirectoryPrincipal(object_id):
                mine, theirs = _named(object_id, before), _named(object_id, after)
                same = before.principals.get(object_id) is after.principals.get(object_id)
                return same and mine == theirs and self._moved.isdisjoint(mine)
            case RepositoryToken(name):
                return before.tokens.get(name) == after.tokens.get(name) and (
                    _scope_map_of(name, before) is _scope_map_of(name, after)
                )
            case _:
                return True

    def alike_everywhere(self, subject: Subject) -> bool:
        """Whether no rule of a subject can tell one repository from another."""
        match subject:
            case DirectoryPrincipal(object_id):
                named = (*_named(object_id, self.before), *_named(object_id, self.after))
                return self._conditioned.isdisjoint(named)
            case RepositoryToken(name):
                maps = (_scope_map_of(name, self.before), _scope_map_of(name, self.after))
                rules = [rule for found in maps if found for rule in found.rules]
                return all(not rule.prefix and not rule.exact for rule in rules)
            case _:
                return True


def _named(object_id: str, law: Law) -> tuple[str, ...]:
    return (object_id, *law.groups_of(object_id), EVERYONE)


def _scope_map_of(token_name: str, law: Law) -> ScopeMap | None:
    token = law.tokens.get(token_name)
    return law.scope_maps.get(token.scope_map) if token else None


def _moved(before: Law, after: Law) -> Iterator[str]:
    """Holders whose role assignments or deny assignments differ."""
    for key in before.assigned.keys() | after.assigned.keys():
        mine, theirs = before.assigned.get(key, {}), after.assigned.get(key, {})
        if mine is not theirs:
            for holder in mine.keys() | theirs.keys():
                if mine.get(holder) is not theirs.get(holder):
                    yield holder
    for named in before.denials.keys() | after.denials.keys():
        if before.denials.get(named) != after.denials.get(named):
            yield named


def _conditioned(law: Law) -> Iterator[str]:
    """Holders of whom some rule has a condition."""
    yield from (a.principal_id for a in law.every_assignment() if a.condition is not None)
    for named, denials in law.denials.items():
        if any(r.condition is not None for denial in denials for r in denial.refusals):
            yield named
