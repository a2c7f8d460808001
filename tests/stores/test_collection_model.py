"""Collection beside pushes, step by atomic step, in every order that there is.

The model holds one blob and one repository. Each tuple of the state is what is stored; each actor
moves one atomic step of the real code at a time (a transaction of the database, or what happens
under the lock of the blobs' folder). Every interleaving is walked. Time passes at any moment, save
while a push is between two steps for which the period of grace is longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest


@dataclass(frozen=True)
class World:
    """What is stored, what each actor has done, and what was promised.

    Attributes:
        file: of the blob: None, `young` or `old`.
        link: likewise.
        needed: whether a manifest of the repository needs the blob.
        first: step of a push that uploads the blob.
        second: step of a push that asked whether the blob is there, and relies on the answer.
        collector: step of a collection.
        aged: how often time has passed.
    """

    file: str | None = None
    link: str | None = None
    needed: bool = False
    first: str = "upload"
    second: str = "ask"
    collector: str = "look for links"
    aged: int = 0


@dataclass(frozen=True)
class Protocol:
    """The protocol, and ways to get it wrong.

    Attributes:
        touches: an upload of bytes that are there makes them young.
        renews: asking about a blob makes its link young.
        decides_again: a link goes only if it still may, in the transaction that deletes it.
        excludes_links: bytes go in a transaction that lets nobody link.
        respects_age: bytes go only when they are old.
    """

    touches: bool = True
    renews: bool = True
    decides_again: bool = True
    excludes_links: bool = True
    respects_age: bool = True


RIGHT: Final = Protocol()
_TIMES: Final = 2


def _upload(world: World, protocol: Protocol) -> Iterator[World]:
    match world.first:
        case "upload":
            found = world.file if not protocol.touches else None
            yield replace(world, file=found or "young", first="link")
        case "link":
            yield replace(world, link="young", first="put manifest")
        case "put manifest" if world.link is not None:
            yield replace(world, needed=True, first="done")


def _rely(world: World, protocol: Protocol) -> Iterator[World]:
    match world.second:
        case "ask" if world.link is not None:
            link = "young" if protocol.renews else world.link
            yield replace(world, link=link, second="put manifest")
        case "put manifest" if world.link is not None:
            yield replace(world, needed=True, second="done")
        case "put manifest":
            # It was told that the blob is there.
            yield replace(world, second="betrayed")


def _collect(world: World, protocol: Protocol) -> Iterator[World]:
    match world.collector:
        case "look for links":
            goes = world.link == "old" and not world.needed
            yield replace(world, collector="drop the link" if goes else "look at the bytes")
        case "drop the link":
            still = (world.link == "old" and not world.needed) or not protocol.decides_again
            link = None if still else world.link
            yield replace(world, link=link, collector="look at the bytes")
        case "look at the bytes":
            unlinked = world.link is None and world.file is not None
            yield replace(world, collector="delete the bytes" if unlinked else "look for links")
        case "delete the bytes":
            unlinked = world.link is None or not protocol.excludes_links
            old = world.file == "old" or not protocol.respects_age
            file = None if unlinked and old else world.file
            yield replace(world, file=file, collector="look for links")


def _age(world: World) -> Iterator[World]:
    # The period of grace is longer than the steps of one push take.
    at_work = world.first in {"link", "put manifest"} or world.second == "put manifest"
    if world.aged < _TIMES and not at_work:
        yield replace(
            world,
            file=world.file and "old",
            link=world.link and "old",
            aged=world.aged + 1,
        )


def _delete(world: World) -> Iterator[World]:
    # Somebody deletes the manifest, once the pushes are over.
    if world.needed and world.first == world.second == "done":
        yield replace(world, needed=False)


def _restart(world: World) -> Iterator[World]:
    if world.first == "done" and not world.needed:
        yield replace(world, first="upload")


def _lost(world: World) -> str | None:
    if world.second == "betrayed":
        return "a client was told that the blob is there, and it has gone"
    if world.link is not None and world.file is None:
        return "the repository links a blob without bytes"
    return None


def _walk(protocol: Protocol) -> tuple[int, str | None]:
    """How many states there are, and the first thing that was lost in any of them."""
    steps: tuple[Callable[[World], Iterator[World]], ...] = (
        lambda world: _upload(world, protocol),
        lambda world: _rely(world, protocol),
        lambda world: _collect(world, protocol),
        _age,
        _delete,
        _restart,
    )
    # It begins with nothing, and with what an earlier push has left.
    waiting = [World(), World(file="old"), World(file="old", link="old")]
    seen = set(waiting)
    while waiting:
        world = waiting.pop()
        lost = _lost(world)
        if lost is not None:
            return len(seen), lost
        for step in steps:
            for following in step(world):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
    return len(seen), None


def test_nothing_is_lost_in_any_order() -> None:
    """No order of steps loses a blob that somebody relies on."""
    states, lost = _walk(RIGHT)
    assert lost is None
    assert states > 200


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, touches=False),
        replace(RIGHT, renews=False),
        replace(RIGHT, decides_again=False),
        replace(RIGHT, excludes_links=False, respects_age=False),
        replace(RIGHT, respects_age=False),
    ],
    ids=lambda wrong: ", ".join(name for name, value in vars(wrong).items() if not value),
)
def test_each_part_of_the_protocol_is_needed(wrong: Protocol) -> None:
    """Without it, some order of steps loses a blob; so the walk would find that."""
    assert _walk(wrong)[1] is not None
