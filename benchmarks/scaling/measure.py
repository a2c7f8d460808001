"""`python -m benchmarks.scaling.measure [--database URL --database-process ID]`: takes the costs.

One worker is kept busy. Time is that of processors and not of the clock; other work on the machine
makes it longer all the same, by what it takes of the caches. Without a database only the folder is
measured, and what was measured of a database before is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import http.client
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from benchmarks.asking import any_manifest, catalog_pages, tag_pages, tokens
from benchmarks.client import bearer
from benchmarks.load import burst
from benchmarks.peers.pratique import Prepared, prepare
from benchmarks.processes import BenchmarkError, children
from benchmarks.scaling.costs import MEASURED, Cost, Measured, measured
from benchmarks.works.many_rows import repository_name, tag_name, write_rows

REPOSITORIES, TAGS = 100, 100
CONNECTIONS, PUSHERS = 32, 8
BLOB_BYTES: Final = 64 * 1024
_SETTLING_SECONDS: Final = 1.5
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_EVERYTHING: Final = "repository:*:pull registry:catalog:*"
_PUSHED: Final = "repository:bench/pushed:pull,push"


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server that nobody else uses.

    Attributes:
        url: of the database.
        process_id: of the server's first process.
    """

    url: str
    process_id: int

    def statements(self) -> float:
        """How many transactions it has committed; each statement of a pull is one."""
        row = asyncio.run(_ask(self.url, _COMMITTED))
        return float(row[0])

    def rows_bytes(self) -> int:
        """What the tables and indexes of manifests and tags take."""
        return int(asyncio.run(_ask(self.url, _SIZE))[0])


_COMMITTED = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
_SIZE = "SELECT pg_total_relation_size('tags') + pg_total_relation_size('manifests')"


async def _ask(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchrow(statement)
    finally:
        await connection.close()


@dataclass(frozen=True)
class Kind:
    """A kind of request that `wrk` can send.

    Attributes:
        url: what is asked for, unless `asking` says otherwise.
        asking: as `burst` takes it.
        refused: likewise.
    """

    url: str
    headers: Mapping[str, str]
    asking: str = ""
    refused: bool = False


def kinds(prepared: Prepared, blob: str) -> dict[str, Kind]:
    """By name.

    Args:
        prepared: what is served.
        blob: the digest of one in the repository `bench/pushed`.
    """
    puller, pusher, url = prepared.puller, prepared.pusher, prepared.url
    basic = f"{puller.client_id}:{puller.secret}"
    signing_in = {"authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
    reading = bearer(url, puller.client_id, puller.secret, _EVERYTHING)
    pushing = bearer(url, pusher.client_id, pusher.secret, _PUSHED)
    known = f"{url}/v2/{repository_name(0)}/manifests/{tag_name(0)}"
    return {
        "challenge": Kind(f"{url}/v2/", {}, refused=True),
        "token": Kind(url, signing_in, tokens(prepared.host)),
        "manifest, known": Kind(known, reading),
        "manifest, any": Kind(url, reading, any_manifest(REPOSITORIES, TAGS)),
        "blob of 64 KiB": Kind(f"{url}/v2/bench/pushed/blobs/{blob}", pushing),
        "page of 100 tags": Kind(url, reading, tag_pages(REPOSITORIES, 100)),
        "page of the catalog": Kind(url, reading, catalog_pages(REPOSITORIES, 100)),
    }


class Pusher:
    """Pushes blobs of 64 KiB, each another one, in two requests over a connection of its own.

    Args:
        prepared: what is served.
        number: of this one among several.
    """

    def __init__(self, prepared: Prepared, number: int) -> None:
        robot = prepared.pusher
        self._headers = bearer(prepared.url, robot.client_id, robot.secret, _PUSHED)
        self._host = prepared.host
        self._draw = random.Random(number)  # noqa: S311 - no secret

    def push(self, until: float) -> int:
        """Push until that moment of the monotonic clock; how many it were."""
        pushed = 0
        with closing(http.client.HTTPConnection(self._host, timeout=30)) as connection:
            while time.monotonic() < until:
                self.push_one(connection)
                pushed += 1
        return pushed

    def push_one(self, connection: http.client.HTTPConnection) -> str:
        """The digest of what was pushed."""
        content = self._draw.randbytes(BLOB_BYTES)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        began = self._ask(connection, "POST", "/v2/bench/pushed/blobs/uploads/", b"", 202)
        self._ask(connection, "PUT", f"{began}?digest={digest}", content, 201)
        return digest

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes,
        status: int,
    ) -> str:
        connection.request(method, path, body=body, headers=self._headers)
        answer = connection.getresponse()
        words = answer.read()
        if answer.status != status:
            raise BenchmarkError(f"{method} {path} was answered {answer.status}: {words[:200]!r}")
        return answer.headers["location"]


def take(prepared: Prepared, database: Database | None, seconds: float) -> dict[str, Cost]:
    """The cost of each kind.

    Args:
        prepared: what is served.
        database: that it keeps its rows in; None for files.
        seconds: for which each kind is asked.
    """
    with prepared.serving() as started:
        worker = max(children(started.process_id), key=_processor)
        pushers = [Pusher(prepared, number) for number in range(PUSHERS)]
        with closing(http.client.HTTPConnection(prepared.host, timeout=30)) as connection:
            blob = pushers[0].push_one(connection)
        found = {}
        for name, kind in kinds(prepared, blob).items():
            found[name] = _cost(partial(_burst, kind), worker, database, seconds)
            print(f"{name}: {found[name]}")
        found["push of a 64 KiB blob"] = _cost(partial(_pushes, pushers), worker, database, seconds)
        print(found["push of a 64 KiB blob"])
        return found


def _burst(kind: Kind, seconds: float) -> tuple[float, float]:
    got = burst(kind.url, kind.headers, CONNECTIONS, seconds, kind.asking, refused=kind.refused)
    return got.requests_per_second * seconds, got.bytes_per_second / got.requests_per_second


def _pushes(pushers: Sequence[Pusher], seconds: float) -> tuple[float, float]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(pushers)) as threads:
        return sum(threads.map(lambda pusher: pusher.push(until), pushers)), 0.0


