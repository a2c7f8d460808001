"""Who has a home on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.machine import Machine

_MOST: Final = 200
_PLAIN_USER: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@")


@dataclass(frozen=True, slots=True)
class Home:
    """A home folder and whose it is."""

    user: str
    folder: str


def number_of(machine: Machine, user: str) -> str:
    """A user's number by /etc/passwd, empty when it is not there."""
    return next((row[2] for row in _rows(machine) if row[0] == user), "")


def homes(machine: Machine) -> tuple[Home, ...]:
    """Home folders: root's, those in /home, and that of who called sudo; at most 200."""
    found = {"/root": "root"}
    for name in machine.files.names_in("/home")[:_MOST]:
        found.setdefault(f"/home/{name}", name)
    caller = machine.environment.get("SUDO_USER", "")
    if caller and set(caller) <= _PLAIN_USER and caller not in {".", ".."}:
        folder = next((row[5] for row in _rows(machine) if row[0] == caller), f"/home/{caller}")
        if folder.startswith("/"):
            found.setdefault(folder.rstrip("/") or "/", caller)
    mine = machine.home.rstrip("/")
    if mine.startswith("/"):
        found[mine] = machine.user
    return tuple(Home(user, folder) for folder, user in found.items())


def _rows(machine: Machine) -> list[list[str]]:
    try:
        text = machine.files.read("/etc/passwd").decode("utf-8", "replace")
    except (OSError, ValueError):
        return []
    rows = (line.split(":") for line in text.splitlines())
    return [row for row in rows if len(row) >= 6]
