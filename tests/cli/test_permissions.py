"""Permissions and settings: roles, scope maps, registry, signing keys, over a folder."""

from __future__ import annotations

import click
import pytest
from tests.cli.terminal import Terminal, at_terminal


@pytest.fixture
def with_robot(owner: Terminal) -> Terminal:
    """A folder in which there is a service principal `my-robot`."""
    owner.gets("sp", "create", "my-robot")
    return owner


def test_role_comes_and_goes(with_robot: Terminal) -> None:
    """A role is assigned at the registry, listed, and taken away again."""
    told = with_robot.reads("role", "assign", "AcrPull", "--to", "my-robot")
    assert "`my-robot` has the role `AcrPull` on registries/pratique" in told
    (held,) = with_robot.gets("role", "list", "--principal", "my-robot")
    assert (held["role"], held["principal"]) == ("AcrPull", "my-robot")
    assert "AcrPull" in with_robot.reads("role", "list")
    with_robot.reads("role", "unassign", "AcrPull", "--from", "my-robot")
    assert "`my-robot` has no role" in with_robot.reads("role", "list", "--principal", "my-robot")


@pytest.mark.parametrize(
    ("short", "parts"), [("/", 2), ("subscription", 3), ("resource-group", 5), ("registry", 9)]
)
def test_short_scopes_stand_for_whole_ones(with_robot: Terminal, short: str, parts: int) -> None:
    """A short word means the registry's own scope, cut where the word says, both ways."""
    whole = with_robot.gets("registry", "show")["id"]
    made = with_robot.gets("role", "assign", "Reader", "--to", "my-robot", "--scope", short)
    assert made["scope"] == ("/".join(whole.split("/")[:parts]) if short != "/" else "/")
    gone = with_robot.gets("role", "unassign", "Reader", "--from", "my-robot", "--scope", short)
    assert gone["assignment_id"] == made["assignment_id"]


def test_whole_scope_is_taken_as_written(with_robot: Terminal) -> None:
    """A scope of another registry is none of the short words."""
    scope = "/subscriptions/other/resourceGroups/mine"
    made = with_robot.gets("role", "assign", "Reader", "--to", "my-robot", "--scope", scope)
    assert made["scope"] == scope
    assert "not a scope" in with_robot.fails(
        "role", "assign", "Reader", "--to", "my-robot", "--scope", "everywhere"
    )


def test_role_is_not_assigned_twice(with_robot: Terminal) -> None:
    """The second time says that it is there already."""
    words = ("role", "assign", "AcrPull", "--to", "my-robot")
    with_robot.reads(*words)
    assert "already" in with_robot.fails(*words)


def test_roles_are_defined(owner: Terminal) -> None:
    """The built-in roles are listed with what they are for."""
    assert {"AcrPull", "AcrPush", "Owner"} <= {r["name"] for r in owner.gets("role", "definitions")}
    assert "AcrPull" in owner.reads("role", "definitions")


@pytest.mark.parametrize("columns", [60, 80, 130])
def test_descriptions_are_broken_to_fit_a_terminal(owner: Terminal, columns: int) -> None:
    """Text is broken into lines that fit, and none of it is lost."""
    shown = click.unstyle(at_terminal(owner, columns).reads("role", "definitions"))
    assert max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown
    words = {word for r in owner.gets("role", "definitions") for word in r["description"].split()}
    assert words <= set(shown.split())


def test_scope_map_is_written_in_short(owner: Terminal) -> None:
    """`REPO:VERB,VERB` stands for one action each; whole actions are taken as they are."""
    made = owner.gets(
        *("scope-map", "create", "app-pull", "--description", "for the app"),
        *("--allow", "app/*:content/read,metadata/read"),
        *("--allow", "repositories/tools/content/read"),
    )
    assert made["actions"] == [
        "repositories/app/*/content/read",
        "repositories/app/*/metadata/read",
        "repositories/tools/content/read",
    ]
    assert made["description"] == "for the app"


def test_scope_map_is_changed_and_deleted(owner: Terminal) -> None:
    """Actions are added and removed, in either spelling of the option, until the map goes."""
    told = owner.reads("scope-map", "create", "app-pull", "--allow", "app:content/read")
    assert "pratique token create TOKEN --scope-map app-pull --data" in told
    changed = owner.gets(
        *("scope-map", "update", "app-pull", "--add", "one:content/read"),
        *("--allow", "two:content/read", "--remove", "app:content/read"),
    )
    assert changed["actions"] == ["repositories/one/content/read", "repositories/two/content/read"]
    emptied = owner.reads(
        *("scope-map", "update", "app-pull"),
        *("--remove", "one:content/read", "--remove", "two:content/read"),
    )
    assert "nothing" in emptied
    assert "app-pull" in owner.reads("scope-map", "list")
    owner.reads("scope-map", "delete", "app-pull")
    assert "app-pull" not in {m["name"] for m in owner.gets("scope-map", "list")}


@pytest.mark.parametrize("allowed", ["app", "app:", ":content/read"])
def test_broken_allowance_is_wrong_usage(owner: Terminal, allowed: str) -> None:
    """What is not `REPO:VERB` is told with an example."""
    told = owner.misuses("scope-map", "create", "app-pull", "--allow", allowed)
    assert "for example app:content/read" in " ".join(told.split())


def test_settings_are_changed_one_by_one(owner: Terminal) -> None:
    """What is not given stays."""
    owner.reads("registry", "update", "--help-page", "https://example.com/help")
    changed = owner.gets("registry", "update", "--role-mode", "abac", "--login-server", "", "--yes")
    assert (changed["role_mode"], changed["login_server"]) == ("abac", None)
    assert changed["help_page"] == "https://example.com/help"
    shown = [line.split() for line in owner.reads("registry", "show").splitlines()]
    assert ["role", "mode", "abac"] in shown
    assert ["login", "server", "-"] in shown
    assert "say what to change" in owner.misuses("registry", "update")
    assert "is not a URL" in owner.fails("registry", "update", "--help-page", "help")


def test_anonymous_pull_is_switched(owner: Terminal) -> None:
    """On and off, in words and for programs."""
    assert owner.reads("anonymous-pull", "on").startswith("Everybody may pull")
    assert owner.gets("registry", "show")["anonymous_pull"] is True
    assert owner.reads("anonymous-pull", "off").startswith("Nobody may pull")
    assert owner.gets("registry", "show")["anonymous_pull"] is False


def test_signing_keys_are_rotated(owner: Terminal) -> None:
    """The former key verifies for a while, unless it is forgotten at once."""
    (first,) = owner.gets("signing-key", "list")
    second = owner.gets("signing-key", "rotate")
    assert {k["key_id"] for k in owner.gets("signing-key", "list")} == {
        first["key_id"],
        second["key_id"],
    }
    listed = owner.reads("signing-key", "list")
    assert "verifies only" in listed
    assert "are void" in owner.reads("signing-key", "rotate", "--at-once")
    (last,) = owner.gets("signing-key", "list")
    assert last["key_id"] not in {first["key_id"], second["key_id"]}
