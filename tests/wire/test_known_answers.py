"""An answer that is known at once is the one that the whole way would give, or there is none."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.wire.kinds import REPOSITORY, Headers, assign, service_principal
from tests.wire.two_registries import make

from pratique.http.dataplane.answers import ROOM
from pratique.http.wire.messages import HeadersOfOne, Response
from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestStore, StoredManifest
from pratique.testing.content_stores import filesystem_stores
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import (
    OWNER,
    RegistryInMemory,
    basic,
    bearer,
    header,
)

LAYER = bytes(range(256)) * 4
LARGE = bytes(300 * 1024)
MANIFEST = f"/v2/{REPOSITORY}/manifests/v1"
_TYPE = "application/vnd.oci.image.manifest.v1+json"


def blob_at(content: bytes, repository: str = REPOSITORY) -> str:
    """Where a blob is."""
    return f"/v2/{repository}/blobs/{Digest.of(content)}"


class Meanwhile:
    """A store of manifests at which something happens just before the next look.

    Attributes:
        happening: what; None for nothing, and once it has happened.
    """

    def __init__(self, store: ManifestStore) -> None:
        self._store = store
        self.happening: Callable[[], Awaitable[object]] | None = None

    def __getattr__(self, name: str) -> Any:
        """All else is the store's."""
        return getattr(self._store, name)

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """What there is after that."""
        happening, self.happening = self.happening, None
        if happening is not None:
            await happening()
        return await self._store.find(repository, reference)


@dataclass
class Stage:
    """A registry with content on disk, an image in it, and somebody who may pull it."""

    registry: RegistryInMemory
    headers: Headers
    client_id: str
    data: Path
    manifests: Meanwhile

    async def pull(self, address: str, **headers: str) -> Response:
        """The answer that the whole way gives."""
        return await self.registry.ask("GET", address, headers={**self.headers, **headers})

    def known(self, address: str, method: str = "GET", **headers: str) -> Response | None:
        """The answer that is known at once."""
        return self.registry.known(address, {**self.headers, **headers}, method)

    async def learn(self, address: str) -> None:
        """Ask twice, so that the answer is known from now on."""
        for _ in range(2):
            assert (await self.pull(address)).status == 200
        assert self.known(address) is not None


async def push(
    registry: RegistryInMemory, tag: str, note: str = "", repository: str = REPOSITORY
) -> str:
    """Push an image; its digest."""
    owner = {"authorization": basic(*OWNER)}
    for content in (LAYER, LARGE):
        await _put_blob(registry, content, repository)
    described = {"digest": str(Digest.of(LAYER)), "size": len(LAYER), "mediaType": "a/b"}
    image = {
        "schemaVersion": 2,
        "mediaType": _TYPE,
        "config": described,
        "layers": [{**described, "digest": str(Digest.of(LARGE)), "size": len(LARGE)}],
        "annotations": {"note": note},
    }
    put = await registry.ask(
        "PUT",
        f"/v2/{repository}/manifests/{tag}",
        headers={**owner, "content-type": _TYPE},
        body=json.dumps(image).encode(),
    )
    assert put.status == 201, put.body
    return str(header(put, "docker-content-digest"))


async def _put_blob(
    registry: RegistryInMemory, content: bytes, repository: str = REPOSITORY
) -> None:
    owner = {"authorization": basic(*OWNER)}
    begun = await registry.ask("POST", f"/v2/{repository}/blobs/uploads/", headers=owner)
    place = f"{header(begun, 'location')}?digest={Digest.of(content)}"
    assert (await registry.ask("PUT", place, headers=owner, body=content)).status == 201


@asynccontextmanager
async def staged(data: Path) -> AsyncIterator[Stage]:
    """A stage in an empty folder."""
    with filesystem_stores(data) as stores:
        content = stores.registry()
        manifests = Meanwhile(content.manifests.store)
        within: Any = manifests
        content = replace(content, manifests=replace(content.manifests, store=within))
        registry = await RegistryInMemory.start(content=content, audit_pulls=False)
        try:
            await push(registry, "v1")
            client_id, secret = await service_principal(registry)
            await assign(registry, "AcrPull", client_id)
            token = await registry.token((client_id, secret), f"repository:{REPOSITORY}:pull")
            await registry.manage("PATCH", "/registry", {"login_server": registry.host})
            yield Stage(registry, {"authorization": bearer(token)}, client_id, data, manifests)
        finally:
            registry.stop()


@in_loop
async def test_it_is_known_from_the_second_time_on_and_the_same(tmp_path: Path) -> None:
    """Status, headers and bytes are those of the whole way."""
    async with staged(tmp_path / "data") as stage:
        for address in (MANIFEST, blob_at(LAYER), blob_at(LARGE)):
            assert stage.known(address) is None
            first = await stage.pull(address)
            assert stage.known(address) is None
            second, known = await stage.pull(address), stage.known(address)
            assert known is not None
            for again in (second, known):
                assert (again.status, again.headers, again.row) == (200, first.headers, first.row)
                assert _bytes_of(again) == _bytes_of(first)


