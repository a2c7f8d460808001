"""Real object stores in processes of their own, on loopback, ended by their process ids.

Moto speaks S3, Azurite speaks Azure Blob. Both keep all in memory.
"""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.support.kept import kept, one_at_a_time
from tests.support.live_server import free_port

from pratique.assembly import new_id
from pratique.assembly.sources import now
from pratique.storage.blobs.objects import (
    Bucket,
    ObjectBin,
    ObjectBlobs,
    ObjectUploads,
)
from pratique.storage.metadata.sqlite import (
    Database,
    SqliteBlobLinks,
    SqliteCatalogue,
    SqliteItems,
    SqliteLeftovers,
    SqliteManifests,
)
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)
from pratique.testing.content_stores import ContentStores, CountedIds

ALL_REQUIRED = "PRATIQUE_ALL_CLIENTS"
AZURITE = "azurite@3"
START_DEADLINE_SECONDS = 60.0
# Azurite's documented account; it knows no other.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


class MissingAzurite(Exception):
    """Azurite cannot be had on this machine; the message says why."""


@dataclass
class ObjectServer:
    """A server of objects.

    Attributes:
        port: where it listens; the same after it was started again.
        environment: that the registry needs.
        buckets: makes a bucket of that name, and gives its address.
    """

    port: int
    command: list[str]
    log: Path
    environment: Mapping[str, str]
    buckets: Callable[[ObjectServer, str], str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and return when it listens."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while not self._listens():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"nothing listens: {self.log.read_text()}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; a second time makes no difference."""
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=15)

    def bucket(self, name: str) -> str:
        """The address of a new bucket."""
        return self.buckets(self, name)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def moto(folder: Path) -> Iterator[ObjectServer]:
    """S3. Skips the test where moto is not installed, and fails where it must be."""
    pytest.importorskip("moto.server", exc_type=ImportError)
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)]
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    yield from _served(ObjectServer(port, command, folder / "moto.log", environment, _s3_bucket))


@contextmanager
def azurite(folder: Path) -> Iterator[ObjectServer]:
    """Azure Blob. Skips the test where there is no Azurite, and fails where it must be."""
    port, programme = free_port(), _azurite()
    command = [
        *(str(programme), "--blobHost", "127.0.0.1", "--blobPort", str(port)),
        *("--inMemoryPersistence", "--skipApiVersionCheck", "--silent"),
    ]
    environment = {
        "AZURE_STORAGE_ACCOUNT_NAME": AZURITE_ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": AZURITE_KEY,
    }
    log = folder / "azurite.log"
    yield from _served(ObjectServer(port, command, log, environment, _azure_container))


def _served(server: ObjectServer) -> Iterator[ObjectServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _s3_bucket(server: ObjectServer, name: str) -> str:
    httpx.put(f"{server.url}/{name}").raise_for_status()
    return f"s3://{name}/some/prefix?endpoint={quote(server.url)}"


def _azure_container(server: ObjectServer, name: str) -> str:
    endpoint = f"{server.url}/{AZURITE_ACCOUNT}"
    stamps = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    # The documented form of a request that is signed with the account's key.
    told = "\n".join(f"{key}:{value}" for key, value in stamps.items())
    path = f"/{AZURITE_ACCOUNT}/{AZURITE_ACCOUNT}/{name}\nrestype:container"
    signed = hmac.digest(
        base64.b64decode(AZURITE_KEY), f"PUT{chr(10) * 12}{told}\n{path}".encode(), "sha256"
    )
    proof = f"SharedKey {AZURITE_ACCOUNT}:{base64.b64encode(signed).decode()}"
    httpx.put(
        f"{endpoint}/{name}?restype=container", headers={**stamps, "authorization": proof}
    ).raise_for_status()
    return f"az://{name}/some/prefix?endpoint={quote(endpoint)}"


def _azurite() -> Path:
    try:
        return installed_azurite()
    except MissingAzurite as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{missing}, and {ALL_REQUIRED} is set")
        pytest.skip(str(missing))


def installed_azurite() -> Path:
    """The programme, installed once for all projects of this user.

    Raises:
        MissingAzurite: npm is not there, or cannot install it.
    """
    folder = kept("azurite")
    programme = folder / "node_modules" / ".bin" / "azurite-blob"
    with one_at_a_time(folder):
        if not programme.exists():
            _install_azurite(folder)
    return programme


def _install_azurite(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise MissingAzurite(
            "`npm` is not installed, and Azurite comes by it (Debian: apt install npm)"
        )
    done = subprocess.run(
        ["npm", "install", "--no-fund", "--no-audit", "--prefix", str(folder), AZURITE],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise MissingAzurite(f"Azurite could not be installed by npm: {done.stderr[-500:]}")


class MovableClock:
    """The clock of a machine, which can be put forward.

    Attributes:
        ahead: of the right time.
    """

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The time now, by this clock."""
        return now() + self.ahead


@contextmanager
def object_stores(
    data: Path,
    bucket: Bucket,
    *,
    id_prefix: str = "0",
    redirects: bool = False,
    clock: Callable[[], datetime] = now,
) -> Iterator[ContentStores]:
    """Stores with their bytes in a bucket and their rows in a folder, as one node has them."""
    data.mkdir(exist_ok=True)
    database = Database.open(data / "pratique.db")
    try:
        sessions, places = SqliteUploadSessions(database), SqliteBlobPlaces(database)
        area = ObjectUploads(bucket, sessions, places, clock, new_id)
        lifetime = {} if redirects else {"lifetime": None}
        try:
            yield ContentStores(
                SqliteManifests(database),
                SqliteBlobLinks(database),
                ObjectBlobs(bucket, places, **lifetime),
                area,
                SqliteCatalogue(database),
                SqliteItems(database),
                SqliteLeftovers(database),
                ObjectBin(bucket, places, clock),
                clock,
                clock=clock,
                new_id=CountedIds(id_prefix),
            )
        finally:
            area.close()
    finally:
        database.close()
