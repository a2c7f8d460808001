"""A pull Secret: decoded twice, and what goes wrong on the way.

Source: kubernetes `pkg/credentialprovider/secrets`; the types `kubernetes.io/dockerconfigjson` with
the key `.dockerconfigjson`, and the old `kubernetes.io/dockercfg` with `.dockercfg`.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Final

from pratique.diagnosis.credentials.authfiles import NotJson, parse_object, read_logins
from pratique.diagnosis.credentials.entries import Dialect, member
from pratique.diagnosis.credentials.keys import shown
from pratique.diagnosis.facts.credentials import PullSecret

NEW_FORMAT: Final = "kubernetes.io/dockerconfigjson"
OLD_FORMAT: Final = "kubernetes.io/dockercfg"
_KEYS: Final = {NEW_FORMAT: ".dockerconfigjson", OLD_FORMAT: ".dockercfg"}


class Undecodable(Exception):
    """The value of a Secret's key cannot be decoded; the message says why."""


def mapping(value: object) -> Mapping[str, object]:
    """An object of JSON or YAML; empty when the value is none."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """A text, fit to be printed; empty when the value is none."""
    return shown(value) if isinstance(value, str) else ""


def is_for_pulling(secret: object) -> bool:
    """Whether a Secret is of a type for pulling, or holds a key that only such ones have."""
    found = mapping(secret)
    names = {*mapping(found.get("data")), *mapping(found.get("stringData"))}
    kind = found.get("type")
    return (isinstance(kind, str) and kind in _KEYS) or bool(names & set(_KEYS.values()))


def read_pull_secret(secret: object, namespace: str) -> PullSecret:
    """A Secret as the cluster or a file has it, with the fault that keeps the kubelet from it.

    Args:
        secret: what was read.
        namespace: for one that names none.
    """
    found = mapping(secret)
    about = mapping(found.get("metadata"))
    kind = found.get("type") if isinstance(found.get("type"), str) else "Opaque"
    where, name = text(about.get("namespace")) or namespace, text(about.get("name"))

    def faulty(fault: str) -> PullSecret:
        return PullSecret(where, name, text(kind), fault=fault)

    key = _KEYS.get(str(kind))
    if key is None:
        return faulty(f"its type is `{text(kind)}`; for pulling it must be `{NEW_FORMAT}`")
    try:
        raw = _value(found, key)
        members = parse_object(raw)
    except (Undecodable, NotJson) as error:
        return faulty(_in(key, str(error)))
    old = kind == OLD_FORMAT
    if old and isinstance(member(members, "auths"), dict):
        return faulty(f"its type is `{OLD_FORMAT}`, but it holds the newer form, with `auths`")
    if not old and "auths" not in {one.lower() for one in members}:
        return faulty(_without_auths(members))
    logins = read_logins(raw, Dialect.KUBELET, old_format=old)
    fault = _in(key, logins.fault) if logins.fault else ""
    return PullSecret(where, name, text(kind), logins.entries, fault)


def _value(found: Mapping[str, object], key: str) -> bytes:
    """What stands under a key; `stringData`, which files may have, wins as it does on creation.

    Raises:
        Undecodable: nothing does, or it is no base64.
    """
    plain = mapping(found.get("stringData")).get(key)
    if isinstance(plain, str):
        return plain.encode("utf-8", "replace")
    data = mapping(found.get("data"))
    value = data.get(key)
    if value is None:
        other = next((one for one in _KEYS.values() if one in data), "")
        raise Undecodable(f"it is not there, but `{other}` is" if other else "it is not there")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise Undecodable("it is no text")
    if value.lstrip().startswith("{"):
        raise Undecodable("it is the JSON itself, which belongs in `stringData`, not in `data`")
    raw = _decoded(value)
    if not raw:
        raise Undecodable("it is empty")
    again = _once_more(raw)
    if again is not None and again.lstrip().startswith(b"{"):
        raise Undecodable("it is encoded twice")
    return raw


def _decoded(value: str) -> bytes:
    """Raises: Undecodable: it is no base64 (Go's standard alphabet, which skips line breaks)."""
    compact = value.replace("\r", "").replace("\n", "")
    try:
        return binascii.a2b_base64(compact, strict_mode=True)
    except ValueError:
        pass
    if {"-", "_"} & set(compact):
        raise Undecodable("it is in base64's URL-safe alphabet; the standard one is needed")
    raise Undecodable("it is no base64")


def _once_more(raw: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(raw.strip(), strict_mode=True)
    except ValueError:
        return None


def _without_auths(members: Mapping[str, object]) -> str:
    if members and all(isinstance(one, dict) for one in members.values()):
        return f"its type is `{NEW_FORMAT}`, but it holds the form of `{OLD_FORMAT}`"
    return "its `.dockerconfigjson` has no `auths`"


def _in(key: str, fault: str) -> str:
    return f"in `{key}`: {fault}"
