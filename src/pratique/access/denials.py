"""Deny assignments (reference 4.6): what is refused whatever any role grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.access.roles import PermissionSet
from pratique.naming import ResourceScope

EVERYONE: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a deny assignment takes away, as far as its condition holds.

    Attributes:
        condition: text in the condition language, None for always. One that cannot be read, or
            cannot be evaluated, refuses (rule 1 of the design).
    """

    permissions: PermissionSet
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """A refusal for principals at a scope and, unless it says otherwise, below it.

    It concerns identities of the directory. The admin user, tokens with scope maps and anonymous
    callers are none, as in Azure; each has a switch of its own.

    Attributes:
        deny_id: a GUID.
        name: as people call it; told to the one who is refused.
        principal_ids: object ids of principals, or of groups and so of all that are in them, or
            `EVERYONE`.
        excluded_ids: likewise; whoever is among these is not concerned. Never `EVERYONE`.
        reaches_below: false for Azure's `doNotApplyToChildScopes`.
        created_at: with a time zone.
    """

    deny_id: str
    name: str
    description: str
    refusals: tuple[Refusal, ...]
    scope: ResourceScope
    principal_ids: frozenset[str]
    excluded_ids: frozenset[str]
    reaches_below: bool
    created_at: datetime
