"""Pratique, prepared and served through its command line as an operator would.

Pulls are made by a service principal that holds `AcrPull` and nothing else, pushes by one that
holds `AcrPush`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.client import bearer, push
from benchmarks.content import Image
from benchmarks.peers.server import PRATIQUE, Server
from benchmarks.processes import BenchmarkError, Started, free_port, running

COMMAND = (sys.executable, "-m", "pratique")
COMMAND_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Robot:
    """A service principal.

    Attributes:
        client_id: its user name.
        secret: its client secret.
    """

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Prepared:
    """A data folder with one principal who may pull from it and one who may push.

    Attributes:
        data: the folder.
        host: `127.0.0.1:PORT`, where it is to be served, and its login server.
        workers: worker processes.
        puller: holds `AcrPull`.
        pusher: holds `AcrPush`.
    """

    data: Path
    host: str
    workers: int
    puller: Robot
    pusher: Robot

    @property
    def url(self) -> str:
        """The registry, without a path."""
        return f"http://{self.host}"

    @contextmanager
    def serving(
        self, options: Sequence[str] = (), host: str | None = None, workers: int | None = None
    ) -> Iterator[Started]:
        """Run `pratique serve` until the block is left.

        Args:
            options: further words for it; with `--tls` among them it speaks TLS.
            host: another address to listen on.
            workers: another number of them.
        """
        host = host or self.host
        command = [
            *COMMAND,
            *("serve", "--data", str(self.data), "--listen", host),
            *("--workers", str(workers or self.workers)),
            # The others are measured without an access log.
            "--no-request-log",
            *options,
        ]
        scheme = "https" if "--tls" in options else "http"
        log = self.data.parent / "pratique.log"
        with running(command, f"{scheme}://{host}/v2/", log) as started:
            yield started

    def server(self, started: Started, url: str | None = None, name: str = PRATIQUE) -> Server:
        """The running server as the works see it.

        Args:
            started: its process.
            url: where it listens, if not at its login server.
            name: for the table.
        """

        def grant(repository: str, actions: str) -> Mapping[str, str]:
            robot = self.pusher if "push" in actions else self.puller
            scope = f"repository:{repository}:{actions}"
            return bearer(self.url, robot.client_id, robot.secret, scope)

        return Server(
            name,
            url or self.url,
            started.process_id,
            _run("--version").strip(),
            "bearer, ES256",
            grant,
            (self.puller.client_id, self.puller.secret),
        )


def prepare(folder: Path, images: Sequence[Image], workers: int) -> Prepared:
    """Make a data folder below `folder` with these images in it.

    Raises:
        BenchmarkError: a verb failed, or a push was refused.
    """
    data = folder / "data"
    host = f"127.0.0.1:{free_port()}"
    _verb("init", "--data", str(data), "--login-server", host, "--json")
    puller, pusher = (_robot(data, role) for role in ("AcrPull", "AcrPush"))
    prepared = Prepared(data, host, workers, puller, pusher)
    if images:
        with prepared.serving() as started:
            push(prepared.server(started), images)
    return prepared


def _robot(data: Path, role: str) -> Robot:
    made = _verb("sp", "create", f"bench-{role.lower()}", "--data", str(data), "--json")
    _run("role", "assign", role, "--to", made["client_id"], "--data", str(data))
    return Robot(made["client_id"], made["secret"])


def _verb(*words: str) -> Any:
    return json.loads(_run(*words))


def _run(*words: str) -> str:
    done = subprocess.run(
        [*COMMAND, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_SECONDS,
    )
    if done.returncode != 0:
        verb = " ".join(words[:2])
        raise BenchmarkError(f"`pratique {verb}` exited {done.returncode}: {done.stderr.strip()}")
    return done.stdout
