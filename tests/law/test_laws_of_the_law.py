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
    World,
    assignments,
    questions,
    worlds,
)

from pratique.access import Allowed, Denied, Outcome, Reason, decide, remedies, sentence
from pratique.testing.law_builder import object_id

_law = settings(deadline=None, max_examples=100)
_ASSIGN = re.compile(r'pratique role assign "(?P<role>[^"]+)" --to (?P<to>\S+)(?P<at> --scope .*)?')


def _may(world: World, asked: Asked) -> bool:
    return isinstance(decide(asked.question, world.law()), Allowed)


@settings(_law, max_examples=500)
@given(worlds(), questions())
def test_evaluator_agrees_with_the_model(world: World, asked: Asked) -> None:
    """Allowed exactly where the plainly written law allows: no grant, no leave."""
    verdict = decide(asked.question, world.law())
    event(verdict.reason)
    assert isinstance(verdict, Allowed) == allows(world, asked)


@_law
@given(worlds(), questions())
def test_only_a_matching_assignment_gives_a_role_its_say(world: World, asked: Asked) -> None:
    """A verdict by role ends with the one assignment that matched; no refusal holds such a one."""
    verdict = decide(asked.question, world.law())
    matched = [c for c in verdict.consulted if c.outcome is Outcome.MATCHED]
    if verdict.reason is Reason.ROLE_ASSIGNMENT:
        assert matched == [verdict.consulted[-1]]
    else:
        assert matched == []


@_law
@given(worlds(), questions(), assignments())
def test_adding_an_assignment_takes_no_right(
    world: World, asked: Asked, added: tuple[str, str, str]
) -> None:
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
@given(worlds(), questions(), st.sampled_from((*PEOPLE, *GROUPS, *TOKENS)))
def test_disabling_gives_no_right(world: World, asked: Asked, name: str) -> None:
    """Whoever may not, may not after somebody, some group or some token is disabled."""
    less = replace(world, disabled=world.disabled | {name})
    assert _may(less, asked) <= _may(world, asked)


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
    before = decide(asked.question, world.law())
    after = decide(replace(asked, action=action).question, replace(world, roles=swapped).law())
    assert [c.outcome for c in after.consulted] == [c.outcome for c in before.consulted]
    assert after.reason == before.reason


@_law
@given(worlds(), questions(), st.randoms(use_true_random=False))
def test_order_of_assignments_does_not_matter(world: World, asked: Asked, random: Random) -> None:
    """The same assignments in another order give the same verdict for the same reason."""
    shuffled = list(world.assignments)
    random.shuffle(shuffled)
    verdict = decide(asked.question, replace(world, assignments=tuple(shuffled)).law())
    assert verdict.reason == decide(asked.question, world.law()).reason


@_law
@given(worlds(), questions())
def test_a_sentence_names_nobody_but_the_one_who_asked(world: World, asked: Asked) -> None:
    """A refusal is one line that tells nothing of other principals, groups or tokens."""
    law = world.law()
    verdict = decide(asked.question, law)
    if isinstance(verdict, Denied):
        words = sentence(verdict, law)
        told = set(re.findall(r"[\w-]+", words))
        others = {*PEOPLE, *GROUPS, *TOKENS} - {asked.who.removeprefix("token:")}
        assert told & {*others, *map(object_id, others)} == set()
        assert words
        assert words.isprintable()
        assert not words.endswith(".")


@_law
@given(worlds(), questions(narrowed=False))
def test_an_assignment_that_is_advised_helps(world: World, asked: Asked) -> None:
    """Once the advised role is assigned where it is advised, the same question is allowed."""
    law = world.law()
    verdict = decide(asked.question, law)
    for remedy in remedies(verdict, law) if isinstance(verdict, Denied) else ():
        advised = _ASSIGN.fullmatch(remedy)
        if advised is not None:
            level = asked.where if advised["at"] else "registry"
            added = (advised["role"], asked.who, level)
            assert advised["to"] == object_id(asked.who)
            assert _may(replace(world, assignments=(*world.assignments, added)), asked)
