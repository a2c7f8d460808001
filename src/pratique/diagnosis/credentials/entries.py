"""What one member of `auths` holds, as each client reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pratique.diagnosis.credentials.encoding import EMPTY, decode_auth
from pratique.diagnosis.credentials.keys import shown
from pratique.diagnosis.facts.credentials import Credential, Entry, Holding
from pratique.diagnosis.secret import Secret

NO_OBJECT: Final = "it is no JSON object"
WRONG_TYPE: Final = "one of its members is no text"
EMAIL_ONLY: Final = "it holds an e-mail address and no credential"
NOTHING: Final = "it holds no credential"
TOKEN_UNREAD: Final = "it holds an identity token, which the kubelet does not read, and no password"
TOKEN_ALONE: Final = "it holds an identity token without `auth`, which podman does not read"
NOT_IN_VARIABLE: Final = "docker takes nothing but `auth` in DOCKER_AUTH_CONFIG"
_MEMBERS: Final = ("auth", "username", "password", "email", "identitytoken", "registrytoken")


class Dialect(Enum):
    """Whose reading of an entry is followed."""

    DOCKER = "docker"
    VARIABLE = "docker, of its variable"
    CONTAINERS = "podman"
    KUBELET = "kubelet"


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry under the very key that is stored.

    Attributes:
        key: as it is in the file; the entry's own is made fit to be printed.
    """

    key: str
    entry: Entry


def member(found: Mapping[str, object], name: str) -> object:
    """A member as Go's reader finds it: in any case, the last one counts; None when absent."""
    value: object = None
    for key, item in found.items():
        if key.lower() == name.lower() and item is not None:
            value = item
    return value


def read_entry(key: str, raw: object, dialect: Dialect, store: str = "") -> Stored:
    """What is stored under one key.

    Args:
        key: as it is spelled.
        raw: the member of `auths`.
        dialect: whose reading.
        store: the helper to which the same file leaves this key; empty when to none. An entry that
            holds nothing is then its mark, not a mistake.
    """
    members: dict[str, object] = {}
    if isinstance(raw, dict):
        members = {str(name).lower(): value for name, value in raw.items()}
    fault = NO_OBJECT if not isinstance(raw, dict | None) else _misfit(members, dialect)
    if fault:
        return _unusable(key, fault)
    texts = {
        name: value for name in _MEMBERS if isinstance(value := members.get(name), str) and value
    }
    if "auth" in texts:
        return _with_auth(key, texts, dialect)
    if dialect is not Dialect.CONTAINERS and ("username" in texts or "password" in texts):
        pair = Credential(texts.get("username", ""), Secret(texts.get("password", "")))
        return _with_tokens(key, pair, "", texts, dialect)
    if "identitytoken" in texts or "registrytoken" in texts:
        return _tokens_alone(key, texts, dialect)
    if store:
        return Stored(key, Entry(shown(key), Holding.STORE, helper=store))
    return _unusable(key, _why_nothing(members, texts))


def _misfit(members: Mapping[str, object], dialect: Dialect) -> str:
    """Why a client in Go cannot take the members for an entry at all; empty when it can."""
    values = (members.get(name) for name in _MEMBERS)
    if any(value is not None and not isinstance(value, str) for value in values):
        return WRONG_TYPE
    if dialect is Dialect.VARIABLE and set(members) != {"auth"}:
        return NOT_IN_VARIABLE
    return ""


def _why_nothing(members: Mapping[str, object], texts: Mapping[str, str]) -> str:
    if members.get("auth") is not None:
        return EMPTY
    return EMAIL_ONLY if "email" in texts else NOTHING


def _unusable(key: str, fault: str, holding: Holding = Holding.NOTHING) -> Stored:
    return Stored(key, Entry(shown(key), holding, fault=fault))


def _with_auth(key: str, texts: Mapping[str, str], dialect: Dialect) -> Stored:
    decoded = decode_auth(texts["auth"], padding_optional=dialect is Dialect.KUBELET)
    if decoded.credential is None:
        return _unusable(key, decoded.fault, Holding.PAIR)
    return _with_tokens(key, decoded.credential, decoded.fault, texts, dialect)


def _with_tokens(
    key: str, pair: Credential, fault: str, texts: Mapping[str, str], dialect: Dialect
) -> Stored:
    token = texts.get("identitytoken", "")
    registry = texts.get("registrytoken", "") if dialect is Dialect.DOCKER else ""
    holding = Holding.PAIR
    if dialect is Dialect.KUBELET:
        fault = TOKEN_UNREAD if token and not pair.secret else fault
    elif token:
        holding, fault = Holding.IDENTITY_TOKEN, ""
        pair = Credential(pair.username, Secret(""), Secret(token))
    if registry:
        holding, fault = Holding.REGISTRY_TOKEN, ""
        pair = Credential(pair.username, pair.secret, pair.identity_token, Secret(registry))
    return Stored(key, Entry(shown(key), holding, pair, fault=fault))


def _tokens_alone(key: str, texts: Mapping[str, str], dialect: Dialect) -> Stored:
    if dialect is Dialect.DOCKER:
        return _with_tokens(key, Credential("", Secret("")), "", texts, dialect)
    if not texts.get("identitytoken"):
        return _unusable(key, NOTHING)
    fault = TOKEN_UNREAD if dialect is Dialect.KUBELET else TOKEN_ALONE
    return _unusable(key, fault, Holding.IDENTITY_TOKEN)
