"""Files of logins (`config.json`, `auth.json`, `.dockercfg`) and the variable of the same form."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pratique.diagnosis.credentials.entries import Dialect, Stored, member, read_entry
from pratique.diagnosis.credentials.keys import shown
from pratique.diagnosis.facts.credentials import Entry, Holding, Origin, Source
from pratique.diagnosis.machine import Files

CORRUPT: Final = "corrupt"
FORBIDDEN: Final = "forbidden"
MOST_ENTRIES: Final = 2000
_LONGEST: Final = 1024 * 1024
_TOO_MANY: Final = f"it has more than {MOST_ENTRIES} entries, of which the rest was not looked at"


class NotJson(Exception):
    """The text is no JSON object; the message says where, without any of the text."""


@dataclass(frozen=True, slots=True)
class Logins:
    """What such a file holds.

    Attributes:
        auths: members of `auths`, in their order.
        helpers: members of `credHelpers`, in their order.
        store: `credsStore`, empty when it is not set.
        fault: what is wrong with the file; empty when nothing is.
        readable: whether the client uses its `auths` in spite of the fault.
    """

    auths: tuple[Stored, ...] = ()
    helpers: tuple[Stored, ...] = ()
    store: str = ""
    fault: str = ""
    readable: bool = True

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All, as a source shows them."""
        store = (Entry("", Holding.STORE, helper=shown(self.store)),) if self.store else ()
        return (*(one.entry for one in (*self.auths, *self.helpers)), *store)

    def helper_for(self, key: str) -> Stored | None:
        """The member of `credHelpers` under exactly this key."""
        return next((one for one in self.helpers if one.key == key), None)

    def under(self, key: str) -> Stored | None:
        """The member of `auths` under exactly this key."""
        return next((one for one in self.auths if one.key == key), None)


@dataclass(frozen=True, slots=True)
class AuthFile:
    """A source and what it holds.

    Attributes:
        old_format: whether it is a `.dockercfg`, which is its `auths` alone.
    """

    source: Source
    logins: Logins = field(default_factory=Logins)
    old_format: bool = False


def read_auth_file(
    files: Files,
    path: str,
    origin: Origin,
    dialect: Dialect,
    *,
    old_format: bool = False,
    owner: str = "",
) -> AuthFile:
    """A file of logins, whatever state it is in; `source.read` is set as if the client read it.

    Args:
        files: where it is.
        path: absolute.
        origin: what kind of place it is.
        dialect: whose reading of it.
        old_format: whether it is a `.dockercfg`.
        owner: user whose home holds it.
    """
    try:
        raw = files.read(path)
    except PermissionError:
        return AuthFile(
            Source(
                path,
                origin,
                read=True,
                fault="it is not readable for this user",
                fault_kind=FORBIDDEN,
                owner=owner,
            ),
            old_format=old_format,
        )
    except (FileNotFoundError, NotADirectoryError):
        missing = Source(path, origin, read=True, exists=False, owner=owner)
        return AuthFile(missing, old_format=old_format)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        fault = f"it cannot be read: {(said or 'an input error').lower()}"
        broken = Source(path, origin, read=True, fault=fault, fault_kind=CORRUPT, owner=owner)
        return AuthFile(broken, Logins(fault=fault, readable=False), old_format=old_format)
    logins = read_logins(raw, dialect, old_format=old_format)
    return AuthFile(source_of(path, origin, logins, owner), logins, old_format)


def source_of(name: str, origin: Origin, logins: Logins, owner: str = "") -> Source:
    """A source that is there and that the client reads."""
    kind = CORRUPT if logins.fault else ""
    return Source(
        name,
        origin,
        read=True,
        fault=logins.fault,
        fault_kind=kind,
        entries=logins.entries,
        owner=owner,
    )


