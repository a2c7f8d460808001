"""CNCF Distribution: v3 with token authentication, and Debian's 2.8, both on the filesystem."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.client import push
from benchmarks.content import Content
from benchmarks.peers.server import DISTRIBUTION, DOCKER_REGISTRY, Server, first_line_of
from benchmarks.peers.token_server import PASSWORD, USER, TokenServer
from benchmarks.peers.tokens import ISSUER, SERVICE
from benchmarks.processes import free_port, running

# Without it, v3 would send a trace of every request to a collector that is not there.
_ENVIRONMENT = {"OTEL_TRACES_EXPORTER": "none"}


@contextmanager
def docker_registry(folder: Path, programme: str, content: Content) -> Iterator[Server]:
    """Serve the images from Debian's `docker-registry`, open to all."""
    with _serving(folder, programme, {}) as (url, process_id):
        version = first_line_of([programme, "--version"])
        server = Server(DOCKER_REGISTRY, url, process_id, version, "none")
        push(server, content.images)
        yield server


@contextmanager
def distribution(
    folder: Path, programme: str, content: Content, tokens: TokenServer
) -> Iterator[Server]:
    """Serve the images from Distribution v3 to those who bring a token of the token server."""
    authentication = {
        "auth": {
            "token": {
                "realm": tokens.realm,
                "service": SERVICE,
                "issuer": ISSUER,
                "jwks": str(tokens.key_set),
                "signingalgorithms": ["ES256"],
            }
        }
    }
    with _serving(folder, programme, authentication) as (url, process_id):
        server = Server(
            DISTRIBUTION,
            url,
            process_id,
            first_line_of([programme, "--version"]),
            "bearer, ES256",
            tokens.mint.grant,
            (USER, PASSWORD),
        )
        push(server, content.images)
        yield server


@contextmanager
def _serving(folder: Path, programme: str, more: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    port = free_port()
    # The programme reads YAML, of which JSON is a part.
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": f"127.0.0.1:{port}", "secret": "bench"},
        **more,
    }
    file = folder / "config.yml"
    file.write_text(json.dumps(configuration))
    url = f"http://127.0.0.1:{port}"
    command = [programme, "serve", str(file)]
    log = folder / "server.log"
    with running(command, f"{url}/v2/", log, _ENVIRONMENT) as started:
        yield url, started.process_id
