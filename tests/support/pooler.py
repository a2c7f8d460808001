"""PgBouncer in transaction mode before PostgreSQL: each transaction has another session."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.live_server import free_port
from tests.support.postgres import (
    ALL_REQUIRED,
    PASSWORD,
    USER,
    PostgresServer,
    as_its_user,
    lasting,
    programme,
)

START_DEADLINE_SECONDS = 30.0
_CONFIG = """
[databases]
* = host=127.0.0.1 port={server} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
"""


@dataclass(frozen=True)
class Pooler:
    """A pooler that runs.

    Attributes:
        port: on 127.0.0.1.
        server: that it stands before.
    """

    port: int
    server: PostgresServer

    def url(self, direct: str) -> str:
        """Of a database by way of the pooler, as the guide says."""
        way = direct.replace(f":{self.server.port}/", f":{self.port}/")
        return f"{way}?statement_cache_size=0"


@contextmanager
def pooler_before(server: PostgresServer) -> Iterator[Pooler]:
    """A pooler, ended on leaving.

    Skips the test where PgBouncer is not installed, and fails where it must be.
    """
    found = programme("pgbouncer", beside=(Path("/usr/sbin"),))
    if found is None:
        told = "`pgbouncer` is not installed (Debian: apt install pgbouncer)"
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{told}, and {ALL_REQUIRED} is set")
        pytest.skip(told)
    port = free_port()
    config = server.folder / f"pooler-{port}.ini"
    config.write_text(
        _CONFIG.format(server=server.port, user=USER, password=PASSWORD, port=port), "utf-8"
    )
    config.chmod(0o644)
    log = server.folder / f"pooler-{port}.log"

    def spawn() -> subprocess.Popen[bytes]:
        with log.open("wb") as told:
            return subprocess.Popen(
                [*as_its_user(ends_with="TERM"), str(found), str(config)],
                stdout=told,
                stderr=subprocess.STDOUT,
                cwd=server.folder,
            )

    process = lasting(spawn)
    try:
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.02)
        yield Pooler(port, server)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
