"""A registry that was prepared, opened: its stores, its application and what runs beside it."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from pratique.admission import FOLDER_OWNER, LawNotConfirmed, Ledger, Snapshots
from pratique.admission.audit import Auditor
from pratique.admission.audit.outbox import outbox
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.assembly.bundles import BlobStores, RowStores, Turn
from pratique.assembly.composing import compose
from pratique.assembly.moving import refuse_moved
from pratique.assembly.on_disk import DATABASE_FILE, DECISIONS_FILE
from pratique.assembly.preparing import is_prepared
from pratique.assembly.sources import new_id, now
from pratique.assembly.stores import blob_stores, row_stores
from pratique.http.application import Application
from pratique.http.edge.limits import Limiter
from pratique.http.wire.messages import Request, Response
from pratique.identity import PasswordHasher
from pratique.naming.hosts import AllowedHosts
from pratique.observability import LineLog, Meter
from pratique.observability.names import LAW
from pratique.observability.spans import NoSpans, Spans
from pratique.outgoing import DiscoveredKeys, LdapServers, RemoteRegistries
from pratique.registry import Collection, Registry, StandingRegistries, StorageFailed
from pratique.settings import Places
from pratique.storage.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """A registry that answers.

    Attributes:
        application: from request to response.
        as_folder_owner: the same for requests made in this process by whoever owns the stores.
        begin: asks the stores whether they can be used for this registry; before anybody is served.
        close: ends threads and closes files; nothing answers afterwards.
        sweep: forgets uploads that were left behind.
        collection: of what nothing needs any more.
        collection_turn: whose turn it is, among the processes that share the stores.
        law_version: of the law as it stands now; raises when it cannot be read.
        law_age: seconds since that was last known to be the newest.
        follow: keeps the law fresh until cancelled, in the loop of a worker; None where a look
            costs nothing.
        parts: what must work for the registry to answer; see `Probes`.
    """

    application: Application
    as_folder_owner: Callable[[Request], Awaitable[Response]]
    begin: Callable[[], Coroutine[Any, Any, None]]
    close: Callable[[], None]
    sweep: Callable[[], Awaitable[int]]
    collection: Collection
    collection_turn: Turn
    law_version: Callable[[], int]
    law_age: Callable[[], float]
    follow: Callable[[], Coroutine[Any, Any, None]] | None
    parts: Mapping[str, Callable[[], bool]]


def open_registry(  # noqa: PLR0913 - one for each setting
    places: Places,
    log: LineLog,
    *,
    external_url: str | None = None,
    allow_private_issuers: bool = False,
    meter: Meter | None = None,
    limiter: Limiter | None = None,
    spans: Spans | None = None,
    audit_pulls: bool = False,
    import_from: Sequence[str] = (),
) -> OpenRegistry:
    """Open a registry that was prepared. Open it after a fork, never before.

    Args:
        places: where it is kept.
        log: takes what is to be told.
        external_url: as clients see it, behind a proxy.
        allow_private_issuers: whether trusted issuers may be asked in private networks.
        meter: counts; None for nobody to see.
        limiter: limits requests; None for no limits.
        spans: traces parts; None for no traces.
        audit_pulls: whether pulls have entries in the audit log.
        import_from: hosts from which images may be imported.

    Raises:
        StorageFailed: a store is damaged, out of reach, or of a newer version.
    """
    with ExitStack() as closing:
        rows = row_stores(places, meter)
        closing.callback(rows.close)
        blobs = blob_stores(places, rows)
        closing.callback(blobs.close)
        ldap = LdapServers()
        closing.callback(ldap.close)
        executor = ThreadPoolExecutor(4, thread_name_prefix="password")
        closing.callback(executor.shutdown)
        closing.callback(log.flush)
        recorder = _recorder(closing, rows, log, audit_pulls=audit_pulls)
        snapshots = _loaded(rows.ledger)
        spans = spans or NoSpans()
        content = _content(rows, blobs, spans)
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
            sources=RemoteRegistries(AllowedHosts.parse(import_from)),
            meter=meter,
            limiter=limiter,
            spans=spans,
        )

        async def begin() -> None:
            await blobs.begin(lambda: owner_of(snapshots))

        async def as_folder_owner(request: Request) -> Response:
            return await application.handle_for(request, FOLDER_OWNER)

        return OpenRegistry(
            application,
            as_folder_owner,
            begin,
            closing.pop_all().close,
            content.uploads.sweep,
            _collection(rows, blobs, snapshots),
            rows.turn,
            law_version=lambda: snapshots.current().version,
            law_age=rows.law_age,
            follow=_following(rows, snapshots),
            parts={**rows.works, LAW: lambda: snapshots.current().version > 0, **blobs.works},
        )


@contextmanager
def opened_collection(places: Places) -> Iterator[tuple[Collection, Turn]]:
    """Collection in a registry that was prepared, with or without a server beside it.

    Raises:
        StorageFailed: a store is damaged, out of reach, of a newer version, or out of date.
    """
    refuse_moved(places)
    with ExitStack() as closing:
        rows = row_stores(places, None)
        closing.callback(rows.close)
        blobs = blob_stores(places, rows)
        closing.callback(blobs.close)
        # What the rows do not know is deleted, so it must be where this registry's blobs are.
        snapshots = Snapshots(rows.ledger)
        asyncio.run(blobs.begin(lambda: owner_of(snapshots)))
        yield _collection(rows, blobs, snapshots), rows.turn


def hosts_of(places: Places) -> tuple[str, ...]:
    """Names by which clients know the registries, without ports; none before there is one.

    Where the home registry's login server is its name before a domain, `*` before that domain is
    among them: a registry that is made without a name of its own gets one there.

    Raises:
        StorageFailed: a store is damaged, out of reach, or of a newer version.
    """
    if not is_prepared(places):
        return ()
    with ExitStack() as closing, suppress(NotPrepared, LawUnreadable):
        rows = row_stores(places, None)
        closing.callback(rows.close)
        snapshot = Snapshots(rows.ledger).current()
        servers = [s.registry.login_server for s in snapshot.each() if s.registry.login_server]
        hosts = [server.rpartition(":")[0] or server for server in servers if "[" not in server]
        before, _, domain = hosts[0].partition(".") if hosts else ("", "", "")
        if "." in domain and before.casefold() == snapshot.registry.name.casefold():
            hosts.append(f"*.{domain}")
        return tuple(dict.fromkeys(hosts))
    return ()


def upkeep_of(places: Places) -> Upkeep:
    """Check, backup and restore of a folder."""
    return Upkeep(places.data, DATABASE_FILE, DECISIONS_FILE, now)


def _content(rows: RowStores, blobs: BlobStores, spans: Spans) -> Registry:
    return Registry.build(
        manifests=spans.around(rows.manifests, "manifests"),
        links=spans.around(rows.links, "links"),
        contents=spans.around(blobs.contents, "blobs"),
        area=spans.around(blobs.area, "uploads"),
        catalogue=spans.around(rows.catalogue, "catalogue"),
        items=spans.around(rows.items, "items"),
        clock=now,
        new_id=new_id,
    )


def _collection(rows: RowStores, blobs: BlobStores, snapshots: Snapshots) -> Collection:
    async def ids() -> frozenset[str]:
        try:
            await snapshots.catch_up()
            return frozenset(snapshots.current().holdings)
        except (NotPrepared, LawUnreadable, LawNotConfirmed) as error:
            raise StorageFailed(f"which registries there are cannot be read: {error}") from error

    standing = StandingRegistries(rows.remains, ids)
    return Collection(rows.leftovers, blobs.bin, blobs.area, now, registries=standing)


def _recorder(closing: ExitStack, rows: RowStores, log: LineLog, *, audit_pulls: bool) -> Recorder:
    """What keeps refusals and the audit log, closed before their stores are."""
    writer = ThreadPoolExecutor(1, thread_name_prefix="decisions")
    closing.callback(writer.shutdown)
    auditor = Auditor(rows.audit, writer, clock=now, new_id=new_id, lines=log, pulls=audit_pulls)
    closing.callback(auditor.close)
    # An account that cannot be read is no reason to let nobody in.
    with suppress(msgspec.DecodeError):
        auditor.recover(outbox(rows.ledger))
    recorder = Recorder(rows.decisions, writer, now, log, auditor=auditor)
    closing.callback(recorder.close)
    return recorder


def _following(
    rows: RowStores, snapshots: Snapshots
) -> Callable[[], Coroutine[Any, Any, None]] | None:
    follow = rows.follow
    if follow is None:
        return None

    def changed() -> None:
        # Read at once, so that no request waits for it. What cannot be read is told at requests.
        with suppress(NotPrepared, LawUnreadable):
            snapshots.current()

    return lambda: follow(changed)


def owner_of(snapshots: Snapshots) -> str:
    """What a registry is known by to stores that several might use."""
    return str(snapshots.current().registry.scope)


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
