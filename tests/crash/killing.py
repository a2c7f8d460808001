"""Rounds of pushing, being killed, being started again, and being looked at, on one folder."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.history import History
from tests.crash.looking import (
    ShownOverHttp,
    collect,
    faults_in,
    forget_collected,
    left_over,
    look,
)
from tests.crash.pushing import Pusher, Unsure
from tests.crash.serving import Served
from tests.crash.shim import EVERY_CALL, WITHOUT_END, Action, Call, Order, Shim

ALL_AT_ANY_TIME: Final = "after some time, all processes"
AT_A_START: Final = "while it starts"
IN_A_COLLECTION: Final = "while it collects"
REPOSITORIES: Final = tuple(f"crash/r{number}" for number in range(3))
# Points to aim at: calls, a pattern of paths, and how many of them a round may have at most.
AIMS: Final[dict[str, tuple[Action, Call, str, int]]] = {
    "any write": (Action.KILL_GROUP, Call.WRITE, "*", 120),
    "within a write to the log of rows": (Action.KILL_IN_WRITE, Call.WRITE, "*.db-wal", 60),
    "within a write to an upload": (Action.KILL_IN_WRITE, Call.WRITE, "uploads/*", 30),
    "a sync of a file": (Action.KILL_GROUP, Call.SYNC, "*", 30),
    "a sync of a folder": (Action.KILL_GROUP, Call.SYNC_FOLDER, "*", 15),
    "a blob's move into place": (Action.KILL_GROUP, Call.RENAME, "*", 12),
    "a new file or folder": (Action.KILL_GROUP, Call.CREATE | Call.MKDIR, "*", 25),
    "a removal": (Action.KILL_GROUP, Call.UNLINK, "*", 20),
    "any call, one worker": (Action.KILL_PROCESS, EVERY_CALL, "*", 150),
}
AT_START: Final = (Action.KILL_GROUP, EVERY_CALL, "*", 40)
AT_COLLECTION: Final = (Action.KILL_PROCESS, EVERY_CALL, "*", 60)
# Each blob that goes takes a transaction, a move and a removal.
LOOSE_BLOBS: Final = 5
LONGEST_PUSH_SECONDS: Final = 1.0
# For a point that may not be reached, on a machine of any load.
LONGEST_START_SECONDS: Final = 120.0
NOT_REACHED: Final = "at the end of a round whose point was not reached"
COLLECTING: Final = """
from pathlib import Path
from sys import argv
from tests.crash.looking import collect
collect(Path(argv[1]))
"""


@dataclass
class Tally:
    """What happened in all rounds.

    Attributes:
        kills: by the point at which.
        rounds: with those in which nobody was killed.
        asked: changes of a tag, a manifest or a blob that a client asked for.
        acknowledged: those of them that the client was told had happened, each once.
        looks: at what must have one value, the same thing again after each kill.
        starts: of the server.
        faults: everything that was wrong, each with its round.
    """

    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    asked: int = 0
    acknowledged: int = 0
    looks: int = 0
    starts: int = 0
    start_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Rounds:
    """One folder that is served, written to and killed, again and again.

    Args:
        folder: for everything.
        seed: what happens follows from it, but for the order among processes.
        only: the ways of being killed, in turn; all of them when there are none.
        environment: variables laid over the present ones for the server and collectors.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        only: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.tally = Tally()
        self._chance = Random(seed)  # noqa: S311 - the same each time
        data = folder / "disk" / "data"
        data.parent.mkdir()
        self._shim = Shim.made(folder / "shim", data)
        # A collector strikes at its own calls, never at those of a server beside it.
        self._collector_shim = self._shim.beside("collector")
        self._environment = dict(environment or {})
        self._served = Served(data, {**self._shim.environment, **self._environment})
        self._points = count(1)
        self._history = History()
        self._shown = ShownOverHttp(self._served.url, self._served.login)
        self._pushers = [
            Pusher(
                self._served.url,
                self._served.login,
                repository,
                self._history,
                lambda: next(self._points),
                Random(self._chance.random()),  # noqa: S311
                tuple(set(REPOSITORIES) - {repository}),
            )
            for repository in REPOSITORIES
        ]
        ways: dict[str, Callable[[str], str | None]] = {
            ALL_AT_ANY_TIME: self._after_a_time,
            "after some time, one worker": self._one_worker,
            AT_A_START: self._while_it_starts,
            IN_A_COLLECTION: self._while_it_collects,
            **dict.fromkeys(AIMS, self._aimed),
        }
        self._ways = {name: ways[name] for name in only or ways}

    @property
    def ways(self) -> list[str]:
        """The ways of being killed, in the order of the rounds."""
        return list(self._ways)

    def run(
        self,
        kills: int,
        told: Callable[[Tally], None] = lambda _: None,
        seconds: float = math.inf,
    ) -> Tally:
        """Kill so many times; a round in which nobody was killed does not count.

        Args:
            kills: how many.
            told: is told after each round what there was so far.
            seconds: after which no further round begins.
        """
        until = time.monotonic() + seconds
        self._start()
        try:
            while self.tally.kills.total() < kills and time.monotonic() <= until:
                assert self.tally.rounds < kills * 3, "most rounds killed nobody"
                self._round()
                told(self.tally)
        finally:
            self._shim.quiet()
            self._served.kill()
            self._shown.close()
            for pusher in self._pushers:
                pusher.close()
        return self.tally

    def _round(self) -> None:
        number = self.tally.rounds
        way = self.ways[number % len(self._ways)]
        before = next(self._points)
        killed = self._ways[way](way)
        self.tally.rounds += 1
        if killed is not None:
            self.tally.kills[killed] += 1
        self._shim.quiet()
        if not self._served.is_running:
            self._start()
        self._look(f"round {number}, {way}", before)

    def _look(self, round_name: str, before: int) -> None:
        point = next(self._points)
        asked, acknowledged = self._history.asked_since(before)
        self.tally.asked += asked
        self.tally.acknowledged += acknowledged
        self.tally.looks += self._history.certain(point)
        faults = list(look(self._history, self._shown, point, settle=True))
        faults += faults_in(self._served.data)
        collect(self._served.data)
        faults += forget_collected(self._history, self._shown, point)
        faults += left_over(self._served.data)
        self.tally.faults += [f"{round_name}: {fault}" for fault in faults]
        for pusher in self._pushers:
            pusher.go_on()

    def _start(self) -> None:
        begun = time.monotonic()
        self._served.start()
        self.tally.start_seconds.append(time.monotonic() - begun)
        self.tally.starts += 1

    def _pushing(self, until: Callable[[], bool]) -> list[threading.Thread]:
        """Let all clients push until told to end, or until nobody answers any more."""

        def push(pusher: Pusher) -> None:
            while not until():
                try:
                    pusher.step()
                except Unsure:
                    # A worker that was killed alone leaves others that answer.
                    time.sleep(0.01)
                except AssertionError as error:
                    self.tally.faults.append(str(error))
                    return

        threads = [
            threading.Thread(target=push, args=(pusher,), name="pusher") for pusher in self._pushers
        ]
        for thread in threads:
            thread.start()
        return threads

    def _push_while(self, seconds: float, struck: Callable[[], bool]) -> None:
        """Push until it has struck and nobody answers, or so long."""
        end = time.monotonic() + seconds
        threads = self._pushing(lambda: struck() or time.monotonic() > end)
        for thread in threads:
            thread.join()

    def _after_a_time(self, way: str) -> str:
        over = threading.Event()
        threads = self._pushing(over.is_set)
        time.sleep(self._chance.uniform(0.01, LONGEST_PUSH_SECONDS))
        self._served.kill()
        over.set()
        for thread in threads:
            thread.join()
        return way

    def _one_worker(self, way: str) -> str:
        over = threading.Event()
        threads = self._pushing(over.is_set)
        time.sleep(self._chance.uniform(0.01, LONGEST_PUSH_SECONDS / 2))
        workers = self._served.workers()
        os.kill(self._chance.choice(workers), signal.SIGKILL)
        # The others go on.
        time.sleep(0.2)
        over.set()
        for thread in threads:
            thread.join()
        self._served.wait()
        return way

    def _aimed(self, way: str) -> str:
        action, calls, pattern, most = AIMS[way]
        self._shim.tell(self._order(action, calls, pattern, most))
        self._push_while(LONGEST_PUSH_SECONDS * 3, lambda: self._shim.fired > 0)
        reached = self._shim.fired > 0
        if action is Action.KILL_PROCESS and reached:
            self._served.wait()
        else:
            self._served.kill()
        return way if reached else NOT_REACHED

    def _while_it_starts(self, way: str) -> str:
        self._push_while(0.1, lambda: False)
        self._served.kill()
        self._shim.tell(self._order(*AT_START))
        self._served.begin()
        end = time.monotonic() + LONGEST_START_SECONDS
        while self._served.is_running and not self._shim.fired and time.monotonic() < end:
            if self._served.answers():
                break
            time.sleep(0.01)
        reached = self._shim.fired > 0
        self._served.kill()
        return way if reached else NOT_REACHED

    def _while_it_collects(self, way: str) -> str | None:
        self._push_while(0.3, lambda: False)
        for pusher in self._pushers:
            # A connection that was a killed server's tells nothing of the blob.
            with suppress(Unsure):
                pusher.push_loose(LOOSE_BLOBS)
        for key in self._history.known():
            if key.kind == "blob":
                # Only what a manifest needs must stay.
                self._history.may_go(key, next(self._points))
        workers = self._served.workers()
        self._collector_shim.tell(self._order(*AT_COLLECTION))
        done = subprocess.run(
            [sys.executable, "-c", COLLECTING, str(self._served.data)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self._collector_shim.environment, **self._environment},
            timeout=600,
        )
        if done.returncode not in {0, -signal.SIGKILL}:
            self.tally.faults.append(f"collection ended with {done.returncode}: {done.stderr}")
        if self._served.workers() != workers:
            self.tally.faults.append("a collection that was killed took a worker with it")
        return way if done.returncode == -signal.SIGKILL else None

    def _order(self, action: Action, calls: Call, pattern: str, most: int) -> Order:
        # Processes that are killed one by one: only the first.
        times = 1 if action is Action.KILL_PROCESS else WITHOUT_END
        return Order(action, calls, self._chance.randint(1, most), times, pattern)
