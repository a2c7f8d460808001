"""Sign-ins over a database on the network: what is used once is used once, guesses come in turn."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from tests.stores.law_node import application_on
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission import Snapshots
from pratique.admission.authorization_codes import (
    AuthorizationCode,
    AuthorizationCodes,
    CodeRefused,
)
from pratique.admission.user_gate import UserGate
from pratique.http.wire.messages import HeadersOfOne, Request
from pratique.identity import PasswordHasher, SignInFailure, SignInRefused, UserPasswords
from pratique.identity.web_sign_in import Delegation
from pratique.outgoing import LdapServers
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.attempts import PostgresSignInAttempts
from pratique.storage.metadata.postgres.pending_sign_ins import PostgresPendingSignIns
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import HOST, RegistryInMemory, SentBody, basic

AT = datetime(2026, 1, 5, tzinfo=UTC)
HERE = "192.0.2.1"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
DELEGATION = Delegation("client", "resource", (), "ada-id", "password-id", "sign-in-id")


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[PostgresDatabase]:
    """An empty database."""
    opened = PostgresDatabase.open(fresh_database(postgres))
    yield opened
    opened.close()


@pytest.fixture
def gate(database: PostgresDatabase) -> Iterator[UserGate]:
    """A gate for people on that database."""
    ldap = LdapServers()
    with ThreadPoolExecutor(1) as executor:
        passwords = UserPasswords(PasswordHasher(executor, secrets.token_bytes), ldap)
        yield UserGate(
            PostgresSignInAttempts(database), passwords, PostgresPendingSignIns(database)
        )
    ldap.close()


@in_loop
async def test_a_code_that_comes_twice_at_once_was_stolen(
    database: PostgresDatabase, gate: UserGate
) -> None:
    """One gets what it stands for, the others are told, and what was made of it has no force."""
    pending = PostgresPendingSignIns(database)
    codes = AuthorizationCodes(pending, gate, secrets.token_bytes)
    content = AuthorizationCode(DELEGATION, "http://localhost", CHALLENGE.decode(), "")
    code = await codes.make(content, AT)
    outcomes = await asyncio.gather(
        *(
            codes.redeem(
                code,
                client_id="client",
                redirect_uri="http://localhost",
                verifier=VERIFIER,
                at=AT,
            )
            for _ in range(5)
        ),
        return_exceptions=True,
    )
    assert outcomes.count(content) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, CodeRefused)]
    assert [each.replayed for each in refused] == [True] * 4
    assert await pending.find("void", "sign-in-id", AT + timedelta(minutes=1)) is not None


@in_loop
async def test_guesses_that_are_sent_at_once_are_looked_at_in_turn(gate: UserGate) -> None:
    """Of many user codes at once no more are compared than of as many one after another."""
    compared = 0

    async def guess() -> None:
        nonlocal compared
        async with gate.guesses(HERE, AT):
            compared += 1
            raise SignInRefused(SignInFailure.WRONG, "the code is unknown")

    outcomes = await asyncio.gather(*(guess() for _ in range(20)), return_exceptions=True)
    reasons = [each.reason for each in outcomes if isinstance(each, SignInRefused)]
    assert (compared, reasons.count(SignInFailure.TOO_MANY)) == (5, 15)


@in_loop
async def test_a_database_that_cannot_be_asked_lets_nobody_in(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    """Whether somebody must wait is not known then: the answer is a failure, not a verdict."""
    registry = await RegistryInMemory.start()
    attempts = PostgresSignInAttempts(database)
    row = await database.fetch_one("SELECT current_database()")
    assert row is not None
    postgres.ask("DROP TABLE attempts", database=row[0])
    application = application_on(
        registry.ledger, Snapshots(registry.ledger), registry.executor, attempts
    )
    shown = HeadersOfOne({"authorization": basic("owner", "wrong")})
    for path, query, status in (("/v2/", "", 500), ("/oauth2/token", f"service={HOST}", 503)):
        request = Request("GET", path, query, shown, "http", HOST, HERE, SentBody())
        answer = await application.handle(request)
        assert answer.status == status
        assert b"attempts" not in answer.body
    registry.stop()
