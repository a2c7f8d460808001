"""Logins that are kept between verbs: one file that only its owner can read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import msgspec

from pratique.cli.failures import Failed


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A login to one server.

    Attributes:
        host: with the port, if one was written.
        url: `http://HOST` or `https://HOST`.
        user: as it was signed in with.
        refresh_token: what every request shows.
        ca_file: certificates to trust for this server; None for those of the system.
    """

    host: str
    url: str
    user: str
    refresh_token: str
    ca_file: str | None = None


class _Content(msgspec.Struct, frozen=True):
    logins: tuple[Login, ...] = ()


class Logins:
    """The file of logins; the last one is the current one.

    Args:
        path: of the file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_this_user(cls) -> Logins:
        """The file where the XDG Base Directory Specification has it."""
        folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(Path(folder) / "pratique" / "credentials.json")

    def current(self) -> Login | None:
        """The last login; None when there is none."""
        logins = self._read()
        return logins[-1] if logins else None

    def of(self, host: str) -> Login | None:
        """The login to that host; None when there is none."""
        return next((login for login in self._read() if login.host == host), None)

    def add(self, login: Login) -> None:
        """Keep a login in place of any to the same host, and make it the current one.

        Raises:
            Failed: the file cannot be written.
        """
        others = [kept for kept in self._read() if kept.host != login.host]
        self._write((*others, login))

    def remove(self, host: str) -> None:
        """Forget the login to that host."""
        self._write(tuple(kept for kept in self._read() if kept.host != host))

    def _read(self) -> tuple[Login, ...]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Content).logins
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise Failed(
                f"the file {self._path} cannot be read: {error}; delete it and log in again"
            ) from error

    def _write(self, logins: tuple[Login, ...]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_Content(logins)), indent=2)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A file that mkstemp makes is its owner's alone from the first byte on.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                Path(name).replace(self._path)
            except OSError:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise Failed(f"the login cannot be kept in {self._path}: {error}") from error
