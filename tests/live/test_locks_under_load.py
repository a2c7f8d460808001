"""A tag that is locked while several workers move it, and pulls that are closed in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live

_KIND = "application/vnd.oci.image.index.v1+json"
_TAG, _TAG_OBJECT = "/v2/team/app/manifests/v1", "/acr/v1/team/app/_tags/v1"
_PUSHERS = 4
_ROUNDS = 15


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A registry with two workers."""
    with live_server(tmp_path_factory.mktemp("locks") / "data", workers=2) as started:
        yield started


def index(words: str) -> bytes:
    """An empty index that differs from others by its words."""
    return (
        f'{{"schemaVersion":2,"mediaType":"{_KIND}","manifests":[],"annotations":{{"w":"{words}"}}}}'
    ).encode()


def push(http: httpx.Client, words: str) -> int:
    """Move the tag to an index of its own; the answer's status."""
    return http.put(_TAG, content=index(words), headers={"content-type": _KIND}).status_code


def test_a_lock_that_was_acknowledged_holds(server: LiveServer) -> None:
    """Whatever pushes are on their way, in whichever worker, the tag stays where it is."""
    stop = Event()

    def pushing(pusher: int) -> set[int]:
        seen, number = set(), 0
        with httpx.Client(base_url=server.url, auth=server.owner, timeout=30) as http:
            while not stop.is_set():
                number += 1
                seen.add(push(http, f"{pusher}-{number}"))
        return seen

    with (
        ThreadPoolExecutor(_PUSHERS) as threads,
        httpx.Client(base_url=server.url, auth=server.owner, timeout=30) as http,
    ):
        assert push(http, "first") == 201
        pushers = [threads.submit(pushing, pusher) for pusher in range(_PUSHERS)]
        try:
            for _ in range(_ROUNDS):
                assert http.patch(_TAG_OBJECT, json={"writeEnabled": False}).status_code == 200
                digests = {http.get(_TAG_OBJECT).json()["tag"]["digest"] for _ in range(20)}
                assert len(digests) == 1
                assert http.patch(_TAG_OBJECT, json={"writeEnabled": True}).status_code == 200
        finally:
            stop.set()
        assert {status for pusher in pushers for status in pusher.result()} == {201, 405}


def test_a_closed_tag_is_pulled_from_no_worker(server: LiveServer) -> None:
    """What a worker remembers of a manifest does not outlive the lock."""
    connections = [
        httpx.Client(base_url=server.url, auth=server.owner, timeout=30) for _ in range(8)
    ]
    try:
        assert push(connections[0], "closed") == 201
        for enabled in (False, True, False, True):
            assert {http.get(_TAG).status_code for http in connections} == {200}
            changed = connections[0].patch(_TAG_OBJECT, json={"readEnabled": False})
            assert changed.status_code == 200
            assert {http.get(_TAG).status_code for http in connections} == {405}
            connections[1].patch(_TAG_OBJECT, json={"readEnabled": True, "listEnabled": enabled})
    finally:
        for http in connections:
            http.close()
