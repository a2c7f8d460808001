"""What the doctor needs of the machine that it runs on, as ports."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Files(Protocol):
    """Reads files by the absolute paths that clients use. Nothing is ever written."""

    def read(self, path: str) -> bytes:
        """The first MiB of a file.

        Raises:
            OSError: FileNotFoundError when it is not there, PermissionError when it is not for us.
        """
        ...

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names of what is in a folder, in order; empty when it is not there or not for us."""
        ...


@dataclass(frozen=True, slots=True)
class Ran:
    """What a programme did.

    Attributes:
        status: its exit status; None when it did not end in time and was ended.
        output: what it printed, at most 1 MiB.
        errors: what it printed as errors, at most 64 KiB.
    """

    status: int | None
    output: str
    errors: str


class Programs(Protocol):
    """Runs the programmes that clients run."""

    def find(self, name: str) -> str | None:
        """The path of a programme of this name, None when the search path holds none."""
        ...

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """Run a programme to its end.

        Args:
            words: its name and arguments.
            given: what it can read.
            seconds: after which it is ended.

        Raises:
            OSError: it cannot be started.
        """
        ...


class Network(Protocol):
    """Names and connections."""

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Addresses of a name, as the system would try them.

        Raises:
            OSError: it has none; `socket.gaierror` as the system gives it.
        """
        ...

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection.

        Raises:
            OSError: none came about; TimeoutError when nothing answered in time.
        """
        ...


class Clock(Protocol):
    """Time of day and time that passes."""

    def now(self) -> datetime:
        """The time of day by this machine, in UTC."""
        ...

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine.

    Attributes:
        environment: variables of the doctor's own process.
        user: name of who runs the doctor.
        home: their home folder.
        is_root: whether they are root.
        system: as in an image's platform, for example `linux`.
        architecture: likewise, for example `amd64`.
        variant: likewise, for example `v8`; empty for most.
        no_helpers: why credential helpers are not run; empty when they are.
    """

    files: Files
    programs: Programs
    network: Network
    clock: Clock
    environment: Mapping[str, str]
    user: str
    home: str
    is_root: bool
    system: str
    architecture: str
    variant: str = ""
    no_helpers: str = ""
