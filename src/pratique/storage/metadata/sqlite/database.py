"""One SQLite file: reads on the caller's thread, writes in groups by one thread per process.

Guarantees: a write is on disk (WAL, `synchronous=FULL`) before its caller goes on; a write that
fails undoes itself alone; several processes may open, migrate, read and write one file at once.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar

from pratique.registry.errors import StorageFailed, StorageFrozen, StorageFull
from pratique.storage.faults import fault_of
from pratique.storage.metadata.sqlite.commit_marks import CommitMarks
from pratique.storage.metadata.sqlite.migrations import migrate
from pratique.storage.metadata.sqlite.turns import Turns

T = TypeVar("T")

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]

BUSY_TIMEOUT_MS: Final = 30_000
# Pages that the reader keeps: all those above the leaves, of a million tags. Taken as it is needed.
READER_CACHE_KIB: Final = 16 * 1024
GROUP_LIMIT: Final = 256


class _Job(Generic[T]):
    """A piece of work and who waits for it."""

    __slots__ = ("future", "handed_in", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
        self.handed_in = time.monotonic()
        self.future: Future[T] = Future()


class Database:
    """An open SQLite file. Open it after a fork, never before.

    Attributes:
        reader: for SELECTs on one thread, the event loop's; in autocommit mode, so that each
            statement sees the newest commit. Prepared statements are cached. Leave no cursor
            half read: it would hold an old state.
        commits: tells whether anything was committed since.
        on_group: told, on the writer's thread, how many writes went to the disk together and how
            many seconds the first of them waited for it.
    """

    def __init__(
        self,
        reader: sqlite3.Connection,
        writer: sqlite3.Connection,
        turns: Turns,
        commits: CommitMarks,
    ) -> None:
        self.reader = reader
        self.commits = commits
        self.on_group: Callable[[int, float], None] | None = None
        self._writer = writer
        self._turns = turns
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write_jobs, name="sqlite-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, making it and bringing its schema up to date where needed.

        Raises:
            StorageFull: there is no room for it.
            StorageFailed: it cannot be opened, is damaged, or was written by a newer version.
        """
        with ExitStack() as opened:
            try:
                is_new = not path.exists()
                # The file holds secrets; SQLite gives its side files the same mode.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                turns = Turns.open(path)
                opened.callback(turns.close)
                writer = _connect(path)
                opened.callback(writer.close)
                with turns.taken():
                    writer.execute("PRAGMA journal_mode = WAL").fetchall()
                    migrate(writer)
                if is_new:
                    _sync_way_to(path)
                reader = _connect(path)
                opened.callback(reader.close)
                reader.execute("PRAGMA query_only = ON")
                reader.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
                # The first read makes the index whose header tells of commits.
                reader.execute("SELECT count(*) FROM schema_steps").fetchall()
            except (OSError, sqlite3.Error) as error:
                raise fault_of(error) from error
            opened.pop_all()
        return cls(reader, writer, turns, CommitMarks(path))

    def fetch_one(self, statement: str, parameters: Parameters) -> Row | None:
        """The row that a SELECT of at most one row finds, on the loop's thread.

        Raises:
            StorageFailed: the database could not be read.
        """
        try:
            row: Row | None = self.reader.execute(statement, parameters).fetchone()
        except sqlite3.Error as error:
            raise fault_of(error) from error
        return row

    def fetch_all(self, statement: str, parameters: Parameters) -> list[Row]:
        """All rows that a SELECT finds, on the loop's thread.

        Raises:
            StorageFailed: the database could not be read.
        """
        try:
            return self.reader.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise fault_of(error) from error

    def fetch_each(self, statement: str, parameters: Parameters) -> Iterator[Row]:
        """The rows that a SELECT finds, one by one, on the loop's thread.

        Take them all before anything else is asked: until then this connection sees the state of
        the first row.

        Raises:
            StorageFailed: the database could not be read.
        """
        try:
            with closing(self.reader.execute(statement, parameters)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            raise fault_of(error) from error

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and wait until it is on disk.

        Args:
            work: run on the writer's thread; its exception undoes what it did and is raised
                here. It may be run again when the transaction that it shared was lost, so it
                must act on the connection alone, and must not commit.

        Raises:
            StorageFull: no room; nothing of it was stored.
            StorageFailed: the database failed; nothing of it was acknowledged.
        """
        return await asyncio.wrap_future(self._submit(work))

    def write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As `write`, for callers without an event loop: start-up and the offline CLI."""
        return self._submit(work).result()

    def close(self) -> None:
        """Finish what was submitted, then close the file. Calling it again does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self.reader.close()
        self._writer.close()
        self.commits.close()
        self._turns.close()

    def _submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        job = _Job(work)
        with self._closing:
            if self._closed:
                raise StorageFailed("the database was closed before this write")
            self._jobs.put(job)
        return job.future

    def _write_jobs(self) -> None:
        """Take whatever waits, in groups, until told to end."""
        ending = False
        while not ending:
            group: list[_Job[Any]] = []
            waiting = self._jobs.get()
            while waiting is not None:
                if waiting.future.set_running_or_notify_cancel():
                    group.append(waiting)
                if len(group) == GROUP_LIMIT:
                    break
                try:
                    waiting = self._jobs.get_nowait()
                except queue.Empty:
                    break
            else:
                ending = True
            if group:
                self._write_group(group)

    def _write_group(self, group: list[_Job[Any]]) -> None:
        """One transaction for all; when it is lost, one for each, so that none fails for another.

        A future is resolved only after the commit.
        """
        try:
            with self._turns.taken():
                outcomes = _run_together(self._writer, group)
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            # Who waits for a lock in vain for all need not wait for each of them once more.
            if len(group) > 1 and not _is_busy(error):
                for job in group:
                    self._write_group([job])
                return
            for job in group:
                job.future.set_exception(_told(error))
            return
        if self.on_group is not None:
            self.on_group(len(group), time.monotonic() - group[0].handed_in)
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, _Failure):
                job.future.set_exception(_told(outcome.error))
            else:
                job.future.set_result(outcome)


class _Failure:
    """What a job raised; a class of its own, since a job may return an exception."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


def _run_together(connection: sqlite3.Connection, group: list[_Job[Any]]) -> list[Any]:
    """Run every job in a savepoint of one transaction and commit.

    Raises:
        Exception: the transaction is lost, and nothing of any job is stored.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_run_alone(connection, job) for job in group]
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _run_alone(connection: sqlite3.Connection, job: _Job[Any]) -> Any:
    connection.execute("SAVEPOINT job")
    try:
        outcome = job.work(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO job")
        outcome = _Failure(error)
    connection.execute("RELEASE job")
    return outcome


def _is_busy(error: BaseException) -> bool:
    """Whether another programme kept the database locked for longer than a write waits."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _told(error: BaseException) -> BaseException:
    """A failure of the store as the rooms know it; a broken constraint and all else unchanged."""
    if not isinstance(error, sqlite3.Error):
        return error
    if isinstance(error, sqlite3.IntegrityError):
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return error
        # Triggers are there while the registry is being moved, and say so.
        fault: StorageFull | StorageFailed = StorageFrozen(str(error))
    else:
        fault = fault_of(error)
    fault.__cause__ = error
    return fault


def _sync_way_to(path: Path) -> None:
    """Bring the names of the folders above a new file to disk: they may be as new as itself."""
    device = path.stat().st_dev
    for folder in path.absolute().parents:
        if folder.stat().st_dev != device:
            return
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except PermissionError:
            # What others own was there before.
            return
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection
