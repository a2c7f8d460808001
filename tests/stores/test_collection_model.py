"""Collection beside pushes, step by atomic step, in every order that there is.

The model holds one blob and two repositories: `a` is pushed to, `b` mounts from it. Each tuple of
the state is what is stored; each actor moves one atomic step of the real code at a time (a
transaction of the database, or what happens under the lock of the blobs' folder). Every
interleaving is walked, with one collector and with two. Time passes at any moment, save while a
push is between two steps for which the period of grace is longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import pytest

Age = Literal["young", "old"] | None


@dataclass(frozen=True)
class Link:
    """Of one repository to the blob.

    Attributes:
        age: None where there is no link.
        needed: whether a manifest of the repository needs the blob.
    """

    age: Age = None
    needed: bool = False

    @property
    def may_go(self) -> bool:
        """Whether a collection may drop it."""
        return self.age == "old" and not self.needed


@dataclass(frozen=True)
class World:
    """What is stored, what each actor has done, and what was promised.

    Attributes:
        file: of the blob.
        a: the link of the repository that is pushed to.
        b: of the one that mounts.
        upload: step of a push that uploads the blob to `a`.
        rely: step of a push to `a` that asks whether the blob is there, and relies on the answer.
        mount: step of a push to `b` that mounts the blob from `a`.
        collectors: step of each collection.
        aged: how often time has passed.
    """

    file: Age = None
    a: Link = Link()
    b: Link = Link()
    upload: str = "upload"
    rely: str = "ask"
    mount: str = "mount"
    collectors: tuple[str, ...] = ("look",)
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
        respects_grace: a link goes only when it is old.
        mounts_at_once: a mount looks at its source in the transaction that links.
    """

    touches: bool = True
    renews: bool = True
    decides_again: bool = True
    excludes_links: bool = True
    respects_age: bool = True
    respects_grace: bool = True
    mounts_at_once: bool = True


RIGHT: Final = Protocol()
_TIMES: Final = 2
_BETRAYED: Final = "betrayed"


def _upload(world: World, protocol: Protocol) -> Iterator[World]:
    match world.upload:
        case "upload":
            found = world.file if not protocol.touches else None
            yield replace(world, file=found or "young", upload="link")
        case "link":
            yield replace(world, a=replace(world.a, age="young"), upload="put manifest")
        case "put manifest":
            a, upload = _put_manifest(world.a)
            yield replace(world, a=a, upload=upload)


def _rely(world: World, protocol: Protocol) -> Iterator[World]:
    match world.rely:
        case "ask" if world.a.age is not None:
            age = "young" if protocol.renews else world.a.age
            yield replace(world, a=replace(world.a, age=age), rely="put manifest")
        case "put manifest":
            a, rely = _put_manifest(world.a)
            yield replace(world, a=a, rely=rely)


def _mount(world: World, protocol: Protocol) -> Iterator[World]:
    match world.mount:
        case "mount" if world.a.age is not None:
            if protocol.mounts_at_once:
                yield replace(world, b=replace(world.b, age="young"), mount="put manifest")
            else:
                yield replace(world, mount="link")
        case "link":
            yield replace(world, b=replace(world.b, age="young"), mount="put manifest")
        case "put manifest":
            b, mount = _put_manifest(world.b)
            yield replace(world, b=b, mount=mount)


def _put_manifest(link: Link) -> tuple[Link, str]:
    """Whoever comes so far was told that the blob is there."""
    return (replace(link, needed=True), "done") if link.age is not None else (link, _BETRAYED)


