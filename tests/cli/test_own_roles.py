"""Roles of one's own, from options and from Azure's files, over a folder."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from tests.cli.terminal import Terminal

from pratique.cli.role_files import read_role

_ON = "Microsoft.ContainerRegistry/registries/"
METADATA, PULL = f"{_ON}metadata/write", f"{_ON}pull/read"
CREATE = ("role", "create", "Taggers", "--action", METADATA)
# As `az role definition create` takes it.
WANTED = {
    "Name": "Taggers",
    "IsCustom": True,
    "Description": "Moves tags",
    "Actions": [METADATA, PULL],
    "NotActions": [PULL],
    "DataActions": [],
    "NotDataActions": [],
    "AssignableScopes": ["/"],
}
# As `az role definition list` prints it.
LISTED = {
    "assignableScopes": ["/"],
    "createdOn": "2024-01-01T00:00:00Z",
    "description": "Moves tags",
    "id": "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/1b2c",
    "name": "1b2c",
    "permissions": [
        {
            "actions": [METADATA, PULL],
            "notActions": [PULL],
            "dataActions": [],
            "notDataActions": [],
            "condition": None,
            "conditionVersion": None,
        }
    ],
    "roleName": "Taggers",
    "roleType": "CustomRole",
    "type": "Microsoft.Authorization/roleDefinitions",
}
FORMS = {
    "wanted": WANTED,
    "listed": LISTED,
    "list": [LISTED],
    "lower camel case": {f"{key[0].lower()}{key[1:]}": value for key, value in WANTED.items()},
    "properties": {
        "name": "1b2c",
        "type": LISTED["type"],
        "properties": {key: LISTED[key] for key in ("roleName", "description", "assignableScopes")}
        | {"permissions": LISTED["permissions"]},
    },
}


def test_role_comes_and_goes(owner: Terminal) -> None:
    """A role is made, shown, assigned as the words say, and deleted once nobody has it."""
    told = owner.reads(*CREATE, "--not-action", PULL, "--description", "Moves tags")
    assert "The role `Taggers` is made." in told
    assert f"actions:\n  {METADATA}\n\nnot actions:\n  {PULL}\n" in told
    found = owner.gets("role", "show", "taggers")
    assert f"pratique role assign {found['role_id']} --to PRINCIPAL --data" in told
    assert (found["built_in"], found["description"]) == (False, "Moves tags")
    assert found["assignable_scopes"] == [owner.gets("registry", "show")["id"]]
    owner.reads("role", "assign", found["role_id"], "--to", "owner")
    assert "is assigned 1 time" in owner.fails("role", "delete", "Taggers")
    owner.reads("role", "unassign", "Taggers", "--from", "owner")
    assert "`Taggers` is deleted" in owner.reads("role", "delete", "Taggers")
    assert "there is no role" in owner.fails("role", "show", "Taggers")


def test_built_in_role_is_shown(owner: Terminal) -> None:
    """Of a built-in role, each permission has a line, under what kind it is of."""
    told = owner.reads("role", "show", "AcrPush")
    assert "kind            built in\n" in told
    assert f"actions:\n  {PULL}\n  {_ON}push/write\n" in told
    assert "data actions" not in told


def test_update_keeps_what_is_not_given(owner: Terminal) -> None:
    """Every part can be changed alone; an empty text leaves a list empty."""
    made = owner.gets(*CREATE, "--not-action", PULL, "--assignable-scope", "subscription")
    words = ("role", "update", "Taggers")
    changed = owner.gets(*words, "--description", "Moves tags")
    assert changed == made | {"description": "Moves tags"}
    changed = owner.gets(*words, "--not-action", "", "--name", "Tag movers")
    assert changed["name"] == "Tag movers"
    assert changed["permissions"] == [{**made["permissions"][0], "not_actions": []}]
    assert changed["assignable_scopes"] == made["assignable_scopes"]
    assert "say what to change" in owner.misuses("role", "update", "Tag movers")


@pytest.mark.parametrize("form", FORMS)
def test_files_of_azure_are_taken(owner: Terminal, tmp_path: Path, form: str) -> None:
    """What Azure's command line takes or prints makes one and the same role."""
    file = tmp_path / "role.json"
    file.write_text(json.dumps(FORMS[form]))
    made = owner.gets("role", "create", "--from-file", str(file))
    assert (made["name"], made["description"]) == ("Taggers", "Moves tags")
    assert made["assignable_scopes"] == ["/"]
    assert made["permissions"] == [
        {
            "actions": [METADATA, PULL],
            "not_actions": [PULL],
            "data_actions": [],
            "not_data_actions": [],
        }
    ]


