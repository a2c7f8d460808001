"""Principals of the directory, as far as the law must know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pratique.access.conditions import Value

_NO_ATTRIBUTES: Mapping[str, tuple[Value, ...]] = MappingProxyType({})


class PrincipalKind(StrEnum):
    """The kinds that a role can be assigned to (reference 4.5), in Azure's spelling."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or a group of somebodies.

    Attributes:
        object_id: a GUID; the key of role assignments.
        display_name: how a refusal names it.
        enabled: a disabled principal is refused everything.
        members: object ids, direct ones only; empty unless it is a group.
        attributes: what a condition's `@Principal[...]` finds, by `attribute_key` of the name.
    """

    object_id: str
    kind: PrincipalKind
    display_name: str
    enabled: bool = True
    members: frozenset[str] = frozenset()
    attributes: Mapping[str, tuple[Value, ...]] = field(default_factory=lambda: _NO_ATTRIBUTES)
