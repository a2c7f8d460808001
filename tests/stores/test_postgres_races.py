"""Two workers at one PostgreSQL, the one held in the middle of a transaction by each in turn.

The first is held after its first statement, its second and so on; the other then runs until it
has ended or waits for a lock; then the first goes on. Whatever the order, what is told to have
been stored must be there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, TypeVar, cast

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestReferencesUnknown, UploadId
from pratique.registry.content import LinkPlace, ManifestPlace
from pratique.registry.object_ports import BlobPlace, ObjectName
from pratique.storage.metadata.postgres import (
    Connection,
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresCatalogue,
    PostgresDatabase,
    PostgresLeftovers,
    PostgresManifests,
    PostgresUploadSessions,
)
from pratique.testing.content_builders import image, index, later, record

T = TypeVar("T")

CONFIG = Digest.of(b"{}")
V1 = Tag("v1")
OLD, NOW, YOUNG = later(0), later(10_000), later(5_000)
_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class _HeldConnection:
    """A connection that stops after its statement of a number until it is let go."""

    def __init__(self, inner: Any, after: int) -> None:
        self._inner = inner
        self._left = after
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        ask = getattr(self._inner, name)

        async def asked(*arguments: object) -> Any:
            found = await ask(*arguments)
            self._left -= 1
            if self._left == 0:
                self.reached.set()
                await self.go.wait()
            return found

        return asked


class _HeldDatabase(PostgresDatabase):
    """A database whose first transaction is held."""

    hold_after = 0
    held: asyncio.Future[_HeldConnection]

    async def write(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async def slowly(connection: Connection) -> T:
            if self.held.done():
                return await work(connection)
            held = _HeldConnection(connection, self.hold_after)
            self.held.set_result(held)
            return await work(cast("Connection", held))

        return await super().write(slowly)


@dataclass
class Worker:
    """One worker's view of the rows."""

    database: PostgresDatabase
    manifests: PostgresManifests = field(init=False)
    links: PostgresBlobLinks = field(init=False)
    leftovers: PostgresLeftovers = field(init=False)
    catalogue: PostgresCatalogue = field(init=False)

    def __post_init__(self) -> None:
        self.manifests = PostgresManifests(self.database)
        self.links = PostgresBlobLinks(self.database)
        self.leftovers = PostgresLeftovers(self.database)
        self.catalogue = PostgresCatalogue(self.database)


@dataclass
class Bytes:
    """The bytes of one blob, which are there until they are thrown away."""

    there: bool = True

    def throw_away(self) -> int | None:
        """As a store's bin does."""
        was, self.there = self.there, False
        return 7 if was else None


@pytest.fixture
def workers(postgres: PostgresServer) -> Iterator[tuple[_HeldDatabase, PostgresDatabase]]:
    """Two workers at one database, of which the first can be held."""
    url = fresh_database(postgres)
    held, other = _HeldDatabase.open(url), PostgresDatabase.open(url)
    try:
        yield held, other
    finally:
        held.close()
        other.close()


Meeting = Callable[[Worker, int], Coroutine[Any, Any, Any]]


def meet(
    workers: tuple[_HeldDatabase, PostgresDatabase],
    *,
    before: Meeting,
    held: Meeting,
    other: Meeting,
    after: Callable[[Worker, int, list[Any]], Coroutine[Any, Any, None]],
) -> None:
    """Let `other` come between the statements of `held`, at each place in turn.

    Args:
        workers: that meet.
        before: makes what both meet at; each is told the number of the place, for names.
        held: its first transaction is held.
        other: runs meanwhile.
        after: is told what `held` and `other` gave or raised.
    """

    async def once(place: int) -> bool:
        database, second = workers
        database.hold_after, database.held = place, asyncio.get_running_loop().create_future()
        await before(Worker(second), place)
        first = asyncio.create_task(held(Worker(database), place))
        connection = await database.held
        reached = asyncio.create_task(connection.reached.wait())
        await asyncio.wait([first, reached], return_when=asyncio.FIRST_COMPLETED)
        if first.done():
            reached.cancel()
            return False
        meanwhile = asyncio.create_task(other(Worker(second), place))
        await _ended_or_waiting(meanwhile, second)
        connection.go.set()
        outcomes = await asyncio.gather(first, meanwhile, return_exceptions=True)
        await after(Worker(second), place, list(outcomes))
        return True

    async def all_places() -> int:
        for place in count(1):
            if not await once(place):
                return place - 1
        raise AssertionError

    assert asyncio.run(all_places()) > 0


