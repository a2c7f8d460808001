"""The layer sees every call that changes the folder: `strace` tells what the kernel was asked for.

A call that the layer does not see, or that nobody here has looked at yet, fails; so a new way of
writing cannot pass the bed by.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from tests.crash.history import History
from tests.crash.killing import COLLECTING
from tests.crash.pushing import Pusher
from tests.crash.serving import Served
from tests.crash.shim import ALL_REQUIRED, Shim
from tests.crash.system_calls import TRACING, calls_in, unseen
from tests.crash.write_log import Kind, records_in

pytestmark = pytest.mark.live

STEPS = 15
FSYNC_BY_NUMBER = """
import os, platform, sys, ctypes
number = {"x86_64": 74, "aarch64": 82}[platform.machine()]
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.write(file, b"seen")
ctypes.CDLL(None).syscall(number, file)
"""
# Each way to change something that the model has a place for, once. `strace` does not tell what a
# name starts at where the call names no folder.
EVERY_WAY = """
import os, shutil, sys, ctypes
os.chdir(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
file = os.open("a", os.O_RDWR | os.O_CREAT)
os.write(file, b"one")
os.writev(file, [b"two", b"three"])
os.pwrite(file, b"four", 100)
os.pwritev(file, [b"five", b"six"], 200)
os.fsync(file)
os.fdatasync(file)
assert libc.sync_file_range(file, ctypes.c_int64(0), ctypes.c_int64(100), 7) == 0
os.ftruncate(file, 50)
os.truncate(sys.argv[1] + "/a", 40)
os.posix_fallocate(file, 0, 80)
os.utime(file)
os.utime("a")
os.fchmod(file, 0o600)
os.chmod(sys.argv[1] + "/a", 0o600)
other = os.open("b", os.O_RDWR | os.O_CREAT)
assert os.copy_file_range(file, other, 20, 0) == 20
assert os.sendfile(other, file, 0, 30) == 30
os.rename("b", "c")
os.mkdir("folder")
folder = os.open("folder", os.O_RDONLY | os.O_DIRECTORY)
os.rename("c", "d", src_dir_fd=os.open(".", os.O_RDONLY), dst_dir_fd=folder)
os.fsync(folder)
os.link("a", "e")
os.remove("e")
shutil.copyfile("a", "f")
shutil.rmtree("folder")
os.close(os.open("a", os.O_WRONLY | os.O_TRUNC))
"""


@pytest.fixture
def strace() -> str:
    """The programme that tells of calls; without it a test is skipped, or fails where demanded."""
    found = shutil.which("strace")
    if found is not None:
        probe = subprocess.run([found, "-f", "true"], check=False, capture_output=True)
        if probe.returncode == 0:
            return found
    missing = "the shim was NOT compared with the kernel: strace cannot be used (Debian: strace)"
    if os.environ.get(ALL_REQUIRED):
        pytest.fail(missing)
    pytest.skip(missing)


def test_every_change_of_a_server_is_seen(tmp_path: Path, strace: str) -> None:
    """While it starts, takes pushes and ends; and of a collection beside it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    shim = Shim.made(tmp_path / "shim", disk, recording=True)
    trace, collected = tmp_path / "trace", tmp_path / "collected"
    served = Served(disk / "data", shim.environment, before=[strace, *TRACING, str(trace)])
    begun = shim.position()
    pusher = Pusher(
        served.url,
        served.login,
        "crash/seen",
        History(),
        shim.position,
        Random(4),  # noqa: S311 - the same each time
        ("crash/none",),
    )
    try:
        served.start()
        assert pusher.steps(STEPS) == []
        pusher.push_loose(3)
        subprocess.run(
            [
                *(strace, *TRACING, str(collected)),
                *(sys.executable, "-c", COLLECTING, str(served.data)),
            ],
            check=True,
            env={**os.environ, **shim.environment},
            timeout=300,
        )
        served.stop()
    finally:
        pusher.close()
        served.kill()
    calls = [call for path in (trace, collected) for call in calls_in(path.read_text())]
    records = list(records_in(shim.log.read_bytes()))
    since = [record for record in records if record.end > begun]
    assert {Kind.WRITTEN, Kind.SYNCED, Kind.RENAMED} <= {record.kind for record in since}
    assert unseen(calls, since, str(disk), before=records) == []


def test_every_way_to_change_a_file_is_seen(tmp_path: Path, strace: str) -> None:
    """Also those that no part of the server takes today, by names that start at a folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    shim = Shim.made(tmp_path / "shim", disk, recording=True)
    trace = _traced(tmp_path, strace, EVERY_WAY, disk, shim)
    records = list(records_in(shim.log.read_bytes()))
    assert unseen(calls_in(trace), records, str(disk)) == []
    assert {record.kind for record in records} == set(Kind) - {Kind.SYNC_FAILED}


def test_a_change_that_is_not_seen_is_told(tmp_path: Path, strace: str) -> None:
    """A process that goes round the layer, by a call of its own, is found out."""
    disk = tmp_path / "disk"
    disk.mkdir()
    shim = Shim.made(tmp_path / "shim", disk, recording=True)
    trace = _traced(tmp_path, strace, FSYNC_BY_NUMBER, disk / "file", shim)
    records = list(records_in(shim.log.read_bytes()))
    assert unseen(calls_in(trace), records, str(disk)) == [
        "SYNCED file: 1 by the kernel, 0 in the log"
    ]


def _traced(folder: Path, strace: str, code: str, argument: Path, shim: Shim) -> str:
    trace = folder / "trace"
    subprocess.run(
        [strace, *TRACING, str(trace), sys.executable, "-c", code, str(argument)],
        check=True,
        env={**os.environ, **shim.environment},
        timeout=120,
    )
    return trace.read_text()
