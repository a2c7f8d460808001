"""zot, with bearer authentication, on the filesystem, and otherwise as it comes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.client import push
from benchmarks.content import Content
from benchmarks.peers.server import ZOT, Server, first_line_of
from benchmarks.peers.token_server import PASSWORD, USER, TokenServer
from benchmarks.peers.tokens import SERVICE
from benchmarks.processes import free_port, running


@contextmanager
def zot(folder: Path, programme: str, content: Content, tokens: TokenServer) -> Iterator[Server]:
    """Serve the images from zot to those who bring a token of the token server."""
    port = free_port()
    configuration = {
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": str(folder / "data")},
        "http": {
            "address": "127.0.0.1",
            "port": str(port),
            "auth": {
                "bearer": {
                    "realm": tokens.realm,
                    "service": SERVICE,
                    "cert": str(tokens.key_set),
                }
            },
        },
        "log": {"level": "error"},
    }
    file = folder / "config.json"
    file.write_text(json.dumps(configuration))
    url = f"http://127.0.0.1:{port}"
    command = [programme, "serve", str(file)]
    with running(command, f"{url}/v2/", folder / "zot.log") as started:
        server = Server(
            ZOT,
            url,
            started.process_id,
            _version(programme),
            "bearer, ES256",
            tokens.mint.grant,
            (USER, PASSWORD),
        )
        push(server, content.images)
        yield server


def _version(programme: str) -> str:
    """The commit it was built from, where the builder told it, or else its module's version."""
    told = json.loads(first_line_of([programme, "--version"]))
    if told["commit"]:
        return f"{told['commit']} {told['binary-type']}".strip()
    if shutil.which("go") is not None:
        built = subprocess.run(
            ["go", "version", "-m", programme], check=False, capture_output=True, text=True
        )
        for line in built.stdout.splitlines():
            kind, *words = line.split()
            if kind == "mod":
                return " ".join(words[:2])
    return "unknown"
