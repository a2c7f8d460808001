"""Check, backup, restore and move of a server that keeps several registries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.postgres_stores import postgres_stores
from tests.upkeep.stage import Image, Stage, can_be_pulled, flipped, push_image
from tests.upkeep.test_backup import back_up, restore

from pratique.registry import Registry
from pratique.testing.content_stores import filesystem_stores
from pratique.testing.content_suite_namespaces import names

THERE = Image("team/app", "v1", (b"a layer of the second registry alone",))
SECOND = ("--registry", "second")


@pytest.fixture
def second(stage: Stage, tmp_path: Path) -> tuple[Terminal, str]:
    """The terminal of the folder's owner, and the id of another registry with an image in it."""
    terminal = Terminal(tmp_path / "home", ("--data", str(stage.data)))
    terminal.reads("registry", "update", "--login-server", "home.test")
    terminal.reads("registry", "create", "second", "--login-server", "second.test")
    [made] = [r for r in terminal.gets("registry", "list") if r["name"] == "second"]
    with filesystem_stores(stage.data, "e") as stores:
        asyncio.run(push_image(stores.registry().of(made["registry_id"]), THERE))
    stage.grow_old()
    return terminal, made["registry_id"]


async def holds(home: Registry, registry_id: str, stage: Stage) -> None:
    """What each registry has, and what it has not."""
    other = home.of(registry_id)
    for one in stage.images:
        assert await can_be_pulled(home, one)
    assert await can_be_pulled(other, THERE)
    assert not await can_be_pulled(home, THERE)
    assert await names(home) == ["team/app", "team/other"]
    assert await names(other) == ["team/app"]


def test_a_check_tells_which_registry_is_damaged(
    stage: Stage, second: tuple[Terminal, str]
) -> None:
    """By its id, which the list of registries tells; nothing else is found."""
    _, registry_id = second
    assert stage.check().faults == []
    stage.alter("UPDATE manifests SET content = $1 WHERE repository LIKE '~%'", b"{}")
    told = [finding.where for finding in stage.check().findings if finding.is_open]
    assert any(
        "team/app@" in where and f"(of the registry with the id {registry_id})" in where
        for where in told
    )
    assert not any("~" in where for where in told)


def test_a_backup_brings_all_registries_back(
    stage: Stage, second: tuple[Terminal, str], tmp_path: Path
) -> None:
    """With their content, and with what each is."""
    terminal, registry_id = second
    terminal.reads("token", "create", "robot", "--scope-map", "_repositories_pull", *SECOND)
    back_up(stage, tmp_path / "backup")
    stage.damage(stage.file_of(THERE.layers[0]), flipped)
    restore(tmp_path / "backup", tmp_path / "restored")
    again = Terminal(tmp_path / "home", ("--data", str(tmp_path / "restored")))
    assert [t["name"] for t in again.gets("token", "list", *SECOND)] == ["robot"]
    assert len(again.gets("repo", "list", *SECOND)) == 1
    with filesystem_stores(tmp_path / "restored") as stores:
        asyncio.run(holds(stores.registry(), registry_id, stage))


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A new, empty database."""
    url = fresh_database(postgres)
    yield url
    postgres.drop(url)


def test_a_move_takes_all_registries_along(
    stage: Stage, second: tuple[Terminal, str], url: str, tmp_path: Path
) -> None:
    """Their order in the database's catalog is that of the folder's, by bytes."""
    _, registry_id = second
    mover = Terminal(tmp_path / "home")
    moved = mover.types("migrate-store", "--from-data", str(stage.data), "--to-database", url)
    assert moved.code == 0, moved.err
    with postgres_stores(url, stage.data, "d") as stores:
        asyncio.run(holds(stores.registry(), registry_id, stage))
    there = Terminal(tmp_path / "home", ("--data", str(stage.data), "--database", url))
    assert there.gets("registry", "show", *SECOND)["name"] == "second"
    gone = there.gets("registry", "delete", "second", "--yes")
    assert gone["registry_id"] == registry_id
    collected = mover.gets("gc", "--data", str(stage.data), "--database", url)
    assert collected["repositories"] == 1
