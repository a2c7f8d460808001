"""Nodes that share a PostgreSQL database and an object store, behind a load balancer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.balancer import nginx_before
from tests.support.live_server import (
    LiveServer,
    end,
    free_port,
    pratique_command,
    wait_until_it_answers,
)
from tests.support.object_stores import ObjectServer
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.relay import Relay, relay_to


@dataclass
class Node:
    """One server, with its workers in a process group of their own.

    Attributes:
        relay: by which it reaches the database.
    """

    host: str
    log: Path
    relay: Relay
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve, and return when it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        wait_until_it_answers(self.process, f"http://{self.host}/livez", self.log)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End all its processes in the middle of whatever they do."""
        self.signal_all(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(timeout=30)

    def stop(self) -> None:
        """End it gently, whatever was done to it."""
        if self.process is not None and self.process.poll() is None:
            self.signal_all(signal.SIGCONT)
            end(self.process)


@dataclass
class Cluster:
    """Three nodes and what they share.

    Attributes:
        front: `HOST:PORT` of the load balancer, which clients know.
        owner: user name and password of whoever may do everything.
        environment: of whoever works at the stores by the command line.
    """

    front: str
    nodes: list[Node]
    owner: tuple[str, str]
    environment: Mapping[str, str]
    folder: Path

    def pratique(self, *words: str) -> Any:
        """Run a verb beside the nodes, in a process of its own; the parsed `--json` output."""
        told = subprocess.run(
            [*pratique_command(), *words, "--data", str(self.folder / "admin"), "--json"],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return json.loads(told.stdout)

    def server(self) -> LiveServer:
        """All nodes as one."""
        return LiveServer(self.front, self.folder, self.owner, 0, self.nodes[0].log)


@contextmanager
def cluster(
    folder: Path, postgres: PostgresServer, store: ObjectServer, *options: str
) -> Iterator[Cluster]:
    """Three nodes of one worker each, ended on leaving; `options` are further words for each."""
    url = fresh_database(postgres)
    place = store.bucket(f"nodes-{folder.name}".replace("_", "-").lower()[:40])
    environment = {
        **os.environ,
        **store.environment,
        "PRATIQUE_DATABASE": url,
        "PRATIQUE_BLOBS": place,
    }
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    with ExitStack() as ending:
        front = ending.enter_context(nginx_before(folder / "nginx", tuple(hosts)))
        made = Cluster(front, [], ("", ""), environment, folder)
        first = made.pratique("init", "--login-server", front)["owner"]
        made.owner = (first["username"], first["password"])
        for number, host in enumerate(hosts):
            relay = ending.enter_context(relay_to(postgres.port))
            there = url.replace(f":{postgres.port}/", f":{relay.port}/")
            command = [
                *(*pratique_command(), "serve", "--data", str(folder / f"node{number}")),
                *("--listen", host, "--workers", "1", "--external-url", f"http://{front}"),
                *options,
            ]
            node = Node(
                host,
                folder / f"node{number}.log",
                relay,
                command,
                {**environment, "PRATIQUE_DATABASE": there},
            )
            ending.callback(node.stop)
            node.start()
            made.nodes.append(node)
        yield made
