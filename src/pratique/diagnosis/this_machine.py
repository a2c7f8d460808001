"""The machine that the doctor runs on, or a file system of another one below a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import pwd
import shutil
import socket
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pratique.diagnosis.below import open_below
from pratique.diagnosis.machine import Machine, Ran
from pratique.diagnosis.running import run_bounded

_LONGEST_FILE: Final = 1024 * 1024
_MOST_NAMES: Final = 1000
# Names of architectures in images (Go's GOARCH) and, where there is one, their variant.
_ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""),
    "amd64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "arm64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i686": ("386", ""),
    "i386": ("386", ""),
}


class FilesBelow:
    """Files as clients name them, read below a folder.

    Args:
        root: `/` for this machine; the place where another machine's file system is mounted.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """The first MiB of a regular file.

        Raises:
            OSError: it cannot be read, or is no regular file.
        """
        # Opened without waiting: a pipe that somebody left there must not hold the doctor up.
        opened = self._open(path, os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OSError(errno.EINVAL, "Not a regular file", path)
            with open(opened, "rb", closefd=False) as file:
                return file.read(_LONGEST_FILE)
        finally:
            os.close(opened)

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names of what is in a folder, in order; empty when it is not there or not for us.

        Of a folder with very many, some.
        """
        try:
            opened = self._open(folder, os.O_DIRECTORY)
        except OSError:
            return ()
        try:
            with os.scandir(opened) as entries:
                return tuple(sorted(entry.name for entry in islice(entries, _MOST_NAMES)))
        except OSError:
            return ()
        finally:
            os.close(opened)

    def _open(self, path: str, flags: int) -> int:
        flags |= os.O_RDONLY | os.O_CLOEXEC
        try:
            if self._root == Path("/"):
                return os.open(path, flags)
            return open_below(self._root, path, flags)
        except ValueError as error:
            raise OSError(errno.EINVAL, "Not a path", path) from error


class RealPrograms:
    """Programmes of this machine.

    Args:
        path: where to look for them, as in `PATH`.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def find(self, name: str) -> str | None:
        """The path of a programme of this name, None when the search path holds none."""
        # As Go's clients: what lies in the folder that somebody happens to stand in is not run.
        kept = [each for each in self._path.split(os.pathsep) if each.startswith("/")]
        return shutil.which(name, path=os.pathsep.join(kept)) if kept else None

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """Run a programme to its end.

        Raises:
            OSError: it cannot be started.
        """
        return run_bounded(words, given, seconds)


class RealNetwork:
    """Names and connections of this machine."""

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Addresses of a name, as the system would try them.

        Raises:
            OSError: it has none.
        """
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection.

        Raises:
            OSError: none came about.
        """
        return socket.create_connection((address, port), seconds)


class RealClock:
    """Time of this machine.

    Args:
        now: the time of day, in UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return self._now()

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def this_machine(now: Callable[[], datetime], root: Path = Path("/")) -> Machine:
    """The machine that this process runs on.

    Args:
        now: the time of day, in UTC.
        root: where to read files. Below another one they are another machine's: its helpers cannot
            be run here, and this machine's logins and proxies are not its own.
    """
    foreign = root.resolve() != Path("/")
    environment = _without_logins(os.environ) if foreign else dict(os.environ)
    home = os.environ.get("HOME") or _home()
    machine = platform.machine()
    architecture, variant = _ARCHITECTURES.get(machine.lower(), (machine.lower(), ""))
    return Machine(
        FilesBelow(root),
        RealPrograms(os.environ.get("PATH", os.defpath)),
        RealNetwork(),
        RealClock(now),
        environment,
        _user(),
        home,
        os.geteuid() == 0,
        # Docker and podman on a Mac pull for the Linux that they run in.
        "windows" if platform.system() == "Windows" else "linux",
        architecture,
        variant,
        _why_no_helpers(home, environment, foreign=foreign),
    )


def _without_logins(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("XDG_", "DOCKER_", "AZURE_"))
        and name not in {"REGISTRY_AUTH_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
        and not name.upper().endswith("_PROXY")
    }


def _why_no_helpers(home: str, environment: Mapping[str, str], *, foreign: bool) -> str:
    if foreign:
        return "because the files are those of another machine"
    if os.geteuid() != 0:
        return ""
    for folder in (home, environment.get("DOCKER_CONFIG", ""), f"{home}/.docker"):
        with contextlib.suppress(OSError):
            # Whoever owns the folder would choose what root runs.
            if folder and os.stat(folder).st_uid != 0:  # noqa: PTH116 - a string all the way
                return f"because root does not run what another user's `{folder}` names"
    return ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _home() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"