@in_loop
async def test_ranges_of_blobs(tmp_path: Path) -> None:
    """A part is cut as the whole way cuts it; what is learnt of a part serves for all."""
    ranges = ["bytes=3-9", "bytes=-7", "bytes=5-", "bytes=0-", "bytes=1-2,4-5", "words"]
    async with staged(tmp_path / "data") as stage:
        for content in (LAYER, LARGE):
            address = blob_at(content)
            for _ in range(2):
                await stage.pull(address, range="bytes=1-2")
            for wanted in ranges:
                whole_way = await stage.pull(address, range=wanted)
                known = stage.known(address, range=wanted)
                assert known is not None
                assert known.status == whole_way.status
                assert sorted(known.headers) == sorted(whole_way.headers)
                assert _bytes_of(known) == _bytes_of(whole_way)
            whole = stage.known(address)
            assert whole is not None
            assert _bytes_of(whole) == content
            assert stage.known(address, range="bytes=99999999-") is None


@in_loop
async def test_a_manifest_has_no_parts(tmp_path: Path) -> None:
    """`Range` is no word to manifests."""
    async with staged(tmp_path / "data") as stage:
        await stage.learn(MANIFEST)
        known = stage.known(MANIFEST, range="bytes=0-1")
        assert known is not None
        assert known.status == 200


@pytest.mark.parametrize(
    ("method", "address", "content", "status"),
    [
        ("DELETE", "/role-assignments?role=AcrPull&principal=ID", None, 403),
        ("POST", "/service-principals/ID/disable", None, 401),
        ("DELETE", "/service-principals/ID", None, 401),
        ("PATCH", "/network-rules", {"default_action": "deny"}, 403),
        ("PATCH", f"/acr/v1/{REPOSITORY}", {"readEnabled": False}, 405),
    ],
)
@in_loop
async def test_whatever_shuts_somebody_out_counts_at_once(
    tmp_path: Path, method: str, address: str, content: object, status: int
) -> None:
    """Rights, accounts, network rules and locks."""
    pulled = (MANIFEST, blob_at(LAYER))
    async with staged(tmp_path / "data") as stage:
        for each in pulled:
            await stage.learn(each)
        if address.startswith("/acr/"):
            owner = {"authorization": basic(*OWNER), "content-type": "application/json"}
            body = json.dumps(content).encode()
            locked = await stage.registry.ask(method, address, headers=owner, body=body)
            assert locked.status == 200, locked.body
        else:
            await stage.registry.manage(method, address.replace("ID", stage.client_id), content)
        for each in pulled:
            for _ in range(3):
                assert stage.known(each) is None
                assert (await stage.pull(each)).status == status


@in_loop
async def test_a_tag_that_moves_moves_at_once(tmp_path: Path) -> None:
    """Also when another process moves it."""
    async with staged(tmp_path / "data") as stage:
        await stage.learn(MANIFEST)
        moved = await push(stage.registry, "v1", note="another")
        assert stage.known(MANIFEST) is None
        assert header(await stage.pull(MANIFEST), "docker-content-digest") == moved
        await stage.learn(MANIFEST)
        with filesystem_stores(stage.data, "f") as other:
            elsewhere = await RegistryInMemory.start(content=other.registry())
            try:
                moved = await push(elsewhere, "v1", note="a third")
            finally:
                elsewhere.stop()
        assert stage.known(MANIFEST) is None
        assert header(await stage.pull(MANIFEST), "docker-content-digest") == moved


@in_loop
async def test_a_push_that_happens_meanwhile_is_not_missed(tmp_path: Path) -> None:
    """What is committed between the look and the answer makes the answer one of before."""
    async with staged(tmp_path / "data") as stage:
        assert (await stage.pull(MANIFEST)).status == 200
        stage.manifests.happening = lambda: push(stage.registry, "v1", note="another")
        moved = header(await stage.pull(MANIFEST), "docker-content-digest")
        assert stage.manifests.happening is None
        assert stage.known(MANIFEST) is None
        assert header(await stage.pull(MANIFEST), "docker-content-digest") == moved
        assert stage.known(MANIFEST) is not None


@in_loop
async def test_a_token_that_has_expired_knows_nothing(tmp_path: Path) -> None:
    """By the clock alone: nothing was committed."""
    async with staged(tmp_path / "data") as stage:
        await stage.learn(MANIFEST)
        stage.registry.clock.advance(timedelta(minutes=75))
        assert stage.known(MANIFEST) is None
        assert (await stage.pull(MANIFEST)).status == 401


