"""A registry's rows in PostgreSQL as the source or the target of a move. Blocks.

A source is frozen by triggers, which hold for all nodes: whoever writes is told why, and whoever
reads notices nothing. A target is filled in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any, Final, TypeVar

from pratique.admission.audit import GENESIS, Head
from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, driver
from pratique.storage.metadata.postgres.faults import FROZEN as CODE
from pratique.storage.metadata.postgres.faults import Told, not_reached
from pratique.storage.metadata.tables import FROZEN, FROZEN_WORDS, TABLES, StoredRow, Table

T = TypeVar("T")

# Stands for the version of the law while a database is being filled, or after that broke off.
FILLING: Final = -1
_CONNECT_SECONDS: Final = 10.0
# The number means nothing outside this project.
_LOCK: Final = 0x70726174_69717567
_TRIGGER: Final = "pratique_moving"
_MOVED: Final = "pratique_moved"
# No code of the server's own: nobody takes it for a standby, and nothing is tried again.
_FREEZE: Final = f"""
    CREATE OR REPLACE FUNCTION {_TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{FROZEN_WORDS}' USING ERRCODE = '{CODE}'; END $$
"""
_EVENTS: Final = "BEFORE INSERT OR UPDATE OR DELETE"
_WAS_MOVED: Final = (
    "SELECT 1 FROM pg_trigger "  # noqa: S608 - constants
    f"WHERE tgname = '{_MOVED}' AND tgrelid = 'ledger_version'::regclass"
)
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_VERSION: Final = "SELECT version FROM ledger_version"
_HEAD: Final = "SELECT seq, hash FROM audit_head"
_MARK: Final = "INSERT INTO law_marks (version, mark) VALUES ($1, gen_random_uuid())"


def was_moved(database: PostgresDatabase) -> bool:
    """Whether the registry was moved to another store, so that this one is out of date."""
    return database.run(lambda: database.fetch_one(_WAS_MOVED)) is not None


def refuse_filling(version: int, where: str) -> None:
    """Refuse a database that is not a whole registry yet.

    Args:
        version: of its law.
        where: the database, in words.

    Raises:
        StorageFailed: it is being filled.
    """
    if version == FILLING:
        raise StorageFailed(
            f"{where} is being filled by `pratique migrate-store`, or that broke off; wait for its "
            "end, or run it again"
        )


class _Session:
    """A connection of its own, with as much time as it needs."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url)
        self._told = Told(self._address.shown)
        self._runner = asyncio.Runner()
        self._connection: Any = None

    @property
    def shown(self) -> str:
        """The database, in words without a secret."""
        return f"the database {self._address.shown}"

    def open(self) -> Any:
        """Connect."""
        with self._told:
            try:
                self._connection = self._run(
                    driver().connect(**self._address.arguments(), timeout=_CONNECT_SECONDS)
                )
            except TimeoutError as error:
                raise not_reached(_CONNECT_SECONDS, self._address.shown) from error
        return self._connection

    def do(self, asking: Awaitable[T]) -> T:
        """Wait for something that the connection does."""
        with self._told:
            return self._run(asking)

    def batches(self, table: Table) -> Iterator[list[StoredRow]]:
        """All rows, in the order of their key."""
        cursor = self.do(self._connection.cursor(table.in_order))
        while rows := self.do(cursor.fetch(table.at_once)):
            yield [tuple(row) for row in rows]

    def close(self) -> None:
        """Close it; what was not committed is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            # The socket closes in the loop's next round.
            self._runner.run(asyncio.sleep(0))
        self._runner.close()

    def _run(self, asking: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await asking

        return self._runner.run(awaited())


class PostgresSource:
    """The port `MoveSource`.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self._database = PostgresDatabase.open(url)
        self._session = _Session(url)
        self._connection: Any = None

    def freeze(self) -> None:
        """See the port."""
        if was_moved(self._database):
            raise StorageFailed(
                "this registry was moved already; serve what it was moved to, or run "
                "`pratique migrate-store --take-back` with it first"
            )

        async def work(connection: Connection) -> None:
            await connection.execute(_FREEZE)
            for table in FROZEN:
                await connection.execute(_trigger(_TRIGGER, table))

        self._database.run(lambda: self._database.write(work))

    def thaw(self) -> None:
        """See the port."""

        async def work(connection: Connection) -> None:
            for table in FROZEN:
                for name in (_TRIGGER, _MOVED):
                    await connection.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            await connection.execute(f"DROP FUNCTION IF EXISTS {_TRIGGER}()")

        self._database.run(lambda: self._database.write(work))

    def moved(self) -> None:
        """See the port."""
        statement = _trigger(_MOVED, "ledger_version")
        self._database.run(lambda: self._database.write(lambda c: c.execute(statement)))

    def begin(self) -> None:
        """See the port."""
        self._connection = self._session.open()
        self._session.do(self._connection.execute(_SNAPSHOT))

    def ends(self) -> tuple[int, Head]:
        """See the port."""
        version = int(self._session.do(self._connection.fetchval(_VERSION)))
        row = self._session.do(self._connection.fetchrow(_HEAD))
        return version, GENESIS if row is None else Head(*row)

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """See the port."""
        return self._session.batches(table)

    def close(self) -> None:
        """See the port."""
        self._session.close()
        self._database.close()


class PostgresTarget:
    """The port `MoveTarget`.

    Args:
        url: of the database, which gets its tables here.
    """

    def __init__(self, url: str) -> None:
        PostgresDatabase.open(url).close()
        self._session = _Session(url)
        self._connection: Any = None

    def begin(self) -> None:
        """See the port."""
        self._connection = self._session.open()
        # The mark stays when all else is undone.
        self._begin()
        self._session.do(
            self._connection.execute("UPDATE ledger_version SET version = $1", FILLING)
        )
        self._session.do(self._connection.execute("COMMIT"))
        self._begin()

    def write(self, table: Table, rows: list[StoredRow]) -> None:
        """See the port."""
        self._session.do(
            self._connection.copy_records_to_table(table.name, records=rows, columns=table.columns)
        )

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """See the port."""
        return self._session.batches(table)

    def finish(self, version: int, head: Head) -> None:
        """See the port."""
        do, connection = self._session.do, self._connection
        do(connection.execute("UPDATE audit_head SET seq = $1, hash = $2", *head))
        do(connection.execute(_MARK, version))
        do(connection.execute("UPDATE ledger_version SET version = $1", version))
        # Plans for an empty database would not suit this one.
        for table in TABLES:
            do(connection.execute(f"ANALYZE {table.name}"))
        do(connection.execute("COMMIT"))

    def close(self) -> None:
        """See the port."""
        self._session.close()

    def _begin(self) -> None:
        """Begin a transaction that has an empty database for itself.

        Raises:
            StorageFailed: there is something in it, or somebody else is filling it.
        """
        do, connection = self._session.do, self._connection
        do(connection.execute("BEGIN; SET LOCAL synchronous_commit = on"))
        if not do(connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)):
            raise StorageFailed(f"somebody else is filling {self._session.shown}")
        full = [
            table.name
            for table in TABLES
            if do(connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table.name})"))  # noqa: S608
        ]
        version = do(connection.fetchval(_VERSION))
        if full or version not in (0, FILLING):
            raise StorageFailed(
                f"{self._session.shown} is not empty: it has rows in "
                f"{', '.join(full or ['ledger_version'])}; name a new database"
            )


def _trigger(name: str, table: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name} {_EVENTS} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_TRIGGER}()"
    )
