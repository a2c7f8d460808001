"""`pratique audit` over a folder: the list, the proof, and the way to other systems."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import live_server

from pratique.cli.audit_columns import AUDIT, LOGIN, REPOSITORY, Origin, line_of, row_of
from pratique.testing.audit_suite import an_entry

# Azure Monitor's reference of both tables, without what they say of the costs of a row.
COMMON = {
    *("TimeGenerated", "Category", "OperationName", "Identity", "CallerIpAddress", "DurationMs"),
    *("CorrelationId", "LoginServer", "Region", "ResultType", "ResultDescription", "SourceSystem"),
    *("TenantId", "Type", "UserAgent", "_ResourceId", "_SubscriptionId"),
}
LOGIN_COLUMNS = COMMON | {"JwtId"}
REPOSITORY_COLUMNS = COMMON | {
    *("ArtifactType", "Digest", "MediaType", "Repository", "Size", "Tag", "UserTenantId"),
}
ORIGIN = Origin("/subscriptions/a-guid/resourceGroups/rg", "tenant", "registry.example.com")


@pytest.fixture
def changed(owner: Terminal) -> Terminal:
    """A folder in which two things were changed."""
    owner.gets("sp", "create", "my-robot")
    owner.gets("role", "assign", "AcrPull", "--to", "my-robot")
    return owner


def test_changes_are_listed_and_verify(changed: Terminal) -> None:
    """Who changed what is in the list, and the chain holds, also against its own head."""
    rows = changed.gets("audit", "list", "--category", "change")
    assert [row["operation"].rpartition("/")[0].rpartition("/")[2] for row in rows] == [
        "servicePrincipals",
        "roleAssignments",
    ]
    assert "my-robot" in changed.reads("audit", "list")
    head = changed.reads("audit", "head").strip()
    told = changed.gets("audit", "verify", "--head", head)
    assert (told["entries"], told["head"], told["compared_heads"]) == (2, head, 1)


def test_a_forged_log_is_told(changed: Terminal, data: Path) -> None:
    """An entry that was altered is named, and a head that was kept shows a cut."""
    head = changed.reads("audit", "head").strip()
    with closing(sqlite3.connect(data / "audit.db")) as connection:
        connection.execute("UPDATE audit SET body = replace(body, 'my-robot', 'no-robot')")
        connection.commit()
    assert "1: the hash does not follow" in changed.fails("audit", "verify", "--head", head)
    other = f"99{head[1:]}"
    assert "cut off" in changed.fails("audit", "verify", "--head", other)
    assert "a head is a number" in changed.misuses("audit", "verify", "--head", "nonsense")


def test_entries_beyond_the_end_are_told(changed: Terminal, data: Path) -> None:
    """An end that was moved back does not hide what stands behind it."""
    with closing(sqlite3.connect(data / "audit.db")) as connection:
        connection.execute(
            "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 1)"
        )
        connection.commit()
    assert "the store says that the log ends at 1" in changed.fails("audit", "verify")


@pytest.mark.live
def test_a_log_that_is_read_over_the_network_verifies(tmp_path: Path) -> None:
    """Each request is a sign-in, which the log tells of: it grows while it is read."""
    somebody = Terminal(tmp_path / "home")
    with live_server(tmp_path / "data", workers=2) as started:
        name, password = started.owner
        somebody.reads("login", started.host, "-u", name, "--password-stdin", stdin=password)
        first = somebody.gets("audit", "verify")
        again = somebody.gets("audit", "verify", "--head", first["head"])
        assert again["entries"] > first["entries"]


def test_changes_are_exported(changed: Terminal) -> None:
    """One JSON object on a line, of the tables that were asked for."""
    lines = changed.reads("audit", "export", "--table", "audit").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["Type"] for row in rows] == [AUDIT, AUDIT]
    assert rows[0]["Records"][0]["Name"] == "my-robot"
    assert rows[0]["LoginServer"] == "registry.example.com"
    assert changed.reads("audit", "export", "--table", "login").strip() == ""
    assert changed.reads("audit", "export", "--after", "1").count("\n") == 1
    assert changed.reads("audit", "export", "--since", "2999-01-01").strip() == ""


def test_the_owner_of_the_folder_prunes(changed: Terminal) -> None:
    """What goes is told in the log, and the rest verifies."""
    assert changed.gets("audit", "prune", "--before", "1d") == {"removed": 0}
    assert changed.gets("audit", "prune", "--before", "2999-01-01") == {"removed": 1}
    assert changed.gets("audit", "list")[-1]["category"] == "pruned"
    assert changed.gets("audit", "verify")["entries"] == 2


def test_columns_are_those_of_azure_monitor() -> None:
    """Each table has the documented columns, and no other."""
    assert row_of(an_entry(1), ORIGIN).keys() == LOGIN_COLUMNS
    assert row_of(an_entry(1, "repository"), ORIGIN).keys() == REPOSITORY_COLUMNS
    assert row_of(an_entry(1), ORIGIN)["Type"] == LOGIN
    assert row_of(an_entry(1, "repository"), ORIGIN)["Type"] == REPOSITORY
    assert row_of(an_entry(1), ORIGIN)["_SubscriptionId"] == "a-guid"


def test_a_line_is_ascii() -> None:
    """Nothing in a line can end it, or be obeyed by a terminal."""
    line = line_of({"Identity": "a\u2028b\x1b[31m\n\x7f\u0085é"})
    assert line.isascii()
    assert line.isprintable()
