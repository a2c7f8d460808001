"""What a worker does with the stored law: load it, hold it, and follow a change.

Runs as a process of its own, so that its memory is its own: `python -m benchmarks.law.loading FILE`
prints JSON.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.law.world import AT, World
from pratique.access import PrincipalKind
from pratique.admission import RegistryRecord, Row, Snapshots
from pratique.admission.records import Record, kind_and_key
from pratique.admission.translation import assignment_record
from pratique.identity import Group, User
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite.ledger import SqliteLedger

CHANGES = 40


def store(world: World, path: Path) -> None:
    """Write a world into a new ledger."""
    database = Database.open(path)
    try:
        SqliteLedger(database).append_now(0, [_row(record) for record in _records(world)])
    finally:
        database.close()


def measure(path: Path) -> dict[str, float]:
    """Seconds to load and to follow a change, and megabytes held, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.law.loading", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _records(world: World) -> Iterator[Record]:
    parts = world.registries[0].scope.split("/")
    yield RegistryRecord("registry0", parts[2], parts[4], AT, management_groups=("harbour",))
    for person in world.principals:
        name, key = person.display_name, person.object_id
        if person.kind is PrincipalKind.GROUP:
            yield Group(key, name, AT, world.members[key])
        else:
            # The hash has the length of a real one; nobody signs in here.
            yield User(key, name.replace(" ", ""), name, key[::-1], "$argon2id$" + "x" * 87, AT)
    yield from map(assignment_record, world.assignments)


def _row(record: Record) -> Row:
    return Row(*kind_and_key(record), msgspec.json.encode(record))


def _in_this_process(path: Path) -> dict[str, float]:
    database = Database.open(path)
    ledger = SqliteLedger(database)
    gc.collect()
    before = _resident()
    started = time.perf_counter()
    snapshots = Snapshots(ledger)
    law = snapshots.current().law
    loaded = time.perf_counter() - started
    gc.collect()
    gc.freeze()
    held = _resident() - before
    changes = list(_follow_changes(ledger, snapshots))
    database.close()
    return {
        "load_seconds": loaded,
        "megabytes": held / 1e6,
        "change_seconds": statistics.median(changes),
        "slowest_change_seconds": max(changes),
        "assignments": sum(1 for _ in law.every_assignment()),
    }


def _follow_changes(ledger: SqliteLedger, snapshots: Snapshots) -> Iterator[float]:
    """Seconds from a commit until its law stands: assignments taken and given, a user disabled."""
    law = snapshots.current().law
    held = [record for _, record in zip(range(CHANGES), law.every_assignment(), strict=False)]
    users = snapshots.current().of_kind(User)[:CHANGES]
    for assignment, user in zip(held, users, strict=True):
        record = assignment_record(assignment)
        kind, key = kind_and_key(record)
        for row in (
            Row(kind, key, None),
            _row(record),
            _row(msgspec.structs.replace(user, enabled=False)),
        ):
            ledger.append_now(snapshots.current().version, [row])
            started = time.perf_counter()
            snapshots.current()
            yield time.perf_counter() - started


def _resident() -> int:
    status = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("Rss:"))
    return int(line.split()[1]) * 1024


def _main(words: list[str]) -> Any:
    print(json.dumps(_in_this_process(Path(words[0]))))


if __name__ == "__main__":
    _main(sys.argv[1:])
