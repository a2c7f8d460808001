"""A data folder with images in it, ways to damage it, and ways to look at it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique.assembly import prepare, upkeep_of
from pratique.naming import Digest, RegistryName, Tag
from pratique.registry import BlobUnknown, ContentError, Registry
from pratique.registry.checking import Finding
from pratique.settings import Places
from pratique.testing.content_builders import image, push_blob
from pratique.testing.content_stores import filesystem_stores
from pratique.testing.verdicts import allowed_on

CONFIG = b"{}"
# What no push touches any more.
LONG_AGO = timedelta(days=3)


@dataclass(frozen=True)
class Image:
    """An image that was pushed."""

    repository: str
    tag: str
    layers: tuple[bytes, ...]

    @property
    def manifest(self) -> bytes:
        """Its manifest."""
        return image(self.layers, CONFIG)

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """All bytes that it needs."""
        return (CONFIG, *self.layers)


SHARED = b"a layer that both repositories have"
IMAGES = (
    Image("team/app", "v1", (SHARED, b"the first layer of v1")),
    Image("team/app", "v2", (b"the only layer of v2",)),
    Image("team/other", "v1", (SHARED,)),
)


@dataclass
class Stage:
    """A folder on which to act.

    Attributes:
        data: the folder.
        images: that were pushed and should be there.
    """

    data: Path
    images: list[Image] = field(default_factory=list)

    @classmethod
    def filled(cls, data: Path, images: Iterable[Image] = IMAGES) -> Stage:
        """A new registry with these images, pushed long ago."""
        prepare(Places(data), name=RegistryName("demoregistry"), login_server=None)
        stage = cls(data)
        for one in images:
            stage.push(one)
        stage.grow_old()
        return stage

    def push(self, one: Image) -> None:
        """Push an image as clients do: blobs that are not there, then the manifest.

        Raises:
            ContentError: the registry refused.
        """
        with filesystem_stores(self.data, f"{len(self.images):x}") as stores:
            asyncio.run(push_image(stores.registry(), one))
        self.images.append(one)

    def grow_old(self) -> None:
        """Let all files be of long ago."""
        then = (_now() - LONG_AGO).timestamp()
        for path in (self.data / "blobs").rglob("*"):
            if path.is_file():
                os.utime(path, (then, then))

    def file_of(self, content: bytes) -> Path:
        """Where a blob's bytes are, or would be."""
        digest = Digest.of(content)
        return self.data / "blobs" / "sha256" / digest.hex[:2] / digest.hex

    def damage(self, path: Path, change: Callable[[bytes], bytes]) -> None:
        """Change a file's bytes behind the registry's back; its time stays, as with a bad disk."""
        before = path.stat()
        path.write_bytes(change(path.read_bytes()))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def alter(self, statement: str, *values: object) -> int:
        """Change rows behind the registry's back, without its rules; how many."""
        with closing(sqlite3.connect(self.data / "pratique.db")) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            changed = connection.execute(statement, values).rowcount
            connection.commit()
        return changed

    def check(self, *, fast: bool = False, repair: bool = False, given_up: bool = False) -> Found:
        """Everything that a check finds."""
        upkeep = upkeep_of(Places(self.data))
        return Found(
            list(upkeep.check(lambda _: None, fast=fast, repair=repair, given_up=given_up))
        )

    def pulls(self, one: Image) -> bool:
        """Whether the image can be pulled, and is what was pushed."""
        with filesystem_stores(self.data) as stores:
            return asyncio.run(can_be_pulled(stores.registry(), one))


@dataclass(frozen=True)
class Found:
    """What a check found."""

    findings: list[Finding]

    @property
    def faults(self) -> list[str]:
        """Kinds of all faults, repaired or not."""
        return sorted(finding.kind for finding in self.findings if not finding.is_note)

    @property
    def open(self) -> list[str]:
        """Kinds of the faults that are there still."""
        return sorted(finding.kind for finding in self.findings if finding.is_open)

    @property
    def notes(self) -> list[str]:
        """Kinds of all notes."""
        return sorted(finding.kind for finding in self.findings if finding.is_note)

    def one(self, kind: str) -> Finding:
        """The only finding of this kind."""
        (finding,) = (finding for finding in self.findings if finding.kind == kind)
        return finding


async def push_image(registry: Registry, one: Image) -> None:
    """Push an image as clients do, asking for each blob first.

    Raises:
        ContentError: the registry refused.
    """
    allowed = allowed_on(one.repository)
    for content in one.blobs:
        try:
            await registry.blobs.confirm(allowed, Digest.of(content))
        except BlobUnknown:
            await push_blob(registry, allowed, content)
    await registry.manifests.put(allowed, Tag(one.tag), None, one.manifest)


async def can_be_pulled(registry: Registry, one: Image) -> bool:
    """Whether every byte of the image is there."""
    allowed = allowed_on(one.repository)
    try:
        manifest = await registry.manifests.locate(allowed, Tag(one.tag))
        if manifest.content != one.manifest:
            return False
        for content in one.blobs:
            blob = await registry.blobs.locate(allowed, Digest.of(content))
            if blob.elsewhere is None:
                found = await asyncio.to_thread(Path(str(blob.path)).read_bytes)
            else:
                pieces = await blob.elsewhere.open(0, blob.size)
                found = b"".join([piece async for piece in pieces])
            if found != content:
                return False
    except ContentError:
        return False
    return True


def flipped(content: bytes) -> bytes:
    """The bytes with one bit changed."""
    return bytes([content[0] ^ 1]) + content[1:]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - as files have it
