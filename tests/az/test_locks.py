"""Locks by `az acr repository update`, `az acr manifest update-metadata`, and Azure's SDK."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

AT = ("--name", "pratique")
GROUP = ("acr", "manifest")
_STEPS = Path(__file__).with_name("lock_steps.py").resolve()


def lifted_by(reference: str, *options: str) -> str:
    """How a refusal says that it is lifted."""
    option = "--image" if set(reference) & {":", "@"} else "--repository"
    return (
        f"`pratique repo unlock {reference}` or `az acr repository update --name REGISTRY {option} "
        f"{reference} {' '.join(options)}`"
    )


def test_a_locked_tag(harbour: Harbour, boss: Az) -> None:
    """It is neither taken away nor deleted until it is unlocked, by the very words that say so."""
    name = harbour.unique("locked/app")
    image = harbour.push(boss, name, "v1", "v2")
    update = ("acr", "repository", "update", *AT, "--image", f"{name}:v1")
    told = boss(*update, "--write-enabled", "false")
    assert told["changeableAttributes"] == {
        "deleteEnabled": True,
        "writeEnabled": False,
        "listEnabled": True,
        "readEnabled": True,
    }
    shown = boss("acr", "repository", "show", *AT, "--image", f"{name}:v1")
    assert shown == told
    for words in (
        ("acr", "repository", "untag", *AT, "--image", f"{name}:v1"),
        ("acr", "repository", "delete", *AT, "--image", f"{name}:v2", "--yes"),
        ("acr", "repository", "delete", *AT, "--repository", name, "--yes"),
        (*GROUP, "delete", "--registry", "pratique", "--name", f"{name}@{image.digest}", "--yes"),
    ):
        said = boss.refused(*words)
        assert f"the tag `v1` of `{name}` is locked against being deleted" in said
        assert lifted_by(f"{name}:v1", "--write-enabled true") in said
    boss(*update, "--write-enabled", "true")
    boss("acr", "repository", "untag", *AT, "--image", f"{name}:v1")


def test_a_locked_manifest(harbour: Harbour, boss: Az) -> None:
    """By digest, by tag as az finds the digest itself, and shown in the list."""
    name = harbour.unique("locked/manifest")
    image = harbour.push(boss, name, "v1")
    at = ("--registry", "pratique", "--name")
    whole = f"{name}@{image.digest}"
    update = (*GROUP, "update-metadata", *at, whole)
    assert boss(*update, "--delete-enabled", "false")["digest"] == image.digest
    [listed] = boss(*GROUP, "list-metadata", *at, name)
    assert listed["changeableAttributes"]["deleteEnabled"] is False
    said = boss.refused(*GROUP, "delete", *at, whole, "--yes")
    assert f"the manifest `{image.digest}` of `{name}` is locked against being deleted" in said
    assert lifted_by(whole, "--delete-enabled true") in said
    boss(*update, "--delete-enabled", "true", "--list-enabled", "false")
    assert boss(*GROUP, "list-metadata", *at, name) == []
    assert boss(*GROUP, "show-metadata", *at, whole)["digest"] == image.digest
    boss(*update, "--list-enabled", "true", "--read-enabled", "false")
    said = boss.refused(*GROUP, "show", *at, f"{name}:v1")
    assert f"the manifest `{image.digest}` of `{name}` is locked against being pulled" in said
    boss(*update, "--read-enabled", "true")
    boss(*GROUP, "delete", *at, whole, "--yes")


def test_a_locked_repository(harbour: Harbour, boss: Az) -> None:
    """It is pushed to by nobody, and left out of the catalog, as long as it is so."""
    name = harbour.unique("locked/repository")
    harbour.push(boss, name, "v1")
    update = ("acr", "repository", "update", *AT, "--repository", name)
    told = boss(*update, "--write-enabled", "false", "--list-enabled", "false")
    assert told["changeableAttributes"]["writeEnabled"] is False
    assert name not in boss("acr", "repository", "list", *AT)
    delete = ("acr", "repository", "delete", *AT, "--repository", name, "--yes")
    said = boss.refused(*delete)
    assert f"the repository `{name}` is locked against deletion of anything in it" in said
    assert lifted_by(name, "--write-enabled true") in said
    boss(*update, "--write-enabled", "true")
    boss(*delete)


def test_who_may_change_locks(harbour: Harbour) -> None:
    """`AcrPush` may push and not change locks, and is told by which permission it would."""
    robot = harbour.robot("pushing", "AcrPush")
    az = harbour.signed_in(robot["client_id"], robot["secret"], "--allow-no-subscriptions")
    name = harbour.unique("pushed/app")
    harbour.push(az, name, "v1")
    harbour.server.pratique("repo", "lock", f"{name}:v1")
    said = az.refused(
        *("acr", "repository", "update", *AT, "--image", f"{name}:v1", "--write-enabled", "true"),
    )
    assert "Microsoft.ContainerRegistry/registries/metadata/write" in said
    assert "it is not carried by `AcrPush`" in said
    assert "locked" not in said


def test_the_registry_sdk(harbour: Harbour, boss: Az) -> None:
    """`update_tag_properties` and its like change locks, and its errors carry the words."""
    name = harbour.unique("locked/sdk")
    image = harbour.push(boss, name, "v1")
    found = boss.python(
        _STEPS,
        *(f"https://{harbour.login_server}", harbour.tenant, *harbour.boss),
        *(name, "v1", image.digest),
    )
    for refusal, item in (
        ("refused", f"the tag `v1` of `{name}` is locked against being deleted"),
        ("kept", f"the repository `{name}` is locked against deletion"),
    ):
        status, words = found.pop(refusal)
        assert status == 405
        assert item in words
    assert found == {
        "tag": [False, False, True, True],
        "tag, shown": [False, False, True, True],
        "manifest": [True, True, True, False],
        "not pulled": 405,
        "manifests": [],
        "repository": [False, True, True, True],
        "gone": True,
    }
