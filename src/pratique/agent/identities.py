"""The identities of this host, read from files that only the agent's own user may read."""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pratique.agent.peers import Peer, unmapped_id
from pratique.naming.errors import printable

MAX_FILE_BYTES: Final = 256 * 1024
# Of a header's secret: shorter ones could be guessed.
SHORTEST_SECRET: Final = 22
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_TEXTS = frozenset({"name", "client_id", "object_id", "resource_id", "secret"})
_KNOWN = _TEXTS | {
    *("system_assigned", "users", "groups", "header_secret", "challenge_group", "host"),
}
# What an account may be called by whom it is no secret.
_NOBODY = "means nobody in particular: every user that is unknown here has it"


class CredentialsUnfit(ValueError):
    """A credentials file cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedIdentity:
    """One managed identity that is assigned to this host, and who here may have its tokens.

    Attributes:
        system_assigned: whether it is meant when a request names none.
        secret: of this host, at the registry.
        users: user ids that may ask by the metadata form.
        groups: group ids that may.
        header_secret: what a request of the App Service form must show; None for nobody.
        challenge_group: the group that may read the challenge files of the Arc form; None for
            nobody.
    """

    name: str
    tenant: str
    client_id: str
    object_id: str
    resource_id: str
    secret: str = field(repr=False)
    system_assigned: bool = False
    users: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    header_secret: str | None = field(default=None, repr=False)
    challenge_group: int | None = None

    def admits(self, peer: Peer) -> bool:
        """Whether a process of that user and those groups may have its tokens."""
        return peer.user in self.users or not self.groups.isdisjoint(peer.groups)


def read_credentials(paths: Iterable[Path]) -> tuple[HostedIdentity, ...]:
    """The identities in all of these files, TOML or JSON.

    Raises:
        CredentialsUnfit: a file is not there, is open to others, or does not say what it must.
    """
    found: dict[str, HostedIdentity] = {}
    for path in paths:
        for identity in _identities(path):
            if identity.client_id in found:
                raise _unfit(path, f"the identity `{identity.name}` stands in it a second time")
            found[identity.client_id] = identity
    system = [identity.name for identity in found.values() if identity.system_assigned]
    if len(system) > 1:
        raise CredentialsUnfit(
            f"a host has one system-assigned identity; the files name {' and '.join(system)}"
        )
    if not found:
        raise CredentialsUnfit("there is no identity in the files; `pratique identity assign`")
    return tuple(found.values())


def _identities(path: Path) -> list[HostedIdentity]:
    content = _parsed(path, _private_text(path))
    strange = content.keys() - {"tenant", "identities"}
    entries, tenant = content.get("identities"), content.get("tenant")
    if strange or not isinstance(entries, list) or not isinstance(tenant, str):
        raise _unfit(path, "it must hold `tenant` and `identities`, and nothing else")
    if _GUID.fullmatch(tenant.lower()) is None:
        raise _unfit(path, "`tenant` is not a GUID")
    return [_identity(path, tenant.lower(), entry) for entry in entries]


def _private_text(path: Path) -> str:
    """The text of a file that nobody but this user, or root, can have read or written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise _unfit(path, "it is no regular file")
            if stat.S_IMODE(about.st_mode) & 0o077:
                raise _unfit(path, f"others may use it; run `chmod 600 {path}`")
            if about.st_uid not in {0, os.geteuid()}:
                raise _unfit(
                    path, f"it belongs to somebody else; run `chown {os.geteuid()} {path}`"
                )
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unfit(path, f"it cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise _unfit(path, f"it is longer than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unfit(path, "it is not UTF-8 text") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The parser's own words could quote a secret.
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _unfit(path, f"it is neither JSON nor TOML{where}") from None
    return content if isinstance(content, dict) else {}


def _identity(path: Path, tenant: str, entry: Any) -> HostedIdentity:
    if not isinstance(entry, dict):
        raise _unfit(path, "an entry of `identities` is not a table")
    strange = entry.keys() - _KNOWN
    if strange:
        raise _unfit(path, f"an identity has no `{printable(min(strange))}`")
    missing = [key for key in sorted(_TEXTS) if not _is_text(entry.get(key))]
    if missing:
        raise _unfit(path, f"an identity lacks `{missing[0]}`")
    if not isinstance(entry.get("system_assigned", False), bool):
        raise _unfit(path, "`system_assigned` is true or false")
    for key in ("client_id", "object_id"):
        if _GUID.fullmatch(entry[key].lower()) is None:
            raise _unfit(path, f"`{key}` is not a GUID")
    identity = HostedIdentity(
        name=entry["name"],
        tenant=tenant,
        client_id=entry["client_id"].lower(),
        object_id=entry["object_id"].lower(),
        resource_id=entry["resource_id"],
        secret=entry["secret"],
        system_assigned=entry.get("system_assigned", False),
        users=_accounts(path, entry, "users", _user_id),
        groups=_accounts(path, entry, "groups", _group_id),
        header_secret=_header_secret(path, entry),
        challenge_group=_challenge_group(path, entry),
    )
    closed = identity.header_secret is None and identity.challenge_group is None
    if closed and not identity.users and not identity.groups:
        raise _unfit(
            path,
            f"nobody may have `{identity.name}`; give it `users`, `groups`, `header_secret` or "
            "`challenge_group`",
        )
    return identity


def _header_secret(path: Path, entry: Mapping[str, Any]) -> str | None:
    secret = entry.get("header_secret")
    if secret is None:
        return None
    if not _is_text(secret) or len(secret) < SHORTEST_SECRET or not secret.isascii():
        raise _unfit(path, f"`header_secret` has at least {SHORTEST_SECRET} ASCII characters")
    return str(secret)


def _challenge_group(path: Path, entry: Mapping[str, Any]) -> int | None:
    group = entry.get("challenge_group")
    return None if group is None else _account(path, "challenge_group", group, _group_id)


def _accounts(
    path: Path, entry: Mapping[str, Any], key: str, look_up: Callable[[str], int]
) -> frozenset[int]:
    listed = entry.get(key, [])
    if not isinstance(listed, list):
        raise _unfit(path, f"`{key}` is a list of names or numbers")
    return frozenset(_account(path, key, account, look_up) for account in listed)


def _account(path: Path, key: str, account: Any, look_up: Callable[[str], int]) -> int:
    if isinstance(account, str):
        try:
            number = look_up(account)
        except KeyError:
            raise _unfit(
                path, f"`{key}` names `{printable(account)}`, who is unknown on this host"
            ) from None
    elif isinstance(account, int) and not isinstance(account, bool) and 0 <= account < 2**32 - 1:
        number = account
    else:
        raise _unfit(path, f"`{key}` holds what is neither a name nor a number")
    if number == unmapped_id(key):
        raise _unfit(path, f"`{key}` names `{account}`, which {_NOBODY}")
    return number


def _user_id(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _group_id(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 2048 and value.isprintable()


def _unfit(path: Path, problem: str) -> CredentialsUnfit:
    return CredentialsUnfit(f"the file {path} cannot be used: {problem}")
