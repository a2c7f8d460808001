"""Locks looked at in SQLite, in the transaction that is about to write."""

from __future__ import annotations

import sqlite3

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.locks import refuse_deletion, refuse_moves, refuse_push, refuse_untag
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import held, tag_and_target

_TAG_AND_TARGET = f"{sql.TAG_AND_TARGET} = $2"


def may_be_pushed(connection: sqlite3.Connection, repository: RepositoryName) -> None:
    """Refuse where nothing may be put into the repository.

    Raises:
        Locked: by the repository.
    """
    refuse_push(repository, _locks(connection, repository))


def may_be_put(
    connection: sqlite3.Connection,
    repository: RepositoryName,
    digest: Digest,
    tags: tuple[Tag, ...],
) -> None:
    """Refuse where the manifest may not be pushed, or the tags may not be moved to it.

    Raises:
        Locked: by the repository, the manifest, a tag, or what a tag points to.
    """
    may_be_pushed(connection, repository)
    own = connection.execute(sql.LOCKS_OF_MANIFEST, {"1": repository, "2": digest.text}).fetchall()
    manifest = next((locks for name, _, locks in own if name is None), 0)
    rows = (
        connection.execute(_TAG_AND_TARGET, {"1": repository, "2": tag}).fetchone() for tag in tags
    )
    there = [tag_and_target(row) for row in rows if row is not None]
    refuse_moves(repository, digest, manifest, there)


def manifest_may_go(
    connection: sqlite3.Connection, repository: RepositoryName, digest: Digest
) -> None:
    """Refuse where the manifest may not be deleted with its tags.

    Raises:
        Locked: see `refuse_deletion`.
    """
    key = {"1": repository, "2": digest.text}
    going = held(connection.execute(sql.LOCKS_OF_MANIFEST, key))
    if going:
        needing = held(connection.execute(sql.LOCKED_ABOVE_MANIFEST, key))
        refuse_deletion(repository, _locks(connection, repository), going, needing)


def tag_may_go(connection: sqlite3.Connection, repository: RepositoryName, tag: Tag) -> None:
    """Refuse where the tag may not be taken away.

    Raises:
        Locked: see `refuse_untag`.
    """
    row = connection.execute(_TAG_AND_TARGET, {"1": repository, "2": tag}).fetchone()
    if row is not None:
        refuse_untag(repository, _locks(connection, repository), *tag_and_target(row))


def link_may_go(connection: sqlite3.Connection, repository: RepositoryName, digest: Digest) -> None:
    """Refuse where the blob may not be taken out of the repository.

    Raises:
        Locked: see `refuse_deletion`.
    """
    needing = connection.execute(sql.LOCKED_ABOVE_BLOB, {"1": repository, "2": digest.text})
    refuse_deletion(repository, _locks(connection, repository), (), held(needing))


def repository_may_go(connection: sqlite3.Connection, repository: RepositoryName) -> None:
    """Refuse where the repository may not be deleted with all that is in it.

    Raises:
        Locked: see `refuse_deletion`.
    """
    inside = connection.execute(sql.LOCKED_IN_REPOSITORY, {"1": repository})
    refuse_deletion(repository, _locks(connection, repository), held(inside))


def _locks(connection: sqlite3.Connection, repository: RepositoryName) -> int:
    row = connection.execute(sql.REPOSITORY_LOCKS, {"1": repository}).fetchone()
    return 0 if row is None else int(row[0])
