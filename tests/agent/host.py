"""A registry behind TLS and the agent of a host, each in processes of its own."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.support.live_server import (
    START_DEADLINE_SECONDS,
    end,
    free_port,
    pratique_command,
)

ACR = "https://containerregistry.azure.net"
HEADER_SECRET = "a header secret that both identities share"
IMAGE_TYPE = "application/vnd.oci.image.index.v1+json"
INDEX = json.dumps({"schemaVersion": 2, "mediaType": IMAGE_TYPE, "manifests": []}).encode()


@dataclass(frozen=True)
class TlsRegistry:
    """A registry that holds one artifact, `app:v1`.

    Attributes:
        host: `127.0.0.1:PORT`.
        client: trusts the registry's certificate.
    """

    host: str
    data: Path
    client: httpx.Client

    @property
    def ca_file(self) -> Path:
        """The certificate to trust."""
        return self.data / "tls" / "certificate.pem"

    def pratique(self, *words: str) -> Any:
        """The parsed answer of a verb, as the owner of the folder."""
        command = [*pratique_command(), *words, "--data", str(self.data), "--json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def refresh_token(self, directory_token: str) -> httpx.Response:
        """The answer of the exchange, as `az acr login` asks it."""
        form = {"grant_type": "access_token", "service": self.host, "access_token": directory_token}
        return self.client.post("/oauth2/exchange", data=form)

    def pull(self, refresh_token: str) -> int:
        """The status of a pull of `app:v1` by whoever has a refresh token."""
        form = {
            "grant_type": "refresh_token",
            "service": self.host,
            "scope": "repository:app:pull",
            "refresh_token": refresh_token,
        }
        given = self.client.post("/oauth2/token", data=form)
        if given.status_code != 200:
            return given.status_code
        headers = {"authorization": f"Bearer {given.json()['access_token']}", "accept": IMAGE_TYPE}
        return self.client.get("/v2/app/manifests/v1", headers=headers).status_code


@contextmanager
def tls_registry(folder: Path) -> Iterator[TlsRegistry]:
    """Prepare and serve a registry, and push `app:v1`."""
    data, host = folder / "data", f"127.0.0.1:{free_port()}"
    words = ["init", "--data", str(data), "--login-server", host, "--json"]
    made = subprocess.run([*pratique_command(), *words], check=True, capture_output=True, text=True)
    owner = json.loads(made.stdout)["owner"]
    words = ["serve", "--data", str(data), "--listen", host, "--workers", "1", "--tls", "auto"]
    log = folder / "server.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [*pratique_command(), *words],
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(server, f"https://{host}/v2/", log)
            trusted = ssl.create_default_context(cafile=data / "tls" / "certificate.pem")
            with httpx.Client(base_url=f"https://{host}", verify=trusted, timeout=60) as client:
                pushed = client.put(
                    "/v2/app/manifests/v1",
                    content=INDEX,
                    headers={"content-type": IMAGE_TYPE},
                    auth=(owner["username"], owner["password"]),
                )
                assert pushed.status_code == 201, pushed.text
                yield TlsRegistry(host, data, client)
        finally:
            end(server)


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2, context=unverified)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer from {url} within the deadline:\n{log.read_text()}")


@dataclass(frozen=True)
class RunningAgent:
    """An agent that listens.

    Attributes:
        endpoint: `http://127.0.0.1:PORT`.
        socket: its Unix socket, which everybody can reach.
        log: a line of JSON for each request.
    """

    endpoint: str
    socket: Path
    process: subprocess.Popen[str]
    log: Path

    @property
    def port(self) -> int:
        """On 127.0.0.1."""
        return int(self.endpoint.rpartition(":")[2])


@contextmanager
def running_agent(
    registry: TlsRegistry, folder: Path, credentials: Sequence[Path], challenges: Path
) -> Iterator[RunningAgent]:
    """Run the agent with these credentials, and end it on leaving."""
    # The folders of tests are closed to other users; the socket must be open to them.
    with open_folder() as reachable, (folder / "agent.log").open("w") as log:
        socket = reachable / "agent.sock"
        words = ["identity", "agent", "--server", f"https://{registry.host}"]
        words += ["--ca-file", str(registry.ca_file), "--challenge-folder", str(challenges)]
        words += ["--listen", "127.0.0.1:0", "--socket", str(socket), "--json"]
        for path in credentials:
            words += ["--credentials", str(path)]
        with subprocess.Popen(
            [*pratique_command(), *words], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            try:
                told = _told(process, folder / "agent.log")
                yield RunningAgent(told["endpoints"][0], socket, process, folder / "agent.log")
            finally:
                process.terminate()
                process.wait(timeout=15)


def _told(process: subprocess.Popen[str], log: Path) -> Mapping[str, Any]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            content: dict[str, Any] = json.loads("".join(lines))
            return content
    raise AssertionError(f"the agent ended: {log.read_text()}")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into, and only this one may write in."""
    with tempfile.TemporaryDirectory(prefix="pratique-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def assigned(registry: TlsRegistry, folder: Path, name: str, *words: str) -> Path:
    """Assign an identity to the host `host-1`; the file for its agent."""
    path = folder / f"{name}.toml"
    registry.pratique(
        *("identity", "assign", name, "--host", "host-1", "--file", str(path), *words)
    )
    return path


def add_header_secret(path: Path) -> None:
    """Let one header's secret open several identities, as an operator would."""
    text = path.read_text("utf-8") + f"header_secret = {json.dumps(HEADER_SECRET)}\n"
    path.write_text(text, "utf-8")


def environment(**variables: str) -> dict[str, str]:
    """The present variables without any that steer Azure's clients, and these."""
    steering = ("AZURE_", "MSI_", "IDENTITY_", "IMDS_", "ARM_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(steering)}
    return {**kept, **variables}
