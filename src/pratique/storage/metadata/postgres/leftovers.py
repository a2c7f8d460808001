"""Rows in PostgreSQL that nothing leads to.

A statement looks at what was committed before it began. So whoever deletes locks first, in one
statement, and decides in the next: that one sees whatever the lock had to wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry.content import Found, LinkPlace, ManifestPlace
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.postgres.database import PostgresDatabase, TryAgain
from pratique.storage.metadata.postgres.driver import Connection, Row, count_of
from pratique.storage.metadata.postgres.locks import LOCK_REPOSITORY
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import repository as repository_of
from pratique.storage.metadata.rows import to_micros

# Written as values rather than as EXISTS, which may be answered by reading all references at once.
_LINK_IS_LOOSE: Final = """
    (SELECT 1 FROM manifest_references r WHERE r.repository = l.repository
        AND r.target = l.digest AND r.kind IN ('config', 'layer') LIMIT 1) IS NULL
"""
# A manifest is led to by a tag, by an index that is there, or by its subject that is there; and
# what is locked stays.
_MANIFEST_IS_LOOSE: Final = """
    (m.locks & 3) = 0
    AND (SELECT p.locks & 3 FROM repositories p WHERE p.name = m.repository) = 0
    AND (SELECT 1 FROM tags t WHERE t.repository = m.repository AND t.digest = m.digest
        LIMIT 1) IS NULL
    AND (SELECT 1 FROM manifest_references r WHERE r.repository = m.repository
        AND r.target = m.digest AND r.kind = 'child' LIMIT 1) IS NULL
    AND (SELECT 1 FROM manifest_references r
        JOIN manifests s ON s.repository = r.repository AND s.digest = r.target
        WHERE r.repository = m.repository AND r.digest = m.digest AND r.kind = 'subject'
        LIMIT 1) IS NULL
"""
LINKS: Final = f"""
    SELECT repository, digest, CASE WHEN linked_at < $4 THEN {_LINK_IS_LOOSE} ELSE FALSE END
    FROM repository_blobs l
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3
"""  # noqa: S608 - constants
MANIFESTS: Final = f"""
    SELECT repository, digest, CASE WHEN updated_at < $4 THEN {_MANIFEST_IS_LOOSE} ELSE FALSE END
    FROM manifests m
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3
"""  # noqa: S608 - constants
_LOCK_LINKS: Final = """
    SELECT 1 FROM repository_blobs WHERE (repository, digest) IN
        (SELECT * FROM unnest($1::text[], $2::text[])) AND linked_at < $3
    ORDER BY repository, digest FOR UPDATE
"""
_DROP_LINKS: Final = f"""
    DELETE FROM repository_blobs l WHERE (repository, digest) IN
        (SELECT * FROM unnest($1::text[], $2::text[])) AND linked_at < $3 AND {_LINK_IS_LOOSE}
"""  # noqa: S608 - constants
_LOOSE: Final = f"""
    SELECT digest FROM manifests m WHERE repository = $1 AND digest = ANY($2::text[])
        AND updated_at < $3 AND {_MANIFEST_IS_LOOSE}
"""  # noqa: S608 - constants
_DROP_TAGS: Final = "DELETE FROM tags WHERE repository = $1 AND digest = ANY($2::text[])"
_DROP_REFERENCES: Final = """
    DELETE FROM manifest_references WHERE repository = $1 AND digest = ANY($2::text[])
"""
_DROP_MANIFESTS: Final = """
    DELETE FROM manifests WHERE repository = $1 AND digest = ANY($2::text[])
"""
_LOCK_BLOB: Final = "SELECT 1 FROM blobs WHERE digest = $1 FOR UPDATE"
_HOLD_PLACE: Final = """
    INSERT INTO blobs (digest, size, created_at) VALUES ($1, 0, 0) ON CONFLICT (digest) DO NOTHING
"""
_TOUCH: Final = "UPDATE ledger_version SET version = version WHERE false"
_UNLINKED: Final = """
    SELECT digest FROM unnest($1::text[]) AS asked (digest)
    WHERE (SELECT 1 FROM repository_blobs l WHERE l.digest = asked.digest LIMIT 1) IS NULL
