"""The questions that are asked often find their rows by an index, however many there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.postgres import (
    PostgresDatabase,
    attempts,
    audit,
    law_rows,
    leftovers,
    pending_sign_ins,
)

_ROWS = """
    INSERT INTO repositories SELECT 'app/' || n, 0, 0 FROM generate_series(0, 999) n;
    INSERT INTO manifests SELECT 'app/' || n % 1000, 'sha256:' || n, 'type', NULL, NULL, 1, 1,
        0, 0, NULL, 'x' FROM generate_series(0, 49999) n;
    INSERT INTO tags SELECT 'app/' || n % 1000, 'v' || n, 'sha256:' || n % 50000, 0, 0
        FROM generate_series(0, 99999) n;
    INSERT INTO blobs SELECT 'sha256:' || n, 1, 0 FROM generate_series(0, 49999) n;
    INSERT INTO repository_blobs SELECT 'app/' || n % 1000, 'sha256:' || n, 0
        FROM generate_series(0, 49999) n;
    INSERT INTO manifest_references SELECT 'app/' || n % 1000, 'sha256:' || n, 'layer',
        'sha256:' || n FROM generate_series(0, 49999) n;
    INSERT INTO ledger SELECT 'assignment', n::text, '{}', n FROM generate_series(1, 100000) n;
    INSERT INTO law_marks SELECT n, gen_random_uuid() FROM generate_series(90001, 100000) n;
    UPDATE ledger_version SET version = 100000;
    INSERT INTO audit SELECT n, n, (ARRAY['login', 'change', 'repository'])[1 + n % 3], 'c' || n,
        'x', 'x' FROM generate_series(1, 100000) n;
    INSERT INTO attempts SELECT 'pair', sha256(n::text::bytea), 1, n
        FROM generate_series(1, 50000) n;
    INSERT INTO pending_sign_ins SELECT 'device', n::text, 'x', 'o' || n % 9000, n
        FROM generate_series(1, 50000) n;
    ANALYZE
"""
_KEY = ("app/7", "sha256:7007")
_QUESTIONS = {
    "manifest by tag": (sql.MANIFEST_BY_TAG, ("app/7", "v7007")),
    "manifest by digest": (sql.MANIFEST_BY_DIGEST, _KEY),
    "referrers": (sql.REFERRERS, _KEY),
    "blob size": (sql.BLOB_SIZE, _KEY),
    "blob size to read": (sql.BLOB_SIZE_TO_READ, _KEY),
    "locks of a manifest": (sql.LOCKS_OF_MANIFEST, _KEY),
    "locks above a manifest": (sql.LOCKED_ABOVE_MANIFEST, _KEY),
    "locks above a blob": (sql.LOCKED_ABOVE_BLOB, _KEY),
    "tag": (sql.TAG, ("app/7", "v7007")),
    "manifest": (sql.MANIFEST, _KEY),
    "holders": (sql.HOLDERS, ("sha256:7007", 10, "app/5")),
    "tags": (sql.TAGS, ("app/7", "v5", 100)),
    "tag facts": (sql.TAG_FACTS, ("app/7", "v5", 100)),
    "manifest facts": (sql.MANIFEST_FACTS, ("app/7", "sha256:5", 100)),
    "tags of a range": (sql.TAGS_OF_RANGE, ("app/7", "sha256:5", "sha256:7")),
    "repositories": (sql.REPOSITORIES, ("app/5", 100)),
    "repository": (sql.REPOSITORY, ("app/7",)),
    "unneeded links": (leftovers.LINKS, (*_KEY, 200, 1)),
    "unneeded manifests": (leftovers.MANIFESTS, (*_KEY, 200, 1)),
    "law": (law_rows.NEWS, (100_000,)),
    "law of a node that was away": (law_rows.NEWS, (99_990,)),
    "last pruning": (audit.LAST_PRUNING, ()),
    "audit entries": (audit.LINKS, (50_000, 100)),
    "wrong sign-ins": (attempts.READ, ("\\x07", "\\x08", "\\x09")),
    "sign-ins of an owner": (pending_sign_ins.OWNED, ("device", "o7", 7)),
    "sign-in": (pending_sign_ins.FIND, ("device", "7", 7)),
}


@pytest.fixture(scope="module")
def full(postgres: PostgresServer) -> str:
    """The name of a database with 100,000 tags in 1,000 repositories."""
    url = fresh_database(postgres)
    PostgresDatabase.open(url).close()
    name = url.rpartition("/")[2]

    postgres.within(lambda connection: connection.execute(_ROWS), database=name)
    return name


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("question", _QUESTIONS)
def test_uses_an_index(postgres: PostgresServer, full: str, question: str, mode: str) -> None:
    """No table is read from its beginning, whether the plan knows the arguments or not."""
    statement, arguments = _QUESTIONS[question]

    async def plan(connection: Any) -> str:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE question AS {statement}")
        words = [str(a) if isinstance(a, int) else f"'{a}'" for a in arguments]
        given = f"({', '.join(words)})" if words else ""
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE question{given}")
        return "\n".join(row[0] for row in rows)

    found = postgres.within(plan, database=full)
    assert "Index" in found, found
    # The version of the law is a table of one row.
    assert not re.search(r"Seq Scan on (?!ledger_version\b)", found), found
    assert "hashed" not in found, found
    # An index that is read from its beginning is no better: each scan has a condition.
    scans = re.findall(r"Scan using|Index Scan on", found)
    assert len(re.findall(r"Index Cond", found)) >= len(scans), found
