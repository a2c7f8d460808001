"""Causes that stored credentials show: every rule about them, of all these modules."""

from __future__ import annotations

from pratique.diagnosis.rules import (
    stored_entries,
    stored_helpers,
    stored_keys,
    stored_places,
    stored_rivals,
    stored_secrets,
    stored_users,
)
from pratique.diagnosis.rules.shape import Rule

RULES: tuple[Rule, ...] = (
    *stored_keys.RULES,
    *stored_entries.RULES,
    *stored_helpers.RULES,
    *stored_rivals.RULES,
    *stored_places.RULES,
    *stored_secrets.RULES,
    *stored_users.RULES,
)
