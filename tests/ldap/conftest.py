"""Fixtures: a real OpenLDAP server with a few people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.slapd import GROUPS, PEOPLE, Slapd, group, person, slapd


@pytest.fixture
def ldap(tmp_path: Path) -> Iterator[Slapd]:
    """Three people; two are in a group, which is in another one."""
    with slapd(tmp_path / "slapd") as server:
        server.add(
            person("alice", "alice's password")
            + person("bob", "bob's password")
            + person("carol", "carol's password")
            + group("developers", f"uid=alice,{PEOPLE}", f"uid=bob,{PEOPLE}")
            + group("engineering", f"cn=developers,{GROUPS}")
        )
        yield server
