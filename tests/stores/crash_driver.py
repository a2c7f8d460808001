"""Push an image in a child process that is killed before its n-th step, for every n; then look.

Run as a programme: `crash_driver.py FOLDER`. Prints one JSON object per crash. Steps are the calls
that change the disk. A kill leaves what the kernel was given, so this shows the order of the
steps; it cannot show that the disk itself was reached.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from pratique.naming import Digest, Tag
from pratique.registry import BlobUnknown, ManifestUnknown, Registry, UploadUnknown
from pratique.storage.metadata.sqlite import Database
from pratique.testing.content_builders import index
from pratique.testing.content_stores import filesystem_stores
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import body_of
from pratique.testing.verdicts import allowed_on

APP = allowed_on("team/app")
V1 = Tag("v1")
LAYER = bytes(range(256)) * 20
CHUNKS = [LAYER[:2000], LAYER[2000:4000], LAYER[4000:]]
STEPS = ("open", "pwrite", "ftruncate", "fsync", "rename", "unlink", "mkdir", "makedirs")


def die_before_step(number: int) -> None:
    """Make this process kill itself just before the step of that number."""
    steps = count(1)

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return step

    for name in STEPS:
        setattr(os, name, guarded(getattr(os, name)))
    real_write = Database.write

    async def write(self: Database, work: Callable[[Any], Any]) -> Any:
        # A write has three states that can be told apart: not begun, not committed, committed.
        pause = guarded(lambda: None)
        pause()

        def watched(connection: Any) -> Any:
            outcome = work(connection)
            pause()
            return outcome

        outcome = await real_write(self, watched)
        pause()
        return outcome

    Database.write = write  # type: ignore[method-assign]


async def push(registry: Registry, acknowledge: Callable[..., None]) -> None:
    """Push a layer in chunks, a config in one go, an image and an index, noting what is done."""
    upload = await registry.uploads.open(APP)
    acknowledge("upload", upload.upload_id, 0)
    for chunk in CHUNKS[:2]:
        offset = upload.offset
        upload = await registry.uploads.append(
            APP, upload.upload_id, body_of([chunk]), offset, len(chunk)
        )
        acknowledge("upload", upload.upload_id, upload.offset)
    digest = Digest.of(LAYER)
    await registry.uploads.finish(
        APP, upload.upload_id, digest, body_of([CHUNKS[2]]), upload.offset, len(CHUNKS[2])
    )
    acknowledge("blob", digest.text)
    upload = await registry.uploads.open(APP)
    digest = Digest.of(b"{}", "sha512")
    await registry.uploads.finish(APP, upload.upload_id, digest, body_of([b"{}"]), None, 2)
    acknowledge("blob", digest.text)
    for content in (index(), index(annotations={"n": "2"})):
        put = await registry.manifests.put(APP, V1, None, content)
        acknowledge("manifest", put.digest.text)
    await registry.manifests.delete(APP, put.digest)
    acknowledge("deleted", put.digest.text)


async def look(registry: Registry, acknowledged: list[list[Any]]) -> None:
    """Find everything acknowledged, and nothing half-done."""
    for what, *facts in acknowledged:
        if what == "blob":
            content_of(await registry.blobs.locate(APP, Digest.parse(facts[0])))
    manifests = [Digest.parse(facts[0]) for what, *facts in acknowledged if what == "manifest"]
    gone = [Digest.parse(facts[0]) for what, *facts in acknowledged if what == "deleted"]
    for digest in manifests[:1]:
        await registry.manifests.locate(APP, digest)
    for digest in gone:
        await must_raise(ManifestUnknown, registry.manifests.locate(APP, digest))
    for digest in (Digest.of(LAYER), Digest.of(b"{}", "sha512")):
        try:
            found = await registry.blobs.locate(APP, digest)
        except BlobUnknown:
            continue
        assert Digest.of(content_of(found), digest.algorithm) == digest
    await look_at_tag(registry, len(manifests), deleted=bool(gone))
    await look_at_upload(registry, acknowledged)


async def look_at_tag(registry: Registry, manifests: int, *, deleted: bool) -> None:
    """A tag points to what was pushed last, or to what was about to be."""
    contents: list[bytes | None] = [index(), index(annotations={"n": "2"})]
    expected: list[bytes | None] = [None, *contents, None][manifests : manifests + 2]
    try:
        found = (await registry.manifests.locate(APP, V1)).content
    except ManifestUnknown:
        found = None
    assert found in ([None] if deleted else expected), "the tag is neither here nor there"


async def look_at_upload(registry: Registry, acknowledged: list[list[Any]]) -> None:
    """An upload has what was acknowledged, or one whole chunk more, and can be gone on with."""
    uploads = [facts for what, *facts in acknowledged if what == "upload"]
    if not uploads or any(what == "blob" for what, *_ in acknowledged):
        return
    upload_id, offset = uploads[-1]
    try:
        status = await registry.uploads.status(APP, upload_id)
        assert status.offset in (offset, {0: 2000, 2000: 4000, 4000: 4000}[offset])
        rest = LAYER[status.offset :]
        blob = await registry.uploads.finish(
            APP, upload_id, Digest.of(LAYER), body_of([rest]), status.offset, len(rest)
        )
    except UploadUnknown:
        # Killed between moving the file into place and acknowledging it.
        assert offset == 4000
        return
    assert content_of(blob) == LAYER


async def must_raise(expected: type[Exception], question: Any) -> None:
    """Fail unless the question is refused like that."""
    try:
        await question
    except expected:
        return
    raise AssertionError(f"no {expected.__name__}")


def child(data: Path, number: int) -> None:
    """Push, and die before the step of that number."""
    notes = os.open(data.parent / "notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    die_before_step(number)
    with filesystem_stores(data) as stores:
        write = os.write
        asyncio.run(
            push(
                stores.registry(),
                lambda *note: void(write(notes, json.dumps(note).encode() + b"\n")),
            )
        )


def void(_: int) -> None:
    """Drop a result."""


def check(data: Path) -> None:
    """Look at what is left, push again, and see that it can all be cleaned up."""
    notes = data.parent / "notes"
    acknowledged = [json.loads(line) for line in notes.read_text().splitlines()]
    with filesystem_stores(data, "b") as stores:
        asyncio.run(look(stores.registry(), acknowledged))
        asyncio.run(push(stores.registry(), lambda *_: None))
        asyncio.run(stores.area.sweep(stores.area_time().replace(year=9999)))
        assert list((data / "uploads").iterdir()) == []


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked process and give its exit status, negative for a signal."""
    process = os.fork()
    if process == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the child must end here
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main(folder: Path) -> None:
    """Crash at every step until a push gets through."""
    for number in count(1):
        data = folder / str(number) / "data"
        data.parent.mkdir()
        ended = in_child(lambda data=data, number=number: child(data, number))  # type: ignore[misc]
        checked = in_child(lambda data=data: check(data))  # type: ignore[misc]
        sys.stdout.write(json.dumps({"step": number, "ended": ended, "checked": checked}) + "\n")
        sys.stdout.flush()
        if ended != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
