"""Three nodes behind nginx: one registry, one law, and nothing lost with one of them.

A second is the product's own promise, and counts from when a change was acknowledged.
"""

from __future__ import annotations

import hashlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import httpx
import pytest
from tests.conformance.programme import built, examine
from tests.nodes.cluster import Cluster, Node, cluster
from tests.support.connections import Client, digest
from tests.support.object_stores import ObjectServer, moto
from tests.support.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.live

BOUND_SECONDS = 1.0
DEADLINE_SECONDS = 30.0
OCI = "application/vnd.oci.image.manifest.v1+json"
LAYER = hashlib.shake_256(b"a layer").digest(3_000_000)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A real store of objects."""
    with moto(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def three(tmp_path: Path, postgres: PostgresServer, store: ObjectServer) -> Iterator[Cluster]:
    """Three nodes."""
    with cluster(tmp_path, postgres, store) as made:
        yield made


def image(client: Client, name: str, layer: bytes) -> str:
    """Push an image in single requests, as its owner; its digest. Every step is acknowledged."""
    for content in (b"{}", layer):
        address = _upload(client, name) + f"?digest={digest(content)}"
        assert client.answered("PUT", address, content) == 201
    manifest = _manifest(layer)
    status = client.answered("PUT", f"/v2/{name}/manifests/v1", manifest, content_type=OCI)
    assert status == 201
    return digest(manifest)


def _upload(client: Client, name: str) -> str:
    answer = client.ask("POST", f"/v2/{name}/blobs/uploads/")
    answer.read()
    location = answer.getheader("location") or ""
    return location[location.index("/v2/") :].partition("?")[0]


def _manifest(layer: bytes) -> bytes:
    described = [
        {"mediaType": "application/octet-stream", "digest": digest(each), "size": len(each)}
        for each in (b"{}", layer)
    ]
    content = {"schemaVersion": 2, "mediaType": OCI, "config": described[0]}
    return json.dumps({**content, "layers": described[1:]}).encode()


def status(node: Node, user: tuple[str, str], path: str = "/v2/app/manifests/v1") -> int:
    """How a node answers a pull."""
    client = Client(node.host, user)
    try:
        return client.answered("GET", path)
    finally:
        client.http.close()


def until(node: Node, user: tuple[str, str], wanted: int, path: str) -> None:
    """Return once a node answers so."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (seen := status(node, user, path)) != wanted:
        assert time.monotonic() < deadline, f"{path} is answered with {seen}, not {wanted}"
        time.sleep(0.05)


def test_one_upload_over_all_nodes(three: Cluster) -> None:
    """Each chunk lands on another node; the image is pulled from each, by a redirect."""
    clients = [Client(node.host, three.owner) for node in three.nodes]
    path = _upload(clients[0], "app")
    third = len(LAYER) // 3
    for number, client in enumerate((*clients[1:], clients[0])):
        chunk = LAYER[number * third : (number + 1) * third]
        assert client.answered("PATCH", path, chunk) == 202
    assert clients[2].answered("PUT", f"{path}?digest={digest(LAYER)}") == 201
    image(clients[1], "app", LAYER)
    for client in clients:
        answer = client.ask("GET", "/v2/app/manifests/v1")
        assert answer.read() == _manifest(LAYER)
        sent = client.ask("GET", f"/v2/app/blobs/{digest(LAYER)}")
        sent.read()
        assert httpx.get(sent.getheader("location") or "").content == LAYER
        client.http.close()


def test_a_change_of_the_law_is_obeyed_everywhere_within_a_second(three: Cluster) -> None:
    """By a node that was paused meanwhile too; one that is cut off judges nobody by the old law."""
    near, cut, paused = three.nodes
    owner = Client(near.host, three.owner)
    image(owner, "app", LAYER)
    made = three.pratique("sp", "create", "robot")
    robot = (made["client_id"], made["secret"])
    three.pratique("role", "assign", "AcrPull", "--to", "robot")
    for node in three.nodes:
        until(node, robot, 200, "/v2/app/manifests/v1")

    paused.signal_all(signal.SIGSTOP)
    cut.relay.cut()
    three.pratique("role", "unassign", "AcrPull", "--from", "robot")
    time.sleep(BOUND_SECONDS)

    assert status(near, robot) == 403
    assert status(cut, robot) == 503
    assert status(cut, three.owner) == 503
    refused = Client(cut.host, three.owner)
    assert refused.answered("POST", "/v2/app/blobs/uploads/") == 503
    assert refused.answered("GET", "/readyz") == 503
    assert refused.answered("GET", "/livez") == 200
    paused.signal_all(signal.SIGCONT)
    # Not even the first request after the pause is judged by the law from before it.
    assert status(paused, robot) == 403
    cut.relay.mend()
    until(cut, robot, 403, "/v2/app/manifests/v1")
    until(cut, three.owner, 200, "/readyz")
    for client in (owner, refused):
        client.http.close()


