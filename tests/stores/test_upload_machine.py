"""Any sequence of requests on uploads, compared with a model, through two workers in turn."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule

from pratique.naming import Digest, RepositoryName
from pratique.registry import (
    DigestMismatch,
    RangeOutOfOrder,
    SizeMismatch,
    UploadId,
    UploadUnknown,
)
from pratique.testing.content_stores import ContentStores, filesystem_stores, memory_stores
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import ClientGone, body_of, broken_body

T = TypeVar("T")

APP = RepositoryName("team/app")
PIECES = st.lists(st.binary(max_size=40), max_size=4)
WORKERS = st.integers(0, 1)
ALGORITHMS = st.sampled_from(["sha256", "sha512"])


class UploadMachine(RuleBasedStateMachine):
    """Uploads and what they should hold."""

    uploads = Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = ExitStack()
        self.workers: list[ContentStores] = []
        self.expected: dict[UploadId, bytes] = {}

    @initialize()
    def start(self) -> None:
        """Open the stores."""
        self.workers = self.open_workers()

    def open_workers(self) -> list[ContentStores]:
        """Two views of one set of stores."""
        return [memory_stores()] * 2

    def teardown(self) -> None:
        """Close the stores."""
        self.open.close()
        self.runner.close()

    def run(self, question: Coroutine[Any, Any, T]) -> T:
        """Run one request to its end."""
        return self.runner.run(question)

    @rule(target=uploads, worker=WORKERS)
    def create(self, worker: int) -> UploadId:
        """Begin an upload."""
        stores = self.workers[worker]
        upload_id = UploadId(stores.new_id())
        self.run(stores.area.create(APP, upload_id))
        self.expected[upload_id] = b""
        return upload_id

    @rule(worker=WORKERS, upload=uploads, pieces=PIECES, told=st.booleans())
    def append(self, worker: int, upload: UploadId, pieces: list[bytes], told: bool) -> None:  # noqa: FBT001 - drawn
        """Add a chunk, with or without announcing it."""
        chunk = b"".join(pieces)
        before = self.expected[upload]
        start, length = (len(before), len(chunk)) if told else (None, None)
        area = self.workers[worker].area
        offset = self.run(area.append(APP, upload, body_of(pieces), start, length))
        self.expected[upload] = before + chunk
        assert offset == len(before) + len(chunk)

    @rule(worker=WORKERS, upload=uploads, pieces=PIECES, off=st.sampled_from([-1, 1]))
    def append_wrong_length(
        self, worker: int, upload: UploadId, pieces: list[bytes], off: int
    ) -> None:
        """Announce another length than is sent."""
        area = self.workers[worker].area
        length = sum(map(len, pieces)) + off
        with pytest.raises(SizeMismatch):
            self.run(area.append(APP, upload, body_of(pieces), None, length))

    @rule(worker=WORKERS, upload=uploads, pieces=PIECES, off=st.integers(1, 50))
    def append_out_of_order(
        self, worker: int, upload: UploadId, pieces: list[bytes], off: int
    ) -> None:
        """Begin a chunk elsewhere."""
        area = self.workers[worker].area
        start = len(self.expected[upload]) + off
        with pytest.raises(RangeOutOfOrder):
            self.run(area.append(APP, upload, body_of(pieces), start, None))

    @rule(worker=WORKERS, upload=uploads, pieces=PIECES)
    def lose_the_client(self, worker: int, upload: UploadId, pieces: list[bytes]) -> None:
        """Begin a chunk and go away."""
        area = self.workers[worker].area
        with pytest.raises(ClientGone):
            self.run(area.append(APP, upload, broken_body(pieces), None, None))

    @rule(worker=WORKERS, upload=uploads)
    def ask(self, worker: int, upload: UploadId) -> None:
        """Ask how far an upload has come."""
        offset = self.run(self.workers[worker].area.offset(APP, upload))
        assert offset == len(self.expected[upload])

    @rule(worker=WORKERS, upload=consumes(uploads), pieces=PIECES, algorithm=ALGORITHMS)
    def finish(self, worker: int, upload: UploadId, pieces: list[bytes], algorithm: str) -> None:
        """Make an upload a blob, with a last chunk."""
        content = self.expected.pop(upload) + b"".join(pieces)
        digest = Digest.of(content, algorithm)
        area = self.workers[worker].area
        size = self.run(area.finish(APP, upload, digest, body_of(pieces), None, None))
        for stores in self.workers:
            blob = self.run(stores.contents.locate(digest, size))
            assert content_of(blob) == content
            with pytest.raises(UploadUnknown):
                self.run(stores.area.offset(APP, upload))

    @rule(worker=WORKERS, upload=consumes(uploads), pieces=PIECES, algorithm=ALGORITHMS)
    def finish_wrong(
        self, worker: int, upload: UploadId, pieces: list[bytes], algorithm: str
    ) -> None:
        """Finish under a digest of something else."""
        content = self.expected.pop(upload) + b"".join(pieces)
        area = self.workers[worker].area
        digest = Digest.of(content + b"!", algorithm)
        with pytest.raises(DigestMismatch):
            self.run(area.finish(APP, upload, digest, body_of(pieces), None, None))
        with pytest.raises(UploadUnknown):
            self.run(area.offset(APP, upload))

    @rule(worker=WORKERS, upload=consumes(uploads))
    def discard(self, worker: int, upload: UploadId) -> None:
        """Cancel an upload."""
        del self.expected[upload]
        self.run(self.workers[worker].area.discard(APP, upload))


class FilesystemUploadMachine(UploadMachine):
    """The same, on files, through two workers that share a folder."""

    def open_workers(self) -> list[ContentStores]:
        """Two sets of stores on one folder."""
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        return [
            self.open.enter_context(filesystem_stores(folder / "data", prefix)) for prefix in "ab"
        ]


# A folder with its database takes a while to make, and a slow disk is no failure.
BOUNDS = settings(max_examples=30, stateful_step_count=25, deadline=None)

TestMemory = UploadMachine.TestCase
TestMemory.settings = BOUNDS
TestFilesystem = FilesystemUploadMachine.TestCase
TestFilesystem.settings = BOUNDS
