"""Stopping: a server that was told to end finishes what was begun, and loses nothing on its way."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.support.balancer import nginx_before
from tests.support.connections import Client, digest
from tests.support.live_server import (
    LiveServer,
    free_port,
    live_server,
    pratique_command,
    wait_until_it_answers,
)

pytestmark = pytest.mark.live

DELAY_SECONDS = 3.0
DEADLINE_SECONDS = 30.0
BLOB = hashlib.shake_256(b"a layer").digest(24_000_000)
UPLOAD = hashlib.shake_256(b"another layer").digest(4_000_000)
INDEX = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
MANIFEST = "/v2/team/app/manifests/v1"


def status_of(server: LiveServer, path: str) -> int | None:
    """The status of an answer on a new connection; None when nobody listens."""
    try:
        client = Client(server.host, server.owner)
        try:
            return client.answered("GET", path)
        finally:
            client.http.close()
    except ConnectionError:
        return None


def wait_for(server: LiveServer, path: str, wanted: int | None) -> None:
    """Return once `path` is answered so, on each of many new connections in a row."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(status_of(server, path) != wanted for _ in range(8)):
        assert time.monotonic() < deadline, f"{path} was never answered with {wanted}"
        time.sleep(0.05)


def exit_code(process_id: int) -> int:
    """Wait for the server's end."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process_id, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    raise AssertionError("the server did not end")


def test_what_was_begun_is_finished(tmp_path: Path) -> None:
    """A slow upload and a slow download that are on their way at SIGTERM come to their end."""
    with live_server(tmp_path / "data") as server:
        down, up = (Client(server.host, server.owner) for _ in range(2))
        assert down.answered("PUT", down.upload_address(BLOB), BLOB) == 201
        down.http.close()
        down.http.connect()
        down.http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        download = down.ask("GET", f"/v2/team/app/blobs/{digest(BLOB)}")
        got = bytearray(download.read(100_000))
        up.begin_put(up.upload_address(UPLOAD), UPLOAD[:1_000_000], len(UPLOAD))

        os.kill(server.process_id, signal.SIGTERM)
        wait_for(server, "/livez", None)

        up.http.send(UPLOAD[1_000_000:])
        assert up.http.getresponse().status == 201
        while piece := download.read(1_000_000):
            got += piece
            time.sleep(0.02)
        assert digest(bytes(got)) == digest(BLOB)
        up.http.close()
        down.http.close()
        assert exit_code(server.process_id) == 0
    with live_server_again(server) as again:
        client = Client(again.host, again.owner)
        assert client.answered("HEAD", f"/v2/team/app/blobs/{digest(UPLOAD)}") == 200
        client.http.close()


def test_everybody_is_served_until_the_delay_is_over(tmp_path: Path) -> None:
    """`/readyz` says no at once, in every worker, while requests and connections are taken on."""
    options = ("--drain-delay", str(DELAY_SECONDS))
    with live_server(tmp_path / "data", options=options) as server:
        wait_for(server, "/readyz", 200)
        os.kill(server.process_id, signal.SIGTERM)
        began = time.monotonic()
        wait_for(server, "/readyz", 503)
        assert status_of(server, "/livez") == 200
        assert status_of(server, "/v2/") == 200
        assert time.monotonic() - began < DELAY_SECONDS
        wait_for(server, "/livez", None)
        assert time.monotonic() - began > DELAY_SECONDS
        assert exit_code(server.process_id) == 0


def test_a_second_signal_leaves_the_delay_out(tmp_path: Path) -> None:
    """Whoever cannot wait says so twice."""
    with live_server(tmp_path / "data", options=("--drain-delay", "600")) as server:
        os.kill(server.process_id, signal.SIGTERM)
        wait_for(server, "/readyz", 503)
        os.kill(server.process_id, signal.SIGTERM)
        assert exit_code(server.process_id) == 0


def test_metrics_of_all_workers_are_on_an_address_of_their_own(tmp_path: Path) -> None:
    """Requests that went to any worker are in every scrape, and clients find no metrics."""
    address = f"127.0.0.1:{free_port()}"
    with live_server(tmp_path / "data", options=("--metrics", address)) as server:
        for _ in range(20):
            assert status_of(server, "/v2/") == 200
        assert status_of(server, "/metrics") == 404
        # A worker's numbers are a second old at most, in the scrape of another.
        deadline = time.monotonic() + DEADLINE_SECONDS
        counted = 'pratique_requests_total{route="check",status="2xx"} 20\n'
        while not all(counted in scrape(address) for _ in range(6)):
            assert time.monotonic() < deadline, scrape(address)
            time.sleep(0.2)
        text = scrape(address)
        assert 'pratique_law_version{worker="2"}' in text
        assert "pratique_draining 0\n" in text


def scrape(address: str) -> str:
    """What the listener for metrics shows."""
    host, _, port = address.partition(":")
    scraper = HTTPConnection(host, int(port), timeout=DEADLINE_SECONDS)
    scraper.request("GET", "/metrics")
    text = scraper.getresponse().read().decode()
    scraper.close()
    return text


@dataclass
class Puller:
    """Pulls a manifest and a blob again and again, on connections that stay open.

    Attributes:
        failures: what went wrong.
        pulls: how often both came whole.
    """

    host: str
    user: tuple[str, str]
    failures: list[str] = field(default_factory=list)
    pulls: int = 0
    enough: Event = field(default_factory=Event)

    def run(self) -> None:
        """Pull until it is enough."""
        client = Client(self.host, self.user)
        while not self.enough.is_set():
            try:
                manifest = client.ask("GET", MANIFEST)
                content = manifest.read()
                blob = client.ask("GET", f"/v2/team/app/blobs/{digest(UPLOAD)}")
                layer = blob.read()
            except (OSError, HTTPException) as error:
                self.failures.append(repr(error))
                client.http.close()
                continue
            if (manifest.status, blob.status) != (200, 200) or content != INDEX or layer != UPLOAD:
                self.failures.append(f"{manifest.status} {blob.status} {len(layer)} bytes")
            self.pulls += 1
        client.http.close()


@contextmanager
def live_server_again(server: LiveServer) -> Iterator[LiveServer]:
    """Serve the folder of `server` again, at the same address."""
    with server.log.open("ab") as sink:
        process = subprocess.Popen(
            [
                *pratique_command(),
                *("serve", "--data", str(server.data), "--listen", server.host),
                *("--workers", "2", "--drain-delay", "1"),
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_it_answers(process, f"{server.url}/livez", server.log)
            yield LiveServer(server.host, server.data, server.owner, process.pid, server.log)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=DEADLINE_SECONDS)


def test_no_pull_fails_while_two_servers_are_restarted_in_turn(tmp_path: Path) -> None:
    """Behind nginx, two servers on one folder are replaced one by one under a client's pulls."""
    with live_server(tmp_path / "data", options=("--drain-delay", "1")) as first:
        client = Client(first.host, first.owner)
        assert client.answered("PUT", client.upload_address(UPLOAD), UPLOAD) == 201
        index = {"content_type": "application/vnd.oci.image.index.v1+json"}
        assert client.answered("PUT", MANIFEST, INDEX, **index) == 201
        client.http.close()
        second = LiveServer(
            f"127.0.0.1:{free_port()}", first.data, first.owner, 0, tmp_path / "second.log"
        )
        servers = (first, second)
        with nginx_before(tmp_path / "nginx", tuple(s.host for s in servers)) as front:
            puller = Puller(front, first.owner)
            pulling = Thread(target=puller.run)
            with live_server_again(second) as second_running:
                pulling.start()
                try:
                    _pulls(puller, 10)
                    os.kill(first.process_id, signal.SIGTERM)
                    assert exit_code(first.process_id) == 0
                    _pulls(puller, 5)
                    with live_server_again(first):
                        _pulls(puller, 10)
                        os.kill(second_running.process_id, signal.SIGTERM)
                        wait_for(second_running, "/livez", None)
                        _pulls(puller, 10)
                        puller.enough.set()
                        pulling.join(DEADLINE_SECONDS)
                finally:
                    puller.enough.set()
                    pulling.join(DEADLINE_SECONDS)
    assert puller.failures == []
    assert puller.pulls >= 35


def _pulls(puller: Puller, number: int) -> None:
    """Wait for so many more pulls."""
    wanted = puller.pulls + number
    deadline = time.monotonic() + DEADLINE_SECONDS
    while puller.pulls < wanted:
        assert time.monotonic() < deadline, "nothing is pulled any more"
        time.sleep(0.02)
