"""Imports: who may, from where, under which verdicts, and what becomes of each.

An import runs beside the requests of the worker that began it. What became of it is kept where all
workers look, so that any of them can be asked; one whose worker is gone has broken off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pratique.access import Allowed, ControlAction, Denied, FolderOwner, RegistryAction
from pratique.admission.account import caller_key
from pratique.admission.audit import Entry
from pratique.admission.audit.entries import told
from pratique.admission.control import Refused
from pratique.admission.errors import ControlError, NotFound, Unacceptable
from pratique.admission.gate import FOLDER_OWNER, Caller, Gate
from pratique.admission.import_requests import SourceCredentials, WantedImport
from pratique.admission.import_sources import as_opened, own_registry, source_refused
from pratique.admission.import_states import (
    ImportState,
    KeptImports,
    broken_off,
    changed,
    control_error,
    failed,
    succeeded,
)
from pratique.admission.pending_sign_ins import PendingSignIns
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import Snapshot
from pratique.identity import BasicCredentials, SignInRefused
from pratique.naming import RepositoryName, Tag
from pratique.naming.errors import printable
from pratique.observability import LineLog
from pratique.registry import (
    ContentError,
    ManifestUnknown,
    Registry,
    StorageFailed,
    StorageFull,
)
from pratique.registry.importing import (
    Copied,
    ImageSource,
    ImportFailed,
    OwnSource,
    Why,
    copy_image,
)

IMPORT: Final = "Microsoft.ContainerRegistry/registries/importImage/action"
MOST_AT_ONCE: Final = 4
"""Imports of one worker."""
LONGEST: Final = timedelta(hours=12)
ANSWERED_WITHIN_SECONDS: Final = 10.0
"""So long a request waits for the end of its import before it is told to ask again."""
_OK, _BAD_REQUEST = 200, 400


class ImageSources(Protocol):
    """The way to other registries."""

    def check(self, host: str) -> None:
        """Refuse a host from which nothing may be imported.

        Raises:
            ImportFailed: so it is.
            InvalidName: it is no host.
        """
        ...

    def open(
        self, host: str, repository: RepositoryName, credentials: SourceCredentials | None
    ) -> AbstractAsyncContextManager[ImageSource]:
        """A repository of another registry; nothing is asked before something is wanted of it."""
        ...


@dataclass(frozen=True, slots=True)
class _Begun:
    """An import, and everything that it needs of the request that began it."""

    state: ImportState
    snapshot: Snapshot
    caller: Caller
    wanted: WantedImport
    source: Callable[[], AbstractAsyncContextManager[ImageSource]]
    client: str
    server: str


class Imports:
    """Begins imports and tells what became of them.

    Args:
        gate: asks the law.
        content: of the home registry, and the way to that of others.
        sources: the way to other servers.
        pending: keeps what became of each, for all workers.
        recorder: has the audit log.
        log: takes a line where an import fails for a fault of this server.
        clock: gives now, with a time zone.
        new_id: gives a new GUID.
    """

    def __init__(
        self,
        gate: Gate,
        content: Registry,
        sources: ImageSources,
        pending: PendingSignIns,
        recorder: Recorder,
        log: LineLog,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._gate = gate
        self._content = content
        self._sources = sources
        self._kept = KeptImports(pending, clock)
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._running: set[asyncio.Task[ImportState]] = set()
        self._beginning = 0

    async def begin(
        self, snapshot: Snapshot, caller: Caller, wanted: WantedImport, *, client: str, server: str
    ) -> ImportState:
        """Begin an import for a caller who may, and wait a little for its end.

        Args:
            snapshot: seen from the registry into which it goes.
            caller: who holds the permission `IMPORT` there.
            wanted: what is imported.
            client: the address that it is asked from.
            server: the name by which the registry was addressed; the source may be called so too.

        Returns:
            What is known of it then. Whoever owns the folder waits for the end.

        Raises:
            Refused: the caller may not pull from the source, which is of this server.
            ControlError: it failed, or cannot begin.
        """
        if len(self._running) + self._beginning >= MOST_AT_ONCE:
            raise Unacceptable(
                f"{MOST_AT_ONCE} imports are running already; try again when one of them has ended"
            )
        # Counted before anything is waited for, so that no crowd gets past the bound.
        self._beginning += 1
        try:
            source = await self._source_of(snapshot, caller, wanted, client, server)
            state = ImportState(
                self._new_id(), caller_key(caller.subject), snapshot.registry_id, self._clock()
            )
            await self._kept.keep(state)
            begun = _Begun(state, snapshot, caller, wanted, source, client, server)
            task = asyncio.create_task(self._run(begun))
            self._running.add(task)
        finally:
            self._beginning -= 1
        task.add_done_callback(self._running.discard)
        inside = isinstance(caller.subject, FolderOwner)
        done, _ = await asyncio.wait({task}, timeout=None if inside else ANSWERED_WITHIN_SECONDS)
        return succeeded(task.result()) if done else state

    async def state(self, caller: Caller, registry_id: str, import_id: str) -> ImportState:
        """What is known of an import that the caller began.

        Raises:
            NotFound: there is none such.
            ControlError: it failed.
        """
        found = await self._kept.find(import_id)
        mine = caller_key(caller.subject)
        if found is None or (found.owner, found.registry) != (mine, registry_id):
            raise NotFound("there is no such import of yours, or it ended more than a day ago")
        return succeeded(found)

    async def _run(self, begun: _Begun) -> ImportState:
        """Carry an import out; never raises."""
        started = asyncio.get_running_loop().time()
        pulse = asyncio.create_task(self._kept.pulse(begun.state))
        state = begun.state
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                copied = await self._copy(begun)
            state = changed(state, ended=True, digest=str(copied.digest), size=copied.size)
        except ImportFailed as error:
            state = failed(state, error.why, str(error))
        except TimeoutError:
            hours = LONGEST / timedelta(hours=1)
            state = failed(state, Why.BROKE_OFF, f"the import took more than {hours:.0f} hours")
        except (ControlError, Refused) as error:
            state = failed(state, Why.LAW_CHANGED, _words(error))
        except (StorageFull, StorageFailed) as error:
            self._tell(error)
            state = failed(state, Why.STORAGE, str(error))
        except ContentError as error:
            state = failed(state, Why.INVALID, str(error))
        except Exception as error:  # noqa: BLE001 - the last resort: for the log, not the client
            self._tell(error)
            state = failed(state, Why.BROKE_OFF, "the import failed; the log has the cause")
        finally:
            pulse.cancel()
            if not state.ended:
                # Ended from outside, as when the server stops: whoever asks is told at once.
                state = broken_off(state)
            self._note(begun, state, asyncio.get_running_loop().time() - started)
            await self._kept.replace(state)
        return state

    async def _copy(self, begun: _Begun) -> Copied:
        snapshot, wanted = begun.snapshot, begun.wanted
        target = self._content.of(snapshot.registry_id)
        copied: Copied | None = None
        first: Allowed | None = None
        for repository, tags in wanted.targets.items():
            # The server itself writes, for somebody whom the law lets import.
            allowed = self._allowed(snapshot, FOLDER_OWNER, RegistryAction.PUSH, repository)

            async def ready(allowed: Allowed = allowed, tags: tuple[Tag, ...] = tags) -> None:
                self._ask_again(begun)
                if not wanted.force:
                    await _refuse_taken(target, allowed, tags)

            await ready()
            if first is None:
                async with begun.source() as source:
                    copied = await copy_image(
                        source, wanted.image.reference, target, allowed, tags, ready
                    )
                first = allowed
            elif copied is not None:
                own = self._allowed(snapshot, FOLDER_OWNER, RegistryAction.PULL, first.repository)
                await copy_image(
                    OwnSource(target, own), copied.digest, target, allowed, tags, ready
                )
        if copied is None:
            raise ImportFailed(Why.INVALID, "the import has no target")
        return copied

    def _ask_again(self, begun: _Begun) -> None:
        """Go on only while the caller may; images take long, and rights are taken away.

        Raises:
            NotFound: the registry is gone.
            Refused: the right is.
        """
        snapshot = self._gate.snapshot().at(begun.snapshot.registry_id)
        scope = snapshot.registry.scope
        verdict = self._gate.decide(snapshot, begun.caller, ControlAction(IMPORT), scope)
        if isinstance(verdict, Denied):
            raise Refused(verdict)

    async def _source_of(
        self, snapshot: Snapshot, caller: Caller, wanted: WantedImport, client: str, server: str
    ) -> Callable[[], AbstractAsyncContextManager[ImageSource]]:
        """The way to the source.

        Raises:
            Refused: the caller may not pull from it.
            ControlError: there is none such, or nothing may be imported from it.
        """
        own = own_registry(snapshot, wanted, server)
        image = wanted.image
        if own is None:
            try:
                self._sources.check(wanted.host)
            except ImportFailed as error:
                raise control_error(error.why, str(error)) from error
            return lambda: self._sources.open(wanted.host, image.repository, wanted.credentials)
        if own.registry_id != snapshot.registry_id:
            self._check_address(own, caller, client)
        if wanted.credentials is not None:
            caller = await self._signed_in(own, wanted.credentials, client, server)
        allowed = self._allowed(own, caller, RegistryAction.PULL, image.repository)
        source = OwnSource(self._content.of(own.registry_id), allowed)
        return lambda: as_opened(source)

    def _check_address(self, own: Snapshot, caller: Caller, client: str) -> None:
        """Refuse an address from which nothing may be pulled from the source; recorded there.

        What a registry keeps to a network is not to be had elsewhere by way of another registry,
        nor are its passwords to be tried from there.

        Raises:
            Unacceptable: so it is.
        """
        if isinstance(caller.subject, FolderOwner):
            return
        refused = source_refused(own, client, decision_id=self._new_id(), at=self._clock())
        if refused is not None:
            self._recorder.decision(refused)
            told = {"decision": refused.decision_id, "reason": refused.reason, "client": client}
            self._log.write({"event": "address refused", **told}, at_once=True)
            raise Unacceptable(
                f"nothing is imported from the registry `{own.registry.name}`, whose network "
                f"rules refuse: {refused.sentence}. Decision: {refused.decision_id}"
            )

    async def _signed_in(
        self, own: Snapshot, credentials: SourceCredentials, client: str, server: str
    ) -> Caller:
        """Whom credentials for a registry of this server prove.

        Raises:
            Unacceptable: nobody.
        """
        shown = BasicCredentials(credentials.user_name, credentials.password)
        audiences = frozenset({own.registry.login_server or server})
        try:
            return await self._gate.authenticate(own, shown, source=client, audiences=audiences)
        except SignInRefused as refused:
            raise Unacceptable(
                f"the credentials for the source are refused: {refused}"
            ) from refused

    def _allowed(
        self,
        snapshot: Snapshot,
        caller: Caller,
        action: RegistryAction,
        repository: RepositoryName,
    ) -> Allowed:
        verdict = self._gate.decide(snapshot, caller, action, repository)
        if isinstance(verdict, Denied):
            raise Refused(verdict)
        return verdict

    def _tell(self, error: Exception) -> None:
        cause = error.detail if isinstance(error, StorageFailed) else str(error)
        words = f"{type(error).__name__}: {printable(cause, 512)}"
        self._log.write({"event": "fault", "error": words, "path": "import"}, at_once=True)

    def _note(self, begun: _Begun, state: ImportState, seconds: float) -> None:
        auditor = self._recorder.auditor
        if auditor is None:
            return
        at, seen = auditor.clock(), begun.snapshot
        registry = str(seen.registry.scope) if seen.registry_id else ""
        for repository, tags in begun.wanted.targets.items():

            def making(
                repository: RepositoryName = repository, tags: str = ",".join(tags)
            ) -> Entry:
                kind, caller_id = caller_key(begun.caller.subject)
                why = f": {state.why}" if state.why else ""
                return Entry(
                    entry_id=auditor.new_id(),
                    at=at,
                    category="repository",
                    operation="Import",
                    status=_BAD_REQUEST if state.why else _OK,
                    description=told(f"from {begun.wanted.told}{why}"),
                    identity=told(begun.caller.name),
                    caller_kind=kind,
                    caller_id=caller_id,
                    client=told(begun.client),
                    duration_ms=round(seconds * 1000),
                    server=told(begun.server),
                    registry=registry,
                    repository=told(str(repository)),
                    tag=told(tags),
                    digest=state.digest,
                    size=state.size,
                    correlation=state.import_id,
                )

            auditor.note("repository", making, refused=bool(state.why))


def _words(error: Exception) -> str:
    if isinstance(error, Refused):
        return "the right to import was taken away while the import was running"
    return str(error)


async def _refuse_taken(target: Registry, allowed: Allowed, tags: tuple[Tag, ...]) -> None:
    for tag in tags:
        with suppress(ManifestUnknown):
            await target.manifests.locate(allowed, tag)
            raise ImportFailed(
                Why.TAG_EXISTS,
                f"the tag `{allowed.repository}:{tag}` exists already in the target registry; "
                "import with --force to move it",
            )
