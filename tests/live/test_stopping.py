"""Stopping: a server that was told to end finishes what was begun, and loses nothing on its way."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from threading import Event, Thread

import pytest
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


class Client:
    """One connection of somebody who may do everything."""

    def __init__(self, host: str, user: tuple[str, str]) -> None:
        name, _, port = host.partition(":")
        self.http = HTTPConnection(name, int(port), timeout=DEADLINE_SECONDS)
        secret = base64.b64encode(":".join(user).encode()).decode()
        self._who = {"authorization": f"Basic {secret}"}

    def ask(self, method: str, address: str, body: bytes = b"", **fields: str) -> HTTPResponse:
        """The answer; its body is there to be read."""
        headers = {**self._who, **{k.replace("_", "-"): v for k, v in fields.items()}}
        self.http.request(method, address, body or None, headers)
        return self.http.getresponse()

    def answered(self, method: str, address: str, body: bytes = b"", **fields: str) -> int:
        """The status of an answer that was read to its end."""
        answer = self.ask(method, address, body, **fields)
        answer.read()
        return answer.status

    def upload_address(self, content: bytes) -> str:
        """Where `content` can be put in one request."""
        answer = self.ask("POST", "/v2/team/app/blobs/uploads/")
        answer.read()
        location = answer.getheader("location") or ""
        path = location[location.index("/v2/") :]
        return f"{path}{'&' if '?' in path else '?'}digest={digest(content)}"

    def begin_put(self, address: str, first: bytes, length: int) -> None:
        """Send the head of a PUT and a part of its body."""
        self.http.putrequest("PUT", address)
        for name, value in {**self._who, "content-length": str(length)}.items():
            self.http.putheader(name, value)
        self.http.endheaders()
        self.http.send(first)


def digest(content: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


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


@contextmanager
def nginx_before(folder: Path, hosts: tuple[str, ...]) -> Iterator[str]:
    """A load balancer with its usual behaviour before several servers; its own `HOST:PORT`."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("NOT TESTED: nginx is not on this machine (Debian: apt install nginx-light)")
    listen = f"127.0.0.1:{free_port()}"
    upstream = "".join(f"server {host} max_fails=0; " for host in hosts)
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        # Its worker is another user, who may not write into the folders of the test.
        "events {}\nhttp { access_log off; client_max_body_size 0; proxy_max_temp_file_size 0;\n"
        f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"upstream pratique {{ {upstream} keepalive 8; }}\n"
        f"server {{ listen {listen}; location / {{ proxy_pass http://pratique;\n"
        'proxy_http_version 1.1; proxy_set_header Connection "";\n'
        "proxy_set_header Host $http_host; } } }\n"
    )
    process = subprocess.Popen([nginx, "-c", str(configuration)], start_new_session=True)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (folder / "pid").exists():
            assert time.monotonic() < deadline, "nginx did not start"
            assert process.poll() is None, "nginx ended"
            time.sleep(0.05)
        yield listen
    finally:
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
