"""Imports by the management API: what comes, who may have it, and what becomes of tags."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.arm.asking import owner_of_all, scope_of
from tests.importing.other_registry import (
    INDEX,
    OtherRegistry,
    digest_of,
    index_of,
    other_registry,
)
from tests.wire.governing import Robot, push
from tests.wire.two_registries import two

from pratique.admission.audit.entries import decoded
from pratique.naming.hosts import AllowedHosts
from pratique.outgoing import RemoteRegistries
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic

JSON = {"content-type": "application/json"}
DATA_IMPORTER = "Container Registry Data Importer and Data Reader"


@asynccontextmanager
async def world(*rules: str) -> AsyncIterator[tuple[RegistryInMemory, OtherRegistry]]:
    """A registry, and another one that it may import from besides those that rules name."""
    async with other_registry() as other:
        sources = RemoteRegistries(AllowedHosts.parse((other.rule, *rules)))
        registry = await RegistryInMemory.start(sources=sources)
        try:
            yield registry, other
        finally:
            registry.stop()


async def ask(
    registry: RegistryInMemory, who: dict[str, str] | None = None, /, **body: Any
) -> tuple[int, Any]:
    """Status and JSON of an import; asked by the owner of the folder, or by somebody."""
    answer = await registry.ask(
        "POST",
        "/api/v1/imports",
        headers={**JSON, **(who or {})},
        body=json.dumps(body).encode(),
        inside=who is None,
    )
    return answer.status, json.loads(answer.body)


def words(content: Any) -> str:
    """Of a problem."""
    message: str = content["errors"][0]["message"]
    return message


async def get(registry: RegistryInMemory, path: str) -> tuple[int, bytes]:
    """What the registry serves."""
    answer = await registry.ask("GET", path, inside=True)
    return answer.status, answer.body


async def tags(registry: RegistryInMemory, repository: str) -> list[str]:
    """Tags of a repository; none where it is not there."""
    status, body = await get(registry, f"/v2/{repository}/tags/list")
    return json.loads(body)["tags"] if status == 200 else []


@in_loop
async def test_an_image_comes_byte_for_byte() -> None:
    """Manifest, config and layer, under its own name; the answer says what it is."""
    async with world() as (registry, other):
        manifest = other.image("v1", layer=b"x" * 300_000)
        status, found = await ask(registry, source=f"{other.host}/team/app:v1")
        assert (status, found["state"]) == (201, "succeeded")
        assert found["digest"] == digest_of(manifest)
        assert await get(registry, "/v2/team/app/manifests/v1") == (200, manifest)
        for described in (json.loads(manifest)["config"], *json.loads(manifest)["layers"]):
            status, _ = await get(registry, f"/v2/team/app/blobs/{described['digest']}")
            assert status == 200
        assert found["size"] > 300_000


@in_loop
async def test_an_index_comes_with_all_its_platforms() -> None:
    """Also an index within an index, and each manifest once."""
    async with world() as (registry, other):
        first, second = other.image(layer=b"one"), other.image(layer=b"second")
        inner = index_of(first, second)
        other.manifest(inner, INDEX)
        outer = json.loads(index_of(inner, media_type=INDEX))
        outer["manifests"] += json.loads(index_of(first))["manifests"]
        content = json.dumps(outer).encode()
        other.manifest(content, INDEX, "all")
        status, found = await ask(registry, source=f"{other.host}/team/app:all", targets=["a/b:c"])
        assert (status, found["digest"]) == (201, digest_of(content))
        for manifest in (content, inner, first, second):
            path = f"/v2/a/b/manifests/{digest_of(manifest)}"
            assert await get(registry, path) == (200, manifest)
        assert await tags(registry, "a/b") == ["c"]
        asked = [path for path in other.paths() if digest_of(first) in path]
        assert len(asked) == 1


@in_loop
async def test_one_import_has_many_targets() -> None:
    """Tags and repositories; the source is asked for each blob once."""
    async with world() as (registry, other):
        manifest = other.image("v1")
        status, _ = await ask(
            registry,
            source=f"{other.host}/team/app@{digest_of(manifest)}",
            targets=["a:1", "a:2", "b"],
            untagged=["c"],
        )
        assert status == 201
        assert await tags(registry, "a") == ["1", "2"]
        assert await tags(registry, "b") == ["latest"]
        assert await get(registry, f"/v2/c/manifests/{digest_of(manifest)}") == (200, manifest)
        blobs = [path for path in other.paths() if "/blobs/" in path]
        assert len(blobs) == len(set(blobs)) == 2


@in_loop
async def test_what_is_there_is_not_asked_for_again() -> None:
    """A second image of the same layer costs its own parts alone."""
    async with world() as (registry, other):
        other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1")
        other.asked.clear()
        status, _ = await ask(registry, source=f"{other.host}/team/app:v1", targets=["team/app:v2"])
        assert status == 201
        assert [path for path in other.paths() if "/blobs/" in path] == []


@in_loop
async def test_a_tag_is_moved_only_by_force() -> None:
    """409 otherwise, and nothing has changed."""
    async with world() as (registry, other):
        first = other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1")
        second = other.image("v1", layer=b"another one")
        status, said = await ask(registry, source=f"{other.host}/team/app:v1")
        assert status == 409
        assert "the tag `team/app:v1` exists already in the target registry" in words(said)
        assert await get(registry, "/v2/team/app/manifests/v1") == (200, first)
        status, _ = await ask(registry, source=f"{other.host}/team/app:v1", force=True)
        assert status == 201
        assert await get(registry, "/v2/team/app/manifests/v1") == (200, second)


@in_loop
async def test_from_another_repository_of_this_registry() -> None:
    """Nobody is asked over a network."""
    async with world() as (registry, other):
        manifest = other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1")
        other.asked.clear()
        status, _ = await ask(registry, source="team/app:v1", targets=["prod/app:v1"])
        assert status == 201
        assert await get(registry, "/v2/prod/app/manifests/v1") == (200, manifest)
        status, said = await ask(registry, source="team/none:v1", targets=["prod/app:v2"])
        assert status == 404
        assert "the repository `team/none` has no manifest" in words(said)
        assert other.asked == []


@in_loop
async def test_from_another_registry_of_this_server() -> None:
    """By name; into a registry in which nothing was, and back."""
    async with world() as (registry, other):
        manifest = other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1")
        await registry.manage("PATCH", "/registry", {"login_server": registry.host})
        new = {"name": "secondregistry", "login_server": "second.test"}
        await registry.manage("POST", "/registries", new)
        registry.host = "second.test"
        status, _ = await ask(registry, source="team/app:v1", registry="demoregistry")
        assert status == 201
        assert await get(registry, "/v2/team/app/manifests/v1") == (200, manifest)
        layer = json.loads(manifest)["layers"][0]["digest"]
        assert await get(registry, f"/v2/team/app/blobs/{layer}") == (200, b"layer")
        status, said = await ask(registry, source="team/app:v1", registry="nosuchregistry")
        assert (status, "there is no registry" in words(said)) == (404, True)


@in_loop
async def test_who_may_import_needs_no_right_to_push() -> None:
    """The role for it is enough; without it nothing of the request is told."""
    async with world() as (registry, other):
        other.image("v1")
        robot = await Robot.make(registry, "robot")
        source = {"source": f"{other.host}/team/app:v1"}
        status, said = await ask(registry, robot.headers, **source)
        assert status == 403
        assert "importImage/action" in words(said)
        assert other.asked == []
        await robot.given(DATA_IMPORTER)
        status, found = await ask(registry, robot.headers, **source)
        assert (status, found["state"]) == (201, "succeeded")


@in_loop
async def test_a_source_of_this_server_needs_the_right_to_pull() -> None:
    """Absent or forbidden, it is refused in the same words."""
    async with world() as (registry, other):
        other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1")
        robot = await Robot.make(registry, "robot")
        name = "importer"
        action = "Microsoft.ContainerRegistry/registries/importImage/action"
        await registry.manage("POST", "/role-definitions", {"name": name, "actions": [action]})
        await robot.given(name)
        said = []
        for repository in ("team/app", "team/non"):
            status, content = await ask(
                registry, robot.headers, source=f"{repository}:v1", targets=["x:y"]
            )
            assert status == 403
            told = words(content).partition(" Decision:")[0]
            said.append(told.replace(repository, "NAME"))
        assert said[0] == said[1]
        assert "registries/pull/read` on the repository `NAME`" in said[0]
        await robot.given("AcrPull")
        status, _ = await ask(registry, robot.headers, source="team/app:v1", targets=["x:y"])
        assert status == 201


@in_loop
async def test_a_refused_source_is_told_by_its_own_registry() -> None:
    """Who governs the other one learns nothing of what is there, or of who may not have it."""
    async with two() as (home, second):
        await push(second, "team/app")
        robot = await Robot.make(home, "robot")
        await robot.given(DATA_IMPORTER)
        status, said = await ask(
            home, robot.headers, source="team/app:v1", registry="secondregistry"
        )
        assert status == 403
        decision_id = words(said).rpartition(" ")[2]
        path = f"/api/v1/decisions/{decision_id}"
        assert (await home.ask("GET", path, inside=True)).status == 404
        assert (await second.manage("GET", f"/decisions/{decision_id}"))["resource"] == "team/app"


@in_loop
async def test_an_import_is_its_owners() -> None:
    """Another who may import learns nothing of it, nor does another registry's owner."""
    async with world() as (registry, other):
        other.image("v1")
        robots = [await Robot.make(registry, name) for name in ("one", "two")]
        for robot in robots:
            await robot.given(DATA_IMPORTER)
        _, found = await ask(registry, robots[0].headers, source=f"{other.host}/team/app:v1")
        path = f"/api/v1/imports/{found['import_id']}"
        mine = await registry.ask("GET", path, headers=robots[0].headers)
        assert (mine.status, json.loads(mine.body)) == (200, found)
        for headers in (robots[1].headers, {"authorization": basic(*OWNER)}):
            assert (await registry.ask("GET", path, headers=headers)).status == 404


