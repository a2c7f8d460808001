"""Other users of this host, as processes of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PROGRAMME = Path(__file__).with_name("as_user.py")

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another user of this host"
)


@dataclass(frozen=True)
class LocalUser:
    """A user of this host, who need not be in its database."""

    user: int
    group: int
    groups: tuple[int, ...] = ()

    def does(self, *steps: list[Any]) -> list[Any]:
        """What came of each step; see `as_user`."""
        with self._programme(*steps) as programme:
            out, _ = programme.communicate(timeout=60)
        assert programme.returncode == 0
        return [json.loads(line) for line in out.splitlines()]

    def gets(self, where: int | Path, target: str, **headers: str) -> Any:
        """The answer to a request at a port or a socket."""
        place = where if isinstance(where, int) else str(where)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        (answer,) = self.does(["get", place, target, sent])
        return answer

    def reads(self, path: str) -> Any:
        """What is in a file, or the number of the error."""
        (content,) = self.does(["read", path])
        return content

    @contextmanager
    def connected(self, to: tuple[str, int], source: tuple[str, int]) -> Iterator[None]:
        """Hold a connection from `source` open."""
        with self._programme(["connect", to, source]) as programme:
            assert programme.stdout is not None
            assert json.loads(programme.stdout.readline()) == "connected"
            yield
            programme.communicate(timeout=60)

    @contextmanager
    def _programme(self, *steps: list[Any]) -> Iterator[subprocess.Popen[str]]:
        told = {
            "user": self.user,
            "group": self.group,
            "groups": self.groups,
            "steps": steps,
        }
        with subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAMME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as programme:
            assert programme.stdin is not None
            programme.stdin.write(json.dumps(told) + "\n")
            programme.stdin.flush()
            yield programme


WORKLOAD_USER = LocalUser(44_001, 44_001)
OTHER_USER = LocalUser(44_002, 44_002)
# Root's own number for users of foreign namespaces.
NOBODY = LocalUser(65_534, 65_534)
EVERYBODY_ELSE = (OTHER_USER, NOBODY)