def _cost(
    asking: Callable[[float], tuple[float, float]],
    worker: int,
    database: Database | None,
    seconds: float,
) -> Cost:
    """What is asked for costs.

    Args:
        asking: asks for so many seconds; gives how often, and the bytes of an answer.
        worker: the process that answers.
        database: that it asks.
        seconds: for how long.
    """
    asking(1)
    before, asked_before = _processor(worker), _statements(database)
    database_before = _processor_of_all(database)
    number, sent = asking(seconds)
    spent = _processor(worker) - before
    database_spent = _processor_of_all(database) - database_before
    asked = _statements(database) - asked_before
    return Cost(
        round(spent / number * 1e6, 1),
        round(asked / number, 2),
        round(database_spent / number * 1e6, 1),
        round(sent),
    )


def _statements(database: Database | None) -> float:
    if database is None:
        return 0.0
    # The server gathers its counts once in a while.
    time.sleep(_SETTLING_SECONDS)
    return database.statements()


def _processor(process_id: int) -> float:
    """Seconds of processor time of a process and its threads, with those that have ended."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _processor_of_all(database: Database | None) -> float:
    if database is None:
        return 0.0
    return sum(map(_processor, [database.process_id, *children(database.process_id)]))


@contextmanager
def _in(variable: str, value: str) -> Iterator[None]:
    os.environ[variable] = value
    try:
        yield
    finally:
        del os.environ[variable]


def _of_files(seconds: float) -> tuple[dict[str, Cost], float]:
    with tempfile.TemporaryDirectory(prefix="pratique-costs-") as folder:
        prepared = prepare(Path(folder), (), 1)
        before = _size(prepared.data)
        write_rows(prepared.data, REPOSITORIES, TAGS)
        tag_bytes = (_size(prepared.data) - before) / (REPOSITORIES * TAGS)
        return take(prepared, None, seconds), round(tag_bytes, 1)


def _of_database(database: Database, seconds: float) -> tuple[dict[str, Cost], float, float]:
    with (
        tempfile.TemporaryDirectory(prefix="pratique-costs-") as folder,
        _in("PRATIQUE_DATABASE", database.url),
    ):
        prepared = prepare(Path(folder), (), 1)
        before = database.rows_bytes()
        asyncio.run(_write_rows(database.url))
        tag_bytes = (database.rows_bytes() - before) / (REPOSITORIES * TAGS)
        with prepared.serving():
            first = _statements(database)
            time.sleep(5)
            idle = (_statements(database) - first) / (5 + _SETTLING_SECONDS)
        return take(prepared, database, seconds), round(tag_bytes, 1), round(idle, 1)


async def _write_rows(url: str) -> None:
    """The same rows as `many_rows` writes into files."""
    now, connection = time.time_ns() // 1000, await asyncpg.connect(url)
    try:
        for number in range(REPOSITORIES):
            name = repository_name(number)
            await connection.execute(
                "INSERT INTO repositories (name, created_at, updated_at) VALUES ($1, $2, $2)",
                name,
                now,
            )
            content = [
                (tag_name(tag), json.dumps({"of": f"{name}:{tag}", "filled": "x" * 500}).encode())
                for tag in range(TAGS)
            ]
            digests = {t: f"sha256:{hashlib.sha256(c).hexdigest()}" for t, c in content}
            await connection.executemany(
                "INSERT INTO manifests (repository, digest, media_type, size, image_size, "
                "created_at, updated_at, content) VALUES ($1, $2, $3, $4, 2000, $5, $5, $6)",
                [(name, digests[t], _MANIFEST, len(c), now, c) for t, c in content],
            )
            await connection.executemany(
                "INSERT INTO tags (repository, name, digest, created_at, updated_at) "
                "VALUES ($1, $2, $3, $4, $4)",
                [(name, t, digests[t], now) for t, _ in content],
            )
    finally:
        await connection.close()


_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def _size(data: Path) -> int:
    return sum(path.stat().st_size for path in data.glob("pratique.db*"))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling.measure")
    parser.add_argument("--database", help="postgresql://..., empty and used by nobody else")
    parser.add_argument("--database-process", type=int, help="the id of its server's process")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind (3)")
    words = parser.parse_args()
    files, tag_bytes = _of_files(words.seconds)
    before = measured() if MEASURED.exists() else None
    costs: dict[str, Mapping[str, Cost]] = {**(before.costs if before else {}), "sqlite": files}
    sizes = {**(before.tag_bytes if before else {}), "sqlite": tag_bytes}
    idle = before.idle_statements if before else 0.0
    if words.database:
        database = Database(words.database, words.database_process)
        costs["postgres"], sizes["postgres"], idle = _of_database(database, words.seconds)
    run = Measured(_machine(), f"{datetime.now(UTC):%Y-%m-%d}", costs, sizes, idle)  # noqa: TID251
    MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if "model name" in line), "unknown")
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
