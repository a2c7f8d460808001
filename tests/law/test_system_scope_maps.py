"""Every system-defined scope map with every action, from `system_scope_maps.toml`."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import pytest
from tests.law.reading import NOON, read_question

from pratique.access import SYSTEM_SCOPE_MAPS, Allowed, RegistryAction, decide
from pratique.testing.law_builder import LawBuilder

_TABLE = tomllib.loads(
    (Path(__file__).parent / "system_scope_maps.toml").read_text(encoding="utf-8")
)


def test_table_and_product_know_the_same_scope_maps() -> None:
    """Every system-defined scope map stands in the table with its words, and no other does."""
    known = {name: scope_map.description for name, scope_map in SYSTEM_SCOPE_MAPS.items()}
    assert {name: row["description"] for name, row in _TABLE.items()} == known
    assert all(scope_map.system_defined for scope_map in SYSTEM_SCOPE_MAPS.values())


@pytest.mark.parametrize(
    ("name", "action", "where"),
    list(product(_TABLE, RegistryAction, ("team/app", "*", "registry"))),
    ids=str,
)
def test_scope_map_allows_the_listed_actions(name: str, action: RegistryAction, where: str) -> None:
    """A token of the map may do what is listed, on one repository and on all."""
    if (where == "registry") != (action is RegistryAction.CATALOG):
        with pytest.raises(ValueError, match="is not done to"):
            read_question(f"token:leaf {action.name.lower()} {where}")
        return
    law = LawBuilder().token("leaf", name).build()
    verdict = decide(read_question(f"token:leaf {action.name.lower()} {where}"), law, NOON)
    assert isinstance(verdict, Allowed) == (action.name.lower() in _TABLE[name]["allows"])
