"""A machine for the doctor's tests: real files below a folder, real programmes, a clock by hand."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique.diagnosis.machine import Machine, Ran

_LONGEST = 1024 * 1024


class FolderFiles:
    """Files below a folder that stands for `/`.

    Args:
        root: that folder.
        forbidden: paths that answer as if they were another user's.
    """

    def __init__(self, root: Path, forbidden: frozenset[str] = frozenset()) -> None:
        self._root = root
        self._forbidden = forbidden

    def read(self, path: str) -> bytes:
        """The first MiB of a file."""
        if path in self._forbidden:
            raise PermissionError(13, "Permission denied")
        with (self._root / path.lstrip("/")).open("rb") as file:
            return file.read(_LONGEST)

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names in a folder."""
        place = self._root / folder.lstrip("/")
        return tuple(sorted(one.name for one in place.iterdir())) if place.is_dir() else ()


class DictFiles:
    """Files held in memory, by absolute path.

    Args:
        files: path to content; a `PermissionError` for one that is not for us.
    """

    def __init__(self, files: Mapping[str, bytes | PermissionError]) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        """The first MiB of a file."""
        content = self._files.get(path)
        if content is None:
            raise FileNotFoundError(2, "No such file or directory")
        if isinstance(content, PermissionError):
            raise content
        return content[:_LONGEST]

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names in a folder."""
        start = folder.rstrip("/") + "/"
        inside = {
            one[len(start) :].partition("/")[0] for one in self._files if one.startswith(start)
        }
        return tuple(sorted(inside))


class FolderPrograms:
    """Programmes of one folder, really run with nothing else on their search path but the system.

    Args:
        folder: where they are.
        environment: that they get.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {"PATH": f"{folder}:/usr/bin:/bin", **environment}
        self.ran: list[tuple[str, ...]] = []

    def find(self, name: str) -> str | None:
        """The path of a programme in the folder."""
        return shutil.which(name, path=str(self._folder))

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """Run it to its end."""
        self.ran.append(tuple(words))
        try:
            done = subprocess.run(
                list(words),
                input=given,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                env=self._environment,
            )
        except subprocess.TimeoutExpired:
            return Ran(None, "", "")
        return Ran(done.returncode, done.stdout, done.stderr)


@dataclass
class ScriptedPrograms:
    """Programmes that answer as they are told.

    Attributes:
        answers: what each gives, by its name and arguments joined by blanks.
        ran: what was run, and what it was given.
    """

    answers: Mapping[str, Ran] = field(default_factory=dict)
    ran: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def find(self, name: str) -> str | None:
        """The name itself, when a programme of this name has an answer."""
        known = any(line.split(" ")[0] == name for line in self.answers)
        return name if known else None

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """Its answer; that of nobody is a failure to start."""
        assert seconds > 0
        self.ran.append((tuple(words), given))
        answer = self.answers.get(" ".join(words))
        if answer is None:
            raise FileNotFoundError(2, "No such file or directory")
        return answer


class NoNetwork:
    """A network without any host."""

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Raise as the system does for an unknown name."""
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Raise as the system does when nobody listens."""
        raise ConnectionRefusedError(f"{address}:{port} within {seconds} s")


class HandClock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> datetime:
        """A day of the epoch and what has passed."""
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self._passed)

    def seconds(self) -> float:
        """What has passed."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds


def memory_machine(
    files: Mapping[str, object],
    *,
    environment: Mapping[str, str] | None = None,
    programs: ScriptedPrograms | None = None,
    user: str = "ann",
    home: str = "/home/ann",
) -> Machine:
    """A machine in memory.

    Args:
        files: path to bytes, text, an error, or what is to be written as JSON.
        environment: of the doctor.
        programs: None for none.
        user: who runs the doctor; `root` is root.
        home: their folder.
    """
    return Machine(
        files=DictFiles({path: _content(value) for path, value in files.items()}),
        programs=programs or ScriptedPrograms(),
        network=NoNetwork(),
        clock=HandClock(),
        environment=environment or {},
        user=user,
        home=home,
        is_root=user == "root",
        system="linux",
        architecture="amd64",
    )


def folder_machine(
    root: Path,
    programs: Path,
    environment: Mapping[str, str],
    *,
    home: str,
    user: str = "ann",
) -> Machine:
    """A machine of real files and programmes.

    Args:
        root: folder that stands for `/`.
        programs: folder of its programmes.
        environment: of the doctor and of what it runs.
        home: folder of the user, as the machine names it.
        user: who runs the doctor.
    """
    return Machine(
        files=FolderFiles(root),
        programs=FolderPrograms(programs, environment),
        network=NoNetwork(),
        clock=HandClock(),
        environment=environment,
        user=user,
        home=home,
        is_root=user == "root",
        system="linux",
        architecture="amd64",
    )


def write_program(folder: Path, name: str, script: str) -> Path:
    """A programme: a shell script that can be run."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def _content(value: object) -> bytes | PermissionError:
    if isinstance(value, bytes | PermissionError):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()
