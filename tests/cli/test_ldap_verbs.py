"""`pratique ldap`, as it is typed and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import free_port
from tests.support.slapd import GROUPS, PEOPLE, READER, Slapd, group, person, slapd

SET = ("ldap", "set", "ldaps://dc.example.org", "--kind", "active-directory")
BASE = ("--user-base", "DC=example,DC=org")


@pytest.fixture
def ldap(tmp_path: Path) -> Iterator[Slapd]:
    """One person and one group."""
    with slapd(tmp_path / "slapd") as server:
        server.add(person("alice", "alice's password") + group("staff", f"uid=alice,{PEOPLE}"))
        yield server


def of(ldap: Slapd) -> tuple[str, ...]:
    """The words that set the server up."""
    return (
        *("ldap", "set", ldap.url, "--kind", "openldap", "--user-base", PEOPLE),
        *("--group-base", GROUPS, "--bind-dn", READER, "--ca-file", str(ldap.ca_file)),
        *("--bind-password-file", str(ldap.password_file)),
    )


def test_setup_is_set_shown_and_replaced_whole(owner: Terminal) -> None:
    """What is not given is as the kind of server has it."""
    assert "`pratique ldap set` names one" in owner.fails("ldap", "show")
    told = owner.reads(*SET, *BASE, "--bind-dn", "CN=r", "--bind-password-file", "secret")
    assert "Users come from `ldaps://dc.example.org`." in told
    assert "pratique ldap sync --dry-run --data" in told
    shown = owner.gets("ldap", "show")
    assert shown["bind_password_file"] == str(Path("secret").absolute())
    assert "(sAMAccountName={name})" in shown["user_filter"]
    assert "user name                sAMAccountName\n" in owner.reads("ldap", "show")
    owner.gets(*SET, *BASE, "--name-attribute", "userPrincipalName")
    shown = owner.gets("ldap", "show")
    assert "(userPrincipalName={name})" in shown["user_filter"]
    assert (shown["bind_dn"], shown["group_base"]) == (None, None)
    told = owner.reads("ldap", "show")
    assert "reads as                 nobody\n" in told
    assert "groups below             left alone\n" in told
    assert "not asked any more" in owner.reads("ldap", "remove")
    assert "`pratique ldap set` names one" in owner.fails("ldap", "remove")


@pytest.mark.parametrize(
    ("url", "warned"),
    [("ldap://127.0.0.1:389", False), ("ldap://localhost", False), ("ldap://dc.test", True)],
)
def test_plain_is_warned_about_unless_it_stays_here(
    owner: Terminal,
    url: str,
    warned: bool,  # noqa: FBT001
) -> None:
    """Everybody on the way would read the passwords."""
    words = ("ldap", "set", url, "--kind", "openldap", *BASE)
    assert owner.types(*words).err == ""
    assert ("can read the passwords" in owner.types(*words, "--plain").err) == warned


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("http://dc", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://dc:0", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://dc:66000", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://dc/dc=base", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://u:p@dc", "--kind", "openldap", *BASE), "is no address of an LDAP server"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--plain"), "leave out --plain"),
        (("ldaps://dc", "--kind", "openldap", "--user-base", ""), "--user-base"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--bind-dn", "cn=r"), "or neither"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--bind-password-file", "f"), "or neither"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--user-filter", "(uid=a)"), "{name}"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--user-filter", "uid={name}"), "no filter"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--group-filter", "((a=b)"), "no filter"),
        (("ldaps://dc", "--kind", "openldap", *BASE, "--name-attribute", "a)(b"), "attribute"),
    ],
)
def test_setup_that_makes_no_sense_is_refused(
    owner: Terminal, words: tuple[str, ...], told: str
) -> None:
    """And nothing is set up."""
    assert told in owner.fails("ldap", "set", *words)
    assert "`pratique ldap set` names one" in owner.fails("ldap", "show")


def test_kind_is_needed(owner: Terminal) -> None:
    """What the attributes mean cannot be guessed."""
    assert "--kind" in owner.misuses("ldap", "set", "ldaps://dc", *BASE)
    assert "give a NAME" in owner.misuses("ldap", "test", "--password-stdin")


def test_trial_tells_each_step(owner: Terminal, ldap: Slapd) -> None:
    """Up to the first that fails."""
    owner.gets(*of(ldap))
    lines = owner.reads("ldap", "test").splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [step, "ok"] for step in ("connection", "TLS", "bind", "users", "groups")
    ]
    told = owner.reads("ldap", "test", "alice", "--password-stdin", stdin="alice's password\n")
    assert "`staff`" in told
    assert told.splitlines()[-1].split() == ["password", "ok", "right"]
    done = owner.types("ldap", "test", "nobody", "--json")
    assert done.code == 1
    ldap.stop()
    done = owner.types("ldap", "test")
    assert (done.code, "connection   failed" in done.out) == (1, True)
    assert "the last step says why" in done.err


def test_sync_tells_who_comes_and_goes(owner: Terminal, ldap: Slapd) -> None:
    """Before and after; conflicts and losses are told apart."""
    owner.gets(*of(ldap))
    owner.gets("user", "create", "bob")
    ldap.add(person("bob", "bob's password"))
    told = owner.reads("ldap", "sync", "--dry-run")
    assert "1 user and 1 group would change." in told
    assert "is not taken over" in told
    assert "1 user and 1 group changed." in owner.reads("ldap", "sync")
    assert "Everything is as the LDAP server says." in owner.reads("ldap", "sync")
    assert "Nothing changes." in owner.reads("ldap", "sync", "--dry-run")
    ldap.modify(f"dn: uid=alice,{PEOPLE}\nchangetype: delete\n")
    done = owner.types("ldap", "sync", "--dry-run")
    assert "disabled: the entry is gone" in done.out
    assert "needs --force" in done.err
    assert "add `--force`" in owner.fails("ldap", "sync")
    assert "disabled: the entry is gone" in owner.reads("ldap", "sync", "--force")
    states = {user["username"]: user["enabled"] for user in owner.gets("user", "list")}
    assert (states["alice"], states["bob"]) == (False, True)


def test_removal_names_who_was_disabled(owner: Terminal, ldap: Slapd) -> None:
    """And needs to be told that they go."""
    owner.gets(*of(ldap))
    owner.gets("ldap", "sync")
    assert "1 enabled user" in owner.fails("ldap", "remove")
    assert "Disabled: `alice`." in owner.reads("ldap", "remove", "--with-users")


def test_server_that_is_not_there_changes_nothing(owner: Terminal) -> None:
    """The sync says why."""
    url = f"ldaps://localhost:{free_port()}"
    owner.gets("ldap", "set", url, "--kind", "openldap", *BASE)
    told = owner.fails("ldap", "sync")
    assert "nothing was changed" in told
    assert "cannot be reached" in told
    done = owner.types("ldap", "test", "--json")
    assert (done.code, json.loads(done.out)["good"]) == (1, False)
