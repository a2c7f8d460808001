"""Imports that take longer than a request: they go on, and any worker tells what became of them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from tests.arm.asking import owner_of_all, scope_of
from tests.importing.other_registry import OtherRegistry, digest_of
from tests.importing.test_imports import ask, get, tags, words, world
from tests.wire.governing import Robot, push

from pratique.admission import import_states, imports
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory

LAYER = b"layer"


def held_back(other: OtherRegistry) -> asyncio.Event:
    """Let the layer come only once the event is set."""
    event = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        await event.wait()
        writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 5\r\n\r\n" + LAYER)
        await writer.drain()

    other.answers[f"/v2/team/app/blobs/{digest_of(LAYER)}"] = answer
    return event


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request waits for long."""
    monkeypatch.setattr(imports, "ANSWERED_WITHIN_SECONDS", 0.2)


async def ended(registry: RegistryInMemory, headers: dict[str, str], path: str) -> tuple[int, str]:
    """Status and body of an import's address once it does not go on."""
    for _ in range(200):
        answer = await registry.ask("GET", path, headers=headers)
        if answer.status != 200 or json.loads(answer.body)["state"] != "running":
            return answer.status, answer.body.decode()
        await asyncio.sleep(0.02)
    raise AssertionError("the import does not end")


async def importer(registry: RegistryInMemory) -> dict[str, str]:
    """What somebody shows who may import."""
    robot = await Robot.make(registry, "robot")
    await robot.given("Container Registry Data Importer and Data Reader")
    return robot.headers


@in_loop
async def test_a_long_import_goes_on_and_is_told() -> None:
    """Nothing is served before its end; afterwards all of it is."""
    async with world() as (registry, other):
        headers = await importer(registry)
        manifest = other.image("v1", layer=LAYER)
        event = held_back(other)
        status, found = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        assert (status, found["state"], found["digest"]) == (201, "running", None)
        assert await tags(registry, "team/app") == []
        event.set()
        path = f"/api/v1/imports/{found['import_id']}"
        status, body = await ended(registry, headers, path)
        assert (status, json.loads(body)["digest"]) == (200, digest_of(manifest))
        assert await get(registry, "/v2/team/app/manifests/v1") == (200, manifest)


@in_loop
async def test_why_a_long_import_failed_is_told() -> None:
    """With the same words and status as a short one's."""
    async with world() as (registry, other):
        headers = await importer(registry)
        other.image("v1", layer=LAYER)
        event = held_back(other)
        _, found = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        # Meanwhile somebody else has what would be overwritten.
        other.image("v2", layer=b"other")
        await ask(registry, source=f"{other.host}/team/app:v2", targets=["team/app:v1"])
        event.set()
        status, body = await ended(registry, headers, f"/api/v1/imports/{found['import_id']}")
        assert (status, "exists already" in words(json.loads(body))) == (409, True)


@in_loop
async def test_the_resource_manager_is_asked_until_it_has_ended() -> None:
    """202 with an address that answers 202, and then 200, as clients of Azure expect."""
    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        event = held_back(other)
        asking, scope = await owner_of_all(registry), await scope_of(registry)
        source = {"registryUri": other.host, "sourceImage": "team/app:v1"}
        begun = await asking("POST", f"{scope}/importImage", {"source": source})
        assert begun.status == 202
        location = begun.header("location")
        assert location is not None
        path = location.partition(f"//{registry.host}")[2].partition("?")[0]
        again = await asking("GET", path)
        assert (again.status, again.header("location")) == (202, location)
        event.set()
        for _ in range(200):
            again = await asking("GET", path)
            if again.status != 202:
                break
            await asyncio.sleep(0.02)
        assert again.status == 200
        assert await tags(registry, "team/app") == ["v1"]
        assert (await asking("GET", f"{path}0")).status == 404


@in_loop
async def test_an_import_whose_worker_is_gone_has_broken_off() -> None:
    """Whoever asks is not told for ever that it goes on."""
    async with world() as (registry, other):
        headers = await importer(registry)
        other.image("v1", layer=LAYER)
        event = held_back(other)
        _, found = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        registry.clock.advance(import_states.GONE_AFTER + timedelta(seconds=1))
        path = f"/api/v1/imports/{found['import_id']}"
        answer = await registry.ask("GET", path, headers=headers)
        assert (answer.status, "start it again" in words(json.loads(answer.body))) == (400, True)
        # It was only slow to say so: what it brings is told all the same.
        event.set()
        for _ in range(200):
            answer = await registry.ask("GET", path, headers=headers)
            if answer.status == 200:
                break
            await asyncio.sleep(0.02)
        assert json.loads(answer.body)["state"] == "succeeded"


@in_loop
async def test_a_worker_has_only_so_many_at_once() -> None:
    """More are refused at once, and let in when one has ended."""
    async with world() as (registry, other):
        headers = await importer(registry)
        other.image("v1", layer=LAYER)
        event = held_back(other)
        begun = []
        for number in range(imports.MOST_AT_ONCE):
            status, found = await ask(
                registry, headers, source=f"{other.host}/team/app:v1", targets=[f"a{number}:v1"]
            )
            assert status == 201
            begun.append(found)
        status, said = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        assert (status, "imports are running already" in words(said)) == (400, True)
        event.set()
        for found in begun:
            path = f"/api/v1/imports/{found['import_id']}"
            assert (await ended(registry, headers, path))[0] == 200
        status, _ = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        assert status == 201


@in_loop
async def test_no_crowd_gets_past_that() -> None:
    """Those whose credentials for the source are still looked at are counted too."""
    async with world() as (registry, _):
        headers = await importer(registry)
        await push(registry, "team/app")
        await registry.manage("PATCH", "/registry", {"login_server": registry.host})
        pair = {"username": OWNER[0], "password": OWNER[1]}
        crowd = [
            ask(registry, headers, source="team/app:v1", targets=[f"a{number}:v1"], **pair)
            for number in range(2 * imports.MOST_AT_ONCE)
        ]
        statuses = [status for status, _ in await asyncio.gather(*crowd)]
        assert statuses == [201] * imports.MOST_AT_ONCE + [400] * imports.MOST_AT_ONCE
        status, _ = await ask(registry, headers, source="team/app:v1", targets=["b:v1"], **pair)
        assert status == 201
