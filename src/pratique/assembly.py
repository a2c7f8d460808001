"""The composition root: the only module that names a concrete store, a clock or a source of ids."""

from __future__ import annotations

import gc
import os
import platform
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pratique import __version__
from pratique.admission import (
    FOLDER_OWNER,
    AlreadyExists,
    ControlPlane,
    Draft,
    Gate,
    Ledger,
    LedgerMoved,
    RegistryRecord,
    Row,
    SignInAttempts,
    Snapshots,
    Unacceptable,
)
from pratique.admission.application_gate import ApplicationGate
from pratique.admission.changes.registry import found
from pratique.admission.exchange_gate import ExchangeGate
from pratique.admission.outside_tokens import OutsideTokens
from pratique.admission.pending_sign_ins import PendingSignIns
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import LawUnreadable, NotPrepared, empty_snapshot
from pratique.admission.user_gate import UserGate
from pratique.http.application import ROWS, Application
from pratique.http.dataplane import DataPlane
from pratique.http.edge import Entrance, RsgiEdge
from pratique.http.help import HelpPage
from pratique.http.help.reasoning import Reasonings
from pratique.http.management import Management
from pratique.http.sts import Sts
from pratique.http.sts.client_authentication import ClientAuthentication
from pratique.http.sts.client_credentials import ClientCredentials
from pratique.http.sts.discovery import discovery_endpoints
from pratique.http.sts.grants import Grant, token_endpoints
from pratique.http.sts.people import user_sign_in
from pratique.http.tokens import Exchange, TokenEndpoint
from pratique.http.watch import MetricsListener, Probes, exposition
from pratique.http.wire.challenges import is_host
from pratique.http.wire.messages import Request, Response
from pratique.identity import PasswordHasher, SignInFailure, UserPasswords
from pratique.identity.federation import IssuerKeys, OutsideKeys
from pratique.identity.ldap import LdapDirectory
from pratique.naming import RegistryName
from pratique.observability import LineLog, Meter, metrics_table
from pratique.observability.names import BLOBS, DATABASE, LAW
from pratique.outgoing import DiscoveredKeys, LdapServers
from pratique.registry import Collection, Registry, StorageFailed
from pratique.storage.blobs.filesystem import (
    CollectionTurn,
    FilesystemBin,
    FilesystemBlobs,
    FilesystemUploads,
)
from pratique.storage.copy_folders import UNFINISHED
from pratique.storage.metadata.sqlite import (
    Database,
    SqliteBlobLinks,
    SqliteCatalogue,
    SqliteLeftovers,
    SqliteManifests,
)
from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.storage.metadata.sqlite.ledger import SqliteLedger
from pratique.storage.metadata.sqlite.pending_sign_ins import SqlitePendingSignIns
from pratique.storage.upkeep import Upkeep

DATABASE_FILE = "pratique.db"
ATTEMPTS_FILE = "attempts.db"
SIGN_INS_FILE = "sign-ins.db"
DECISIONS_FILE = "decisions.db"
OWNER_NAME = "owner"
_ANY_ROW = "SELECT version FROM ledger_version"
METRICS = metrics_table(ROWS, tuple(SignInFailure))


def now() -> datetime:
    """The time, in UTC; the one clock of the product."""
    return datetime.now(UTC)  # noqa: TID251 - the clock lives here


