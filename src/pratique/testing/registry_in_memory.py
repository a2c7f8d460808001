"""A whole registry in the memory of one process, asked by requests that never touch a socket."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pratique.admission import FOLDER_OWNER, RegistryRecord, Snapshots
from pratique.admission.audit import Auditor
from pratique.admission.imports import ImageSources
from pratique.admission.recorder import Recorder
from pratique.assembly import compose, first_records, new_id
from pratique.http.application import Application
from pratique.http.wire.messages import BodyTruncated, HeadersOfOne, Request, Response
from pratique.identity import PasswordHasher
from pratique.identity.federation import OutsideKeys
from pratique.observability import LineLog
from pratique.outgoing import LdapServers
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
from pratique.storage.metadata.memory.audit import MemoryAuditLog
from pratique.storage.metadata.memory.decisions import MemoryDecisions
from pratique.storage.metadata.memory.ledger import MemoryLedger
from pratique.storage.metadata.memory.pending_sign_ins import MemoryPendingSignIns

HOST = "registry.test:5000"
OWNER = ("owner", "a password for tests")
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time now."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Let time go by."""
        self._now += step


@dataclass(slots=True)
class SentBody:
    """A request's body, in pieces; broken off after them when `cut`."""

    pieces: tuple[bytes, ...] = ()
    cut: bool = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces."""
        for piece in self.pieces:
            yield piece
        if self.cut:
            raise BodyTruncated("the client went away in the middle of its request")


@dataclass(slots=True)
class RegistryInMemory:
    """A registry called `demoregistry` with one user, `OWNER`, who holds Owner at `/`."""

    application: Application
    ledger: MemoryLedger
    clock: Clock
    executor: ThreadPoolExecutor
    ldap: LdapServers
    auditor: Auditor
    host: str = HOST
    client: str = "192.0.2.1"
    scheme: str = "http"

    @classmethod
    async def start(
        cls,
        log: LineLog | None = None,
        issuers: OutsideKeys | None = None,
        content: Registry | None = None,
        external_url: str | None = None,
        sources: ImageSources | None = None,
        *,
        audit_pulls: bool = True,
    ) -> Self:
        """A new one.

        Args:
            log: takes lines; none are written when None.
            issuers: asks outside issuers for their keys; real ones when None.
            content: what the repositories hold, kept elsewhere; empty and in memory when None.
            external_url: as clients see the home registry, behind a proxy.
            sources: the way to other registries for imports; none may be asked when None.
            audit_pulls: whether pulls have entries in the audit log.
        """
        clock, ledger = Clock(), MemoryLedger()
        executor, ldap = ThreadPoolExecutor(1), LdapServers()
        passwords = PasswordHasher(executor, secrets.token_bytes)
        registry = RegistryRecord("demoregistry", new_id(), "berth", clock())
        await ledger.append(0, first_records(registry, OWNER[0], await passwords.hash(OWNER[1])))
        rows, blobs = ContentRows(), MemoryBlobs()
        content = content or Registry.build(
            manifests=MemoryManifests(rows),
            links=MemoryBlobLinks(rows),
            contents=blobs,
            area=MemoryUploads(blobs, clock),
            catalogue=MemoryCatalogue(rows),
            items=MemoryItems(rows),
            clock=clock,
            new_id=new_id,
        )
        auditor = Auditor(
            MemoryAuditLog(),
            executor,
            clock=clock,
            new_id=new_id,
            lines=log or LineLog(None),
            pulls=audit_pulls,
        )
        application = compose(
            ledger=ledger,
            snapshots=Snapshots(ledger),
            attempts=MemorySignInAttempts(),
            pending=MemoryPendingSignIns(),
            content=content,
            passwords=passwords,
            log=log or LineLog(None),
            recorder=Recorder(
                MemoryDecisions(), executor, clock, log or LineLog(None), auditor=auditor
            ),
            clock=clock,
            issuers=issuers,
            ldap=ldap,
            external_url=external_url,
            sources=sources,
        )
        return cls(application, ledger, clock, executor, ldap, auditor)

    def stop(self) -> None:
        """End the threads."""
        self.ldap.close()
        self.executor.shutdown()

    async def ask(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | SentBody = b"",
        inside: bool = False,
    ) -> Response:
        """The answer to one request, which is never one that is known at once.

        Args:
            method: as on the wire.
            address: path and query; the path decoded, as the server gives it.
            headers: names in lower case.
            body: whole, or as it arrives.
            inside: whether the owner of the data folder asks, in this process.
        """
        path, _, query = address.partition("?")
        sent = body if isinstance(body, SentBody) else SentBody((body,) if body else ())
        given = HeadersOfOne(headers or {})
        if isinstance(body, bytes) and method in {"POST", "PUT", "PATCH"}:
            given.setdefault("content-length", str(len(body)))
        request = Request(method, path, query, given, self.scheme, self.host, self.client, sent)
        if inside:
            return await self.application.handle_for(request, FOLDER_OWNER)
        return await self.application.handle(request)

    def known(
        self, address: str, headers: Mapping[str, str], method: str = "GET"
    ) -> Response | None:
        """The answer that is known at once to a request without a query, if there is one.

        Args:
            address: the path, decoded.
            headers: names in lower case; the host is this registry's.
            method: as on the wire.
        """
        at_once = self.application.at_once
        given = HeadersOfOne({"host": self.host, **headers})
        return at_once and at_once(method, address, self.scheme, self.host, given)

    async def manage(self, method: str, address: str, content: Any = None) -> Any:
        """Have the owner of the folder call the management API; its JSON.

        Raises:
            AssertionError: the answer is no success.
        """
        body = b"" if content is None else json.dumps(content).encode()
        headers = {"content-type": "application/json"}
        response = await self.ask(
            method, f"/api/v1{address}", headers=headers, body=body, inside=True
        )
        if response.status >= 300:
            raise AssertionError(f"{method} {address}: {response.status} {response.body!r}")
        return json.loads(response.body)

    async def token(self, credentials: tuple[str, str] | None, *scopes: str) -> str:
        """An access token for `credentials`.

        Raises:
            AssertionError: the token endpoint refuses.
        """
        query = "&".join(["service=" + self.host, *(f"scope={scope}" for scope in scopes)])
        headers = {} if credentials is None else {"authorization": basic(*credentials)}
        response = await self.ask("GET", f"/oauth2/token?{query}", headers=headers)
        if response.status != 200:
            raise AssertionError(f"no token: {response.status} {response.body!r}")
        token: str = json.loads(response.body)["access_token"]
        return token


def basic(user_name: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user_name}:{password}".encode()).decode()


def bearer(token: str) -> str:
    """The value of an Authorization header."""
    return f"Bearer {token}"


def header(response: Response, name: str) -> str | None:
    """The first value of a header, None when it is not there."""
    return next((value for key, value in response.headers if key == name), None)
