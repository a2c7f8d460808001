"""One worker of a node: judges requests by a law in PostgreSQL, as its standard input says.

    python -m tests.stores.law_node URL MARK BOUND POLL

Commands, one a line, each answered by a line: `ask` (the status of a pull with the token of the
first line), `version` (what is staged, without catching up), `confirmed`, and `write KIND KEY`
(delete that record; the new version).
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pratique.admission import Ledger, Row, SignInAttempts, Snapshots
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.assembly import compose, new_id
from pratique.http.application import Application
from pratique.http.wire.messages import HeadersOfOne, Request
from pratique.identity import PasswordHasher
from pratique.observability import LineLog
from pratique.registry import Registry
from pratique.storage.blobs.memory import MemoryBlobs, MemoryUploads
from pratique.storage.metadata.memory import (
    ContentRows,
    MemoryBlobLinks,
    MemoryCatalogue,
    MemoryItems,
    MemoryManifests,
)
from pratique.storage.metadata.memory.attempts import MemorySignInAttempts
from pratique.storage.metadata.memory.decisions import MemoryDecisions
from pratique.storage.metadata.memory.pending_sign_ins import MemoryPendingSignIns
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.freshness import Freshness
from pratique.storage.metadata.postgres.ledger import PostgresLedger
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.testing.registry_in_memory import HOST, Clock, SentBody, bearer


def application_on(
    ledger: Ledger,
    snapshots: Snapshots,
    executor: ThreadPoolExecutor,
    attempts: SignInAttempts | None = None,
) -> Application:
    """A registry whose law is in that ledger, and everything else in memory unless given."""
    clock, log, rows, blobs = Clock(), LineLog(None), ContentRows(), MemoryBlobs()
    return compose(
        ledger=ledger,
        snapshots=snapshots,
        attempts=attempts or MemorySignInAttempts(),
        pending=MemoryPendingSignIns(),
        content=Registry.build(
            manifests=MemoryManifests(rows),
            links=MemoryBlobLinks(rows),
            contents=blobs,
            area=MemoryUploads(blobs, clock),
            catalogue=MemoryCatalogue(rows),
            items=MemoryItems(rows),
            clock=clock,
            new_id=new_id,
        ),
        passwords=PasswordHasher(executor, secrets.token_bytes),
        log=log,
        recorder=Recorder(MemoryDecisions(), executor, clock, log),
        clock=clock,
    )


def a_pull(token: str) -> Request:
    """Of a repository that is not there: 404 for whom the law lets in."""
    headers = HeadersOfOne({"authorization": bearer(token)})
    return Request(
        "GET", "/v2/app/manifests/v1", "", headers, "http", HOST, "192.0.2.1", SentBody()
    )


async def serve(ledger: PostgresLedger, executor: ThreadPoolExecutor) -> None:
    """Answer until the input ends."""
    snapshots = Snapshots(ledger)
    snapshots.current()
    application = application_on(ledger, snapshots, executor)

    def changed() -> None:
        with suppress(LawUnreadable, NotPrepared):
            snapshots.current()

    following = asyncio.create_task(ledger.follow(changed))
    loop = asyncio.get_running_loop()
    token = (await loop.run_in_executor(executor, sys.stdin.readline)).strip()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while line := await loop.run_in_executor(executor, sys.stdin.readline):
        command, *words = line.split()
        answer: object = None
        if command == "ask":
            answer = (await application.handle(a_pull(token))).status
        elif command == "version":
            answer = ledger.version()
        elif command == "confirmed":
            answer = ledger.confirmed()
        elif command == "write":
            kind, key = words
            answer = await ledger.append(snapshots.current().version, [Row(kind, key, None)])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


def main() -> None:
    """Serve with what the command line says."""
    url, mark, bound, poll = sys.argv[1:]
    database = PostgresDatabase.open(url)
    freshness = Freshness(bound=float(bound), poll=float(poll))
    ledger = PostgresLedger(database, url, NodeMark.open(Path(mark)), freshness)
    with ThreadPoolExecutor(2) as executor:
        asyncio.run(serve(ledger, executor))
    database.close()


if __name__ == "__main__":
    main()
