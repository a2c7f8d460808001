"""The tables that make up a registry, as every store of rows has them, and how rows are compared.

Left out is what may be lost with a server: wrong sign-ins, sign-ins and uploads on their way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import msgspec

StoredRow = tuple[Any, ...]

_ENCODER: Final = msgspec.msgpack.Encoder()


class Part(StrEnum):
    """What is kept together: in SQLite, a file."""

    ROWS = "rows"
    DECISIONS = "decisions"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and how it is read.

    Attributes:
        name: of the table.
        part: where it belongs.
        columns: all of them.
        key: the columns that tell rows apart; names are compared by their bytes.
        at_once: rows that are in memory together, so few that they are small whatever they hold.
    """

    name: str
    part: Part
    columns: tuple[str, ...]
    key: tuple[str, ...]
    at_once: int = 2000

    @property
    def in_order(self) -> str:
        """A statement that gives all rows in the order of their key."""
        return f"SELECT {self.listed} FROM {self.name} ORDER BY {', '.join(self.key)}"  # noqa: S608

    @property
    def listed(self) -> str:
        """The columns, as statements have them."""
        return ", ".join(self.columns)


# Rows come after those that they point to. A manifest has 4 MiB at most.
TABLES: Final = (
    Table("repositories", Part.ROWS, ("name", "created_at", "updated_at", "locks"), ("name",)),
    Table("blobs", Part.ROWS, ("digest", "size", "created_at"), ("digest",)),
    Table(
        "repository_blobs",
        Part.ROWS,
        ("repository", "digest", "linked_at"),
        ("repository", "digest"),
    ),
    Table(
        "manifests",
        Part.ROWS,
        (
            *("repository", "digest", "media_type", "artifact_type", "config_media_type", "size"),
            *("image_size", "created_at", "updated_at", "annotations", "content", "locks"),
        ),
        ("repository", "digest"),
        at_once=8,
    ),
    Table(
        "tags",
        Part.ROWS,
        ("repository", "name", "digest", "created_at", "updated_at", "locks"),
        ("repository", "name"),
    ),
    Table(
        "manifest_references",
        Part.ROWS,
        ("repository", "digest", "kind", "target"),
        ("repository", "digest", "kind", "target"),
    ),
    Table("blob_objects", Part.ROWS, ("digest", "object", "size", "placed_at"), ("digest",)),
    Table("blob_home", Part.ROWS, ("only_row", "kind", "address"), ("only_row",)),
    Table("ledger", Part.ROWS, ("kind", "key", "body", "version"), ("kind", "key"), at_once=200),
    Table(
        "decisions",
        Part.DECISIONS,
        ("decision_id", "at", "caller_id", "resource", "source", "body"),
        ("decision_id",),
        at_once=500,
    ),
    Table(
        "grant_uses",
        Part.DECISIONS,
        ("grant_id", "action", "last_day", "others_on"),
        ("grant_id", "action"),
    ),
    Table(
        "grant_use_repositories",
        Part.DECISIONS,
        ("grant_id", "action", "repository", "last_day"),
        ("grant_id", "action", "repository"),
    ),
    Table("recording", Part.DECISIONS, ("one", "started_on"), ("one",)),
    Table(
        "audit",
        Part.AUDIT,
        ("seq", "at", "category", "change_id", "body", "hash"),
        ("seq",),
        at_once=500,
    ),
)
AUDIT: Final = TABLES[-1]

# What a registry that is being moved lets nobody change. The last one stands for all of them.
FROZEN: Final = (
    *(table.name for table in TABLES if table.part is Part.ROWS),
    "upload_sessions",
    "ledger_version",
)
FROZEN_WORDS: Final = (
    "this registry is being moved to another store, or was, and takes no changes here meanwhile"
)


def moved_words(where: str) -> str:
    """What is said of rows that were moved away, and what to do."""
    return (
        f"the registry in {where} was moved with `pratique migrate-store`; serve what it was moved "
        "to. `pratique migrate-store --take-back` makes this one current again, without what "
        "changed there since"
    )


class Fingerprint:
    """How many rows there were, and a SHA-256 of all of them in their order.

    Attributes:
        count: of the rows.
    """

    def __init__(self) -> None:
        self.count = 0
        self._hash = sha256()

    def add(self, rows: Iterable[StoredRow]) -> None:
        """Take the next rows."""
        for row in rows:
            self._hash.update(_ENCODER.encode(row))
            self.count += 1

    def told(self) -> str:
        """The hash, in hexadecimal."""
        return self._hash.hexdigest()
