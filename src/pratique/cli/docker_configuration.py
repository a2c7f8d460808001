"""The files in which docker and podman read whom to ask for credentials.

Both have the member `credHelpers`, from a registry's host to a credential helper's name. All that
is not about the host in hand is written back as it was read, token by token.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pratique.cli.failures import Failed
from pratique.cli.private_files import replace_file

_HELPERS = "credHelpers"
_LOGINS = "auths"
_EMPTY = msgspec.Raw(b"{}")
_Members = dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class ClientConfiguration:
    """One such file.

    Attributes:
        path: of the file, which need not be there.
        marks_logins: whether the client lists a host under `auths` too, without a password, to
            know at its own logout that somebody has logged in.
    """

    path: Path
    marks_logins: bool

    def check(self) -> None:
        """Return when the file can be changed.

        Raises:
            Failed: it is not what the client writes; it is left as it is.
        """
        whole = self._read()
        self._member(whole, _HELPERS)
        self._member(whole, _LOGINS)

    def use_helper(self, host: str, helper: str) -> None:
        """Have the client ask `helper` about `host`, and forget any password kept for it here.

        Raises:
            Failed: the file is not what the client writes, or cannot be written.
        """
        whole = self._read()
        helpers, logins = self._member(whole, _HELPERS), self._member(whole, _LOGINS)
        helpers[host] = msgspec.Raw(msgspec.json.encode(helper))
        if self.marks_logins:
            logins[host] = _EMPTY
        else:
            logins.pop(host, None)
        self._write(whole, helpers, logins)

    def forget_helper(self, host: str, helper: str) -> bool:
        """Take back what `use_helper` has written; whether there was anything.

        Raises:
            Failed: the file is not what the client writes, or cannot be written.
        """
        whole = self._read()
        helpers, logins = self._member(whole, _HELPERS), self._member(whole, _LOGINS)
        if host not in helpers or _parsed(helpers[host]) != helper:
            return False
        del helpers[host]
        if host in logins and _parsed(logins[host]) == {}:
            del logins[host]
        self._write(whole, helpers, logins)
        return True

    def _read(self) -> _Members:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Failed(f"the file {self.path} cannot be read: {error}") from error
        # Clients take an empty file for one without settings.
        return self._object(content) if content.strip() else {}

    def _member(self, whole: _Members, name: str) -> _Members:
        raw = bytes(whole.get(name, _EMPTY))
        return {} if raw == b"null" else self._object(raw)

    def _object(self, content: bytes) -> _Members:
        try:
            # Members that are only passed on are not decoded, so their text is checked here.
            return msgspec.json.decode(content.decode(), type=_Members)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Failed(
                f"the file {self.path} is not the JSON that clients write, so it is left as it "
                "is; mend it or move it away"
            ) from error

    def _write(self, whole: _Members, helpers: _Members, logins: _Members) -> None:
        for name, members in ((_HELPERS, helpers), (_LOGINS, logins)):
            if members:
                whole[name] = msgspec.Raw(msgspec.json.encode(members))
            else:
                whole.pop(name, None)
        try:
            content = msgspec.json.format(msgspec.json.encode(whole), indent=2)
            replace_file(self.path, content + b"\n")
        except OSError as error:
            raise Failed(f"the file {self.path} cannot be written: {error}") from error


def docker_configuration(environment: Mapping[str, str] = os.environ) -> ClientConfiguration:
    """`config.json` where docker looks for it."""
    folder = environment.get("DOCKER_CONFIG")
    path = Path(folder) if folder else Path.home() / ".docker"
    return ClientConfiguration(path / "config.json", marks_logins=True)


def containers_configuration(environment: Mapping[str, str] = os.environ) -> ClientConfiguration:
    """`auth.json` where podman, buildah and skopeo write it (containers-auth.json, section 5)."""
    named, runtime = environment.get("REGISTRY_AUTH_FILE"), environment.get("XDG_RUNTIME_DIR")
    if named:
        path = Path(named)
    elif sys.platform != "linux":
        path = Path.home() / ".config" / "containers" / "auth.json"
    elif runtime:
        path = Path(runtime) / "containers" / "auth.json"
    else:
        path = Path(f"/run/containers/{os.getuid()}/auth.json")
    return ClientConfiguration(path, marks_logins=False)


def _parsed(raw: msgspec.Raw) -> object:
    return msgspec.json.decode(raw)
