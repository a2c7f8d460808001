"""A real Pratique in processes of its own, on loopback, ended by its process id.

Everything goes through the command line that a user would type; tests of this kind see nothing
of the code inside. Verbs run in the process of the tests, the server in processes of its own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.in_process import typed

from pratique.cli.certificate import own_certificate

NULL_GUID = "00000000-0000-0000-0000-000000000000"
START_DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class LiveServer:
    """A server that answers.

    Attributes:
        host: `127.0.0.1:PORT`, as it stands in an image's name.
        data: the folder that holds everything.
        owner: user name and password of the first user, who holds the role Owner.
        process_id: of the parent process, which ends its workers when it is ended.
        log: what the server wrote on its standard output and error.
        scheme: `http`, or `https` with the certificate of the server's own.
    """

    host: str
    data: Path
    owner: tuple[str, str]
    process_id: int
    log: Path
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        return f"{self.scheme}://{self.host}"

    @property
    def certificate(self) -> Path:
        """What a client trusts to speak TLS with a server that made its certificate itself."""
        return self.data / "tls" / "certificate.pem"

    def pratique(self, *words: str) -> Any:
        """Run one verb against the folder, as its owner would; gives the parsed `--json` output.

        Raises:
            AssertionError: the verb did not exit with 0.
        """
        done = typed(*words, "--data", str(self.data), "--json")
        if done.code != 0:
            raise AssertionError(f"{words} exited {done.code}: {done.out}{done.err}")
        return json.loads(done.out)

    def decision(self, decision_id: str) -> Any:
        """What `pratique why` says, once the decision is written, which is later than it is told.

        Raises:
            AssertionError: it was not written within the deadline.
        """
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while True:
            try:
                return self.pratique("why", decision_id)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def pratique_command() -> list[str]:
    """The command under test: the `pratique` module of the interpreter that runs the tests."""
    return [sys.executable, "-m", "pratique"]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def live_server(
    folder: Path,
    *,
    workers: int = 2,
    port: int | None = None,
    options: Sequence[str] = (),
    environment: dict[str, str] | None = None,
    tls: bool = False,
    address: str = "127.0.0.1",
    login_server: str | None = None,
) -> Iterator[LiveServer]:
    """Prepare `folder` unless it is prepared, serve it, and end the server on leaving.

    Args:
        folder: the data folder; made when absent.
        workers: worker processes.
        port: on 127.0.0.1; a free one when None.
        options: further words for `pratique serve`.
        environment: variables laid over the present ones for the server.
        tls: whether it speaks TLS, with a certificate that it makes itself.
        address: to listen at.
        login_server: the name by which clients know it; where it listens when None. The
            certificate has it, and all other names of its domain.
    """
    host = f"{address}:{port or free_port()}"
    known_as = login_server or host
    first = typed("init", "--data", str(folder), "--login-server", known_as, "--json")
    if first.code != 0:
        raise AssertionError(f"pratique init exited {first.code}: {first.out}{first.err}")
    owner = json.loads(first.out)["owner"]
    log = folder.parent / f"{folder.name}.log"
    scheme = "https" if tls else "http"
    tls_options: tuple[str, ...] = ("--tls", "auto") if tls else ()
    if tls and login_server:
        name = login_server.partition(":")[0]
        made = own_certificate(folder, name, f"*.{name.partition('.')[2]}")
        tls_options = ("--tls-cert", str(made.certificate), "--tls-key", str(made.private_key))
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [
                *pratique_command(),
                *("serve", "--data", str(folder), "--listen", host, "--workers", str(workers)),
                *tls_options,
                *options,
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            wait_until_it_answers(server, f"{scheme}://{host}/v2/", log)
            yield LiveServer(
                host=host,
                data=folder,
                owner=(owner["username"], owner["password"]),
                process_id=server.pid,
                log=log,
                scheme=scheme,
            )
        finally:
            end(server)


def wait_until_it_answers(
    server: subprocess.Popen[bytes],
    url: str,
    log: Path,
    seconds: float = START_DEADLINE_SECONDS,
) -> None:
    """Return once `url` gives any HTTP answer.

    Raises:
        AssertionError: with the log; the process ended, or the seconds did.
    """
    # Whether the certificate is right is for the tests' own clients to find.
    unchecked = ssl._create_unverified_context()  # noqa: S323, SLF001
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise AssertionError(f"the server ended with {server.returncode}:\n{log.read_text()}")
        try:
            urllib.request.urlopen(url, timeout=2, context=unchecked)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer from {url} within the deadline:\n{log.read_text()}")


def end(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop, then end its whole process group if it does not."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=15)
