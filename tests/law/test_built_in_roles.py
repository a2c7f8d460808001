"""Every built-in role with every action in both modes, from `built_in_roles.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.law.reading import MODES, NOON, describe, read_question

from pratique.access import BUILT_IN_ROLES, PermissionSet, RegistryAction, decide
from pratique.testing.law_builder import LawBuilder

_TABLE = tomllib.loads((Path(__file__).parent / "built_in_roles.toml").read_text(encoding="utf-8"))
_OTHER = {"rbac": "abac", "abac": "rbac"}
_BRACES = re.compile(r"\{([^}]*)\}")


def _expanded(text: str) -> Iterator[str]:
    match = _BRACES.search(text)
    if match is None:
        qualified = text.startswith(("Microsoft.", "*"))
        yield text if qualified else f"Microsoft.ContainerRegistry/registries/{text}"
        return
    for word in match.group(1).split(","):
        yield from _expanded(text[: match.start()] + word + text[match.end() :])


def _permissions(row: dict[str, Any], kind: str) -> list[str]:
    return sorted(permission for text in row.get(kind, ()) for permission in _expanded(text))


def _expected(role: str, action: str, mode: str) -> str:
    row = _TABLE[role]
    if action in row.get(mode, ()):
        return "allowed: role-assignment (matched)"
    elsewhere = action in row.get(_OTHER[mode], ())
    outcome = "other-registry-mode" if elsewhere else "role-lacks-action"
    return f"denied: no-role-grants-it ({outcome})"


def test_table_and_product_know_the_same_roles() -> None:
    """Every built-in role stands in the table with its GUID, and no other does."""
    known = {role.name: role_id for role_id, role in BUILT_IN_ROLES.items()}
    assert {name: row["guid"] for name, row in _TABLE.items()} == known


@pytest.mark.parametrize("role", _TABLE)
def test_role_carries_the_permissions_of_the_reference(role: str) -> None:
    """A built-in role holds the listed permissions, each once, and no other."""
    row = _TABLE[role]
    definition = BUILT_IN_ROLES[row["guid"]]
    (held,) = definition.permissions
    ordered = PermissionSet(
        *(tuple(sorted(getattr(held, kind))) for kind in PermissionSet.__dataclass_fields__)
    )
    assert ordered == PermissionSet(
        actions=tuple(_permissions(row, "actions")),
        not_actions=tuple(_permissions(row, "not_actions")),
        data_actions=tuple(_permissions(row, "data_actions")),
    )
    assert definition.built_in


@pytest.mark.parametrize(
    ("role", "action", "mode"), list(product(_TABLE, RegistryAction, MODES)), ids=str
)
def test_role_grants_the_listed_actions(role: str, action: RegistryAction, mode: str) -> None:
    """A role grants the actions listed for the mode; the outcome tells the other mode's apart."""
    law = LawBuilder(mode=MODES[mode]).user("dev").assign(role, to="dev").build()
    where = "registry" if action is RegistryAction.CATALOG else "team/app"
    word = action.name.lower()
    verdict = decide(read_question(f"dev {word} {where}"), law, NOON)
    assert describe(verdict) == _expected(role, word, mode)