def test_a_node_killed_under_load_loses_nothing_acknowledged(three: Cluster) -> None:
    """What was acknowledged by any node is with the others, and pulls through nginx go on."""
    acknowledged: dict[str, bytes] = {}
    enough = threading.Event()

    def push(worker: int) -> None:
        number = 0
        while not enough.is_set():
            number += 1
            name, layer = f"load/{worker}-{number}", f"{worker} {number}".encode() * 5000
            client = Client(three.front, three.owner)
            try:
                image(client, name, layer)
            except (OSError, HTTPException, AssertionError, ValueError):
                # Not acknowledged: a client would say so and try again.
                continue
            finally:
                client.http.close()
            acknowledged[name] = layer

    pushers = [threading.Thread(target=push, args=(worker,)) for worker in range(4)]
    for pusher in pushers:
        pusher.start()
    try:
        _wait_for(acknowledged, 12)
        three.nodes[0].kill()
        _wait_for(acknowledged, len(acknowledged) + 20)
    finally:
        enough.set()
        for pusher in pushers:
            pusher.join()
    for node in three.nodes[1:]:
        client = Client(node.host, three.owner)
        for name, layer in acknowledged.items():
            answer = client.ask("GET", f"/v2/{name}/manifests/v1")
            assert answer.read() == _manifest(layer)
            sent = client.ask("GET", f"/v2/{name}/blobs/{digest(layer)}")
            sent.read()
            assert httpx.get(sent.getheader("location") or "").content == layer
        client.http.close()
    three.nodes[0].start()
    until(three.nodes[0], three.owner, 200, f"/v2/{next(iter(acknowledged))}/manifests/v1")


def _wait_for(acknowledged: dict[str, bytes], number: int) -> None:
    deadline = time.monotonic() + 2 * DEADLINE_SECONDS
    while len(acknowledged) < number:
        assert time.monotonic() < deadline, f"only {len(acknowledged)} pushes were acknowledged"
        time.sleep(0.05)


@pytest.mark.conformance
def test_conformance_through_the_load_balancer(
    tmp_path: Path, postgres: PostgresServer, store: ObjectServer
) -> None:
    """Every check passes, whichever node answers.

    Blobs come through the nodes: the programme wants a header of every blob that no object store
    gives.
    """
    folder = tmp_path / "findings"
    folder.mkdir()
    with cluster(tmp_path, postgres, store, "--no-redirects") as three:
        findings = examine(built(), three.server(), folder, keep_tokens=True)
    assert findings.not_passed == {}


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        (None, (403, 403, 403)),
        ("AcrPull", (200, 403, 403)),
        ("AcrPush", (200, 202, 403)),
        ("AcrDelete", (403, 403, 202)),
        ("Reader", (200, 403, 403)),
        ("Owner", (200, 202, 202)),
    ],
)
def test_each_role_on_each_node(
    shared: Cluster, role: str | None, answers: tuple[int, int, int]
) -> None:
    """Given by the command line beside the nodes, a role means the same on all of them."""
    client = Client(shared.front, shared.owner)
    name = f"r-{str(role).lower()}"
    found = image(client, name, LAYER)
    made = shared.pratique("sp", "create", name)
    if role is not None:
        shared.pratique("role", "assign", role, "--to", name)
    robot = (made["client_id"], made["secret"])
    pull, push, delete = answers
    for node in shared.nodes:
        until(node, robot, pull, f"/v2/{name}/manifests/v1")
        asked = Client(node.host, robot)
        assert asked.answered("POST", f"/v2/{name}/blobs/uploads/") == push
        asked.http.close()
        assert status(node, (robot[0], "wrong")) == 401
    asked = Client(shared.nodes[2].host, robot)
    assert asked.answered("DELETE", f"/v2/{name}/manifests/{found}") == delete
    asked.http.close()
    client.http.close()


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, store: ObjectServer
) -> Iterator[Cluster]:
    """Three nodes that no test breaks."""
    with cluster(tmp_path_factory.mktemp("shared"), postgres, store) as made:
        yield made