def new_id() -> str:
    """A new GUID."""
    return str(uuid.uuid4())  # noqa: TID251 - the source of ids lives here


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that was made into a registry; the password is shown this once."""

    registry: RegistryRecord
    owner_name: str
    owner_password: str


def is_prepared(data: Path) -> bool:
    """Whether the folder holds a registry; `StorageFailed` while it is being restored."""
    if (data / UNFINISHED).exists():
        raise StorageFailed(
            f"{data} is being restored, or that broke off; empty it and do it again"
        )
    if not (data / DATABASE_FILE).exists():
        return False
    database = Database.open(data / DATABASE_FILE)
    try:
        return SqliteLedger(database).version() > 0
    finally:
        database.close()


def prepare(
    data: Path, *, name: RegistryName, login_server: str | None, owner_name: str = OWNER_NAME
) -> Prepared:
    """Make `data` into a registry with one user, who owns it.

    Raises:
        AlreadyExists: it is one already, or the owner would have the registry's name; nothing was
            changed.
        Unacceptable: the owner's name cannot be a user name, or the server's is no host.
        StorageFull, StorageFailed: the folder cannot be written.
    """
    if login_server is not None and not is_host(login_server):
        raise Unacceptable(f"`{login_server}` is not a host name, nor one with a port")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database.open(data / DATABASE_FILE)
    try:
        ledger = SqliteLedger(database)
        if ledger.version() > 0:
            raise AlreadyExists(f"the folder {data} holds a registry already; `pratique serve` it")
        password = secrets.token_urlsafe(18)
        with ThreadPoolExecutor(1) as executor:
            password_hash = PasswordHasher(executor, secrets.token_bytes).hash_now(password)
        registry = RegistryRecord(
            name=str(name),
            subscription_id=new_id(),
            resource_group="pratique",
            created_at=now(),
            login_server=login_server,
            tenant_id=new_id(),
        )
        try:
            ledger.append_now(0, first_records(registry, owner_name, password_hash))
        except LedgerMoved as error:
            raise AlreadyExists(f"another process prepared the folder {data} just now") from error
    finally:
        database.close()
    return Prepared(registry, owner_name, password)


def first_records(
    registry: RegistryRecord, owner_name: str, owner_password_hash: str
) -> tuple[Row, ...]:
    """What stands in a ledger from the beginning: the registry, its owner, a signing key."""
    draft = Draft(empty_snapshot(registry), registry.created_at, new_id, secrets.token_bytes)
    found(draft, registry, owner_name, owner_password_hash)
    return draft.rows


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """A registry that answers.

    Attributes:
        application: from request to response.
        as_folder_owner: the same for requests made in this process by whoever owns the folder.
        close: ends threads and closes files; nothing answers afterwards.
        sweep: forgets uploads that were left behind.
        collection: of what nothing needs any more.
        collection_turn: whose turn it is, among the processes of this machine.
        law_version: of the law as it stands now; raises when it cannot be read.
        parts: what must work for the registry to answer; see `Probes`.
    """

    application: Application
    as_folder_owner: Callable[[Request], Awaitable[Response]]
    close: Callable[[], None]
    sweep: Callable[[], Awaitable[int]]
    collection: Collection
    collection_turn: CollectionTurn
    law_version: Callable[[], int]
    parts: Mapping[str, Callable[[], bool]]


def compose(  # noqa: PLR0913 - one for each thing that is chosen here
    *,
    ledger: Ledger,
    snapshots: Snapshots,
    attempts: SignInAttempts,
    pending: PendingSignIns,
    content: Registry,
    passwords: PasswordHasher,
    log: LineLog,
    recorder: Recorder,
    clock: Callable[[], datetime] = now,
    external_url: str | None = None,
    issuers: OutsideKeys | None = None,
    ldap: LdapDirectory | None = None,
    meter: Meter | None = None,
) -> Application:
    """The application on these stores, whichever they are."""
    meter = meter or Meter.unseen(METRICS)
    issuers = issuers or DiscoveredKeys(allow_private=False)
    ldap = ldap or LdapServers()
    of_users = UserPasswords(passwords, ldap)
    outside = OutsideTokens(IssuerKeys(issuers, clock))
    gate = Gate(snapshots, attempts, of_users, clock)
    control = ControlPlane(
        gate,
        ledger,
        clock=clock,
        new_id=new_id,
        random_bytes=secrets.token_bytes,
        recorder=recorder,
    )
    entrance = Entrance(gate, log, new_id, external_url, recorder, meter)
    clients = ClientAuthentication(ApplicationGate(attempts, outside), entrance)
    user_gate = UserGate(attempts, of_users, pending)
    people = user_sign_in(
        gate=user_gate,
        pending=pending,
        entrance=entrance,
        clock=clock,
        new_id=new_id,
        random_bytes=secrets.token_bytes,
    )
    grants: dict[str, Grant] = {
        "client_credentials": ClientCredentials(clients, new_id),
        **people.grants,
    }
    return Application(
        entrance,
        DataPlane(entrance, content, clock),
        TokenEndpoint(entrance, clock, new_id),
        Management(entrance, control, passwords, content, issuers, ldap),
        Exchange(entrance, ExchangeGate(attempts, outside, user_gate), clock, new_id),
        Sts(
            {**discovery_endpoints(), **token_endpoints(grants), **people.endpoints}, clock, new_id
        ),
        people.device_page,
        HelpPage(recorder, Reasonings(entrance, control), people.steps, people.browsers, clock),
    )


def open_registry(
    data: Path,
    log: LineLog,
    *,
    external_url: str | None = None,
    allow_private_issuers: bool = False,
    meter: Meter | None = None,
) -> OpenRegistry:
    """Open the registry in a folder that was prepared. Open it after a fork, never before.

    Raises:
        StorageFailed: the folder is damaged, or of a newer version.
    """
    database = Database.open(data / DATABASE_FILE)
    attempts = SqliteSignInAttempts(data / ATTEMPTS_FILE)
    pending = SqlitePendingSignIns(data / SIGN_INS_FILE)
    executor = ThreadPoolExecutor(4, thread_name_prefix="password")
    decisions = SqliteDecisions(data / DECISIONS_FILE)
    writer = ThreadPoolExecutor(1, thread_name_prefix="decisions")
    recorder = Recorder(decisions, writer, now, log)
    blobs = FilesystemBlobs.open(data)
    uploads = FilesystemUploads.open(data, blobs)
    ledger = SqliteLedger(database)
    ldap = LdapServers()
    snapshots = _loaded(ledger)
    database.on_group = meter.written if meter else None
    content = Registry.build(
        manifests=SqliteManifests(database),
        links=SqliteBlobLinks(database),
        contents=blobs,
        area=uploads,
        catalogue=SqliteCatalogue(database),
        clock=now,
        new_id=new_id,
    )
    application = compose(
        ledger=ledger,
        snapshots=snapshots,
        attempts=attempts,
        pending=pending,
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

    def close() -> None:
        recorder.close()
        writer.shutdown()
        decisions.close()
        log.flush()
        executor.shutdown()
        ldap.close()
        attempts.close()
        pending.close()
        database.close()

    return OpenRegistry(
        application,
        as_folder_owner,
        close,
        content.uploads.sweep,
        Collection(SqliteLeftovers(database), FilesystemBin(blobs, uploads.pool), uploads, now),
        CollectionTurn(data),
        law_version=lambda: snapshots.current().version,
        parts={
            DATABASE: lambda: database.fetch_one(_ANY_ROW, {}) is not None,
            LAW: lambda: snapshots.current().version > 0,
            BLOBS: lambda: os.access(data / "blobs", os.R_OK | os.W_OK | os.X_OK),
        },
    )


@contextmanager
def opened_collection(data: Path) -> Iterator[tuple[Collection, CollectionTurn]]:
    """Collection in a folder that was prepared, with or without a server beside it.

    Raises:
        StorageFailed: the folder is damaged, or of a newer version.
    """
    database = Database.open(data / DATABASE_FILE)
    try:
        blobs = FilesystemBlobs.open(data)
        uploads = FilesystemUploads.open(data, blobs)
        try:
            bin_ = FilesystemBin(blobs, uploads.pool)
            yield Collection(SqliteLeftovers(database), bin_, uploads, now), CollectionTurn(data)
        finally:
            uploads.close()
    finally:
        database.close()


def upkeep_of(data: Path) -> Upkeep:
    """Check, backup and restore of a folder."""
    return Upkeep(data, DATABASE_FILE, DECISIONS_FILE, now)


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


def edge_of(opened: OpenRegistry, log: LineLog, meter: Meter) -> RsgiEdge:
    """The object that the server runs in a worker."""
    draining = meter.board.is_draining
    probes = Probes(opened.parts, draining, time.monotonic)
    return RsgiEdge(opened.application.handle, log, meter, probes.answers(), draining)


def metrics_listener(meter: Meter) -> MetricsListener:
    """The listener that shows what all workers of this server have counted."""
    build = {"version": __version__, "python": platform.python_version()}

    def text() -> bytes:
        meter.flush()
        return exposition(METRICS, meter.board, build)

    return MetricsListener(text)


def standard_output_log(*, requests: bool) -> LineLog:
    """The log on standard output; refusals and faults always, requests when wanted."""
    return LineLog(os.fdopen(os.dup(1), "wb", buffering=0), requests=requests)
