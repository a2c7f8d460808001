"""`az role assignment` and `az role definition`."""

from __future__ import annotations

import json

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

_READER = "Container Registry Repository Reader"
_CONDITION = (
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'app'))"
)
ASSIGNMENT, DEFINITION = ("role", "assignment"), ("role", "definition")


def test_assignments(harbour: Harbour, boss: Az) -> None:
    """Created, created again without harm, listed with names, deleted."""
    robot = harbour.robot("robot")
    at = ("--role", "AcrPull", "--scope", harbour.scope)
    made = boss(
        *(*ASSIGNMENT, "create", *at, "--assignee-object-id", robot["object_id"]),
        *("--assignee-principal-type", "ServicePrincipal"),
    )
    assert made["principalType"] == "ServicePrincipal"
    assert made["roleDefinitionId"].endswith("/7f951dda-4ed3-4680-a7ca-43fe172d538d")
    by_name = ("--assignee", robot["client_id"])
    assert boss(*ASSIGNMENT, "create", *at, *by_name)["name"] == made["name"]
    for where in (("--scope", harbour.scope), ("--all",)):
        [listed] = boss(*ASSIGNMENT, "list", *where, *by_name)
        assert listed["name"] == made["name"]
        assert listed["roleDefinitionName"] == "AcrPull"
        assert listed["principalName"] == robot["client_id"]
    boss(*ASSIGNMENT, "delete", *at, *by_name)
    assert boss(*ASSIGNMENT, "list", "--all", *by_name) == []
    said = boss.say(*ASSIGNMENT, "delete", *at, *by_name)
    assert "No matched assignments were found to delete" in said.out + said.err


def test_assignment_through_a_group(harbour: Harbour, boss: Az) -> None:
    """`--include-groups` shows what reaches somebody through a group."""
    robot, group = harbour.robot("member"), harbour.unique("crew")
    harbour.server.pratique("group", "create", group)
    harbour.server.pratique("group", "add", group, robot["object_id"])
    harbour.server.pratique("role", "assign", "AcrPush", "--to", group)
    found = boss(
        *(*ASSIGNMENT, "list", "--scope", harbour.scope, "--include-groups"),
        *("--assignee", robot["client_id"]),
    )
    assert [(a["roleDefinitionName"], a["principalType"]) for a in found] == [("AcrPush", "Group")]


def test_assignment_under_a_condition(harbour: Harbour, boss: Az) -> None:
    """The condition comes back as it was written; a malformed one is refused with its place."""
    robot = harbour.robot("robot")
    create = (
        *(*ASSIGNMENT, "create", "--role", _READER, "--scope", harbour.scope),
        *("--assignee", robot["client_id"], "--condition-version", "2.0"),
    )
    made = boss(*create, "--condition", _CONDITION)
    assert (made["condition"], made["conditionVersion"]) == (_CONDITION, "2.0")
    words = boss.refused(*create, "--condition", "((nonsense")
    assert "(InvalidCondition)" in words


def test_description(harbour: Harbour, boss: Az) -> None:
    """Written with the assignment, listed, and changed by `update`, with a condition beside it."""
    robot = harbour.robot("robot")
    made = boss(
        *(*ASSIGNMENT, "create", "--role", _READER, "--scope", harbour.scope),
        *("--assignee", robot["client_id"], "--description", "for the nightly job"),
    )
    assert made["description"] == "for the nightly job"
    of_it = ("--scope", harbour.scope, "--assignee", robot["client_id"])
    [listed] = boss(*ASSIGNMENT, "list", *of_it)
    assert listed["description"] == "for the nightly job"
    wanted = {**listed, "description": "for both jobs", "condition": _CONDITION}
    wanted["conditionVersion"] = "2.0"
    changed = boss(*ASSIGNMENT, "update", "--role-assignment", json.dumps(wanted))
    assert (changed["name"], changed["description"]) == (made["name"], "for both jobs")
    assert changed["condition"] == _CONDITION
    [listed] = boss(*ASSIGNMENT, "list", *of_it)
    assert (listed["description"], listed["condition"]) == ("for both jobs", _CONDITION)


def test_deny_assignments(harbour: Harbour, boss: Az) -> None:
    """A push is refused although a role grants it, until the deny assignment is deleted."""
    robot, name = harbour.robot("denied", "AcrPush"), harbour.unique("no pushes ")
    deny = ("role", "deny-assignment")
    made = boss(
        *(*deny, "create", "--scope", harbour.scope, "--name", name),
        *("--actions", "Microsoft.ContainerRegistry/registries/push/write"),
        *("--principal-object-id", robot["object_id"], "--principal-type", "ServicePrincipal"),
        *("--description", "while the harbour is closed"),
    )
    checking = ("access", "check", robot["object_id"], "push", "deny/app")
    with pytest.raises(AssertionError, match="exited 1"):
        harbour.server.pratique(*checking)
    shown = boss(*deny, "show", "--scope", harbour.scope, "--name", made["name"])
    assert shown["denyAssignmentName"] == name
    assert name in {each["denyAssignmentName"] for each in boss(*deny, "list")}
    boss(*deny, "delete", "--scope", harbour.scope, "--name", made["name"], "--yes")
    assert harbour.server.pratique(*checking)["allowed"] is True


def test_nobody_and_no_role(harbour: Harbour, boss: Az) -> None:
    """Who or what is not there is named."""
    robot = harbour.robot("robot")
    words = boss.refused(
        *(*ASSIGNMENT, "create", "--role", "NoSuchRole", "--scope", harbour.scope),
        *("--assignee", robot["client_id"]),
    )
    assert "Role 'NoSuchRole' doesn't exist." in words
    nobody = "11111111-2222-4333-8444-555555555555"
    words = boss.refused(
        *(*ASSIGNMENT, "create", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee-object-id", nobody, "--assignee-principal-type", "User"),
        code=3,
    )
    assert f"answers to `{nobody}`" in words


def test_whoever_may_not_assign_roles_is_told_why(harbour: Harbour) -> None:
    """A contributor may change the registry, and give nobody a role."""
    robot = harbour.robot("contributor", "Contributor")
    az = harbour.signed_in(robot["client_id"], robot["secret"])
    words = az.refused(
        *(*ASSIGNMENT, "create", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee-object-id", robot["object_id"]),
        *("--assignee-principal-type", "ServicePrincipal"),
    )
    assert "(AuthorizationFailed)" in words
    assert "Microsoft.Authorization/roleAssignments/write" in words


def test_definitions(harbour: Harbour, boss: Az) -> None:
    """The built-in ones are listed; a custom one is made, changed and deleted."""
    [pulling] = boss(*DEFINITION, "list", "--name", "AcrPull")
    assert pulling["roleType"] == "BuiltInRole"
    assert {"AcrPush", "Owner", _READER} <= {r["roleName"] for r in boss(*DEFINITION, "list")}
    name = harbour.unique("Puller ")
    wanted = {
        "Name": name,
        "Description": "pulls",
        "Actions": ["Microsoft.ContainerRegistry/registries/pull/read"],
        "AssignableScopes": [f"/subscriptions/{harbour.subscription}"],
    }
    made = boss(*DEFINITION, "create", "--role-definition", json.dumps(wanted))
    assert (made["roleName"], made["roleType"]) == (name, "CustomRole")
    wanted["Description"] = "pulls and does nothing else"
    changed = boss(*DEFINITION, "update", "--role-definition", json.dumps(wanted))
    assert (changed["name"], changed["description"]) == (made["name"], wanted["Description"])
    boss(*DEFINITION, "delete", "--name", name)
    assert boss(*DEFINITION, "list", "--name", name) == []