def test_file_changes_a_role(owner: Terminal) -> None:
    """On standard input too; its permissions stand in place of all there were, the rest stays."""
    owner.gets(*CREATE, "--not-action", PULL, "--description", "Moves tags")
    given = json.dumps({"Actions": [PULL]})
    changed = owner.gets("role", "update", "Taggers", "--from-file", "-", stdin=given)
    assert (changed["name"], changed["description"]) == ("Taggers", "Moves tags")
    assert changed["permissions"][0]["actions"] == [PULL]
    assert changed["permissions"][0]["not_actions"] == []


def test_name_on_the_command_line_is_stronger(owner: Terminal) -> None:
    """A file may be used for a role of another name; some name must be given."""
    made = owner.gets("role", "create", "Others", "--from-file", "-", stdin=json.dumps(WANTED))
    assert made["name"] == "Others"
    assert "NAME" in owner.misuses("role", "create", "--action", PULL)
    both = owner.misuses("role", "create", "--from-file", "-", "--action", PULL)
    assert "not both" in " ".join(both.split())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "holds 0 role definitions"),
        ("[[]]", "is no role definition"),
        ('{"Actions": "x"}', "`actions` in the file is not a list of texts"),
        ('{"Name": 1}', "`name` in the file is not a text"),
        # A slip in a subtraction must not be passed over: the role would grant more.
        ('{"Actions": ["*"], "NotAction": ["x"]}', "`notaction`"),
        ('{"permissions": [{"actions": ["x"]}, {"actions": ["y"]}]}', "exactly one"),
        ('{"permissions": []}', "exactly one"),
        ('{"permissions": [{"actions": ["x"], "condition": "y"}]}', "holds a condition"),
    ],
)
def test_file_that_would_not_be_kept_whole_is_refused(content: str, words: str) -> None:
    """Whatever would be lost or changed on the way is told."""
    with pytest.raises(click.BadParameter, match=words.replace("`", ".")):
        read_role(content)


def _warning_after(owner: Terminal, *words: str) -> str:
    done = owner.types("role", "create", "Taggers", *words)
    assert done.code == 0, done
    return done.err


def test_unknown_permissions_are_doubted(owner: Terminal) -> None:
    """A pattern that matches nothing known is named, and so is one of the other kind."""
    slip, data = f"{_ON}metdata/write", f"{_ON}repositories/content/read"
    told = _warning_after(
        owner, "--action", METADATA, "--action", slip, "--action", data, "--data-action", PULL
    )
    assert told.startswith("warning: these patterns match no permission that is known here")
    assert [line.split()[0] for line in told.splitlines() if line.startswith("  ")] == [
        slip,
        data,
        PULL,
    ]
    assert f"{data}  (a data action is called so)" in told
    assert f"{PULL}  (an action is called so)" in told


@pytest.mark.parametrize("pattern", ["*", "*/read", f"{_ON}pull/READ", f"{_ON}tokens/*"])
def test_known_permissions_are_not_doubted(owner: Terminal, pattern: str) -> None:
    """Patterns match as in the law: `*` stands for any run, and case does not matter."""
    assert _warning_after(owner, "--action", pattern) == ""