async def _ended_or_waiting(task: asyncio.Task[Any], database: PostgresDatabase) -> None:
    while not task.done():
        await asyncio.wait([task], timeout=0.01)
        row = await database.fetch_one(_WAITING)
        if row is not None and row[0]:
            return


def _app(place: int) -> RepositoryName:
    return RepositoryName(f"team/app{place}")


def _layer(place: int) -> bytes:
    return f"layer {place}".encode()


def _links_of(place: int) -> list[LinkPlace]:
    layer = Digest.of(_layer(place))
    return [LinkPlace(_app(place), digest) for digest in sorted((CONFIG, layer), key=str)]


async def _link(worker: Worker, place: int) -> None:
    for content in (b"{}", _layer(place)):
        await worker.links.link(_app(place), Digest.of(content), len(content), OLD)


async def _put(worker: Worker, place: int) -> None:
    await worker.manifests.put(_app(place), record(image([_layer(place)])), (V1,), NOW)


class TestLinksAndManifests:
    """A manifest that was stored has the links that it needs."""

    async def _collect(self, worker: Worker, place: int) -> None:
        await worker.leftovers.drop_links(_links_of(place), YOUNG)
        await worker.leftovers.forget_unlinked(Digest.of(_layer(place)), Bytes().throw_away)

    async def _whole_or_refused(self, worker: Worker, place: int, outcomes: list[Any]) -> None:
        stored = await worker.manifests.find(_app(place), V1)
        refused = any(isinstance(o, ManifestReferencesUnknown) for o in outcomes)
        assert (stored is None) == refused, outcomes
        assert [o for o in outcomes if isinstance(o, Exception)] == [
            o for o in outcomes if isinstance(o, ManifestReferencesUnknown)
        ]
        sizes = [await worker.links.size(*link) for link in _links_of(place)]
        assert refused or None not in sizes

    def test_a_collection_comes_into_a_push(
        self, workers: tuple[_HeldDatabase, PostgresDatabase]
    ) -> None:
        """Links are dropped, and bytes forgotten, at any moment of a put."""
        meet(
            workers,
            before=_link,
            held=_put,
            other=self._collect,
            after=self._whole_or_refused,
        )

    def test_a_push_comes_into_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase]
    ) -> None:
        """A manifest is put at any moment of the dropping of links."""
        meet(
            workers,
            before=_link,
            held=self._collect,
            other=_put,
            after=self._whole_or_refused,
        )

    def test_a_renewal_comes_into_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase]
    ) -> None:
        """Who is told that the blob is there keeps it."""

        async def renew(worker: Worker, place: int) -> bool:
            layer = Digest.of(_layer(place))
            return await worker.links.renew(_app(place), layer, NOW, YOUNG)

        async def there_if_told(worker: Worker, place: int, outcomes: list[Any]) -> None:
            size = await worker.links.size(_app(place), Digest.of(_layer(place)))
            assert (size is not None) == outcomes[1]

        meet(workers, before=_link, held=self._collect, other=renew, after=there_if_told)


