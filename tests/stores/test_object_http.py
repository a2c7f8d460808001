"""Blobs of an object store over HTTP: by redirect to the store, or through the registry."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from granian.server.embed import Server
from tests.support.faulty_proxy import Fault, faulty_proxy
from tests.support.live_server import free_port
from tests.support.object_stores import ObjectServer, object_stores

from pratique.assembly import METRICS
from pratique.http.edge import RsgiEdge
from pratique.naming import Digest
from pratique.observability import Board, LineLog, Meter
from pratique.storage.blobs.objects import Bucket, open_bucket
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import HOST, OWNER, RegistryInMemory, bearer

LAYER = bytes(range(256)) * 40_000
LAYER_PATH = f"/v2/team/app/blobs/{Digest.of(LAYER)}"
_NUMBERS = count()


@pytest.fixture(params=["s3", "azure"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket."""
    server: ObjectServer = request.getfixturevalue(request.param)
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    return open_bucket(server.bucket(f"http-{next(_NUMBERS)}"), os.environ)


@asynccontextmanager
async def served(
    data: Path, bucket: Bucket, *, redirects: bool, log: io.BytesIO
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a registry with `LAYER` in it, pushed as Docker does; it follows no redirect."""
    async with AsyncExitStack() as closing:
        stores = closing.enter_context(object_stores(data, bucket, redirects=redirects))
        lines = LineLog(log)
        registry = await RegistryInMemory.start(lines, content=stores.registry())
        closing.callback(registry.stop)
        meter = Meter(METRICS, Board.of_one_process(METRICS.width))
        edge = RsgiEdge(registry.application.handle, lines, meter, {}, lambda: False)
        port = free_port()
        server = Server(edge, port=port, log_enabled=False)
        serving = asyncio.create_task(server.serve())
        closing.push_async_callback(asyncio.wait, [serving])
        closing.callback(server.stop)
        token = await registry.token(OWNER, "repository:team/app:pull,push")
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"host": HOST, "authorization": bearer(token)},
        )
        await closing.enter_async_context(client)
        await _listens(client)
        await _push(client)
        yield client


async def _listens(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        try:
            await client.get("/v2/")
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not listen")


async def _push(client: httpx.AsyncClient) -> None:
    opened = await client.post("/v2/team/app/blobs/uploads/")
    address = urlsplit(opened.headers["location"]).path
    sent = await client.patch(address, content=LAYER)
    assert sent.status_code == 202, sent.text
    address = urlsplit(sent.headers["location"]).path
    put = await client.put(address, params={"digest": Digest.of(LAYER).text})
    assert put.status_code == 201, put.text


@in_loop
async def test_by_redirect(tmp_path: Path, bucket: Bucket) -> None:
    """The client gets the blob, or a range of it, from the store, and shows no token there."""
    log = io.BytesIO()
    async with served(tmp_path, bucket, redirects=True, log=log) as client:
        for wanted, status, content in (
            ({}, 200, LAYER),
            ({"range": "bytes=1000-1999"}, 206, LAYER[1000:2000]),
            ({"range": "bytes=1000-"}, 206, LAYER[1000:]),
        ):
            sent_on = await client.get(LAYER_PATH, headers=wanted)
            assert sent_on.status_code == 307
            assert sent_on.headers["docker-content-digest"] == Digest.of(LAYER).text
            assert sent_on.headers["cache-control"] == "no-store"
            address = sent_on.headers["location"]
            assert client.headers["authorization"].partition(" ")[2] not in address
            async with httpx.AsyncClient() as stranger:
                found = await stranger.get(address, headers=wanted)
            assert (found.status_code, found.content) == (status, content)
            assert "ignature=" in address or "sig=" in address
            assert urlsplit(address).query.encode() not in log.getvalue()


@in_loop
async def test_the_last_bytes_are_given_here(tmp_path: Path, bucket: Bucket) -> None:
    """Not every store knows what a range that counts from the end means."""
    async with served(tmp_path, bucket, redirects=True, log=io.BytesIO()) as client:
        last = await client.get(LAYER_PATH, headers={"range": "bytes=-5"})
        assert (last.status_code, last.content) == (206, LAYER[-5:])


@in_loop
async def test_the_head_is_answered_here(tmp_path: Path, bucket: Bucket) -> None:
    """Also with redirects: clients that push ask for heads, and some follow nothing then."""
    async with served(tmp_path, bucket, redirects=True, log=io.BytesIO()) as client:
        head = await client.head(LAYER_PATH)
        assert head.status_code == 200
        assert head.headers["content-length"] == str(len(LAYER))
        assert head.headers["docker-content-digest"] == Digest.of(LAYER).text
        same = await client.get(LAYER_PATH, headers={"if-none-match": head.headers["etag"]})
        assert same.status_code == 304
        far = await client.get(LAYER_PATH, headers={"range": f"bytes={len(LAYER)}-"})
        assert far.status_code == 416
        unknown = await client.get(f"/v2/team/app/blobs/{Digest.of(b'unknown')}")
        assert unknown.status_code == 404


@in_loop
async def test_through_the_registry(tmp_path: Path, bucket: Bucket) -> None:
    """Without redirects, the blob and ranges of it come from the registry itself."""
    async with served(tmp_path, bucket, redirects=False, log=io.BytesIO()) as client:
        whole = await client.get(LAYER_PATH)
        assert (whole.status_code, whole.content) == (200, LAYER)
        assert whole.headers["content-length"] == str(len(LAYER))
        part = await client.get(LAYER_PATH, headers={"range": "bytes=300000-700000"})
        assert (part.status_code, part.content) == (206, LAYER[300_000:700_001])
        assert part.headers["content-range"] == f"bytes 300000-700000/{len(LAYER)}"
        many = await asyncio.gather(*(client.get(LAYER_PATH) for _ in range(8)))
        assert {each.content for each in many} == {LAYER}


@in_loop
async def test_a_client_that_leaves(tmp_path: Path, bucket: Bucket) -> None:
    """A download that the client ends harms no other, and is no fault."""
    log = io.BytesIO()
    async with served(tmp_path, bucket, redirects=False, log=log) as client:
        for _ in range(3):
            async with client.stream("GET", LAYER_PATH) as answer:
                async for _ in answer.aiter_bytes(1000):
                    break
        assert (await client.get(LAYER_PATH)).content == LAYER
    assert b'"fault"' not in log.getvalue()


@in_loop
async def test_a_store_that_breaks_off(
    tmp_path: Path, s3: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client meets a broken connection and not a short blob; the log has the cause."""
    for key, value in s3.environment.items():
        monkeypatch.setenv(key, value)
    name, log = f"http-{next(_NUMBERS)}", io.BytesIO()
    s3.bucket(name)
    with faulty_proxy(s3.url) as proxy:
        bucket = open_bucket(f"s3://{name}?endpoint={proxy.url}", os.environ)
        async with served(tmp_path, bucket, redirects=False, log=log) as client:
            proxy.fail(1000, Fault(cut_after=2_000_000), method="GET")
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(LAYER_PATH)
            proxy.fail(1000, Fault(404, b"<Code>NoSuchKey</Code>"), method="GET")
            assert (await client.get(LAYER_PATH)).status_code == 500
            proxy.fail(1000, Fault(404), method="HEAD")
            assert (await client.head(LAYER_PATH)).status_code == 500
    assert b"gave" in log.getvalue() or b"reading" in log.getvalue()
