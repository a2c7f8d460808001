"""Accounts: users, groups, service principals, tokens and the admin user, over a folder."""

from __future__ import annotations

import pytest
from tests.cli.terminal import Terminal


def test_service_principal_is_made_with_its_secret(owner: Terminal) -> None:
    """`sp create` gives programs ids, secret and expiry."""
    made = owner.gets("sp", "create", "my-robot", "--expires-in-days", "3")
    assert {"client_id", "object_id", "secret", "expires"} <= made.keys()
    assert owner.gets("sp", "show", "my-robot")["client_id"] == made["client_id"]


def test_secret_is_shown_once_with_what_to_type_next(owner: Terminal) -> None:
    """People see the secret, that it is the only time, and commands that can be typed as shown."""
    told = owner.reads("sp", "create", "my-robot")
    (found,) = owner.gets("sp", "list")
    assert "shown this once" in told
    assert f"secret     {'prq_'}" in told
    folder = owner.words[1]
    assert f"pratique role assign AcrPull --to {found['client_id']} --data {folder}\n" in told
    assert f"docker login registry.example.com -u {found['client_id']}\n" in told
    assert "prq_" not in owner.reads("sp", "show", "my-robot")


def test_service_principals_are_listed_in_columns(owner: Terminal) -> None:
    """A list has a heading, a line for each entry, and whole ids."""
    made = [owner.gets("sp", "create", name) for name in ("one", "another")]
    heading, *lines = owner.reads("sp", "list").splitlines()
    assert heading.split() == ["NAME", "CLIENT", "ID", "STATE", "SECRETS", "CREATED"]
    assert [line.split()[:3] for line in lines] == [
        ["another", made[1]["client_id"], "enabled"],
        ["one", made[0]["client_id"], "enabled"],
    ]
    assert len({line.index("enabled") for line in lines}) == 1


def test_secrets_come_and_go(owner: Terminal) -> None:
    """A second secret is added, listed, and deleted by its name; the first stays."""
    owner.gets("sp", "create", "my-robot")
    added = owner.gets(
        "sp", "secret", "add", "my-robot", "--name", "2nd", "--expires-in-days", "30"
    )
    assert added["secret"].startswith("prq_")
    assert [s["name"] for s in owner.gets("sp", "secret", "list", "my-robot")] == ["default", "2nd"]
    assert "2nd" in owner.reads("sp", "secret", "list", "my-robot")
    assert "`default` is deleted" in owner.reads("sp", "secret", "delete", "my-robot", "default")
    assert [s["name"] for s in owner.gets("sp", "secret", "list", "my-robot")] == ["2nd"]
    owner.gets("sp", "secret", "delete", "my-robot", added["secret_id"])
    assert "has no secrets" in owner.reads("sp", "secret", "list", "my-robot")


def test_user_gets_a_password_that_is_made(owner: Terminal) -> None:
    """Without a password, one is made and shown, now and when it is made anew."""
    made = owner.gets("user", "create", "alice", "--display-name", "Alice Liddell")
    assert made["display_name"] == "Alice Liddell"
    anew = owner.gets("user", "password", "alice")
    assert len({made["password"], anew["password"]}) == 2
    assert "shown this once" in owner.reads("user", "password", "alice")


def test_user_gets_a_password_that_is_given(owner: Terminal) -> None:
    """A password from standard input is not shown again."""
    made = owner.gets("user", "create", "alice", "--password-stdin", stdin="correct horse\n")
    assert "password" not in made
    told = owner.reads("user", "password", "alice", "--password-stdin", stdin="battery staple\n")
    assert told == "The user `alice` has another password.\n"
    assert "characters" in owner.fails("user", "create", "bob", "--password-stdin", stdin="x\n")


@pytest.mark.parametrize(
    ("kind", "named_by", "create"),
    [
        ("sp", "display_name", ("sp", "create", "somebody")),
        ("user", "username", ("user", "create", "somebody")),
        ("token", "name", ("token", "create", "somebody", "--scope-map", "_repositories_pull")),
    ],
)
def test_accounts_are_disabled_enabled_and_deleted(
    owner: Terminal, kind: str, named_by: str, create: tuple[str, ...]
) -> None:
    """Every kind of account can be switched off and on, and taken away; lists tell."""

    def standing() -> list[bool]:
        return [a["enabled"] for a in owner.gets(kind, "list") if a[named_by] == "somebody"]

    assert "`somebody`" in owner.reads(*create)
    assert standing() == [True]
    assert "`somebody` is disabled" in owner.reads(kind, "disable", "somebody")
    assert standing() == [False]
    assert "disabled" in owner.reads(kind, "list")
    assert "`somebody` is enabled" in owner.reads(kind, "enable", "somebody")
    assert standing() == [True]
    assert "`somebody` is deleted" in owner.reads(kind, "delete", "somebody")
    assert standing() == []
    assert "`somebody`" in owner.fails(kind, "enable", "somebody")


