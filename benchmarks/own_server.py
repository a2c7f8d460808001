"""Pratique, prepared and served through its command line as an operator would.

The pulls are made by a service principal that holds `AcrPull` and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.client import bearer, push
from benchmarks.processes import BenchmarkError, Started, free_port, running
from benchmarks.sample import ACCEPT, Sample
from benchmarks.servers import PRATIQUE, Server

COMMAND = (sys.executable, "-m", "pratique")
COMMAND_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Prepared:
    """A data folder that holds the sample and a principal who may pull it.

    Attributes:
        data: the folder.
        host: `127.0.0.1:PORT`, where it is to be served.
        workers: worker processes.
        client_id: the service principal with `AcrPull`.
        secret: its client secret.
    """

    data: Path
    host: str
    workers: int
    client_id: str
    secret: str

    @property
    def url(self) -> str:
        """The registry, without a path."""
        return f"http://{self.host}"

    @contextmanager
    def serving(self) -> Iterator[Started]:
        """Run `pratique serve` until the block is left."""
        with _serving(self.data, self.host, self.workers) as started:
            yield started

    def server(self, started: Started) -> Server:
        """The running server, with a fresh token for pulls."""
        headers = ACCEPT | bearer(self.url, self.client_id, self.secret, "pull")
        return Server(PRATIQUE, self.url, started.process_id, headers)


def prepare(folder: Path, sample: Sample, workers: int) -> Prepared:
    """Make a data folder, push the sample into it as its owner, and let one principal pull.

    Raises:
        BenchmarkError: a verb failed, or the push was refused.
    """
    data = folder / "data"
    host = f"127.0.0.1:{free_port()}"
    owner = _verb("init", "--data", str(data), "--login-server", host, "--json")["owner"]
    with _serving(data, host, workers):
        url = f"http://{host}"
        push(url, sample, bearer(url, owner["username"], owner["password"], "pull,push"))
    principal = _verb("sp", "create", "bench", "--data", str(data), "--json")
    client_id, secret = principal["client_id"], principal["secret"]
    _run("role", "assign", "AcrPull", "--to", client_id, "--data", str(data))
    return Prepared(data, host, workers, client_id, secret)


@contextmanager
def _serving(data: Path, host: str, workers: int) -> Iterator[Started]:
    command = [
        *COMMAND,
        *("serve", "--data", str(data), "--listen", host, "--workers", str(workers)),
        # The two others are measured without an access log.
        "--no-request-log",
    ]
    log = data.parent / "pratique.log"
    with running(command, f"http://{host}/v2/", log) as started:
        yield started


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
