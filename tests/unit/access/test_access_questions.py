"""Questions, verdicts and what an access token narrows, as values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    Allowed,
    Anonymous,
    Attenuation,
    ControlAction,
    Denied,
    Question,
    Reason,
    RegistryAction,
    Resource,
)
from pratique.access.actions import REPOSITORY_ACTIONS
from pratique.access.question import expand
from pratique.naming import RepositoryName, ResourceScope, TokenScope, parse_scopes
from pratique.testing.law_builder import LawBuilder

_unhurried = settings(deadline=None)
_APP = RepositoryName("team/app")
_ROOT = ResourceScope("/")
_WRITE = ControlAction("Microsoft.Authorization/roleAssignments/write")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *((action, _APP) for action in REPOSITORY_ACTIONS),
        *((action, EVERY_REPOSITORY) for action in REPOSITORY_ACTIONS),
        (RegistryAction.CATALOG, THE_REGISTRY),
        (_WRITE, THE_REGISTRY),
        (_WRITE, _ROOT),
    ],
)
def test_question_that_makes_sense_is_asked(
    action: RegistryAction | ControlAction, resource: Resource
) -> None:
    """Every action can be asked of the resources that it is done to."""
    assert Question(Anonymous(), action, resource).resource is resource


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *((action, THE_REGISTRY) for action in REPOSITORY_ACTIONS),
        *((action, _ROOT) for action in REPOSITORY_ACTIONS),
        (RegistryAction.CATALOG, _APP),
        (RegistryAction.CATALOG, EVERY_REPOSITORY),
        (RegistryAction.CATALOG, _ROOT),
        (_WRITE, _APP),
        (_WRITE, EVERY_REPOSITORY),
    ],
)
def test_question_that_makes_no_sense_cannot_be_asked(
    action: RegistryAction | ControlAction, resource: Resource
) -> None:
    """No verdict can come of an action on what it is not done to; no token covers it either."""
    with pytest.raises(ValueError, match="is not done to"):
        Question(Anonymous(), action, resource)
    everything = Attenuation.of(parse_scopes(["repository:*:* registry:catalog:*"]))
    assert not everything.covers(action, resource)


def test_refusal_is_false_and_leave_is_true() -> None:
    """A verdict in the place of a truth value says what it is."""
    question = Question(Anonymous(), RegistryAction.PULL, _APP)
    assert Allowed(question, Reason.ANONYMOUS_PULL)
    assert not Denied(question, Reason.NOT_AUTHENTICATED, LawBuilder().build())


def test_leave_knows_its_repository() -> None:
    """A verdict about one repository gives its name; one about all gives none."""
    about_one = Question(Anonymous(), RegistryAction.PULL, _APP)
    assert Allowed(about_one, Reason.ANONYMOUS_PULL).repository == _APP
    about_all = Question(Anonymous(), RegistryAction.PULL, EVERY_REPOSITORY)
    with pytest.raises(TypeError, match="not about a repository"):
        _ = Allowed(about_all, Reason.ANONYMOUS_PULL).repository


@pytest.mark.parametrize("action", REPOSITORY_ACTIONS)
def test_word_and_action_name_each_other(action: RegistryAction) -> None:
    """Every repository action is found by its word in a token's scope."""
    assert RegistryAction.from_word(action.word) is action


@pytest.mark.parametrize("word", ["catalog", "*", "", "Pull", "deleted_read", "p\u1d64ll"])
def test_other_words_name_no_action(word: str) -> None:
    """The catalog has no word among repository actions, and unknown words mean nothing."""
    assert RegistryAction.from_word(word) is None


def test_star_expands_to_every_repository_action() -> None:
    """`*` among the words of a scope is every repository action, and not the catalog."""
    assert expand(["pull", "*"]) == frozenset(REPOSITORY_ACTIONS)
    assert expand(["pull", "nonsense"]) == {RegistryAction.PULL}
    assert expand([]) == frozenset()


@_unhurried
@given(st.lists(st.builds(TokenScope, st.text(), st.text(), st.tuples(st.text()))))
def test_claims_of_any_text_are_taken_in(scopes: list[TokenScope]) -> None:
    """Scopes that mean nothing here leave everything closed."""
    attenuation = Attenuation.of(scopes)
    assert not attenuation.covers(RegistryAction.CATALOG, THE_REGISTRY)
    assert not attenuation.covers(RegistryAction.PULL, _APP)
