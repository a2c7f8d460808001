"""A real PostgreSQL server in processes of its own, on loopback, ended by its process id."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from tests.support.live_server import free_port

T = TypeVar("T")

# Set to anything where every programme must be there, as in continuous integration.
ALL_REQUIRED = "PRATIQUE_ALL_CLIENTS"
USER, PASSWORD = "pratique", "the-database-password"
START_DEADLINE_SECONDS = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_NEEDED = ("initdb", "postgres")
_STARTER = ThreadPoolExecutor(1, thread_name_prefix="postgres-starter")
_CONFIG = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 60
shared_buffers = 32MB
fsync = on
full_page_writes = on
synchronous_commit = on
logging_collector = off
"""
_HBA = """
local all postgres peer
local all all scram-sha-256
host all,replication postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass
class PostgresServer:
    """A server, which can be stopped, killed, and started again on its port.

    Attributes:
        folder: its data, which its own user owns.
        port: on 127.0.0.1; the socket is in `folder` too.
        process: of its parent; None while it does not run.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """Of a database, for the user whom the tests sign in as."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Serve, and return when it takes connections."""
        self.process = lasting(self._spawn)
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            with suppress(OSError, asyncpg.CannotConnectNowError):
                self.ask("SELECT 1")
                return
            time.sleep(0.02)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    *(*as_its_user(ends_with="QUIT"), str(programme("postgres"))),
                    *("-D", str(self.folder / "data")),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
            )

    def stop(self) -> None:
        """End it as its operator would, without waiting for clients."""
        self.end(signal.SIGINT)

    def kill(self) -> None:
        """End all its processes in the middle of whatever they do."""
        assert self.process is not None
        # Stopped first, so that it neither makes new children nor tells the old ones.
        self.process.send_signal(signal.SIGSTOP)
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        for child in children.split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.end(signal.SIGKILL)

    def ask(self, statement: str, *arguments: object, database: str = "postgres") -> list[Any]:
        """Run a statement as the server's superuser and give its rows."""
        return self.within(lambda c: c.fetch(statement, *arguments), database=database)

    def within(self, work: Callable[[Any], Awaitable[T]], *, database: str = "postgres") -> T:
        """Run `work` on a connection of the server's superuser."""

        async def connected() -> T:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="postgres", database=database, timeout=20
            )
            try:
                return await work(connection)
            finally:
                await connection.close()

        return _on_a_loop_of_its_own(connected)

    def new_database(self, template: str = "template0") -> str:
        """Make an empty database and give its name."""
        name = f"pratique_{next(self._numbers)}"
        self.ask(f'CREATE DATABASE "{name}" OWNER {USER} TEMPLATE "{template}" ENCODING UTF8')
        return name

    def drop(self, url: str) -> None:
        """Delete a database, whoever still uses it: hundreds of them would fill a disk."""
        self.ask(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def end(self, number: signal.Signals) -> None:
        """Send it a signal and wait until it has ended; twice is once."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(timeout=60)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server with durable writes, in a folder of its own, ended on leaving.

    Skips the test where PostgreSQL is not installed, and fails where it must be.
    """
    missing = [name for name in _NEEDED if programme(name) is None]
    if missing:
        told = f"`{missing[0]}` is not installed (Debian: apt install postgresql)"
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{told}, and {ALL_REQUIRED} is set")
        pytest.skip(told)
    server = PostgresServer(_new_folder(), free_port())
    try:
        _initialise(server)
        server.start()
        server.ask(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        # At once, without writing out what is deleted next.
        server.end(signal.SIGQUIT)
        shutil.rmtree(server.folder)


@contextmanager
def standby_of(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A server that follows another and takes no writes, ended on leaving.

    It lags as far as somebody tells it to: see `pg_wal_replay_pause`.
    """
    standby = PostgresServer(_new_folder(), free_port())
    data = standby.folder / "data"
    try:
        _run(
            standby.folder,
            *("pg_basebackup", "--pgdata", str(data), "--write-recovery-conf", "--no-sync"),
            *("--checkpoint=fast", "--host=127.0.0.1", f"--port={primary.port}"),
            "--username=postgres",
        )
        _configure(standby)
        standby.start()
        yield standby
    finally:
        standby.end(signal.SIGQUIT)
        shutil.rmtree(standby.folder)


def fresh_database(server: PostgresServer) -> str:
    """The URL of a new, empty database."""
    return server.url(server.new_database())


def _new_folder() -> Path:
    # Short, as the path of a socket must be, and below a folder that every user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pratique-pg-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _initialise(server: PostgresServer) -> None:
    data = server.folder / "data"
    _run(
        server.folder,
        *("initdb", "-D", str(data), "--username=postgres", "--encoding=UTF8"),
        *("--locale=C.UTF-8", "--auth=trust", "--no-sync"),
    )
    _configure(server)
    (data / "pg_hba.conf").write_text(_HBA, encoding="utf-8")


def _configure(server: PostgresServer) -> None:
    config = _CONFIG.format(port=server.port, folder=server.folder)
    with (server.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(config)


def _run(folder: Path, name: str, *words: str) -> None:
    """Run one of the server's programmes to its end."""
    done = subprocess.run(
        [*as_its_user(), str(programme(name)), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr


def _on_a_loop_of_its_own(work: Callable[[], Awaitable[T]]) -> T:
    """Run in a thread, so that callers in a running loop are served too."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_awaited(work))).result()


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def as_its_user(*, ends_with: str = "") -> Sequence[str]:
    """What comes before a command, as PostgreSQL refuses to run as root.

    Args:
        ends_with: the signal that the kernel sends when who started the command has ended.
    """
    if shutil.which("setpriv") is None:
        return ()
    user = ("--reuid=postgres", "--regid=postgres", "--init-groups") if os.geteuid() == 0 else ()
    death = (f"--pdeathsig={ends_with}",) if ends_with else ()
    return ("setpriv", *user, *death, "--")


def lasting(spawn: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Spawn in a thread that lasts as long as this process.

    The kernel ends such a process with the thread that started it, so that none is left behind by
    tests that are killed.
    """
    return _STARTER.submit(spawn).result()


def programme(name: str, beside: Sequence[Path] = ()) -> Path | None:
    """The newest that is installed; Debian keeps servers of each version in a folder of its own.

    Args:
        name: of the programme.
        beside: further folders to look in.
    """
    folders = sorted(
        (f for f in _DEBIAN.glob("[0-9]*") if (f / "bin" / name).exists()),
        key=lambda folder: int(folder.name),
    )
    if folders:
        return folders[-1] / "bin" / name
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, beside)])
    found = shutil.which(name, path=path)
    return None if found is None else Path(found)
