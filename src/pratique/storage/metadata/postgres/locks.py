"""Locks looked at in PostgreSQL, in the transaction that is about to write.

Whoever changes locks has the repository's row for themselves. So a look at locks keeps that row
from change too, until the write after it is committed, and each statement after sees what came
before. Blobs of one repository are linked side by side: those share the row.
"""

from __future__ import annotations

from typing import Any, Final

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.locks import refuse_deletion, refuse_moves, refuse_push, refuse_untag
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import held, tag_and_target
from pratique.storage.metadata.postgres.driver import Connection

LOCK_REPOSITORY: Final = f"{sql.REPOSITORY_LOCKS} FOR UPDATE"
SHARE_REPOSITORY: Final = f"{sql.REPOSITORY_LOCKS} FOR SHARE"
_TAGS_AND_TARGETS: Final = f"{sql.TAG_AND_TARGET} = ANY($2::text[])"


async def may_be_put(
    connection: Connection,
    repository: RepositoryName,
    locks: int,
    digest: Digest,
    tags: tuple[Tag, ...],
) -> None:
    """Refuse where the manifest may not be pushed, or the tags may not be moved to it.

    Args:
        connection: that has the repository's row for itself.
        repository: of all.
        locks: of the repository.
        digest: of the manifest.
        tags: that would point to it.

    Raises:
        Locked: by the repository, the manifest, a tag, or what a tag points to.
    """
    refuse_push(repository, locks)
    own = await connection.fetch(sql.LOCKS_OF_MANIFEST, repository, digest.text)
    manifest = next((number for name, _, number in own if name is None), 0)
    rows = await connection.fetch(_TAGS_AND_TARGETS, repository, list(tags)) if tags else []
    refuse_moves(repository, digest, manifest, [tag_and_target(row) for row in rows])


async def manifest_may_go(
    connection: Connection, repository: RepositoryName, digest: Digest
) -> None:
    """Take the repository's row; refuse where the manifest may not be deleted with its tags.

    Raises:
        Locked: see `refuse_deletion`.
    """
    locks = _number(await connection.fetchrow(LOCK_REPOSITORY, repository))
    going = await connection.fetch(sql.LOCKS_OF_MANIFEST, repository, digest.text)
    if going:
        needing = await connection.fetch(sql.LOCKED_ABOVE_MANIFEST, repository, digest.text)
        refuse_deletion(repository, locks, held(going), held(needing))


async def tag_may_go(connection: Connection, repository: RepositoryName, tag: Tag) -> None:
    """Take the repository's row; refuse where the tag may not be taken away.

    Raises:
        Locked: see `refuse_untag`.
    """
    locks = _number(await connection.fetchrow(LOCK_REPOSITORY, repository))
    row = await connection.fetchrow(_TAGS_AND_TARGETS, repository, [tag])
    if row is not None:
        refuse_untag(repository, locks, *tag_and_target(row))


async def link_may_go(connection: Connection, repository: RepositoryName, digest: Digest) -> None:
    """Share the repository's row; refuse where the blob may not be taken out of it.

    Raises:
        Locked: see `refuse_deletion`.
    """
    locks = _number(await connection.fetchrow(SHARE_REPOSITORY, repository))
    needing = await connection.fetch(sql.LOCKED_ABOVE_BLOB, repository, digest.text)
    refuse_deletion(repository, locks, (), held(needing))


async def repository_may_go(connection: Connection, repository: RepositoryName) -> bool:
    """Take the repository's row; whether there is one.

    Raises:
        Locked: see `refuse_deletion`.
    """
    row = await connection.fetchrow(LOCK_REPOSITORY, repository)
    if row is None:
        return False
    inside = await connection.fetch(sql.LOCKED_IN_REPOSITORY, repository)
    refuse_deletion(repository, row[0], held(inside))
    return True


async def may_be_pushed(connection: Connection, repository: RepositoryName) -> None:
    """Share the repository's row, if there is one; refuse where nothing may be put into it.

    Raises:
        Locked: by the repository.
    """
    refuse_push(repository, _number(await connection.fetchrow(SHARE_REPOSITORY, repository)))


def _number(row: Any) -> int:
    return 0 if row is None else int(row[0])
