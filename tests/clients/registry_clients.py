"""What every client can do, seen from a test."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.clients.commands import Printed
from tests.clients.images import Image


@dataclass(frozen=True)
class Account:
    """Somebody who can log in.

    Attributes:
        name: as people know them; refusals call them so.
        user_name: as clients send it.
        password: secret, password or registry token.
    """

    name: str
    user_name: str
    password: str


@dataclass(frozen=True)
class Reference:
    """One tag of one repository of one registry, as a client is given it."""

    host: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}:{self.tag}"


class RegistryClient(Protocol):
    """One client with a memory of its own: nothing is logged in and nothing is stored at first."""

    def version(self) -> str:
        """The version it reports, digits and periods only."""
        ...

    def log_in(self, host: str, account: Account) -> Printed:
        """Keep `account` for later; most clients ask the registry, some only take a note."""
        ...

    def remember(self, host: str, account: Account) -> None:
        """Keep `account` as `log_in` leaves it after a success, without asking the registry."""
        ...

    def push(self, reference: Reference, image: Image) -> Printed:
        """Send `image`, or an artifact made from its words where the client knows no images."""
        ...

    def pull(self, reference: Reference) -> Printed:
        """Fetch anew, never from what a pull before has left; a success carries the digest."""
        ...


def write_docker_configuration(folder: Path, host: str, account: Account) -> Path:
    """Leave in `folder` what clients keep after a login, without asking anybody; gives the file."""
    entry = {"auth": _pair(account)}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.json"
    file.write_text(json.dumps({"auths": {host: entry}}))
    return file


def basic(account: Account) -> str:
    """The `Authorization` header of an account."""
    return f"Basic {_pair(account)}"


def _pair(account: Account) -> str:
    return base64.b64encode(f"{account.user_name}:{account.password}".encode()).decode()
