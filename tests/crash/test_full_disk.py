"""A small disk that is really full: pushes are told, pulls go on, and room is enough to recover."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random

import pytest
from tests.crash.history import History
from tests.crash.looking import ShownOverHttp, collect, faults_in, left_over, look
from tests.crash.pushing import Pusher
from tests.crash.serving import Served

pytestmark = pytest.mark.live

DISK_MEBIBYTES = 16
SPARE = 300_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m", "tmpfs", str(mounted)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a full disk was NOT tested: there is no `mount` here")
    if done.returncode != 0:
        pytest.skip(f"a full disk was NOT tested: it takes root to mount one: {done.stderr}")
    yield mounted
    # Lazily: on a busy machine a process that was killed may hold a file for a moment yet.
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def test_a_full_disk(disk: Path) -> None:
    """Also a server that is started on it serves pulls; when there is room, pushes go on."""
    served, history, point = Served(disk / "data"), History(), count()
    served.start()
    try:
        with (
            closing(ShownOverHttp(served.url, served.login)) as shown,
            closing(
                Pusher(
                    served.url,
                    served.login,
                    "crash/full",
                    history,
                    lambda: next(point),
                    Random(3),  # noqa: S311 - the same each time
                )
            ) as pusher,
        ):
            assert pusher.steps(20) == []
            filler = _fill(disk, SPARE)
            assert {answer.status_code for answer in pusher.steps(40)} == {507}
            assert list(look(history, shown, next(point), settle=False)) == []
            filler.unlink()
            filler = _fill(disk, 0)
            served.kill()
            served.start()
            assert list(look(history, shown, next(point), settle=False)) == []
            filler.unlink()
            assert pusher.steps(20) == []
            assert list(look(history, shown, next(point), settle=True)) == []
            assert faults_in(served.data) == []
            collect(served.data)
            assert left_over(served.data) == []
    finally:
        served.kill()


def _fill(disk: Path, spare: int) -> Path:
    """Leave no more than so many bytes free."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(64 * 1024))
        except OSError:
            filler.truncate(max(0, filler.tell() - spare))
    return path
