"""`az acr` on the registry itself: settings, admin user, tokens, scope maps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

ON = ("--registry", "pratique")


def test_list_and_show(harbour: Harbour, boss: Az) -> None:
    """The one registry, whole, by name and by group."""
    [listed] = boss("acr", "list")
    shown = boss("acr", "show", "--name", "pratique")
    assert listed["id"] == shown["id"] == harbour.scope
    assert boss("acr", "list", "--resource-group", "pratique") == [listed]
    assert shown["loginServer"] == harbour.login_server
    assert shown["sku"]["name"] == "Premium"
    assert shown["provisioningState"] == "Succeeded"
    assert boss("acr", "show-endpoints", "--name", "pratique")["loginServer"] == (
        harbour.login_server
    )


def test_check_name(boss: Az) -> None:
    """The present name is taken; another is free."""
    assert boss("acr", "check-name", "--name", "pratique")["reason"] == "AlreadyExists"
    assert boss("acr", "check-name", "--name", "elsewhere")["nameAvailable"] is True


def test_create_of_what_is_there_shows_it(boss: Az) -> None:
    """The registry that is there is shown."""
    group = ("--resource-group", "pratique", "--sku", "Basic")
    assert boss("acr", "create", "--name", "pratique", *group)["name"] == "pratique"


def test_delete_of_the_first_registry_is_refused(boss: Az) -> None:
    """It keeps the directory of all."""
    words = boss.refused("acr", "delete", "--name", "pratique", "--yes")
    assert "home registry" in words


def test_update_of_settings(boss: Az) -> None:
    """Admin user, anonymous pull and role mode are changed, and changed back."""
    update = ("acr", "update", "--name", "pratique")
    changed = boss(*update, "--admin-enabled", "true", "--anonymous-pull-enabled", "true")
    assert (changed["adminUserEnabled"], changed["anonymousPullEnabled"]) == (True, True)
    changed = boss(*update, "--admin-enabled", "false", "--anonymous-pull-enabled", "false")
    assert (changed["adminUserEnabled"], changed["anonymousPullEnabled"]) == (False, False)
    # The mode makes earlier registry tokens void, as at ACR; nobody here keeps one.
    abac = boss(*update, "--role-assignment-mode", "rbac-abac")
    assert abac["roleAssignmentMode"] == "AbacRepositoryPermissions"
    rbac = boss(*update, "--role-assignment-mode", "rbac")
    assert rbac["roleAssignmentMode"] == "LegacyRegistryPermissions"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--sku", "Basic"), "`sku` cannot be `Basic`"),
        (("--tags", "a=b"), "`tags` cannot be"),
    ],
)
def test_what_is_not_there_cannot_be_set(boss: Az, words: tuple[str, str], named: str) -> None:
    """A setting that would have no effect is refused instead of being taken."""
    said = boss.refused("acr", "update", "--name", "pratique", *words)
    assert f"(BadRequest) {named}" in said


def test_tokens_of_the_resource_manager(boss: Az) -> None:
    """Whether they are exchanged is shown and set."""
    config = ("acr", "config", "authentication-as-arm")
    assert boss(*config, "show", *ON)["status"] == "enabled"
    assert boss(*config, "update", *ON, "--status", "disabled")["status"] == "disabled"
    assert boss(*config, "update", *ON, "--status", "enabled")["status"] == "enabled"


def test_usage(boss: Az) -> None:
    """How many scope maps and tokens there are."""
    usages = boss("acr", "show-usage", "--name", "pratique")["value"]
    assert {usage["name"] for usage in usages} == {"ScopeMaps", "Tokens"}


@pytest.fixture
def admin(boss: Az) -> Iterator[None]:
    """The admin user, switched on."""
    boss("acr", "update", "--name", "pratique", "--admin-enabled", "true")
    yield
    boss("acr", "update", "--name", "pratique", "--admin-enabled", "false")


@pytest.mark.usefixtures("admin")
def test_admin_passwords(harbour: Harbour, boss: Az) -> None:
    """Never shown again; made anew, one signs in with az and lists repositories."""
    words = boss.refused("acr", "credential", "show", "--name", "pratique")
    assert "(AdminPasswordsNotKept)" in words
    assert "az acr credential renew -n pratique --password-name password" in words
    renewed = boss(
        *("acr", "credential", "renew", "--name", "pratique", "--password-name", "password2")
    )
    assert renewed["username"] == "pratique"
    shown = {password["name"]: password["value"] for password in renewed["passwords"]}
    assert shown["password"] is None
    by_password = ("--username", "pratique", "--password", shown["password2"])
    harbour.push(boss, "admin/app", "v1")
    listed = boss("acr", "repository", "list", "--name", "pratique", *by_password)
    assert "admin/app" in listed


def test_scope_maps(harbour: Harbour, boss: Az) -> None:
    """Created, changed by set arithmetic, listed with the system's, deleted."""
    name = ("--name", harbour.unique("scope-map"), *ON)
    group = ("acr", "scope-map")
    made = boss(*group, "create", *name, "--repository", "app", "content/read")
    assert made["actions"] == ["repositories/app/content/read"]
    added = boss(*group, "update", *name, "--add-repository", "app", "content/write")
    assert set(added["actions"]) == {
        "repositories/app/content/read",
        "repositories/app/content/write",
    }
    removed = boss(*group, "update", *name, "--remove-repository", "app", "content/read")
    assert removed["actions"] == ["repositories/app/content/write"]
    assert boss(*group, "show", *name)["actions"] == removed["actions"]
    names = {m["name"] for m in boss(*group, "list", *ON)}
    assert {name[1], "_repositories_pull", "_repositories_admin"} <= names
    boss(*group, "delete", *name, "--yes")
    assert "ResourceNotFound" in boss.refused(*group, "show", *name, code=3)


