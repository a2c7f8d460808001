"""A registry that was prepared, opened: its stores, its application and what runs beside it."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from pratique.admission import FOLDER_OWNER, Ledger, Snapshots
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.assembly.bundles import Turn
from pratique.assembly.composing import compose
from pratique.assembly.on_disk import (
    DATABASE_FILE,
    DECISIONS_FILE,
    blobs_on_disk,
    rows_on_disk,
)
from pratique.assembly.sources import new_id, now
from pratique.http.application import Application
from pratique.http.wire.messages import Request, Response
from pratique.identity import PasswordHasher
from pratique.observability import LineLog, Meter
from pratique.observability.names import LAW
from pratique.outgoing import DiscoveredKeys, LdapServers
from pratique.registry import Collection, Registry
from pratique.settings import Places
from pratique.storage.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """A registry that answers.

    Attributes:
        application: from request to response.
        as_folder_owner: the same for requests made in this process by whoever owns the stores.
        close: ends threads and closes files; nothing answers afterwards.
        sweep: forgets uploads that were left behind.
        collection: of what nothing needs any more.
        collection_turn: whose turn it is, among the processes that share the stores.
        law_version: of the law as it stands now; raises when it cannot be read.
        parts: what must work for the registry to answer; see `Probes`.
    """

    application: Application
    as_folder_owner: Callable[[Request], Awaitable[Response]]
    close: Callable[[], None]
    sweep: Callable[[], Awaitable[int]]
    collection: Collection
    collection_turn: Turn
    law_version: Callable[[], int]
    parts: Mapping[str, Callable[[], bool]]


def open_registry(
    places: Places,
    log: LineLog,
    *,
    external_url: str | None = None,
    allow_private_issuers: bool = False,
    meter: Meter | None = None,
) -> OpenRegistry:
    """Open a registry that was prepared. Open it after a fork, never before.

    Raises:
        StorageFailed: a store is damaged, out of reach, or of a newer version.
    """
    with ExitStack() as closing:
        rows = rows_on_disk(places.data, meter)
        closing.callback(rows.close)
        blobs = blobs_on_disk(places.data)
        closing.callback(blobs.close)
        ldap = LdapServers()
        closing.callback(ldap.close)
        executor = ThreadPoolExecutor(4, thread_name_prefix="password")
        closing.callback(executor.shutdown)
        closing.callback(log.flush)
        writer = ThreadPoolExecutor(1, thread_name_prefix="decisions")
        closing.callback(writer.shutdown)
        recorder = Recorder(rows.decisions, writer, now, log)
        closing.callback(recorder.close)
        snapshots = _loaded(rows.ledger)
        content = Registry.build(
            manifests=rows.manifests,
            links=rows.links,
            contents=blobs.contents,
            area=blobs.area,
            catalogue=rows.catalogue,
            clock=now,
            new_id=new_id,
        )
        application = compose(
            ledger=rows.ledger,
            snapshots=snapshots,
            attempts=rows.attempts,
            pending=rows.pending,
            content=content,
            passwords=PasswordHasher(executor, secrets.token_bytes),
            log=log,
            recorder=recorder,
            external_url=external_url,
            issuers=DiscoveredKeys(allow_private=allow_private_issuers),
            ldap=ldap,
            meter=meter,
        )

        async def as_folder_owner(request: Request) -> Response:
            return await application.handle_for(request, FOLDER_OWNER)

        return OpenRegistry(
            application,
            as_folder_owner,
            closing.pop_all().close,
            content.uploads.sweep,
            Collection(rows.leftovers, blobs.bin, blobs.area, now),
            rows.turn,
            law_version=lambda: snapshots.current().version,
            parts={
                **rows.works,
                LAW: lambda: snapshots.current().version > 0,
                **blobs.works,
            },
        )


@contextmanager
def opened_collection(places: Places) -> Iterator[tuple[Collection, Turn]]:
    """Collection in a registry that was prepared, with or without a server beside it.

    Raises:
        StorageFailed: a store is damaged, out of reach, or of a newer version.
    """
    with ExitStack() as closing:
        rows = rows_on_disk(places.data, None)
        closing.callback(rows.close)
        blobs = blobs_on_disk(places.data)
        closing.callback(blobs.close)
        yield Collection(rows.leftovers, blobs.bin, blobs.area, now), rows.turn


def upkeep_of(places: Places) -> Upkeep:
    """Check, backup and restore of a folder."""
    return Upkeep(places.data, DATABASE_FILE, DECISIONS_FILE, now)


def _loaded(ledger: Ledger) -> Snapshots:
    """Snapshots that have read the law already, so that the first request need not wait for it."""
    snapshots = Snapshots(ledger)
    # A law that cannot be read is told at each request, to whoever asks.
    with suppress(NotPrepared, LawUnreadable):
        snapshots.current()
    # What stands now stays: to search a large law for garbage would stop requests for long.
    gc.collect()
    gc.freeze()
    return snapshots