class TestLinksAndBytes:
    """Nobody links a blob between the look at its links and the end of its bytes."""

    @pytest.fixture(autouse=True)
    def _bytes(self) -> None:
        self.stored: dict[int, Bytes] = {}

    async def _placed(self, _worker: Worker, place: int) -> None:
        self.stored[place] = Bytes()

    async def _once_linked(self, worker: Worker, place: int) -> None:
        self.stored[place] = Bytes()
        await _link(worker, place)
        await worker.links.unlink(_app(place), Digest.of(_layer(place)))

    async def _forget(self, worker: Worker, place: int) -> int | None:
        throw_away = self.stored[place].throw_away
        return await worker.leftovers.forget_unlinked(Digest.of(_layer(place)), throw_away)

    async def _link(self, worker: Worker, place: int) -> bool:
        """Link, and say whether the bytes were there at that moment."""
        await _link(worker, place)
        return self.stored[place].there

    async def _never_taken_after(self, worker: Worker, place: int, outcomes: list[Any]) -> None:
        assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
        [there] = [o for o in outcomes if isinstance(o, bool)]
        # An upload puts the bytes anew before it links; those that a link found are kept.
        assert self.stored[place].there == there
        size = await worker.links.size(_app(place), Digest.of(_layer(place)))
        assert size == len(_layer(place))

    @pytest.mark.parametrize("blob", ["known", "never linked"])
    def test_a_link_comes_into_the_forgetting(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], blob: str
    ) -> None:
        """A link that is made meanwhile is told of after the bytes have gone, not before."""
        meet(
            workers,
            before=self._once_linked if blob == "known" else self._placed,
            held=self._forget,
            other=self._link,
            after=self._never_taken_after,
        )

    @pytest.mark.parametrize("blob", ["known", "never linked"])
    def test_the_forgetting_comes_into_a_link(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], blob: str
    ) -> None:
        """The bytes of a link that is not committed yet are kept."""

        async def link(worker: Worker, place: int) -> bool:
            layer = Digest.of(_layer(place))
            await worker.links.link(_app(place), layer, len(_layer(place)), OLD)
            return self.stored[place].there

        meet(
            workers,
            before=self._once_linked if blob == "known" else self._placed,
            held=link,
            other=self._forget,
            after=self._never_taken_after,
        )

    @pytest.mark.parametrize("first", ["mount", "collection"])
    def test_a_mount_meets_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], first: str
    ) -> None:
        """A mount that succeeded has its bytes, wherever the source's link goes."""

        async def linked(worker: Worker, place: int) -> None:
            self.stored[place] = Bytes()
            await _link(worker, place)

        async def mount(worker: Worker, place: int) -> bool:
            target, layer = RepositoryName(f"other/app{place}"), Digest.of(_layer(place))
            return await worker.links.mount(target, _app(place), layer, NOW)

        async def collect(worker: Worker, place: int) -> None:
            await worker.leftovers.drop_links(_links_of(place), YOUNG)
            await self._forget(worker, place)

        async def mounted_whole(worker: Worker, place: int, outcomes: list[Any]) -> None:
            assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
            [mounted] = [o for o in outcomes if isinstance(o, bool)]
            assert self.stored[place].there == mounted
            target = RepositoryName(f"other/app{place}")
            size = await worker.links.size(target, Digest.of(_layer(place)))
            assert (size is not None) == mounted

        held, other = (mount, collect) if first == "mount" else (collect, mount)
        meet(workers, before=linked, held=held, other=other, after=mounted_whole)


class TestManifestsOfARepository:
    """Changes of one repository happen one after the other."""

    async def _child(self, worker: Worker, place: int) -> None:
        await _link(worker, place)
        child = record(image([_layer(place)]))
        await worker.manifests.put(_app(place), child, (), OLD)

    async def _put_index(self, worker: Worker, place: int) -> None:
        whole = record(index([image([_layer(place)])]))
        await worker.manifests.put(_app(place), whole, (V1,), NOW)

    async def _drop(self, worker: Worker, place: int) -> int:
        child = Digest.of(image([_layer(place)]))
        places = [ManifestPlace(_app(place), child)]
        return await worker.leftovers.drop_manifests(places, YOUNG, NOW)

    @pytest.mark.parametrize("first", ["push", "other"])
    def test_an_index_meets_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], first: str
    ) -> None:
        """A child goes, or an index that needs it is stored; never both."""

        async def one_of_both(worker: Worker, place: int, outcomes: list[Any]) -> None:
            dropped = [o for o in outcomes if isinstance(o, int)]
            stored = await worker.manifests.find(_app(place), V1)
            child = await worker.manifests.find(_app(place), Digest.of(image([_layer(place)])))
            assert dropped == [0 if stored else 1], outcomes
            assert (stored is None) == (child is None)

        push: Meeting = self._put_index
        held, other = (push, self._drop) if first == "push" else (self._drop, push)
        meet(workers, before=self._child, held=held, other=other, after=one_of_both)

    @pytest.mark.parametrize("first", ["push", "other"])
    def test_a_push_meets_the_end_of_its_repository(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], first: str
    ) -> None:
        """The push comes whole before the deletion or whole after it, or is refused."""

        async def delete(worker: Worker, place: int) -> bool:
            return await worker.catalogue.delete_repository(_app(place)) is not None

        async def whole(worker: Worker, place: int, outcomes: list[Any]) -> None:
            strange = [
                o
                for o in outcomes
                if isinstance(o, Exception) and not isinstance(o, ManifestReferencesUnknown)
            ]
            assert not strange
            if await worker.manifests.find(_app(place), V1) is not None:
                assert None not in [await worker.links.size(*link) for link in _links_of(place)]
            facts = await worker.catalogue.repository(_app(place))
            assert facts is None or facts.manifest_count > 0

        held, other = (_put, delete) if first == "push" else (delete, _put)
        meet(workers, before=self._child, held=held, other=other, after=whole)


