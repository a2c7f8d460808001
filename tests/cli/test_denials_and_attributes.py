"""Deny assignments, attributes of principals, and tokens that get another scope map."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.cli.terminal import Terminal

_ON = "Microsoft.ContainerRegistry/registries/"
PUSH = f"{_ON}push/write"
SHOPPERS = (
    "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project] "
    "StringEquals 'shop'"
)
FREEZE = ("deny", "create", "freeze", "--action", PUSH)


@pytest.fixture
def alice(owner: Terminal) -> Terminal:
    """A folder in which there is a user `alice`, who may push."""
    owner.gets("user", "create", "alice")
    owner.gets("role", "assign", "AcrPush", "--to", "alice")
    return owner


def _may_push(owner: Terminal, who: str) -> bool:
    return owner.types("access", "check", who, "push", "app").code == 0


def test_denial_comes_and_goes(alice: Terminal) -> None:
    """It refuses whatever roles grant, until somebody is excluded or it is deleted."""
    told = alice.reads(*FREEZE, "--principal", "alice", "--description", "no pushes")
    assert "in force from the next request on" in told
    assert "concerns     alice\n" in told
    assert f"actions:\n  {PUSH}\n" in told
    assert not _may_push(alice, "alice")
    assert _may_push(alice, "owner")
    told = alice.reads("deny", "update", "freeze", "--exclude", "alice")
    assert "concerns alice, but not `alice`" in told
    assert _may_push(alice, "alice")
    alice.reads("deny", "update", "freeze", "--include", "alice")
    assert not _may_push(alice, "alice")
    assert "`freeze` is deleted" in alice.reads("deny", "delete", "freeze")
    assert _may_push(alice, "alice")


def test_denial_for_everyone_needs_an_exception(alice: Terminal) -> None:
    """Whoever is excluded is not concerned; without anybody excluded it is refused."""
    assert "--exclude" in alice.fails(*FREEZE, "--everyone")
    made = alice.gets(*FREEZE, "--everyone", "--exclude", "owner")
    assert (made["everyone"], made["excluded"]) == (True, ["owner"])
    assert not _may_push(alice, "alice")
    assert _may_push(alice, "owner")
    heading, line = alice.reads("deny", "list").splitlines()
    assert heading.split() == ["NAME", "CONCERNS", "BUT", "NOT", "SCOPE", "CONDITION", "REFUSES"]
    assert line.split() == ["freeze", "everyone", "owner", "registries/pratique", "-", PUSH]


def test_denial_has_all_that_it_can_have(alice: Terminal) -> None:
    """Subtractions, a condition, a scope that is not inherited; shown and given to programs."""
    done = alice.types(
        *(*FREEZE, "--principal", "alice", "--not-action", f"{_ON}pull/read"),
        *("--data-action", f"{_ON}repositories/*", "--not-data-action", f"{_ON}catalog/read"),
        *("--condition", SHOPPERS, "--scope", "subscription", "--this-scope-only"),
    )
    assert done.code == 0
    assert f"in the registry's present role mode, this refuses nothing: `{_ON}reposit" in done.err
    (found,) = alice.gets("deny", "list")
    assert alice.gets("deny", "show", "FREEZE") == found
    assert (found["condition"], found["applies_to_child_scopes"]) == (SHOPPERS, False)
    told = alice.reads("deny", "show", "freeze")
    assert f"where:\n  {SHOPPERS}\n" in told
    assert "and not below" in told
    listed = alice.reads("deny", "list")
    assert f"{_ON}repositories/* but not {_ON}pull/read, {_ON}catalog/read" in listed
    assert _may_push(alice, "alice")


def test_denial_of_nothing_known_is_doubted(alice: Terminal) -> None:
    """A slip in a deny assignment lets pass what it should refuse, so it is told."""
    slip = f"{_ON}psuh/write"
    done = alice.types("deny", "create", "freeze", "--principal", "alice", "--action", slip)
    assert done.code == 0
    assert done.err.splitlines()[-1] == f"  {slip}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (FREEZE, "say whom it concerns"),
        ((*FREEZE, "--everyone", "--principal", "alice"), "say whom it concerns"),
        (("deny", "update", "freeze"), "say what to change"),
    ],
)
def test_unclear_denials_are_wrong_usage(
    alice: Terminal, words: tuple[str, ...], told: str
) -> None:
    """Whom it concerns is said in one way, and an update says what to change."""
    assert told in alice.misuses(*words)


def test_denials_that_are_not_there_are_told(alice: Terminal) -> None:
    """An empty list says how to make one; a wrong name says where the names are."""
    assert "There are no deny assignments" in alice.reads("deny", "list")
    for verb in ("show", "delete"):
        assert "pratique deny list" in alice.fails("deny", verb, "freeze")


def test_attributes_come_and_go(alice: Terminal) -> None:
    """Numbers and truth are told from texts, in what is kept and in what is shown."""
    words = ("attribute", "set", "alice", "Engineering_Project")
    # What stands behind `--` is no option, so the folder is chosen otherwise.
    elsewhere = replace(alice, words=(), environment=(("PRATIQUE_DATA", alice.words[1]),))
    told = elsewhere.reads(*words, "--", "shop", "007", "-5", "12", "true")
    assert "'shop', '007', -5, 12, true." in told
    kept = alice.gets("attribute", "list", "alice")["attributes"]
    assert kept == {"Engineering_Project": ["shop", "007", -5, 12, True]}
    again = alice.gets(*words, "12", "true", "--text")["attributes"]
    assert again == {"Engineering_Project": ["12", "true"]}
    assert "Engineering_Project   '12', 'true'\n" in alice.reads("attribute", "list", "alice")
    told = alice.reads("attribute", "remove", "alice", "Engineering_Project")
    assert "`alice` no longer has the attribute" in told
    assert "`alice` has no attributes" in alice.reads("attribute", "list", "alice")
    assert "Engineering_Project" in alice.fails(*("attribute", "set", "alice", "project", "shop"))


def test_attribute_decides(alice: Terminal) -> None:
    """A condition finds what was set, from the next question on."""
    alice.gets(*FREEZE, "--principal", "alice", "--condition", SHOPPERS)
    alice.gets("attribute", "set", "alice", "Engineering_Project", "web")
    assert _may_push(alice, "alice")
    alice.gets("attribute", "set", "alice", "Engineering_Project", "shop")
    assert not _may_push(alice, "alice")


def test_token_gets_another_scope_map(owner: Terminal) -> None:
    """A token is bound anew; its passwords stay."""
    owner.gets("token", "create", "app-ci", "--scope-map", "_repositories_pull")
    assert not _may_push(owner, "token:app-ci")
    told = owner.reads("token", "update", "app-ci", "--scope-map", "_repositories_push")
    assert "the scope map `_repositories_push`" in told
    assert _may_push(owner, "token:app-ci")
    (found,) = owner.gets("token", "list")
    assert [p["name"] for p in found["passwords"]] == ["password1", "password2"]
    assert "no-such-map" in owner.fails("token", "update", "app-ci", "--scope-map", "no-such-map")
