"""`az acr repository`, `az acr manifest`, `az acr login` and `az acr check-health`."""

from __future__ import annotations

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour
from tests.az.missing import needs_programs, needs_usual_port
from tests.clients.images import MANIFEST_TYPE

pytestmark = [pytest.mark.live, pytest.mark.clients]

AT = ("--name", "pratique")
NULL_GUID = "00000000-0000-0000-0000-000000000000"


def test_repositories(harbour: Harbour, boss: Az) -> None:
    """Listed, shown with counts, shown by tag, and their tags by name and by time."""
    name = harbour.unique("team/app")
    image = harbour.push(boss, name, "v2", "v1")
    assert name in boss("acr", "repository", "list", *AT)
    shown = boss("acr", "repository", "show", *AT, "--repository", name)
    assert (shown["imageName"], shown["manifestCount"], shown["tagCount"]) == (name, 1, 2)
    assert shown["registry"] == harbour.login_server
    tag = boss("acr", "repository", "show", *AT, "--image", f"{name}:v1")
    assert (tag["name"], tag["digest"]) == ("v1", image.digest)
    manifest = boss("acr", "repository", "show", *AT, "--image", f"{name}@{image.digest}")
    assert (manifest["digest"], manifest["tags"]) == (image.digest, ["v1", "v2"])
    tags = ("acr", "repository", "show-tags", *AT, "--repository", name)
    assert boss(*tags) == ["v1", "v2"]
    assert boss(*tags, "--orderby", "time_asc") == ["v2", "v1"]
    assert boss(*tags, "--orderby", "time_desc") == ["v1", "v2"]
    assert boss(*tags, "--top", "1") == ["v1"]
    [detail] = boss(*tags, "--top", "1", "--detail")
    assert detail["digest"] == image.digest
    [listed] = boss("acr", "repository", "show-manifests", *AT, "--repository", name)
    assert listed["tags"] == ["v1", "v2"]


def test_deleting(harbour: Harbour, boss: Az) -> None:
    """A tag, an image with its tags, and a repository with all that is in it."""
    name = harbour.unique("gone/app")
    image = harbour.push(boss, name, "v1", "v2", "v3")
    tags = ("acr", "repository", "show-tags", *AT, "--repository", name)
    boss("acr", "repository", "untag", *AT, "--image", f"{name}:v1")
    assert boss(*tags) == ["v2", "v3"]
    boss("acr", "repository", "delete", *AT, "--image", f"{name}:v2", "--yes")
    assert boss("acr", "repository", "show", *AT, "--repository", name)["manifestCount"] == 0
    harbour.push(boss, name, "v4")
    gone = boss("acr", "repository", "delete", *AT, "--repository", name, "--yes")
    assert (gone["manifestsDeleted"], gone["tagsDeleted"]) == ([image.digest], ["v4"])
    words = boss.refused("acr", "repository", "show", *AT, "--repository", name, code=3)
    assert f"the repository `{name}` does not exist" in words


def test_manifests(harbour: Harbour, boss: Az) -> None:
    """Shown, shown byte for byte, listed with and without their metadata, deleted."""
    name = harbour.unique("manifest/app")
    image, at = harbour.push(boss, name, "v1"), ("--registry", "pratique", "--name")
    group = ("acr", "manifest")
    [metadata] = boss(*group, "list-metadata", *at, name)
    assert (metadata["digest"], metadata["mediaType"]) == (image.digest, MANIFEST_TYPE)
    assert boss(*group, "list-metadata", *at, name, "--orderby", "time_desc") == [metadata]
    assert boss(*group, "show", *at, f"{name}:v1")["mediaType"] == MANIFEST_TYPE
    raw = boss.say(*group, "show", *at, f"{name}:v1", "--raw")
    assert raw.out.strip() == image.manifest.decode()
    full = f"{harbour.login_server}/{name}:v1"
    assert boss(*group, "show-metadata", full)["digest"] == image.digest
    [whole] = boss(*group, "list", *at, name)
    assert whole["config"]["digest"] in image.manifest.decode()
    assert boss(*group, "list-referrers", *at, f"{name}:v1")["manifests"] == []
    boss(*group, "delete", *at, f"{name}@{image.digest}", "--yes")
    assert boss(*group, "list-metadata", *at, name) == []


def test_login_with_a_token_to_show(harbour: Harbour, boss: Az) -> None:
    """`--expose-token` prints what a client signs in with."""
    shown = boss("acr", "login", *AT, "--expose-token")
    assert (shown["loginServer"], shown["username"]) == (harbour.login_server, NULL_GUID)
    said = boss.beside(
        *("skopeo", "login", "--username", NULL_GUID, "--password", shown["accessToken"]),
        harbour.login_server,
    )
    assert said.out.strip() == "Login Succeeded!"


def test_login_by_name_and_password(harbour: Harbour) -> None:
    """Without `az login`, a service principal's own secret is enough."""
    needs_programs("podman")
    robot = harbour.robot("robot", "AcrPull")
    said = harbour.stranger().say(
        *("acr", "login", *AT, "--username", robot["client_id"]),
        *("--password", robot["secret"]),
    )
    assert said.out.strip() == "Login Succeeded!"


@pytest.mark.parametrize("role", ["AcrPull", "AcrPush"])
def test_check_health(harbour: Harbour, role: str) -> None:
    """All steps of the registry's own are right, and what the caller lacks is named."""
    needs_usual_port(harbour, "`az acr check-health` takes no port but 443")
    robot = harbour.robot("healthy", role, "Reader")
    az = harbour.signed_in(robot["client_id"], robot["secret"])
    harbour.push(az, "health/app", "v1")
    words = ("acr", "check-health", *AT, "--yes", "--ignore-errors")
    said = az.say(*words)
    for step in (
        "DNS lookup to pratique.harbour.test",
        "Challenge endpoint https://pratique.harbour.test/v2/ : OK",
        "Fetch refresh token for registry 'pratique.harbour.test' : OK",
        "Fetch access token for registry 'pratique.harbour.test' : OK",
    ):
        assert step in said.err
    asked = az.say(*words, "--repository", "health/app")
    assert "You have pull" in asked.err
    lacking = asked.err.partition("You are lacking")[2]
    assert ("push" in lacking) == (role == "AcrPull")
    assert "delete" in lacking
