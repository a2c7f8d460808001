"""Calls to the disk that fail: told as such, nothing lost, and all is well when they end."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import httpx
import pytest
from tests.crash.history import History
from tests.crash.looking import ShownOverHttp, collect, faults_in, left_over, look
from tests.crash.pushing import Pusher, digest_of
from tests.crash.serving import Served
from tests.crash.shim import EVERY_CALL, Action, Call, Order, Shim

pytestmark = pytest.mark.live

REPOSITORY = "crash/failing"
FAIL = Action.FAIL
STEPS = 12
# SQLite tells a quota that is used up from a failing disk as little as it tells its cause.
FULL = {errno.ENOSPC}
BLOB = b"bytes that the disk does not take" * 100


@dataclass
class Bed:
    """A server on a disk that fails when it is told to.

    Attributes:
        point: of the next event.
    """

    shim: Shim
    served: Served
    history: History
    shown: ShownOverHttp
    pusher: Pusher
    point: Iterator[int] = field(default_factory=count)

    def push(self, steps: int = STEPS) -> list[httpx.Response]:
        """Push, and give the answers of a server that failed."""
        return self.pusher.steps(steps)

    def look(self, *, settle: bool) -> list[str]:
        """Every fault in what is shown."""
        return list(look(self.history, self.shown, next(self.point), settle=settle))


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A server with some images, for all tests that collect nothing."""
    with _made(tmp_path_factory.mktemp("failing")) as bed:
        yield bed


@contextmanager
def _made(folder: Path) -> Iterator[Bed]:
    disk = folder / "disk"
    disk.mkdir()
    shim = Shim.made(folder / "shim", disk)
    served = Served(disk / "data", shim.environment)
    history, point = History(), count()
    served.start()
    try:
        with (
            closing(ShownOverHttp(served.url, served.login)) as shown,
            closing(
                Pusher(
                    served.url,
                    served.login,
                    REPOSITORY,
                    history,
                    lambda: next(point),
                    Random(1),  # noqa: S311 - the same each time
                )
            ) as pusher,
        ):
            made = Bed(shim, served, history, shown, pusher, point)
            assert made.push() == []
            yield made
    finally:
        shim.quiet()
        served.kill()


FAULTS = {
    "no room for uploads": Order(FAIL, Call.WRITE, pattern="data/uploads/*", number=errno.ENOSPC),
    "no room for rows": Order(FAIL, Call.WRITE, pattern="*.db-wal", number=errno.ENOSPC),
    "no room after some writes": Order(FAIL, Call.WRITE, at=20, number=errno.ENOSPC),
    "a quota": Order(FAIL, Call.WRITE, number=errno.EDQUOT),
    "no room for new files": Order(FAIL, Call.CREATE | Call.MKDIR, number=errno.ENOSPC),
    "bad sectors": Order(FAIL, Call.WRITE),
    "bad sectors after some writes": Order(FAIL, Call.WRITE, at=11),
    "syncs of uploads": Order(FAIL, Call.SYNC | Call.SYNC_RANGE, pattern="data/uploads/*"),
    "syncs of rows": Order(FAIL, Call.SYNC, pattern="*.db-wal"),
    "one sync of rows": Order(FAIL, Call.SYNC, at=2, times=1, pattern="*.db-wal"),
    "syncs of folders": Order(FAIL, Call.SYNC_FOLDER),
    "moves": Order(FAIL, Call.RENAME),
    "removals": Order(FAIL, Call.UNLINK, pattern="data/uploads/*"),
    "a disk that takes nothing": Order(FAIL, EVERY_CALL, number=errno.EROFS),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_and_passes(bed: Bed, name: str) -> None:
    """Pushes are refused in the form of OCI, pulls go on, and the same processes recover."""
    order = FAULTS[name]
    workers = bed.served.workers()
    with bed.shim.told(order):
        failures = bed.push(STEPS * 2)
        assert bed.shim.fired
        assert bed.look(settle=False) == []
    assert failures
    for answer in failures:
        assert answer.json()["errors"][0]["code"] == "UNKNOWN"
        assert answer.status_code in ({507} if order.number in FULL else {500, 507})
    assert bed.push() == []
    assert bed.served.workers() == workers
    assert bed.look(settle=True) == []
    bed.pusher.go_on()
    assert faults_in(bed.served.data) == []


def test_short_writes_are_gone_on_with(bed: Bed) -> None:
    """A disk that takes half of what it is given gets the rest afterwards, and nobody notices."""
    with bed.shim.told(Order(Action.SHORT, Call.WRITE)):
        assert bed.push(STEPS * 2) == []
        assert bed.shim.fired
    assert bed.look(settle=True) == []
    assert faults_in(bed.served.data) == []


def test_a_sync_that_failed_is_not_tried_again(bed: Bed) -> None:
    """Its upload is over: the next sync would succeed without the bytes. A new upload is fine."""
    query = {"digest": digest_of(BLOB)}
    with httpx.Client(base_url=bed.served.url, auth=bed.served.login, trust_env=False) as client:
        opened = client.post(f"/v2/{REPOSITORY}/blobs/uploads/")
        place = client.patch(opened.headers["location"], content=BLOB).headers["location"]
        once = Order(FAIL, Call.SYNC, times=1, pattern="data/uploads/*")
        with bed.shim.told(once):
            assert client.put(place, params=query).status_code == 500
            again = client.put(place, params=query)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (
            404,
            "BLOB_UPLOAD_UNKNOWN",
        )
        assert client.head(f"/v2/{REPOSITORY}/blobs/{query['digest']}").status_code == 404
        anew = client.post(f"/v2/{REPOSITORY}/blobs/uploads/", params=query, content=BLOB)
        assert anew.status_code == 201


def test_all_is_collected_after_a_start(tmp_path: Path) -> None:
    """What the faults left behind goes, and everything acknowledged outlives a new start."""
    with _made(tmp_path) as bed:
        for name in ("syncs of uploads", "moves", "removals"):
            with bed.shim.told(FAULTS[name]):
                bed.push(STEPS * 2)
            assert bed.look(settle=True) == []
            bed.pusher.go_on()
        bed.served.kill()
        bed.served.start()
        assert bed.look(settle=True) == []
        collect(bed.served.data)
        assert left_over(bed.served.data) == []