@in_loop
async def test_imports_are_in_the_audit_log() -> None:
    """With source and digest, whether they succeeded or not; never with a password."""
    async with world() as (registry, other):
        other.image("v1")
        await ask(registry, source=f"{other.host}/team/app:v1", username="u", password="s3cret")
        await ask(registry, source=f"{other.host}/team/app:v2", username="u", password="s3cret")
        links = list(await registry.auditor.read(lambda log: log.links(after=0, limit=1000)))
        assert b"s3cret" not in b"".join(link.body for link in links)
        found = [decoded(link.body) for link in links if b'"Import"' in link.body]
        assert [(e.status, e.repository, e.tag) for e in found] == [
            (200, "team/app", "v1"),
            (400, "team/app", "v2"),
        ]
        assert found[0].description == f"from {other.host}/team/app:v1"
        assert found[0].digest.startswith("sha256:")
        assert found[1].description.endswith(": source-not-found")


@in_loop
async def test_an_import_is_written_down_for_the_registry_that_gets_it() -> None:
    """By either face, also where the resource manager was asked by another registry's host."""
    async with two() as (home, second):
        await push(second, "app")
        scope = await scope_of(second)
        asking = await owner_of_all(home)
        source = {"resourceId": scope, "sourceImage": "app:v1"}
        wanted = {"source": source, "targetTags": ["app:v2"]}
        assert (await asking("POST", f"{scope}/importImage", wanted)).status == 200
        assert (await ask(second, source="app:v1", targets=["app:v3"]))[0] == 201
        links = list(await home.auditor.read(lambda log: log.links(after=0, limit=1000)))
        found = [decoded(link.body) for link in links if b'"Import"' in link.body]
        assert [(e.tag, e.registry, e.server) for e in found] == [
            ("v2", scope, second.host),
            ("v3", scope, second.host),
        ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"source": "UPPER:v1"}, "is not a repository name"),
        ({"source": "127.0.0.1:1/a b:v1"}, "is not a repository name"),
        ({"source": "host.test/app:v1@sha256:short"}, "is not a digest"),
        ({"source": "host.test/app:v1", "targets": ["x@sha256:" + 64 * "0"]}, "is a digest"),
        ({"source": "host.test/app:v1", "targets": [f"x:{n}" for n in range(200)]}, "at most"),
        ({"source": "ho_st!.test/app:v1"}, "is not a host"),
        ({"source": "*.test/app:v1"}, "is not a host"),
        ({"source": "a@b.test/app:v1"}, "is not a host"),
    ],
)
@in_loop
async def test_what_makes_no_sense_is_refused(body: dict[str, Any], said: str) -> None:
    """With the reason."""
    async with world() as (registry, _):
        status, content = await ask(registry, **body)
        assert status == 400
        assert said in words(content)