def test_tokens(harbour: Harbour, boss: Az) -> None:
    """Made with passwords that work, disabled, given one that expires, and deleted."""
    harbour.push(boss, "token/app", "v1")
    token = harbour.unique("token")
    name, group = ("--name", token, *ON), ("acr", "token")
    made = boss(
        *(*group, "create", *name, "--repository", "token/app", "content/read", "metadata/read")
    )
    passwords = {p["name"]: p["value"] for p in made["credentials"]["passwords"]}
    assert set(passwords) == {"password1", "password2"}
    assert made["scopeMapId"].endswith(f"/scopeMaps/{token}-scope-map")

    shown = boss(
        *("acr", "repository", "show-tags", "--name", "pratique", "--repository", "token/app"),
        *("--username", token, "--password", passwords["password1"]),
    )
    assert shown == ["v1"]
    assert boss(*group, "update", *name, "--status", "disabled")["status"] == "disabled"
    again = boss(
        *(*group, "credential", "generate", *name, "--password1", "--expiration-in-days", "3")
    )
    [password] = again["passwords"]
    assert password["value"] not in passwords.values()
    assert password["expiry"] > password["creationTime"]
    assert token in {t["name"] for t in boss(*group, "list", *ON)}
    in_use = boss.refused("acr", "scope-map", "delete", "-n", f"{token}-scope-map", *ON, "--yes")
    assert f"is used by the token `{token}`" in in_use
    boss(*group, "delete", *name, "--yes")
    assert "ResourceNotFound" in boss.refused(*group, "show", *name, code=3)


def test_token_without_passwords(harbour: Harbour, boss: Az) -> None:
    """`--no-passwords` makes none."""
    made = boss(
        *("acr", "token", "create", "--name", harbour.unique("token"), *ON, "--no-passwords"),
        *("--scope-map", "_repositories_pull"),
    )
    assert made["credentials"]["passwords"] in (None, [])


def test_whoever_may_only_read_is_told_why_not(harbour: Harbour) -> None:
    """The law's own words stand in az's message."""
    robot = harbour.robot("reader", "Reader")
    az = harbour.signed_in(robot["client_id"], robot["secret"])
    words = az.refused("acr", "update", "--name", "pratique", "--admin-enabled", "true")
    assert "(AuthorizationFailed)" in words
    assert f"`{robot['display_name']}`" in words
    assert "Microsoft.ContainerRegistry/registries/write" in words
