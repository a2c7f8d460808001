"""Failures of PostgreSQL and of the way to it, in words that say what to do."""

from __future__ import annotations

import socket
import ssl
from types import TracebackType
from typing import Final

from pratique.registry.errors import StorageFailed, StorageFrozen, StorageFull
from pratique.storage.metadata.postgres.driver import driver

# https://www.postgresql.org/docs/15/errcodes-appendix.html
DISK_FULL: Final = "53100"
AGAIN: Final = frozenset({"40001", "40P01"})
READ_ONLY: Final = "25006"
FOREIGN_KEY: Final = "23503"
# Of this project, raised by triggers while a registry is being moved; no server's own.
FROZEN: Final = "PQ001"
_CONSTRAINTS: Final = "23"
# The session has gone, or goes: what it had not committed is undone.
_GONE: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})

_REMEDIES: Final = {
    "08P01": "if a pooler stands before it, let it ignore the startup parameter that it names",
    "25006": "it is a standby or was set read-only; name the primary, or add "
    "`target_session_attrs=read-write` to the URL that lists all servers",
    "26000": "a pooler seems to stand before it; add `statement_cache_size=0` to the URL",
    "28000": "check the user and the server's pg_hba.conf",
    "28P01": "check the user and the password",
    "3D000": "create it (createdb --template=template0 --encoding=UTF8) or name another",
    "42501": "let its user own the database, or grant it CREATE and USAGE on the schema",
    "42704": "correct the option in the URL",
    "42P01": "the registry's tables are gone; restore the database, or restart to make new ones",
    "42P05": "a pooler seems to stand before it; add `statement_cache_size=0` to the URL",
    "53200": "give the server more memory, or run less on it",
    "53300": "raise its max_connections, or run fewer workers or a pooler before it",
    "53400": "raise the limit that it names",
    "55P03": "another session holds a lock for long; look for it in pg_stat_activity",
    "57014": "look for locks and for load in pg_stat_activity",
    "57P01": "it is being stopped; nothing to do when it comes back",
    "57P02": "it crashed and starts anew; look at its log",
    "57P03": "it starts, stops or recovers; nothing to do when it comes back",
    "58030": "look at its disk and its log",
    "XX001": "its data is damaged; look at its log and restore a backup",
    "XX002": "an index is damaged; run REINDEX there",
}

_REFUSED: Final = "refuses connections; start its server or check the address"


class Told:
    """Within it, failures of one database are raised as the rooms know them.

    A full disk is `StorageFull`, all else of the server and of the way to it `StorageFailed`;
    a broken constraint and what is not the database's pass unchanged.

    Args:
        shown: the server and the database, as messages name them.
    """

    __slots__ = ("_shown",)

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Raise the failure in its other form, if it has one."""
        fault = None if error is None else fault_of(error, self._shown)
        if fault is not None:
            raise fault from error


def fault_of(error: BaseException, shown: str) -> StorageFull | StorageFailed | None:
    """The failure as the rooms know it, or None for what is to pass unchanged."""
    sqlstate = _sqlstate(error)
    if sqlstate == DISK_FULL:
        return StorageFull()
    if sqlstate is not None and sqlstate.startswith(_CONSTRAINTS):
        return None
    if sqlstate == FROZEN:
        # Triggers say why; what follows the first line is of the server.
        return StorageFrozen(str(error).partition("\n")[0])
    detail = _detail(error, sqlstate, shown)
    return None if detail is None else StorageFailed(detail)


def is_transient(error: BaseException) -> bool:
    """Whether the server undid the transaction for another's sake, so that it may be repeated."""
    return _sqlstate(error) in AGAIN


def is_lost(error: BaseException) -> bool:
    """Whether the session has gone, as when the server was restarted."""
    asyncpg = driver()
    return (
        isinstance(error, (asyncpg.PostgresConnectionError, ConnectionError))
        or _sqlstate(error) in _GONE
        or (isinstance(error, asyncpg.InterfaceError) and "closed" in str(error))
    )


def is_without_parent(error: BaseException) -> bool:
    """Whether a row points to another that is not there."""
    return _sqlstate(error) == FOREIGN_KEY


def is_read_only(error: BaseException) -> bool:
    """Whether the server takes no writes, as after another one became the primary."""
    return _sqlstate(error) == READ_ONLY


def busy(connections: int, seconds: float, shown: str) -> StorageFailed:
    """All connections were busy for the time that anybody waits for one."""
    return StorageFailed(
        f"all {connections} connections of this worker to the database {shown} were busy for "
        f"{seconds:g} seconds; look for locks and for load in pg_stat_activity"
    )


def not_reached(seconds: float, shown: str) -> StorageFailed:
    """The server did not let us in, in the time that anybody waits for that."""
    return StorageFailed(
        f"the database {shown} did not answer within {seconds:g} seconds; "
        "check the address, the firewall and whether the server runs"
    )


def _sqlstate(error: BaseException) -> str | None:
    found = getattr(error, "sqlstate", None)
    return found if isinstance(found, str) else None


def _detail(error: BaseException, sqlstate: str | None, shown: str) -> str | None:
    asyncpg = driver()
    if isinstance(error, asyncpg.PostgresError) and not is_lost(error):
        remedy = _REMEDIES.get(sqlstate or "")
        # What follows the first line is advice on other software.
        said = str(error).partition("\n")[0]
        return f"the database {shown} says: {said}" + (f"; {remedy}" if remedy else "")
    words: tuple[tuple[type[BaseException], str], ...] = (
        (socket.gaierror, "cannot be found by its host's name ({}); check the address"),
        (ssl.SSLError, "failed to agree on TLS ({}); check `sslmode` and `sslrootcert`"),
        (ConnectionRefusedError, _REFUSED),
        (FileNotFoundError, _REFUSED),
        (TimeoutError, "took too long over a statement; look for locks and load there"),
        (asyncpg.ClientConfigurationError, "has an address that is not valid: {}"),
    )
    for kind, text in words:
        if isinstance(error, kind):
            return f"the database {shown} {text.format(error)}"
    if isinstance(error, ConnectionError) and "rejected SSL" in str(error):
        return f"the database {shown} offers no TLS; turn it on there, or correct `sslmode`"
    if is_lost(error) or isinstance(error, OSError):
        return f"the database {shown} broke off the connection ({error}); look at its server's log"
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return f"the database {shown} could not be used: {error}"
    return None
