"""Logins that are kept between verbs: one file that only its owner can read."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pratique.cli.failures import Failed
from pratique.cli.private_files import replace_file


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A login to one server.

    Attributes:
        host: with the port, if one was written.
        url: `http://HOST` or `https://HOST`.
        user: as it was signed in with.
        refresh_token: what every request shows; empty where the server gave none.
        ca_file: certificates to trust for this server; None for those of the system.
        secret: the client secret, with which the login renews itself, when the user wished it to
            be kept; or the password, where the server gave no refresh token in its place.
    """

    host: str
    url: str
    user: str
    refresh_token: str
    ca_file: str | None = None
    secret: str | None = None

    @property
    def trusts(self) -> Path | None:
        """The file of certificates as a path."""
        return Path(self.ca_file) if self.ca_file else None

    def shown(self, null_guid: str) -> tuple[str, str]:
        """User name and password for a request."""
        if self.refresh_token:
            return null_guid, self.refresh_token
        return self.user, self.secret or ""


class _Content(msgspec.Struct, frozen=True):
    logins: tuple[Login, ...] = ()


class Logins:
    """The file of logins; the last one is the current one.

    Every change is made under a lock and put in place as a whole, so that several programmes may
    change the file at once.

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

    def every(self) -> tuple[Login, ...]:
        """All logins, the current one last."""
        return self._read()

    def add(self, login: Login) -> None:
        """Keep a login in place of any to the same host, and make it the current one.

        Raises:
            Failed: the file cannot be written.
        """
        with self._changing():
            others = [kept for kept in self._read() if kept.host != login.host]
            self._write((*others, login))

    def keep(self, login: Login) -> None:
        """Keep a login in place of any to the same host; the current host stays the current one.

        Raises:
            Failed: the file cannot be written.
        """
        with self._changing():
            self._put(login)

    def renew(self, stale: Login, renewal: Callable[[Login], Login]) -> Login | None:
        """Put a renewed login in the place of `stale`, once for all who ask at the same time.

        Args:
            stale: as it was read.
            renewal: makes the new login; called only while `stale` is still what is kept.

        Returns:
            What is kept now: the renewed login, or what somebody else has put there in the
            meantime; None when the login is gone.

        Raises:
            Failed: the file cannot be written, or `renewal` failed.
        """
        with self._changing():
            present = self.of(stale.host)
            if present is None or present != stale:
                return present
            renewed = renewal(stale)
            self._put(renewed)
            return renewed

    def remove(self, host: str) -> None:
        """Forget the login to that host.

        Raises:
            Failed: the file cannot be written.
        """
        with self._changing():
            self._write(tuple(kept for kept in self._read() if kept.host != host))

    def _put(self, login: Login) -> None:
        kept = self._read()
        if any(other.host == login.host for other in kept):
            self._write(tuple(login if other.host == login.host else other for other in kept))
        else:
            self._write((login, *kept))

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
            replace_file(self._path, content)
        except OSError as error:
            raise self._not_kept(error) from error

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the folder's lock: one on the file would be lost when the file is replaced."""
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._not_kept(error) from error
        try:
            # Some network file systems lock no folders; there the last of two writers wins.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _not_kept(self, error: OSError) -> Failed:
        return Failed(f"the login cannot be kept in {self._path}: {error}")
