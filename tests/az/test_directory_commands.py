"""`az ad`, `az identity`, and the small resources that az needs on its way."""

from __future__ import annotations

import json

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

PASSWORD = "a long password for tests"


def test_create_for_rbac(harbour: Harbour, boss: Az) -> None:
    """A service principal with a role at once; again, it gets another secret and no second role."""
    words = (
        *("ad", "sp", "create-for-rbac", "--name", harbour.unique("ci-robot")),
        *("--role", "AcrPull", "--scopes", harbour.scope),
    )
    first, second = boss(*words), boss(*words)
    assert first["appId"] == second["appId"]
    assert first["tenant"] == harbour.tenant
    refused = harbour.stranger().refused(
        *("login", "--service-principal", "--username", first["appId"]),
        *("--password", first["password"], "--tenant", harbour.tenant),
    )
    assert "AADSTS7000215" in refused
    az = harbour.signed_in(second["appId"], second["password"])
    assert az("acr", "login", "--name", "pratique", "--expose-token")["loginServer"] == (
        harbour.login_server
    )


def test_create_for_rbac_with_a_certificate(harbour: Harbour, boss: Az) -> None:
    """Az makes key and certificate, and signs in with them."""
    made = boss("ad", "sp", "create-for-rbac", "-n", harbour.unique("certified"), "--create-cert")
    az = harbour.stranger()
    az(
        *("login", "--service-principal", "--username", made["appId"], "--tenant", harbour.tenant),
        *("--certificate", made["fileWithCertAndPrivateKey"], "--allow-no-subscriptions"),
    )
    assert az("account", "show")["user"]["name"] == made["appId"]


def test_create_for_rbac_for_programmes(harbour: Harbour, boss: Az) -> None:
    """`--json-auth` prints where everything is."""
    made = boss("ad", "sp", "create-for-rbac", "-n", harbour.unique("json"), "--json-auth")
    assert made["tenantId"] == harbour.tenant
    assert made["subscriptionId"] == harbour.subscription
    assert made["resourceManagerEndpointUrl"] == f"https://{harbour.login_server}"


def test_service_principals(harbour: Harbour, boss: Az) -> None:
    """Shown by client id, listed by the beginning of a name, given another secret, deleted."""
    robot = harbour.robot("shown")
    by_id = ("--id", robot["client_id"])
    assert boss("ad", "sp", "show", *by_id)["id"] == robot["object_id"]
    [listed] = boss("ad", "sp", "list", "--display-name", robot["display_name"])
    assert listed["appId"] == robot["client_id"]
    reset = boss("ad", "sp", "credential", "reset", *by_id)
    assert reset["password"] != robot["secret"]
    boss("ad", "sp", "delete", *by_id)
    assert boss("ad", "sp", "list", "--display-name", robot["display_name"]) == []


def test_applications(harbour: Harbour, boss: Az) -> None:
    """Created, shown, given secrets and a federated credential; it is a principal at once."""
    name = harbour.unique("application")
    made = boss("ad", "app", "create", "--display-name", name)
    by_id = ("--id", made["appId"])
    assert [a["id"] for a in boss("ad", "app", "list", "--display-name", name)] == [made["id"]]
    assert boss("ad", "app", "show", *by_id)["displayName"] == name
    boss("ad", "app", "credential", "reset", *by_id, "--append")
    assert boss("ad", "app", "credential", "reset", *by_id)["password"]
    assert len(boss("ad", "app", "credential", "list", *by_id)) == 1
    wanted = {
        "name": "jobs",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:harbour/app:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    federated = ("ad", "app", "federated-credential")
    given = boss(*federated, "create", *by_id, "--parameters", json.dumps(wanted))
    assert {key: given[key] for key in wanted} == wanted
    assert [f["name"] for f in boss(*federated, "list", *by_id)] == ["jobs"]
    assert boss("ad", "sp", "create", *by_id)["appId"] == made["appId"]


def test_users(harbour: Harbour, boss: Az) -> None:
    """Created, listed by name, shown, and given a role by name."""
    name = f"{harbour.unique('ada')}@harbour.test"
    made = boss(
        *("ad", "user", "create", "--display-name", "Ada", "--user-principal-name", name),
        *("--password", PASSWORD),
    )
    assert made["userPrincipalName"] == name
    assert [u["id"] for u in boss("ad", "user", "list", "--upn", name)] == [made["id"]]
    assert boss("ad", "user", "show", "--id", name)["displayName"] == "Ada"
    given = boss(
        *("role", "assignment", "create", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee", name),
    )
    assert (given["principalId"], given["principalType"]) == (made["id"], "User")


def test_signed_in_user_is_no_programme(boss: Az) -> None:
    """A service principal is told that it is none."""
    assert "only valid for a user" in boss.refused("ad", "signed-in-user", "show")


def test_the_directory_is_closed_to_those_without_a_right_on_it(harbour: Harbour) -> None:
    """Owner at the registry is not owner of the directory, and is told so."""
    robot = harbour.robot("owner-below", "Owner")
    az = harbour.signed_in(robot["client_id"], robot["secret"])
    words = az.refused("ad", "sp", "list", "--all")
    assert "Microsoft.Authorization/directory/servicePrincipals/read" in words


def test_identities(harbour: Harbour, boss: Az) -> None:
    """Created, created again without harm, shown, listed and deleted."""
    name = harbour.unique("runner")
    at = ("--name", name, "--resource-group", "pratique")
    made = boss("identity", "create", *at)
    assert boss("identity", "create", *at)["principalId"] == made["principalId"]
    assert boss("identity", "show", *at)["clientId"] == made["clientId"]
    assert name in {i["name"] for i in boss("identity", "list")}
    assert made["tenantId"] == harbour.tenant
    boss("identity", "delete", *at)
    assert "ResourceNotFound" in boss.refused("identity", "show", *at, code=3)


def test_groups_providers_and_resources(harbour: Harbour, boss: Az) -> None:
    """What az asks for on its way, asked for directly."""
    assert [g["name"] for g in boss("group", "list")] == ["pratique"]
    assert boss("group", "show", "--name", "pratique")["location"] == "local"
    assert boss("group", "create", "--name", "pratique", "--location", "local")["name"]
    provider = ("--namespace", "Microsoft.ContainerRegistry")
    assert boss("provider", "show", *provider)["registrationState"] == "Registered"
    boss("provider", "register", *provider)
    kind = ("--resource-type", "Microsoft.ContainerRegistry/registries")
    assert [r["id"] for r in boss("resource", "list", *kind)] == [harbour.scope]
    assert boss("resource", "show", "--ids", harbour.scope)["name"] == "pratique"
    url = f"{harbour.scope}?api-version=2025-04-01"
    shown = boss("rest", "--method", "get", "--url", url)
    assert shown["properties"]["loginServer"] == harbour.login_server