def _collect(world: World, protocol: Protocol, number: int) -> Iterator[World]:
    def then(step: str, **changes: object) -> World:
        steps = world.collectors
        steps = (*steps[:number], step, *steps[number + 1 :])
        return replace(world, collectors=steps, **changes)  # type: ignore[arg-type]

    def may_go(link: Link) -> bool:
        return link.may_go or (
            not protocol.respects_grace and link.age is not None and not link.needed
        )

    match world.collectors[number]:
        case "look":
            for step, link in (("drop a", world.a), ("drop b", world.b)):
                if may_go(link):
                    yield then(step)
            if world.a.age is None and world.b.age is None and world.file is not None:
                yield then("delete the bytes")
        case "drop a":
            goes = may_go(world.a) or not protocol.decides_again
            yield then("look", a=replace(world.a, age=None) if goes else world.a)
        case "drop b":
            goes = may_go(world.b) or not protocol.decides_again
            yield then("look", b=replace(world.b, age=None) if goes else world.b)
        case "delete the bytes":
            unlinked = world.a.age is None and world.b.age is None
            old = world.file == "old" or not protocol.respects_age
            goes = old and (unlinked or not protocol.excludes_links)
            yield then("look", file=None if goes else world.file)


def _age(world: World) -> Iterator[World]:
    # The period of grace is longer than the steps of one push take.
    at_work = world.upload in {"link", "put manifest"} or "put manifest" in {
        world.rely,
        world.mount,
    }
    if world.aged < _TIMES and not at_work and world.mount != "link":
        yield replace(
            world,
            file=world.file and "old",
            a=replace(world.a, age=world.a.age and "old"),
            b=replace(world.b, age=world.b.age and "old"),
            aged=world.aged + 1,
        )


def _delete(world: World) -> Iterator[World]:
    # Somebody deletes the manifests, once the pushes that may have put them are over.
    if world.a.needed and world.upload == world.rely == "done":
        yield replace(world, a=replace(world.a, needed=False))
    if world.b.needed and world.mount == "done":
        yield replace(world, b=replace(world.b, needed=False))


def _restart(world: World) -> Iterator[World]:
    if world.upload == "done" and not world.a.needed:
        yield replace(world, upload="upload")


def _lost(world: World) -> str | None:
    if _BETRAYED in {world.upload, world.rely, world.mount}:
        return "a client was told that the blob is there, and it has gone"
    if world.file is None and (world.a.age is not None or world.b.age is not None):
        return "a repository links a blob without bytes"
    return None


def _walk(protocol: Protocol, collectors: int = 2) -> tuple[int, str | None]:
    """How many states there are, and the first thing that was lost in any of them."""
    steps: tuple[Callable[[World], Iterator[World]], ...] = (
        lambda world: _upload(world, protocol),
        lambda world: _rely(world, protocol),
        lambda world: _mount(world, protocol),
        *(
            lambda world, number=number: _collect(world, protocol, number)
            for number in range(collectors)
        ),
        _age,
        _delete,
        _restart,
    )
    # It begins with nothing, and with what an earlier push has left.
    looking = ("look",) * collectors
    waiting = [
        World(collectors=looking),
        World(collectors=looking, file="old"),
        World(collectors=looking, file="old", a=Link("old")),
        World(collectors=looking, file="old", b=Link("old")),
    ]
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


@pytest.mark.parametrize(("collectors", "least"), [(1, 1_500), (2, 5_000)])
def test_nothing_is_lost_in_any_order(collectors: int, least: int) -> None:
    """No order of steps loses a blob that somebody relies on."""
    states, lost = _walk(RIGHT, collectors)
    assert lost is None
    assert states > least


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, touches=False),
        replace(RIGHT, renews=False),
        replace(RIGHT, decides_again=False),
        replace(RIGHT, excludes_links=False, respects_age=False),
        replace(RIGHT, respects_age=False),
        replace(RIGHT, respects_grace=False),
        replace(RIGHT, mounts_at_once=False),
    ],
    ids=lambda wrong: ", ".join(name for name, value in vars(wrong).items() if not value),
)
def test_each_part_of_the_protocol_is_needed(wrong: Protocol) -> None:
    """Without it, some order of steps loses a blob; so the walk would find that."""
    assert _walk(wrong)[1] is not None