def parse_object(raw: bytes, *, rest_ignored: bool = False) -> dict[str, object]:
    """A JSON object.

    Args:
        raw: at most the first MiB of a file.
        rest_ignored: whether what follows the object is nobody's business (docker).

    Raises:
        NotJson: it is none.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotJson("it is UTF-16 text, which clients do not read as JSON")
    text = raw.decode("utf-8", "replace")
    if not text.strip():
        raise NotJson("it is empty")
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    try:
        stripped = text.lstrip(" \t\r\n")
        found, end = decoder.raw_decode(stripped)
        if not rest_ignored and stripped[end:].strip(" \t\r\n"):
            raise NotJson("it has more text behind its JSON")
    except json.JSONDecodeError as error:
        if len(raw) >= _LONGEST:
            raise NotJson("it is longer than 1 MiB") from None
        raise NotJson(f"it is no JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise NotJson("its JSON is nested too deep") from None
    except ValueError:
        raise NotJson("it is no JSON") from None
    if not isinstance(found, dict):
        raise NotJson("it is JSON, but no object")
    return found


def read_logins(raw: bytes, dialect: Dialect, *, old_format: bool = False) -> Logins:
    """What a file of logins holds, as one client reads it."""
    docker = dialect in {Dialect.DOCKER, Dialect.VARIABLE}
    try:
        found = parse_object(raw, rest_ignored=docker)
    except NotJson as error:
        return Logins(fault=str(error), readable=False)
    if old_format:
        return _checked(_auths(found, dialect, "", {}), (), "", "", dialect)
    auths, helpers, store = (member(found, name) for name in ("auths", "credHelpers", "credsStore"))
    fault = ""
    if auths is not None and not isinstance(auths, dict):
        fault = "its `auths` is no object"
    if dialect is Dialect.VARIABLE and {str(name).lower() for name in found} - {"auths"}:
        fault = "it holds more than `auths`; docker then ignores the variable"
    if dialect is not Dialect.KUBELET and not _helpers_fit(helpers):
        fault = "its `credHelpers` is no object of texts"
    if dialect is Dialect.DOCKER and not isinstance(store, str | None):
        fault = "its `credsStore` is no text"
    named = _texts(helpers) if dialect in {Dialect.DOCKER, Dialect.CONTAINERS} else {}
    own_store = store if dialect is Dialect.DOCKER and isinstance(store, str) else ""
    stored_helpers = tuple(
        Stored(key, Entry(shown(key), Holding.HELPER, helper=shown(name)))
        for key, name in islice(named.items(), MOST_ENTRIES)
    )
    entries = _auths(auths if isinstance(auths, dict) else {}, dialect, own_store, named)
    return _checked(entries, stored_helpers, own_store, fault, dialect)


def _auths(
    found: dict[str, object], dialect: Dialect, store: str, helpers: dict[str, str]
) -> tuple[Stored, ...]:
    return tuple(
        read_entry(key, raw, dialect, helpers.get(key, store))
        for key, raw in islice(found.items(), MOST_ENTRIES)
    )


def _checked(
    auths: tuple[Stored, ...],
    helpers: tuple[Stored, ...],
    store: str,
    fault: str,
    dialect: Dialect,
) -> Logins:
    readable = not fault
    if len(auths) >= MOST_ENTRIES or len(helpers) >= MOST_ENTRIES:
        fault = fault or _TOO_MANY
    for one in auths:
        broken = one.entry.credential is None and one.entry.fault
        if broken and not fault and _spoils_the_file(one.entry, dialect):
            fault = f"its entry `{one.entry.key}` cannot be decoded: {one.entry.fault}"
            readable = dialect is Dialect.DOCKER and one.entry.holding is Holding.PAIR
    return Logins(auths, helpers, store, fault, readable)


def _spoils_the_file(entry: Entry, dialect: Dialect) -> bool:
    """Whether the client gives up the whole file because of one entry.

    Docker and the kubelet do for an `auth` that cannot be decoded, podman does not.
    """
    if entry.holding is Holding.NOTHING:
        if dialect is Dialect.VARIABLE:
            return True
        return entry.fault in {"it is no JSON object", "one of its members is no text"}
    return entry.holding is Holding.PAIR and dialect is not Dialect.CONTAINERS


def _helpers_fit(helpers: object) -> bool:
    return helpers is None or (
        isinstance(helpers, dict) and all(isinstance(name, str) for name in helpers.values())
    )


def _texts(helpers: object) -> dict[str, str]:
    if not isinstance(helpers, dict):
        return {}
    return {str(key): name for key, name in helpers.items() if isinstance(name, str)}


def _refuse_constant(_: str) -> object:
    raise ValueError