def test_groups_hold_principals(owner: Terminal) -> None:
    """A group is made, filled, emptied and deleted."""
    owner.gets("user", "create", "alice")
    made = owner.gets("group", "create", "builders")
    assert made["object_id"] in owner.reads("group", "list")
    owner.reads("group", "add", "builders", "alice")
    assert "alice" in owner.reads("group", "list")
    owner.reads("group", "remove", "builders", "alice")
    assert owner.gets("group", "list")[0]["members"] == []
    owner.reads("group", "delete", "builders")
    assert "There are no groups" in owner.reads("group", "list")
    told = owner.reads("group", "create", "testers")
    assert "pratique role assign AcrPush --to " in told


def test_token_is_made_with_both_passwords(owner: Terminal) -> None:
    """`token create` gives programs both passwords, which never expire unless told."""
    words = ("token", "create", "app-ci", "--scope-map", "_repositories_pull")
    made = owner.gets(*words)
    assert made["username"] == "app-ci"
    assert made["password1"] != made["password2"]
    assert made["expires"] == {"password1": None, "password2": None}
    assert "expires    never" in owner.reads("token", "password", "app-ci", "password2")
    anew = owner.gets("token", "password", "app-ci", "password2", "--expires-in-days", "2")
    assert "password1" not in anew
    assert anew["password2"] != made["password2"]
    assert anew["expires"]["password2"] is not None
    assert "app-ci" in owner.reads("token", "list")


def test_token_tells_how_to_log_in(owner: Terminal) -> None:
    """People see the passwords, and the line that logs in with them."""
    told = owner.reads("token", "create", "app-ci", "--scope-map", "_repositories_pull")
    assert "shown this once" in told
    assert "docker login registry.example.com -u app-ci\n" in told


def test_admin_user_is_off_until_enabled(owner: Terminal) -> None:
    """Its two passwords are shown when they are made, and at no other time."""
    assert owner.gets("admin-user", "show")["enabled"] is False
    made = owner.gets("admin-user", "enable")
    assert made["username"] == "pratique"
    assert made["passwords"].keys() == {"password", "password2"}
    again = owner.reads("admin-user", "enable")
    assert made["passwords"]["password"] not in again
    assert "pratique admin-user regenerate password --data" in again
    anew = owner.gets("admin-user", "regenerate", "password2")["passwords"]
    assert anew.keys() == {"password2"}
    assert anew["password2"] != made["passwords"]["password2"]
    assert "shown this once" in owner.reads("admin-user", "regenerate")
    shown = owner.reads("admin-user", "show")
    assert "enabled" in shown
    assert "password2 made" in shown
    assert "disabled" in owner.reads("admin-user", "disable")
    assert owner.gets("admin-user", "show")["enabled"] is False


def test_admin_passwords_are_shown_to_people_once(owner: Terminal) -> None:
    """The first time, people see both and how to log in."""
    told = owner.reads("admin-user", "enable")
    assert "shown this once" in told
    assert "docker login registry.example.com -u pratique\n" in told


@pytest.mark.parametrize(
    "words",
    [
        ("sp", "show", "nobody"),
        ("sp", "delete", "nobody"),
        ("user", "password", "nobody"),
        ("group", "add", "nowhere", "owner"),
        ("token", "disable", "nobody"),
        ("token", "create", "app-ci", "--scope-map", "no-such-map"),
        ("admin-user", "regenerate"),
    ],
)
def test_what_is_not_there_fails(owner: Terminal, words: tuple[str, ...]) -> None:
    """What is named and not there is refused in one sentence, for programs with a code."""
    sentence = owner.fails(*words)
    assert "\n" not in sentence
    done = owner.types(*words, "--json")
    assert (done.code, done.out) == (1, "")
    assert '"code": "NOT_FOUND"' in done.err
    assert sentence[:20] in done.err


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_name_that_no_address_can_hold_is_told(owner: Terminal, name: str) -> None:
    """A name with a slash is not mistaken for another address."""
    assert "give the object id instead" in owner.fails("sp", "show", name)
