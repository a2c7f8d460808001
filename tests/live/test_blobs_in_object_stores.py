"""A live server whose blobs are in a real object store: moto for S3, Azurite for Azure Blob."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.live_server import LiveServer, live_server, pratique_command
from tests.support.object_stores import ObjectServer, azurite, moto

pytestmark = pytest.mark.live

LAYER = b"layer" * 300_000
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module", params=["s3", "az"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectServer]:
    """A real server of objects."""
    started = moto if request.param == "s3" else azurite
    with started(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="module")
def place(store: ObjectServer) -> str:
    """The address of a new bucket."""
    return store.bucket("blobs")


@pytest.fixture(scope="module")
def server(
    store: ObjectServer, place: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A server of two workers that keeps its blobs there."""
    folder = tmp_path_factory.mktemp("objects") / "data"
    with live_server(
        folder, options=("--blobs", place), environment=dict(store.environment)
    ) as served:
        yield served


def digest_of(content: bytes) -> str:
    """As it stands in addresses."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def client_of(server: LiveServer) -> httpx.Client:
    """Somebody who may do all, and follows no redirect unasked."""
    return httpx.Client(base_url=server.url, auth=server.owner, timeout=30)


def push(client: httpx.Client, name: str, *layers: bytes) -> str:
    """Push an image, each layer in two chunks; its digest."""
    described = []
    for content in (b"{}", *layers):
        begun = client.post(f"/v2/{name}/blobs/uploads/")
        half = len(content) // 2
        sent = client.patch(begun.headers["location"], content=content[:half])
        assert sent.status_code == 202, sent.text
        done = client.put(
            sent.headers["location"], params={"digest": digest_of(content)}, content=content[half:]
        )
        assert done.status_code == 201, done.text
        described.append({"digest": digest_of(content), "size": len(content)})
    config, *rest = [{"mediaType": "application/octet-stream", **each} for each in described]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": rest}
    ).encode()
    put = client.put(f"/v2/{name}/manifests/v1", content=manifest, headers={"content-type": OCI})
    assert put.status_code == 201, put.text
    return digest_of(manifest)


def test_blob_is_fetched_from_the_store_with_no_other_credential(server: LiveServer) -> None:
    """The registry sends the client there, and the address alone opens it, unlike the bucket."""
    with client_of(server) as client:
        push(client, "app", LAYER)
        sent = client.get(f"/v2/app/blobs/{digest_of(LAYER)}")
        assert sent.status_code == 307
        there = sent.headers["location"]
        assert httpx.get(there).content == LAYER
        part = httpx.get(there, headers={"range": "bytes=5-9"})
        assert (part.status_code, part.content) == (206, LAYER[5:10])
        head = client.head(f"/v2/app/blobs/{digest_of(LAYER)}")
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(LAYER)))


def test_who_may_not_pull_gets_no_address(server: LiveServer) -> None:
    """Nobody is sent to the store before the law has been asked."""
    with client_of(server) as client:
        push(client, "app", LAYER)
    refused = httpx.get(f"{server.url}/v2/app/blobs/{digest_of(LAYER)}")
    assert refused.status_code == 401
    assert "location" not in refused.headers


def test_verbs_of_the_law_need_no_store(server: LiveServer) -> None:
    """Whoever owns the folder makes a principal without the bucket's credentials at hand."""
    made = server.pratique("sp", "create", "robot")
    assert made["client_id"]


def test_bytes_come_through_the_registry_when_wanted(store: ObjectServer, tmp_path: Path) -> None:
    """With `--no-redirects` clients need not reach the store."""
    place = store.bucket("through")
    options = ("--blobs", place, "--no-redirects")
    with (
        live_server(tmp_path / "data", options=options, environment=dict(store.environment)) as it,
        client_of(it) as client,
    ):
        push(client, "app", LAYER)
        assert client.get(f"/v2/app/blobs/{digest_of(LAYER)}").content == LAYER


def test_a_bucket_in_use_is_nobody_elses(
    server: LiveServer, store: ObjectServer, place: str, tmp_path: Path
) -> None:
    """Another registry would take all objects for left behind; it does not start, nor collect."""
    with client_of(server) as client:
        push(client, "app", LAYER)
    data = tmp_path / "other"
    serve = ["serve", "--data", str(data), "--listen", "127.0.0.1:1"]
    for words in (serve, ["gc", "--data", str(data)]):
        told = _typed(store, *words, "--blobs", place)
        assert told.returncode == 1, told.stderr
        assert "holds the blobs of another registry" in told.stderr


def test_the_registry_does_not_start_without_its_blobs(
    server: LiveServer, store: ObjectServer
) -> None:
    """Nor is anything checked or collected where they are not."""
    with client_of(server) as client:
        push(client, "app", LAYER)
    for words in (["serve", "--listen", "127.0.0.1:1"], ["gc"], ["check"], ["backup", "to"]):
        told = _typed(store, *words, "--data", str(server.data))
        assert told.returncode == 1, told.stderr
        assert "in an object store" in told.stderr


def test_collection_looks_into_the_bucket(
    server: LiveServer, store: ObjectServer, place: str
) -> None:
    """By the command line too; what was pushed just now stays, whoever deleted it."""
    with client_of(server) as client:
        kept = push(client, "kept", LAYER)
        gone = push(client, "gone", LAYER, b"alone" * 1000)
        assert client.delete(f"/v2/gone/manifests/{gone}").status_code == 202
        told = _typed(store, "gc", "--data", str(server.data), "--blobs", place, "--json")
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["blobs"] == 0
        found = client.get(f"/v2/kept/manifests/{kept}").json()
        for layer in found["layers"]:
            sent = client.get(f"/v2/kept/blobs/{layer['digest']}")
            assert httpx.get(sent.headers["location"]).content == LAYER


def _typed(store: ObjectServer, *words: str) -> subprocess.CompletedProcess[str]:
    """One verb in a process of its own, which object stores want."""
    return subprocess.run(
        [*pratique_command(), *words],
        env={**os.environ, **store.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
