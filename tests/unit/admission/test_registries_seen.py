"""One snapshot, seen from each of its registries: what is shared, and what is not."""

from __future__ import annotations

import pytest
from tests.unit.admission.snapshot_changes import AT, FURTHER, Change
from tests.unit.admission.test_snapshot_changes import Course, append

from pratique.access import DirectoryPrincipal, Question, RegistryAction, decide
from pratique.admission import NotFound
from pratique.admission.changes import people, registries, registry, roles, tokens
from pratique.naming import RepositoryName

SECOND, HOST = FURTHER[0], "second.test"
APP = RepositoryName("team/app")


def two() -> Course:
    """A home registry, another one, and a user who may pull from that alone."""
    course = Course()
    wanted = registries.WantedRegistry(SECOND, HOST)
    for change in (
        Change(registries.create, (wanted,)),
        Change(people.create_user, ("ada", None, "no hash")),
    ):
        assert course.do(change) is not None
    scope = course.kept.current().named(SECOND).registry.scope
    course.do(Change(roles.assign, (roles.WantedAssignment("AcrPull", "ada", scope),)))
    return course


def test_each_view_is_made_once() -> None:
    """What is remembered by a snapshot's identity is found again, by whatever way it is seen."""
    home = two().kept.current()
    second = home.at_host(HOST)
    assert second is home.at_host(HOST) is home.at(second.registry_id) is home.named(SECOND)
    assert second is home.at_scope(second.registry.scope)
    assert home.at_host("other.test") is home is home.at("")
    assert second is not home
    assert second.at(second.registry_id) is second


def test_what_is_shared_is_the_same_object() -> None:
    """A registry more costs no copy of the law."""
    home = two().kept.current()
    second = home.named(SECOND)
    assert second.law.assigned is home.law.assigned
    assert second.law.principals is home.law.principals
    assert second.directory.users is home.directory.users
    assert (second.version, second.records, second.keys) == (home.version, home.records, home.keys)
    assert second.registry.tenant == home.registry.tenant


def test_verdicts_of_one_are_never_remembered_for_another() -> None:
    """What reaches somebody is worked out for each registry, in whatever order they are asked."""
    home = two().kept.current()
    ada = DirectoryPrincipal(home.find_principal("ada").object_id)
    question = Question(ada, RegistryAction.PULL, APP)
    second = home.named(SECOND)
    for _ in range(2):
        assert not decide(question, home.law, AT)
        assert decide(question, second.law, AT)
        assert not decide(question, second.at("").law, AT)


def test_a_change_seen_from_one_stays_seen_from_it() -> None:
    """A trial on a view is a view; one that deletes its registry has none."""
    course = two()
    second = course.kept.current().named(SECOND)
    draft = course.drafting.draft(second)
    tokens.create_token(draft, "robot", "_repositories_pull", None)
    outcome = draft.outcome()
    assert outcome.registry_id == second.registry_id
    assert set(outcome.directory.tokens) == {"robot"}
    assert not outcome.at("").directory.tokens
    draft = course.drafting.draft(second)
    registries.delete(draft, SECOND)
    with pytest.raises(NotFound, match="deleted"):
        draft.outcome()


def test_the_admin_user_of_each_is_its_own() -> None:
    """Switching one on leaves the other off, and each has passwords of its own."""
    course = two()
    course.do(Change(registry.enable_admin_user, at=SECOND))
    home = course.kept.current()
    second = home.named(SECOND)
    assert (home.registry.admin_enabled, home.directory.admin) == (False, None)
    assert second.registry.admin_enabled
    assert second.directory.account(SECOND.upper()) is second.directory.admin
    assert home.directory.account(SECOND) is None


def test_what_names_a_registry_that_is_not_there_opens_nothing() -> None:
    """A token whose registry is gone, however that came, is nobody's at any registry."""
    course = two()
    second = course.kept.current().named(SECOND)
    draft = course.drafting.draft(second)
    tokens.create_token(draft, "robot", "_repositories_pull", None)
    orphan = draft.rows
    course.do(Change(registries.delete, (SECOND,)))
    append(course.ledger, orphan)
    after = course.kept.current()
    assert [seen.registry.name for seen in after.each()] == ["demoregistry"]
    assert after.directory.account("robot") is None
    with pytest.raises(NotFound):
        after.at(second.registry_id)
