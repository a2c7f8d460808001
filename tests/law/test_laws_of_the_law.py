"""What holds for every law and every question."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.law.model import allows
from tests.law.worlds import (
    GROUPS,
    PEOPLE,
    TOKENS,
    Asked,
    Assigned,
    DeniedTo,
    World,
    assignments,
    denials,
    every_question,
    questions,
    worlds,
)

from pratique.access import Allowed, Denied, Law, Outcome, Reason, decide, sentence
from pratique.testing.law_builder import object_id

_law = settings(deadline=None, max_examples=100)
_MATCHED_BY_NOBODY = ("unknown", "unreadable")


def _may(world: World, asked: Asked) -> bool:
    return isinstance(_verdict(world, asked), Allowed)


def _verdict(world: World, asked: Asked) -> Allowed | Denied:
    return decide(asked.question, world.law(), asked.at)


@settings(_law, max_examples=500)
@given(worlds(), questions())
def test_evaluator_agrees_with_the_model(world: World, asked: Asked) -> None:
    """Allowed exactly where the plainly written law allows: no grant, no leave."""
    verdict = _verdict(world, asked)
    event(verdict.reason)
    assert isinstance(verdict, Allowed) == allows(world, asked)


@_law
@given(worlds(), st.sampled_from(PEOPLE))
def test_evaluator_agrees_with_the_model_on_everything(world: World, person: str) -> None:
    """The same for all that one person can ask, which is some 150 questions on each law."""
    law = world.law()
    asked = every_question(person)
    verdicts = [decide(one.question, law, one.at) for one in asked]
    for reason in sorted({verdict.reason for verdict in verdicts}):
        event(reason)
    told = [isinstance(verdict, Allowed) for verdict in verdicts]
    assert told == [allows(world, one) for one in asked]


@_law
@given(worlds(), questions())
def test_only_a_matching_assignment_gives_a_role_its_say(world: World, asked: Asked) -> None:
    """A verdict by role ends with the one assignment that matched; no refusal holds such a one."""
    verdict = _verdict(world, asked)
    matched = [c for c in verdict.consulted if c.outcome is Outcome.MATCHED]
    if verdict.reason is Reason.ROLE_ASSIGNMENT:
        assert matched == [verdict.consulted[-1]]
    else:
        assert matched == []


@_law
@given(worlds(), questions())
def test_a_deny_assignment_that_denies_has_the_last_word(world: World, asked: Asked) -> None:
    """One that denies is in the verdict exactly when the reason is a deny assignment."""
    verdict = _verdict(world, asked)
    outcomes = {c.outcome for c in verdict.consulted}
    assert (Outcome.DENIES in outcomes) == (verdict.reason is Reason.DENY_ASSIGNMENT)


@_law
@given(worlds(), questions())
def test_every_rule_is_consulted_once(world: World, asked: Asked) -> None:
    """No rule stands twice in a verdict, and none that concerns somebody else."""
    law = world.law()
    verdict = decide(asked.question, law, asked.at)
    rules = [consulted.rule for consulted in verdict.consulted]
    assert all(rules.count(rule) == 1 for rule in rules)
    holders = {object_id(asked.who), *law.groups_of(object_id(asked.who))}
    named = {c.rule_id for c in verdict.consulted if c.through_group not in {None, *holders}}
    assert named == set()


@_law
@given(worlds(), questions(), assignments())
def test_adding_an_assignment_takes_no_right(world: World, asked: Asked, added: Assigned) -> None:
    """Whoever may, may still after one more assignment to anybody."""
    more = replace(world, assignments=(added, *world.assignments))
    assert _may(more, asked) >= _may(world, asked)


@_law
@given(worlds(), questions(), st.data())
def test_removing_an_assignment_gives_no_right(
    world: World, asked: Asked, data: st.DataObject
) -> None:
    """Whoever may not, may not after one assignment less."""
    index = data.draw(st.integers(0, len(world.assignments)))
    assert _may(world.without(index), asked) <= _may(world, asked)


@_law
@given(worlds(), questions(), denials())
def test_adding_a_denial_gives_no_right(world: World, asked: Asked, added: DeniedTo) -> None:
    """Whoever may not, may not after one more deny assignment, whatever it says."""
    more = replace(world, denials=(added, *world.denials))
    assert _may(more, asked) <= _may(world, asked)


@_law
@given(worlds(), questions())
def test_nothing_is_granted_without_an_assignment(world: World, asked: Asked) -> None:
    """With no role assignment, people may what anonymous pull opens, and nothing else."""
    verdict = _verdict(replace(world, assignments=()), replace(asked, who="ada"))
    if isinstance(verdict, Allowed):
        assert verdict.reason is Reason.ANONYMOUS_PULL


@_law
@given(worlds(), questions(), st.sampled_from(_MATCHED_BY_NOBODY))
def test_what_cannot_be_told_grants_nothing(world: World, asked: Asked, condition: str) -> None:
    """With a condition that nobody can evaluate, or read, no role assignment ever grants."""
    bound = tuple(replace(one, condition=condition) for one in world.assignments)
    assert _verdict(replace(world, assignments=bound), asked).reason is not Reason.ROLE_ASSIGNMENT


@_law
@given(worlds(), questions(), st.sampled_from(_MATCHED_BY_NOBODY))
def test_what_cannot_be_told_denies(world: World, asked: Asked, condition: str) -> None:
    """A deny assignment under such a condition refuses as one without any condition."""
    always = tuple(replace(one, condition=None) for one in world.denials)
    bound = tuple(replace(one, condition=condition) for one in world.denials)
    plain, conditioned = replace(world, denials=always), replace(world, denials=bound)
    assert _may(conditioned, asked) == _may(plain, asked)


@_law
@given(worlds(), questions(), st.sampled_from((*PEOPLE, *TOKENS)))
def test_disabling_somebody_gives_no_right(world: World, asked: Asked, name: str) -> None:
    """Whoever may not, may not after somebody or some token is disabled."""
    less = replace(world, disabled=world.disabled | {name})
    assert _may(less, asked) <= _may(world, asked)


@_law
@given(worlds(), questions(), st.sampled_from(GROUPS))
def test_disabling_a_group_gives_no_role(world: World, asked: Asked, name: str) -> None:
    """A disabled group passes no role on; deny assignments that name it are another matter."""
    free = replace(world, denials=())
    less = replace(free, disabled=free.disabled | {name})
    assert _may(less, asked) <= _may(free, asked)


@_law
@given(worlds(), questions(narrowed=True))
def test_an_access_token_never_widens(world: World, asked: Asked) -> None:
    """What is allowed with an access token is allowed without it."""
    assert _may(world, asked) <= _may(world, replace(asked, scopes=None))


@_law
@given(worlds(), questions())
def test_opening_the_registry_takes_no_right(world: World, asked: Asked) -> None:
    """Whoever may, may still once anonymous pull and the admin user are on."""
    opened = replace(world, anonymous_pull=True, admin_enabled=True)
    assert _may(opened, asked) >= _may(world, asked)


@_law
@given(worlds(), questions())
def test_case_of_permission_strings_does_not_matter(world: World, asked: Asked) -> None:
    """Custom roles and control actions mean the same with the case of every letter swapped."""
    swapped = {
        role: {kind: tuple(text.swapcase() for text in texts) for kind, texts in kinds.items()}
        for role, kinds in world.roles.items()
    }
    action = asked.action.swapcase() if "/" in asked.action else asked.action
    before = _verdict(world, asked)
    after = _verdict(replace(world, roles=swapped), replace(asked, action=action))
    assert [c.outcome for c in after.consulted] == [c.outcome for c in before.consulted]
    assert after.reason == before.reason


@_law
@given(worlds(), questions(), st.randoms(use_true_random=False))
def test_order_of_rules_does_not_matter(world: World, asked: Asked, random: Random) -> None:
    """The same assignments and denials in another order give the same verdict and reason."""
    assigned, denied = list(world.assignments), list(world.denials)
    random.shuffle(assigned)
    random.shuffle(denied)
    shuffled = replace(world, assignments=tuple(assigned), denials=tuple(denied))
    before, after = _verdict(world, asked), _verdict(shuffled, asked)
    assert after.reason == before.reason
    if isinstance(before, Denied):
        outcomes = [sorted(c.outcome for c in verdict.consulted) for verdict in (before, after)]
        assert outcomes[0] == outcomes[1]


@_law
@given(worlds(), st.lists(questions(), min_size=1, max_size=6))
def test_what_was_asked_before_does_not_matter(world: World, asked: list[Asked]) -> None:
    """A law that was asked other questions answers as one that was asked nothing yet."""
    law = world.law()

    def told(law: Law, one: Asked) -> tuple[Allowed | Denied, tuple[object, ...]]:
        verdict = decide(one.question, law, one.at)
        return verdict, tuple(verdict.consulted)

    first = [told(law, one) for one in asked]
    again = [told(law, one) for one in reversed(asked)]
    assert first == again[::-1]
    assert first == [told(law.at(law.registry), one) for one in asked]


@_law
@given(worlds(), questions())
def test_a_law_seen_from_its_own_registry_is_the_same(world: World, asked: Asked) -> None:
    """`Law.at` with the same policy changes no verdict and no field."""
    law = world.law()
    decide(asked.question, law, asked.at)
    assert law.at(law.registry) == law
    seen = decide(asked.question, law.at(law.registry), asked.at)
    assert seen == decide(asked.question, law, asked.at)


@_law
@given(worlds(), questions())
def test_a_sentence_names_nobody_but_the_one_who_asked(world: World, asked: Asked) -> None:
    """A refusal is one line that tells nothing of other principals, groups or tokens."""
    law = world.law()
    verdict = decide(asked.question, law, asked.at)
    if isinstance(verdict, Denied):
        words = sentence(verdict, law)
        told = set(re.findall(r"[\w-]+", words))
        others = {*PEOPLE, *GROUPS, *TOKENS} - {asked.who.removeprefix("token:")}
        assert told & {*others, *map(object_id, others)} == set()
        assert words
        assert words.isprintable()
        assert not words.endswith(".")
