"""Rows of many repositories, written as pushes would write them, but in one transaction each.

Every tag leads to a manifest of its own with a configuration and a layer; all manifests share
these two, whose bytes are not there, since nobody pulls them.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.content import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from pratique.assembly import DATABASE_FILE
from pratique.storage.metadata.sqlite import Database

REPOSITORIES_AT_ONCE = 500
_BLOBS = {
    f"sha256:{hashlib.sha256(kind.encode()).hexdigest()}": kind for kind in ("config", "layer")
}
_MEDIA_TYPES = {"config": CONFIG_TYPE, "layer": LAYER_TYPE}
_BLOB_BYTES = 1000


@dataclass(frozen=True)
class _Manifest:
    """A manifest and the tag that leads to it."""

    digest: str
    tag: str
    content: bytes


def repository_name(number: int) -> str:
    """The name of a repository, in the order of the numbers."""
    return f"many/repository-{number:05d}"


def tag_name(number: int) -> str:
    """The name of a tag, in the order of the numbers."""
    return f"v{number:03d}"


def write_rows(data: Path, repositories: int, tags: int) -> None:
    """Fill the database of a prepared folder that nobody serves.

    Args:
        data: the folder.
        repositories: how many.
        tags: of each, 1,000 at most.
    """
    database = Database.open(data / DATABASE_FILE)
    try:
        now = time.time_ns() // 1000
        blobs = [(digest, _BLOB_BYTES, now) for digest in _BLOBS]
        database.write_now(lambda connection: _blobs(connection, blobs))
        for first in range(0, repositories, REPOSITORIES_AT_ONCE):
            numbers = range(first, min(first + REPOSITORIES_AT_ONCE, repositories))
            database.write_now(partial(_fill, numbers=numbers, tags=tags, now=now))
    finally:
        database.close()


def _blobs(connection: sqlite3.Connection, blobs: list[tuple[str, int, int]]) -> None:
    connection.executemany("INSERT INTO blobs (digest, size, created_at) VALUES (?, ?, ?)", blobs)


def _fill(connection: sqlite3.Connection, numbers: range, tags: int, now: int) -> None:
    for number in numbers:
        name = repository_name(number)
        manifests = sorted(_manifests(number, tags), key=lambda manifest: manifest.digest)
        connection.execute(
            "INSERT INTO repositories (name, created_at, updated_at) VALUES (?, ?, ?)",
            (name, now, now),
        )
        connection.executemany(
            "INSERT INTO repository_blobs (repository, digest, linked_at) VALUES (?, ?, ?)",
            [(name, digest, now) for digest in _BLOBS],
        )
        connection.executemany(
            "INSERT INTO manifests (repository, digest, media_type, config_media_type, size,"
            " image_size, created_at, updated_at, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(name, m.digest, MANIFEST_TYPE, CONFIG_TYPE),
                    *(len(m.content), 3 * _BLOB_BYTES, now, now, m.content),
                )
                for m in manifests
            ],
        )
        connection.executemany(
            "INSERT INTO manifest_references (repository, digest, kind, target)"
            " VALUES (?, ?, ?, ?)",
            [(name, m.digest, kind, target) for m in manifests for target, kind in _BLOBS.items()],
        )
        connection.executemany(
            "INSERT INTO tags (repository, name, digest, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?)",
            sorted((name, m.tag, m.digest, now, now) for m in manifests),
        )


def _manifests(number: int, tags: int) -> Iterator[_Manifest]:
    config, layer = (
        {"mediaType": _MEDIA_TYPES[kind], "digest": digest, "size": _BLOB_BYTES}
        for digest, kind in _BLOBS.items()
    )
    whole = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": [layer],
        "annotations": {"org.opencontainers.image.revision": "@"},
    }
    before, _, after = json.dumps(whole).partition("@")
    for tag in range(tags):
        content = f"{before}{number}-{tag}{after}".encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        yield _Manifest(digest, tag_name(tag), content)
