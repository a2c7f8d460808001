"""Real programmes of others as servers: Debian's `docker-registry`, and nginx before it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.diagnosis.bed.content import Content
from tests.diagnosis.bed.harness import Unavailable
from tests.support.live_server import end, free_port

_DEADLINE_SECONDS = 20.0
# For the password in `HTPASSWD_PASSWORD`, by bcrypt at its lowest cost.
_HTPASSWD = "ana:$2y$05$abcdefghijklmnopqrstuu3zY3e9TaLJYUD62DeXSznD0jH/tTOSa\n"
HTPASSWD_PASSWORD = "canary-of-the-htpasswd-file"


@dataclass(frozen=True)
class Tokens:
    """How a registry is told to check tokens (distribution, `auth.token`)."""

    realm: str
    service: str
    bundle: Path


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        port: of 127.0.0.1.
        certificate: that it shows, with its key; a file.
    """

    port: int
    certificate: Path


def needed(name: str) -> str:
    """The path of a programme.

    Raises:
        Unavailable: it is not here.
    """
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        raise Unavailable(f"`{name}` is not installed")
    return found


@contextmanager
def docker_registry(
    folder: Path, certificate: Path, tokens: Tokens | None = None
) -> Iterator[Running]:
    """Debian's registry with TLS.

    Args:
        folder: of its own.
        certificate: with its key.
        tokens: how it checks tokens; None for the user `ana` of an htpasswd file.
    """
    program = needed("docker-registry")
    port = free_port()
    if tokens is None:
        (folder / "htpasswd").write_text(_HTPASSWD, "utf-8")
        auth = f"  htpasswd:\n    realm: basic-realm\n    path: {folder}/htpasswd\n"
    else:
        auth = (
            f"  token:\n    realm: {tokens.realm}\n    service: {tokens.service}\n"
            f"    issuer: {tokens.service}\n    rootcertbundle: {tokens.bundle}\n"
        )
    (folder / "config.yml").write_text(
        "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
        f"storage:\n  filesystem:\n    rootdirectory: {folder}/storage\n"
        f"http:\n  addr: 127.0.0.1:{port}\n  secret: of-the-bed\n"
        f"  tls:\n    certificate: {certificate}\n    key: {certificate}\nauth:\n{auth}",
        "utf-8",
    )
    with _running([program, "serve", str(folder / "config.yml")], folder, [port]):
        yield Running(port, certificate)


@dataclass(frozen=True)
class Fronts:
    """Ports of nginx, each with another habit.

    Attributes:
        faithful: passes everything.
        drops_authorization: takes `Authorization` away.
        drops_challenge: takes `WWW-Authenticate` away.
        asks_itself: wants a password of its own before it passes anything.
        serves_pages: knows no registry at all.
    """

    faithful: int
    drops_authorization: int
    drops_challenge: int
    asks_itself: int
    serves_pages: int


_HABITS = {
    "faithful": "",
    "drops_authorization": 'proxy_set_header Authorization "";',
    "drops_challenge": "proxy_hide_header WWW-Authenticate;",
    "asks_itself": "auth_basic Restricted; auth_basic_user_file users;",
}


@contextmanager
def nginx(folder: Path, behind: Running) -> Iterator[Fronts]:
    """Nginx before a registry.

    Args:
        folder: of its own.
        behind: the registry.
    """
    program = needed("nginx")
    ports = {name: free_port() for name in (*_HABITS, "serves_pages")}
    tls = f"ssl_certificate {behind.certificate}; ssl_certificate_key {behind.certificate};"
    servers = [
        f"server {{ listen 127.0.0.1:{ports[name]} ssl; {tls} location / {{ {habit} "
        f"proxy_set_header Host $http_host; proxy_pass https://127.0.0.1:{behind.port}; }} }}"
        for name, habit in _HABITS.items()
    ]
    (folder / "users").write_text(f"ana:{{PLAIN}}{HTPASSWD_PASSWORD}\n", "utf-8")
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("<!DOCTYPE html><title>Welcome</title>", "utf-8")
    servers.append(
        f"server {{ listen 127.0.0.1:{ports['serves_pages']} ssl; {tls} root {folder}/pages; "
        "location / { try_files $uri /index.html; } }"
    )
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; types {{ text/html html; }} {places}\n"
        + "\n".join(servers)
        + "\n}\n",
        "utf-8",
    )
    command = [program, "-p", str(folder), "-e", "error.log", "-c", str(folder / "nginx.conf")]
    with _running(command, folder, list(ports.values())):
        yield Fronts(**ports)


@contextmanager
def _running(command: list[str], folder: Path, ports: list[int]) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            deadline = time.monotonic() + _DEADLINE_SECONDS
            while not all(_listens(port) for port in ports):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{command} does not serve:\n{log.read_text()}")
                time.sleep(0.02)
            yield
        finally:
            end(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def publish(url: str, authorization: str, repository: str, content: Content) -> None:
    """Push images.

    Args:
        url: of the registry.
        authorization: header that allows it.
        repository: where to.
        content: blobs and tagged manifests.
    """
    headers = {"Authorization": authorization}
    with httpx.Client(verify=False, headers=headers) as client:  # noqa: S501 - of our own server
        base = f"{url}/v2/{repository}"
        for digest, blob in content.blobs.items():
            begun = client.post(f"{base}/blobs/uploads/").raise_for_status()
            place = httpx.URL(url).join(begun.headers["location"])
            place = place.copy_merge_params({"digest": digest})
            kind = {"Content-Type": "application/octet-stream"}
            client.put(place, content=blob, headers=kind).raise_for_status()
        for reference, (kind_of, body) in content.manifests.items():
            if ":" not in reference:
                client.put(
                    f"{base}/manifests/{reference}", content=body, headers={"Content-Type": kind_of}
                ).raise_for_status()
