"""Clock, names, connections and programmes of a case's machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Self

from tests.diagnosis.bed.servers import Loopback, Site

from pratique.assembly import now
from pratique.diagnosis.machine import Ran
from pratique.diagnosis.this_machine import RealPrograms


class StageClock:
    """A clock that may be wrong, and on which waiting costs no time.

    Attributes:
        shift: by which the machine's time of day is wrong.
        on_sleep: is called while the doctor waits.
    """

    def __init__(self) -> None:
        self.shift = timedelta()
        self.on_sleep: Callable[[], None] = lambda: None
        self._slept = 0.0

    def now(self) -> datetime:
        """The time of day by this machine."""
        return now() + self.shift + timedelta(seconds=self._slept)

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        """Time has passed."""
        self._slept += seconds
        self.on_sleep()


class StageNetwork:
    """Names as the case has them; connections are real ones, on loopback.

    Attributes:
        names: the addresses of each name; a name with none cannot be looked up for now.
        sites: what answers at an address and port.
        real: addresses and ports that really are at a port of 127.0.0.1.
        refusing: addresses where nothing listens.
        silent: addresses from which nothing comes back.
    """

    def __init__(self, loopback: Loopback, nobody: Nobody) -> None:
        self.names: dict[str, tuple[str, ...]] = {}
        self.sites: dict[tuple[str, int], Site] = {}
        self.real: dict[tuple[str, int], int] = {}
        self.refusing: set[str] = set()
        self.silent: set[str] = set()
        self._loopback = loopback
        self._nobody = nobody

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Addresses of a name.

        Raises:
            OSError: it has none.
        """
        if host.replace(".", "").isdigit() or ":" in host:
            return (host,)
        found = self.names.get(host.lower().rstrip("."))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not found:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return found

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection.

        Raises:
            OSError: none came about.
        """
        if address in self.silent:
            return self._nobody.never_answering()
        real = self.real.get((address, port))
        if real is not None:
            return socket.create_connection(("127.0.0.1", real), seconds)
        site = self.sites.get((address, port))
        if site is None:
            return self._nobody.refusing(seconds)
        return self._loopback.connect(site, seconds)


class StagePrograms(RealPrograms):
    """Programmes of the stage; those that do not end are given less time than in earnest."""

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """Run a programme to its end.

        Raises:
            OSError: it cannot be started.
        """
        return super().run(words, given, min(seconds, 2.0))


class Nobody:
    """Two real ports: one refuses, one never answers; a context manager."""

    def __enter__(self) -> Self:
        self._bound = socket.socket()
        self._bound.bind(("127.0.0.1", 0))
        self._full = socket.socket()
        self._full.bind(("127.0.0.1", 0))
        self._full.listen(0)
        self._waiting = [socket.create_connection(self._full.getsockname(), 1)]
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)  # noqa: FBT003 - of the standard library
            one.connect_ex(self._full.getsockname())
            self._waiting.append(one)
        return self

    def __exit__(self, *_: object) -> None:
        for each in (*self._waiting, self._full, self._bound):
            each.close()

    def refusing(self, seconds: float) -> socket.socket:
        """Connect where nothing listens."""
        return socket.create_connection(self._bound.getsockname(), seconds)

    def never_answering(self) -> socket.socket:
        """Connect where the queue of connections is full; a shorter wait tells as much."""
        return socket.create_connection(self._full.getsockname(), 0.05)
