"""How much of a PostgreSQL server one worker may use, and how long anything may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one worker.

    Attributes:
        connections: of the event loop at once; `threads` more serve threads.
        threads: connections for `run`.
        connect_seconds: for connecting and signing in.
        wait_seconds: for a connection while all are busy.
        statement_seconds: for a statement, waiting for locks included.
        idle_seconds: that a transaction may do nothing, so that a worker that is paused in one
            does not keep the others from what it locked.
        keep_seconds: that a connection without work is kept.
        attempts: how often a transaction is begun that the server undoes for another's sake, or
            whose connection is lost before the commit.
    """

    connections: int = 8
    threads: int = 2
    connect_seconds: float = 5.0
    wait_seconds: float = 5.0
    statement_seconds: float = 15.0
    idle_seconds: float = 60.0
    keep_seconds: float = 300.0
    attempts: int = 5
