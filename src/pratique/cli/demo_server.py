"""A private registry for the demonstration: a server process of its own on a free port."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from pratique.assembly import prepare
from pratique.cli.failures import Failed
from pratique.naming import RegistryName
from pratique.settings import Places

_START_SECONDS = 12.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DemoServer:
    """A server that answers.

    Attributes:
        host: as it stands in an image's name.
        owner: user name and password.
    """

    host: str
    owner: tuple[str, str]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}"


@contextmanager
def private_server(folder: Path) -> Iterator[DemoServer]:
    """A server that is started now and ended on leaving.

    Args:
        folder: empty; for its data and its log.

    Raises:
        Failed: it did not start.
    """
    host = f"127.0.0.1:{_free_port()}"
    data = folder / "data"
    prepared = prepare(Places(data), name=RegistryName("pratique"), login_server=host)
    command = [sys.executable, "-m", "pratique", "serve", "--data", str(data)]
    options = ["--listen", host, "--workers", "1", "--no-request-log"]
    log = folder / "server.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(  # noqa: S603 - our own programme
            [*command, *options], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        _wait_until_it_answers(server, host, log)
        yield DemoServer(host, (prepared.owner_name, prepared.owner_password))
    finally:
        _end(server)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(server: subprocess.Popen[bytes], host: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(timeout=1.0, trust_env=False) as http:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                http.get(f"http://{host}/v2/")
            except httpx.HTTPError:
                time.sleep(0.03)
            else:
                return
    told = log.read_text(errors="replace").strip()[-500:]
    raise Failed(f"the server did not start on {host}: {told or 'it says nothing'}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
