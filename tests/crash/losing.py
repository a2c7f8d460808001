"""A recorded run of a real server, and what is found when its power is lost at any point."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from tests.crash.disk_model import Disk, Loss, Model
from tests.crash.history import History
from tests.crash.killing import COLLECTING, REPOSITORIES
from tests.crash.looking import ShownInProcess, collect, faults_in, left_over, look
from tests.crash.pushing import Pusher, Unsure
from tests.crash.serving import Served
from tests.crash.shim import Action, Call, Order, Shim
from tests.crash.write_log import Kind, Record, records_in

from pratique.assembly import is_prepared, open_registry, prepare
from pratique.naming import RegistryName
from pratique.observability import LineLog
from pratique.registry.checking import Kind as FindingKind
from pratique.settings import Places
from pratique.testing.content_stores import filesystem_stores

DATA: Final = "registry"
COMMIT_MICROSECONDS: Final = 20_000
LOSSES: Final = tuple(
    Loss(model, kept, sector)
    for model in Model
    for kept, sector in ((0.0, 512), (0.5, 512), (0.9, 512), (0.5, 4096), (1.0, 4096))
)


@dataclass(frozen=True)
class Run:
    """What was recorded.

    Attributes:
        records: every change of the disk.
        history: what was asked and answered, with bytes of the log as points.
        laws: versions of the law, each with the point from which on it must be there.
    """

    records: list[Record]
    history: History
    laws: list[tuple[int, int]]


def recorded(
    folder: Path,
    steps: int,
    seed: int,
    during: Callable[[Shim], None] = lambda _: None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Let clients push to a server on a new folder, and record all that reaches the disk.

    Args:
        folder: for everything.
        steps: that each client takes.
        seed: of what they do.
        during: called while they push.
        environment: variables laid over the present ones for the server.
    """
    chance = Random(seed)  # noqa: S311 - the same each time
    disk = folder / "disk"
    disk.mkdir()
    shim = Shim.made(folder / "shim", disk, recording=True)
    history = History()
    laws: list[tuple[int, int]] = []
    served = Served(
        disk / DATA,
        {**shim.environment, **(environment or {})},
        told=lambda: laws.append((shim.position(), _law_version(disk / DATA))),
    )
    pushers = [
        Pusher(
            served.url,
            served.login,
            repository,
            history,
            shim.position,
            Random(chance.random()),  # noqa: S311
            tuple(set(REPOSITORIES) - {repository}),
        )
        for repository in REPOSITORIES
    ]
    try:
        served.start()
        _push(pushers, steps, lambda: during(shim))
        _collect(served, history, shim)
        _push(pushers, steps // 3, lambda: None)
        served.stop()
    finally:
        shim.quiet()
        served.kill()
        for pusher in pushers:
            pusher.close()
    return Run(list(records_in(shim.log.read_bytes())), history, laws)


def fail_syncs(seed: int) -> Callable[[Shim], None]:
    """Let the sync of a file fail now and then, once each time, while clients push."""

    def during(shim: Shim) -> None:
        chance = Random(seed)  # noqa: S311 - the same each time
        for _ in range(12):
            pattern = chance.choice([f"{DATA}/uploads/*", f"{DATA}/pratique.db-wal"])
            calls, at = Call.SYNC | Call.SYNC_RANGE, chance.randint(1, 3)
            shim.tell(Order(Action.FAIL, calls, at, 1, pattern, errno.EIO))
            time.sleep(0.15)
        shim.quiet()

    return during


def slow_commits(shim: Shim) -> None:
    """Let each commit take long to reach the disk, so that an answer before it comes too early."""
    pattern = f"{DATA}/pratique.db-wal"
    shim.tell(Order(Action.SLOW, Call.SYNC, pattern=pattern, number=COMMIT_MICROSECONDS))


def faults_after_loss(run: Run, losses: Iterable[tuple[int, Loss]], seed: int) -> Iterator[str]:
    """Every fault that is found when power is lost.

    Args:
        run: that was recorded.
        losses: after how many records, in rising order, and how much is lost.
        seed: of what is lost.
    """
    chance = Random(seed)  # noqa: S311 - the same each time
    disk, happened = Disk(), 0
    memory = Path("/dev/shm")  # noqa: S108 - thousands of small files that nobody needs
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as temporary:
        for number, (until, loss) in enumerate(losses):
            for record in run.records[happened:until]:
                disk.apply(record)
            happened = until
            target = Path(temporary) / str(number)
            disk.lose_power(target, loss, chance)
            point = run.records[until - 1].end
            for fault in faults_found(target / DATA, run, point):
                if not _is_harmless(fault, loss):
                    yield f"after record {until}, {loss}: {fault}"


def points(run: Run, number: int, seed: int, after: Kind | None = None) -> list[tuple[int, Loss]]:
    """So many points of a run, with a kind of loss each.

    Half of them come after records of each kind alike, since some kinds are rare.

    Args:
        run: that was recorded.
        number: of the points.
        seed: decides.
        after: what was done just before each of them; anything by default.
    """
    chance = Random(seed)  # noqa: S311 - the same each time
    places: dict[Kind, list[int]] = defaultdict(list)
    for place, record in enumerate(run.records, 1):
        places[record.kind].append(place)

    def drawn() -> int:
        if after is None and chance.random() < 0.5:
            return chance.randint(1, len(run.records))
        return chance.choice(places[after or chance.choice(sorted(places))])

    in_order = sorted(drawn() for _ in range(number))
    return [(place, LOSSES[index % len(LOSSES)]) for index, place in enumerate(in_order)]


def faults_found(data: Path, run: Run, point: int) -> Iterator[str]:
    """What is wrong with a folder that must have everything that was acknowledged by a point."""
    lawful = max((version for at, version in run.laws if at <= point), default=0)
    try:
        yield from _start(data, lawful)
        if lawful:
            with filesystem_stores(data) as stores:
                shown = ShownInProcess(stores.registry())
                yield from look(run.history, shown, point, settle=False)
            yield from faults_in(data)
            collect(data)
            yield from left_over(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        yield f"{type(error).__name__}: {error} {getattr(error, 'detail', '')}"


def _is_harmless(fault: str, loss: Loss) -> bool:
    """Whether this is the row of a blob that was on its way out.

    Where a move may lose the old name and the new one, such a row has nothing that leads to it, and
    stays until the blob is pushed again. No file system in use does that to a move.
    """
    return loss.model is Model.STRICT and fault.startswith(FindingKind.ROW_LEFT)


def _start(data: Path, lawful: int) -> Iterator[str]:
    """Open the folder as a server does when it starts."""
    places = Places(data)
    if not is_prepared(places):
        if lawful:
            yield "there is no registry any more"
        prepare(places, name=RegistryName("pratique"), login_server=None)
    with closing(open_registry(places, LineLog(None))) as opened:
        if opened.law_version() < lawful:
            yield f"the law has the version {opened.law_version()} instead of {lawful}"


def _law_version(data: Path) -> int:
    with closing(sqlite3.connect(data / "pratique.db")) as connection:
        (version,) = connection.execute("SELECT version FROM ledger_version").fetchone()
        return int(version)


def _push(pushers: list[Pusher], steps: int, during: Callable[[], None]) -> None:
    def push(pusher: Pusher) -> None:
        for _ in range(steps):
            try:
                pusher.step()
            except Unsure:
                continue

    threads = [threading.Thread(target=push, args=(pusher,)) for pusher in pushers]
    for thread in threads:
        thread.start()
    during()
    for thread in threads:
        thread.join()


def _collect(served: Served, history: History, shim: Shim) -> None:
    """Collect with no period of grace, in a process that is recorded too."""
    for key in history.known():
        if key.kind == "blob":
            # Only what a manifest needs must stay, and a check tells whether it does.
            history.may_go(key, shim.position())
    subprocess.run(
        [sys.executable, "-c", COLLECTING, str(served.data)],
        check=True,
        env={**os.environ, **served.environment},
        timeout=120,
    )
