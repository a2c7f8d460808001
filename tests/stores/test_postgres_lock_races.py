"""A lock at one PostgreSQL that meets each write that it forbids, at every moment of both.

Whatever is seen once a lock was acknowledged stays as it is.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from tests.stores.test_postgres_races import Meeting, Worker, meet, workers

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import LockChange, Locked, Locks
from pratique.storage.metadata.postgres import PostgresDatabase, PostgresItems
from pratique.testing.content_builders import image, index, later, record

__all__ = ["workers"]

V1: Final = Tag("v1")
IMAGE: Final = image([b"layer"])
FOREIGN: Final = Digest.of(b"foreign")
OTHER: Final = RepositoryName("team/other")
Workers = tuple[Any, PostgresDatabase]


def app(place: int) -> RepositoryName:
    """A repository for each meeting."""
    return RepositoryName(f"team/app{place}")


async def before(worker: Worker, place: int) -> None:
    """An image under a tag."""
    for content in (b"{}", b"layer"):
        await worker.links.link(app(place), Digest.of(content), len(content), later(0))
    await worker.links.link(OTHER, FOREIGN, 7, later(0))
    await worker.manifests.put(app(place), record(IMAGE), (V1,), later(1))


ATTEMPTS: dict[str, Meeting] = {
    "link": lambda w, p: w.links.link(app(p), Digest.of(b"new"), 3, later(2)),
    "mount": lambda w, p: w.links.mount(app(p), OTHER, FOREIGN, later(2)),
    "unlink": lambda w, p: w.links.unlink(app(p), Digest.of(b"layer")),
    "overwrite": lambda w, p: w.manifests.put(app(p), record(index()), (V1,), later(2)),
    "untag": lambda w, p: w.manifests.untag(app(p), V1, later(2)),
    "delete": lambda w, p: w.manifests.delete(app(p), Digest.of(IMAGE), later(2)),
    "delete repository": lambda w, p: w.catalogue.delete_repository(app(p)),
}
# Of what is locked, the write of these is none.
_OF_THE_REPOSITORY = frozenset({"link", "mount"})


async def seen(worker: Worker, place: int) -> object:
    """What a lock keeps."""
    return (
        await worker.manifests.find(app(place), V1),
        await worker.catalogue.repository(app(place)) is None,
        [
            await worker.links.size(app(place), digest)
            for digest in (Digest.of(b"new"), Digest.of(b"layer"), FOREIGN)
        ],
    )


@pytest.mark.parametrize("held", ["the lock", "the write"])
@pytest.mark.parametrize(
    ("name", "of"),
    [
        (name, of)
        for name in ATTEMPTS
        for of in ("repository", "tag", "manifest")
        if of == "repository" or name not in _OF_THE_REPOSITORY
    ],
)
def test_a_lock_meets_a_write(workers: Workers, name: str, of: str, held: str) -> None:
    """Either the write came first, and is seen, or it is refused."""
    item = {"repository": None, "tag": V1, "manifest": Digest.of(IMAGE)}[of]

    async def lock(worker: Worker, place: int) -> tuple[bool, object]:
        change = LockChange(lock=Locks.WRITE)
        changed = await PostgresItems(worker.database).change_locks(app(place), item, change)
        return changed, await seen(worker, place)

    async def after(worker: Worker, place: int, outcomes: list[Any]) -> None:
        locked, wrote = outcomes if held == "the lock" else reversed(outcomes)
        changed, at_lock = locked
        if changed:
            assert await seen(worker, place) == at_lock
        assert isinstance(wrote, Locked) or not isinstance(wrote, Exception), wrote
        refused = isinstance(wrote, Locked)
        assert changed or not refused

    pair: tuple[Meeting, Meeting] = (lock, ATTEMPTS[name])
    first, second = pair if held == "the lock" else reversed(pair)
    meet(workers, before=before, held=first, other=second, after=after)
