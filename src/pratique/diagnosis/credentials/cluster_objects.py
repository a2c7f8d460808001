"""Parts of the objects of a cluster that both a cluster and files of it have."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.credentials.pull_secrets import mapping, text

_DEFAULT_ACCOUNT: Final = "default"


def name_of(found: object) -> str:
    """An object's name, empty when it has none."""
    return text(mapping(mapping(found).get("metadata")).get("name"))


def namespace_of(found: object) -> str:
    """An object's namespace, empty when it names none."""
    return text(mapping(mapping(found).get("metadata")).get("namespace"))


def account_of(spec: object) -> str:
    """The service account of a pod's specification."""
    found = mapping(spec)
    named = found.get("serviceAccountName") or found.get("serviceAccount")
    return text(named) or _DEFAULT_ACCOUNT


def references(value: object) -> tuple[str, ...]:
    """Names in a list of `imagePullSecrets`."""
    rows = value if isinstance(value, list) else []
    names = (text(mapping(one).get("name")) for one in rows)
    return tuple(dict.fromkeys(name for name in names if name))


def items(found: object) -> list[object]:
    """What a list holds; empty when it is no list."""
    inside = mapping(found).get("items")
    return inside if isinstance(inside, list) else []