@in_loop
async def test_it_is_of_one_request_alone(tmp_path: Path) -> None:
    """Another caller, method, address, host or scheme, two hosts, or a copy at hand: none."""
    async with staged(tmp_path / "data") as stage:
        await stage.learn(MANIFEST)
        await stage.learn(blob_at(LAYER))
        registry, headers = stage.registry, stage.headers
        assert registry.known(MANIFEST, {}) is None
        assert registry.known(MANIFEST, {"authorization": headers["authorization"] + "x"}) is None
        assert registry.known(MANIFEST, {"authorization": basic(*OWNER)}) is None
        assert stage.known(MANIFEST, "HEAD") is None
        assert stage.known(MANIFEST, "DELETE") is None
        assert stage.known(blob_at(LAYER), "HEAD") is None
        assert stage.known(MANIFEST.replace("app", "other")) is None
        assert stage.known(MANIFEST, **{"if-none-match": "*"}) is None
        assert replace(registry, host="other.test").known(MANIFEST, headers) is None
        assert replace(registry, scheme="https").known(MANIFEST, headers) is None
        two = _TwoHosts({"host": registry.host, **headers})
        at_once = registry.application.at_once
        assert at_once is not None
        assert at_once("GET", MANIFEST, "http", registry.host, two) is None
        assert stage.known(MANIFEST) is not None


@in_loop
async def test_another_registry_at_the_same_server_knows_its_own(tmp_path: Path) -> None:
    """Answers of one are none of the other, and go when it goes, also when it is made again."""
    async with staged(tmp_path / "data") as stage:
        await make(stage.registry, "secondregistry", "second.test")
        there = replace(stage.registry, host="second.test")
        await push(there, "v1", note="of the second")
        token = await there.token(OWNER, f"repository:{REPOSITORY}:pull")
        headers = {"authorization": bearer(token)}
        for _ in range(2):
            answered = await there.ask("GET", MANIFEST, headers=headers)
        known = there.known(MANIFEST, headers)
        assert known is not None
        assert known.body == answered.body
        assert b"of the second" in known.body
        assert stage.registry.known(MANIFEST, headers) is None
        assert there.known(MANIFEST, stage.headers) is None
        await stage.registry.manage("DELETE", "/registries/secondregistry")
        assert there.known(MANIFEST, headers) is None
        await make(stage.registry, "secondregistry", "second.test")
        assert there.known(MANIFEST, headers) is None
        assert (await there.ask("GET", MANIFEST, headers=headers)).status == 401


@in_loop
async def test_a_file_that_is_gone_is_told_by_the_whole_way(tmp_path: Path) -> None:
    """Large blobs are read from their files, each time."""
    async with staged(tmp_path / "data") as stage:
        address = blob_at(LARGE)
        await stage.learn(address)
        known = stage.known(address)
        assert known is not None
        assert known.file is not None
        _cut(known.file.path)
        assert stage.known(address) is None
        assert stage.known(address, range=f"bytes=0-{len(LARGE) - 1}") is None
        _remove(known.file.path)
        assert stage.known(address) is None
        assert stage.known(address, range="bytes=0-9") is None
        assert (await stage.pull(address)).status == 500


@in_loop
async def test_where_each_pull_is_written_down_nothing_is_known(tmp_path: Path) -> None:
    """The audit log would miss it."""
    with filesystem_stores(tmp_path / "data") as stores:
        registry = await RegistryInMemory.start(content=stores.registry(), audit_pulls=True)
        try:
            await push(registry, "v1")
            token = await registry.token(OWNER, f"repository:{REPOSITORY}:pull")
            headers = {"authorization": bearer(token)}
            for _ in range(3):
                assert (await registry.ask("GET", MANIFEST, headers=headers)).status == 200
            assert registry.known(MANIFEST, headers) is None
        finally:
            registry.stop()


@in_loop
async def test_the_memory_is_bounded(tmp_path: Path) -> None:
    """What was learnt first goes first."""
    async with staged(tmp_path / "data") as stage:
        blobs = [bytes([number]) * (240 * 1024) for number in range(ROOM // (240 * 1024) + 4)]
        for content in blobs:
            await _put_blob(stage.registry, content)
        for content in blobs:
            await stage.learn(blob_at(content))
        found = [stage.known(blob_at(content)) is not None for content in blobs]
        assert not any(found[:4])
        assert all(found[-8:])


class _TwoHosts(HeadersOfOne):
    """Header fields with a second host."""

    def get_all(self, key: str, /) -> list[str]:
        found = super().get_all(key)
        return [*found, "other.test"] if key == "host" else found


def _cut(path: str) -> None:
    os.truncate(path, len(LARGE) - 1)


def _remove(path: str) -> None:
    Path(path).unlink()


def _bytes_of(response: Response) -> bytes:
    part = response.file
    if part is None:
        return response.body
    return Path(part.path).read_bytes()[part.start : part.end]