"""


class PostgresLeftovers:
    """The ports `Leftovers` and `Remains`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """See the port. One round trip."""
        rows = await self._database.fetch_all(LINKS, *_beyond(after), limit, to_micros(before))
        places = tuple(LinkPlace(*_place(row)) for row in rows if row[2])
        return Found(places, LinkPlace(*_place(rows[-1])) if len(rows) == limit else None)

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """See the port."""
        repositories = [place.repository for place in places]
        digests = [place.digest.text for place in places]
        limit_time = to_micros(before)

        async def work(connection: Connection) -> int:
            await connection.execute(_LOCK_LINKS, repositories, digests, limit_time)
            return count_of(
                await connection.execute(_DROP_LINKS, repositories, digests, limit_time)
            )

        return await self._database.write(work)

    async def unneeded_manifests(
        self, before: datetime, after: ManifestPlace | None, limit: int
    ) -> Found[ManifestPlace]:
        """See the port. One round trip."""
        rows = await self._database.fetch_all(MANIFESTS, *_beyond(after), limit, to_micros(before))
        places = tuple(ManifestPlace(*_place(row)) for row in rows if row[2])
        return Found(places, ManifestPlace(*_place(rows[-1])) if len(rows) == limit else None)

    async def drop_manifests(
        self, places: Sequence[ManifestPlace], before: datetime, at: datetime
    ) -> int:
        """See the port. A transaction for each repository, which pushes to it wait for."""
        gone = 0
        in_order = sorted(places, key=_repository_of)
        for repository, group in groupby(in_order, key=_repository_of):
            digests = [place.digest.text for place in group]
            gone += await self._drop_of(repository, digests, to_micros(before), to_micros(at))
        return gone

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port. One round trip."""
        rows = await self._database.fetch_all(sql.EVERY_REPOSITORY, last, limit)
        return tuple(repository_of(name) for (name,) in rows)

    async def drop_part(self, repository: RepositoryName, limit: int) -> int:
        """See the port."""

        async def work(connection: Connection) -> int:
            await connection.execute(LOCK_REPOSITORY, repository)
            rows = await connection.fetch(sql.SOME_MANIFESTS_OF, repository, limit)
            digests = [row[0] for row in rows]
            if digests:
                await connection.execute(_DROP_TAGS, repository, digests)
                await connection.execute(_DROP_REFERENCES, repository, digests)
                await connection.execute(_DROP_MANIFESTS, repository, digests)
                return len(digests)
            links = count_of(await connection.execute(sql.FORGET_SOME_LINKS, repository, limit))
            if links:
                return links
            return count_of(await connection.execute(sql.FORGET_REPOSITORY, repository))

        return await self._database.write(work)

    async def unlinked(self, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """See the port. One round trip."""
        rows = await self._database.fetch_all(_UNLINKED, [digest.text for digest in digests])
        found = {row[0] for row in rows}
        return tuple(digest for digest in digests if digest.text in found)

    async def forget_unlinked(
        self, digest: Digest, throw_away: Callable[[], int | None]
    ) -> int | None:
        """See the port. The blob's row is locked, and a link to it waits for that.

        Where there is no row, one is made that nobody sees: a link waits for it too.
        """
        # A transaction that is lost is done again, when the bytes may have gone already.
        thrown: list[int] = []

        async def work(connection: Connection) -> int | None:
            held = await lock_or_hold(connection, digest.text)
            if await connection.fetchrow(sql.BLOB_IS_LINKED, digest.text) is not None:
                return None
            # Where the registry was moved, others use the same bytes now, and this is refused.
            await connection.execute(_TOUCH)
            size = thrown[0] if thrown else await _to_its_end(throw_away)
            if size is not None:
                thrown[:] = [size]
            if size is not None or held:
                await connection.execute(sql.FORGET_BLOB, digest.text)
            return size

        return await self._database.write(work)

    async def _drop_of(
        self, repository: RepositoryName, digests: list[str], before: int, now: int
    ) -> int:
        async def work(connection: Connection) -> int:
            await connection.execute(LOCK_REPOSITORY, repository)
            rows = await connection.fetch(_LOOSE, repository, digests, before)
            loose = [row[0] for row in rows]
            if loose:
                await connection.execute(_DROP_REFERENCES, repository, loose)
                await connection.execute(_DROP_MANIFESTS, repository, loose)
                await connection.execute(sql.TOUCH_REPOSITORY, repository, now)
            return len(loose)

        return await self._database.write(work)


async def lock_or_hold(connection: Connection, digest: str) -> bool:
    """Lock the blob's row, or make one; whether it was made."""
    if await connection.fetchrow(_LOCK_BLOB, digest) is not None:
        return False
    if not count_of(await connection.execute(_HOLD_PLACE, digest)):
        # Somebody made it just now.
        raise TryAgain
    return True


async def _to_its_end(throw_away: Callable[[], int | None]) -> int | None:
    """Run in a thread; when cancelled, only after that has ended, as the lock must last so long."""
    thrown = asyncio.ensure_future(asyncio.to_thread(throw_away))
    try:
        return await asyncio.shield(thrown)
    except asyncio.CancelledError:
        await asyncio.wait([thrown])
        raise


def _repository_of(place: ManifestPlace) -> RepositoryName:
    return place.repository


def _beyond(after: LinkPlace | ManifestPlace | None) -> tuple[str, str]:
    return ("", "") if after is None else (after[0], after[1].text)


def _place(row: Row) -> tuple[RepositoryName, Digest]:
    return repository_of(row[0]), digest_of(row[1])
