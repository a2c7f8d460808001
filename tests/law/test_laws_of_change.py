"""What holds whenever a law is changed, tried out, searched or reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.law.amending import walk
from tests.law.reading import NOON
from tests.law.worlds import (
    LATER,
    PEOPLE,
    REPOSITORIES,
    Asked,
    Assigned,
    World,
    assignments,
    denials,
    every_question,
    questions,
    worlds,
)

from pratique.access import (
    BUILT_IN_ROLES,
    EVERY_REPOSITORY,
    THE_REGISTRY,
    Allowed,
    Amendment,
    ControlAction,
    Denied,
    Law,
    Question,
    Reason,
    RegistryAction,
    Remedy,
    Resource,
    Subject,
    amended,
    decide,
    remedies,
)
from pratique.access.actions import REPOSITORY_ACTIONS
from pratique.access.comparison import ROOT, compare
from pratique.access.holders import every_subject, who_can
from pratique.access.known_permissions import DIRECTORY, POWERS, REGISTRY_CONTROL, breadth
from pratique.access.review import Fault, Uses, review
from pratique.access.steps import AssignRole, LogInAgain
from pratique.naming import RepositoryName

_law = settings(deadline=None, max_examples=100)
_NAMES = tuple(map(RepositoryName, REPOSITORIES))


def _verdicts(law: Law, person: str) -> list[tuple[bool, str]]:
    verdicts = [decide(one.question, law, one.at) for one in every_question(person)]
    return [(isinstance(verdict, Allowed), verdict.reason) for verdict in verdicts]


@st.composite
def changed_worlds(draw: st.DrawFn) -> tuple[World, World]:
    """A world, and the same after a change of one thing, or another world altogether."""
    before, other = draw(worlds()), draw(worlds())
    changes: dict[str, dict[str, Any]] = {
        "grant": {"assignments": (*before.assignments, draw(assignments()))},
        "take": {"assignments": before.assignments[1:]},
        "deny": {"denials": (*before.denials, draw(denials()))},
        "spare": {"denials": before.denials[1:]},
        "disable": {"disabled": other.disabled},
        "regroup": {"members": other.members},
        "move": {"mode": other.mode, "anonymous_pull": other.anonymous_pull},
        "define": {"roles": other.roles, "scope_maps": other.scope_maps},
        "all": vars(other),
    }
    return before, replace(before, **changes[draw(st.sampled_from(sorted(changes)))])


@settings(_law, max_examples=60)
@given(changed_worlds(), st.randoms(use_true_random=False))
def test_amending_step_by_step_is_building_anew(pair: tuple[World, World], random: Random) -> None:
    """Single steps in any order lead to the very law that is built of the same parts."""
    before, after = (world.law() for world in pair)
    stood = before.at(before.registry)
    walked = walk(before, after, random)
    assert walked == after
    for person in PEOPLE:
        assert _verdicts(walked, person) == _verdicts(after, person)
    assert before == stood


@_law
@given(worlds(), st.sampled_from(PEOPLE))
def test_what_changes_nothing_leaves_the_law(world: World, person: str) -> None:
    """An amendment of nothing, or one that takes and gives the same, is the same law."""
    law = world.law()
    assert amended(law, Amendment()) == law
    every = tuple(law.every_assignment())
    again = Amendment(
        registry=law.registry,
        principals=law.principals,
        roles=law.roles,
        gone_assignments=every,
        assignments=every,
        gone_denials=law.every_denial(),
        denials=law.every_denial(),
        tokens=law.tokens,
        scope_maps=law.scope_maps,
    )
    assert amended(law, again) == law
    assert _verdicts(amended(law, again), person) == _verdicts(law, person)


def _askable() -> Iterator[tuple[RegistryAction | ControlAction, Resource]]:
    for action in REPOSITORY_ACTIONS:
        for name in _NAMES:
            yield action, name
    yield RegistryAction.CATALOG, THE_REGISTRY
    for permission in (*POWERS, *REGISTRY_CONTROL):
        yield ControlAction(permission), ROOT if permission in DIRECTORY else THE_REGISTRY


Moved = set[tuple[Subject, RegistryAction | ControlAction, Resource, bool]]


def _asked_before_and_after(before: Law, after: Law) -> Moved:
    found: Moved = set()
    for subject in {*every_subject(before), *every_subject(after)}:
        for action, resource in _askable():
            question = Question(subject, action, resource)
            may = [isinstance(decide(question, law, NOON), Allowed) for law in (before, after)]
            if may[0] != may[1]:
                found.add((subject, action, resource, may[1]))
    return found


def _compared(before: Law, after: Law) -> Moved:
    found: Moved = set()
    for difference in compare(before, after, NOON, _NAMES):
        for where in difference.resources:
            places: tuple[Resource, ...] = _NAMES if where is EVERY_REPOSITORY else (where,)
            for place in places:
                moved = (difference.subject, difference.action, place, difference.gains)
                assert moved not in found
                found.add(moved)
        told = tuple(isinstance(verdict, Allowed) for verdict in difference.verdicts)
        assert told == (not difference.gains, difference.gains)
    return found


@settings(_law, max_examples=60)
@given(changed_worlds(), st.randoms(use_true_random=False))
def test_what_if_agrees_with_asking_before_and_after(
    pair: tuple[World, World], random: Random
) -> None:
    """The differences are those of the verdicts, for everybody, every action, every repository."""
    before, after = (world.law() for world in pair)
    moved = _asked_before_and_after(before, after)
    event("something moved" if moved else "nothing moved")
    assert _compared(before, after) == moved
    assert _compared(before, walk(before, after, random)) == moved
    assert _compared(before, before) == set()


@_law
@given(worlds(), questions())
def test_who_can_agrees_with_asking_everybody(world: World, asked: Asked) -> None:
    """Those who are listed are those who may, with the verdicts that say so."""
    law = world.law()
    question = asked.question
    listed = {h.subject: h.allowed for h in who_can(question.action, question.resource, law, NOON)}
    for subject in every_subject(law):
        verdict = decide(Question(subject, question.action, question.resource), law, NOON)
        assert listed.get(subject) == (verdict if isinstance(verdict, Allowed) else None)


def _last_role(remedy: Remedy) -> AssignRole | None:
    step = remedy.steps[-1]
    return step if isinstance(step, AssignRole) else None


@settings(_law, max_examples=250)
@given(worlds(), questions())
def test_a_remedy_helps(world: World, asked: Asked) -> None:
    """Once a remedy was applied, the same question is allowed; its commands can be typed."""
    law = world.law()
    verdict = decide(asked.question, law, asked.at)
    if isinstance(verdict, Allowed):
        return
    found = remedies(verdict, asked.at)
    event(f"{len(found)} remedies")
    assert len(found) <= 3
    for remedy in found:
        commands = remedy.commands(law)
        assert len(commands) == len(remedy.steps)
        assert all(command.isprintable() and command for command in commands)
        if not any(isinstance(step, LogInAgain) for step in remedy.steps):
            after = remedy.applied(law, asked.at)
            assert isinstance(decide(asked.question, after, asked.at), Allowed)
    assert len({remedy.commands(law) for remedy in found}) == len(found)


@_law
@given(worlds(), questions(narrowed=False), st.sampled_from(PEOPLE))
def test_the_narrowest_remedy_comes_first(world: World, asked: Asked, person: str) -> None:
    """Roles are proposed in the order of what they carry, and no narrower one would do."""
    law = world.law()
    question = replace(asked, who=person).question
    verdict = decide(question, law, asked.at)
    if isinstance(verdict, Allowed):
        return
    steps = [step for remedy in remedies(verdict, asked.at) if (step := _last_role(remedy))]
    assert [breadth(s.role) for s in steps] == sorted(breadth(s.role) for s in steps)
    for step in steps[:1]:
        for role in BUILT_IN_ROLES.values():
            if breadth(role) < breadth(step.role):
                narrower = replace(step, role=role, condition=None, repository=None)
                tried = amended(law, narrower.amendment(law, asked.at))
                assert isinstance(decide(question, tried, asked.at), Denied)


@settings(_law, max_examples=60)
@given(worlds(), st.data())
def test_a_duplicate_can_go(world: World, data: st.DataObject) -> None:
    """Taking away a grant that the review calls duplicated changes no verdict and no reason."""
    copied = data.draw(st.sampled_from(world.assignments))
    holders = st.sampled_from((copied.to, *world.members))
    wider = Assigned(copied.role, data.draw(holders), data.draw(st.sampled_from(("coast", "root"))))
    law = replace(world, assignments=(*world.assignments, wider, wider)).law()
    before = {person: _verdicts(law, person) for person in PEOPLE}
    for finding in review(law, Uses(), NOON, 90):
        if finding.fault is Fault.DUPLICATED:
            event("duplicated")
            less = amended(law, Amendment(gone_assignments=(finding.assignment,)))
            assert {person: _verdicts(less, person) for person in PEOPLE} == before
            assert finding.other in set(less.every_assignment())


@_law
@given(worlds(), st.sampled_from(PEOPLE))
def test_what_means_nothing_can_go(world: World, person: str) -> None:
    """So it is with grants that nobody holds, whose role is gone, or that cannot be read."""
    law = world.law()
    before = [allowed for allowed, _ in _verdicts(law, person)]
    meaningless = {Fault.ORPHANED, Fault.ROLE_MISSING, Fault.UNREADABLE, Fault.HOLDER_DISABLED}
    gone = [f.assignment for f in review(law, Uses(), NOON, 90) if f.fault in meaningless]
    less = amended(law, Amendment(gone_assignments=gone))
    assert [allowed for allowed, _ in _verdicts(less, person)] == before


@_law
@given(worlds(), questions())
def test_leave_that_does_not_hang_on_time_lasts(world: World, asked: Asked) -> None:
    """What a role allows without a rule that asks for the time is allowed at any other time."""
    law = world.law()
    verdict = decide(asked.question, law, asked.at)
    if not isinstance(verdict, Allowed) or verdict.reason is not Reason.ROLE_ASSIGNMENT:
        return
    if not verdict.depends_on_time:
        for at in (NOON, LATER, datetime(1999, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)):
            assert isinstance(decide(asked.question, law, at), Allowed)