class TestObjects:
    """Who pushes a blob has an object of it, whatever collection drops at the same time."""

    async def _placed(self, worker: Worker, place: int) -> None:
        await _take(worker, place, "old")
        await self._become(worker, place, "old", OLD)
        await _take(worker, place, "new")

    async def _become(
        self, worker: Worker, place: int, part: str, at: datetime
    ) -> BlobPlace | None:
        sessions = PostgresUploadSessions(worker.database)
        upload, layer = _upload(place, part), _layer(place)
        new = BlobPlace(Digest.of(layer), ObjectName(upload, part), len(layer), at)
        return await sessions.become(upload, "me", new, None)

    async def _push(self, worker: Worker, place: int) -> BlobPlace | None:
        kept = await self._become(worker, place, "new", NOW)
        layer = _layer(place)
        await worker.links.link(_app(place), Digest.of(layer), len(layer), NOW)
        return kept

    async def _link(self, worker: Worker, place: int) -> None:
        layer = _layer(place)
        await worker.links.link(_app(place), Digest.of(layer), len(layer), NOW)

    async def _drop(self, worker: Worker, place: int) -> BlobPlace | None:
        places = PostgresBlobPlaces(worker.database)
        return await places.drop_unlinked(Digest.of(_layer(place)), YOUNG)

    @pytest.mark.parametrize("first", ["push", "collection"])
    def test_a_push_meets_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], first: str
    ) -> None:
        """The push keeps the old object, or has placed its own after that was dropped."""

        async def has_an_object(worker: Worker, place: int, outcomes: list[Any]) -> None:
            pushed, dropped = outcomes if first == "push" else reversed(outcomes)
            assert await PostgresBlobPlaces(worker.database).find(pushed.digest) == pushed
            assert pushed.name.part == ("new" if dropped else "old")
            assert await worker.links.size(_app(place), pushed.digest) is not None

        held, other = (self._push, self._drop) if first == "push" else (self._drop, self._push)
        meet(workers, before=self._placed, held=held, other=other, after=has_an_object)

    @pytest.mark.parametrize("first", ["link", "collection"])
    def test_a_link_meets_a_collection(
        self, workers: tuple[_HeldDatabase, PostgresDatabase], first: str
    ) -> None:
        """No link is told of before a place that it relies on is dropped."""
        told: list[str] = []

        async def link(worker: Worker, place: int) -> None:
            await self._link(worker, place)
            told.append("linked")

        async def drop(worker: Worker, place: int) -> None:
            if await self._drop(worker, place) is not None:
                told.append("dropped")

        async def in_order(worker: Worker, place: int, outcomes: list[Any]) -> None:
            assert outcomes == [None, None]
            assert told in (["linked"], ["dropped", "linked"])
            assert await worker.links.size(_app(place), Digest.of(_layer(place))) is not None
            told.clear()

        held, other = (link, drop) if first == "link" else (drop, link)
        meet(workers, before=self._placed, held=held, other=other, after=in_order)


def _upload(place: int, part: str) -> UploadId:
    return UploadId(f"{place:08x}-{part.encode().hex():0>8}")


async def _take(worker: Worker, place: int, part: str) -> None:
    sessions, upload = PostgresUploadSessions(worker.database), _upload(place, part)
    await sessions.create(_app(place), upload, OLD)
    await sessions.take(_app(place), upload, "me", OLD, later(20_000))


def test_cancelled_while_bytes_go(workers: tuple[_HeldDatabase, PostgresDatabase]) -> None:
    """When the forgetting is cancelled, its lock lasts until the bytes have gone."""

    async def forget() -> None:
        database, second = workers[1], Worker(workers[1])
        started, go = asyncio.Event(), asyncio.Event()
        loop, gone = asyncio.get_running_loop(), Bytes()

        def slowly() -> int | None:
            loop.call_soon_threadsafe(started.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
            return gone.throw_away()

        forgetting = asyncio.create_task(
            second.leftovers.forget_unlinked(Digest.of(_layer(1)), slowly)
        )
        await started.wait()
        forgetting.cancel()
        linking = asyncio.create_task(_link(second, 1))
        await _ended_or_waiting(linking, database)
        assert not linking.done()
        go.set()
        await linking
        assert not gone.there
        with suppress(asyncio.CancelledError):
            await forgetting

    asyncio.run(forget())
