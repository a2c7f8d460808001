"""What happened at a data folder before a client comes, without waiting for it.

The product counts lives in hours and days, and makes guesses cost time. So the folder is opened
here, beside the server that serves it, by a product whose clock stands in the past.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urlencode

from tests.clients.registry_clients import Account

from pratique import assembly
from pratique.assembly import sources
from pratique.cli.in_process import InProcess
from pratique.cli.session import FORM, JSON, Call
from pratique.http.wire.messages import HeadersOfOne, Request
from pratique.observability import LineLog
from pratique.settings import Places
from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts

# Twelve are too many for sixty seconds, which is the longest wait.
_GUESSES = 12


def expired_service_principal(data: Path, name: str) -> Account:
    """A service principal whose only secret, made two days ago, lived one day."""
    body = json.dumps({"name": name, "expires_in_days": 1}).encode()
    with _clock_set_back(timedelta(days=2)), closing(InProcess(Places(data))) as folder:
        reply = folder.send(
            Call("POST", "/api/v1/service-principals", content=body, content_type=JSON)
        )
    assert reply.status == 201, reply
    made = json.loads(reply.content)
    return Account(name, made["client_id"], made["secret"])


def expired_refresh_token(data: Path, host: str, account: Account) -> str:
    """A refresh token of `account` that was made four hours ago; it lived three."""
    form = {"grant_type": "password", "service": host, "access_type": "offline"}
    form |= {"username": account.user_name, "password": account.password}
    with _clock_set_back(timedelta(hours=4)), asyncio.Runner() as runner:
        opened = assembly.open_registry(Places(data), LineLog(None))
        try:
            answer = runner.run(opened.application.handle(_post(host, form)))
        finally:
            opened.close()
    assert answer.status == 200, answer
    token: str = json.loads(answer.body)["refresh_token"]
    return token


def guess_often(data: Path, account: Account) -> None:
    """Count so many wrong passwords of this machine that it must wait for a minute from now on."""
    attempts = SqliteSignInAttempts(data / assembly.ATTEMPTS_FILE)
    with closing(attempts), asyncio.Runner() as runner:
        for _ in range(_GUESSES):
            runner.run(attempts.failed("127.0.0.1", account.user_name.casefold(), assembly.now()))


class _Form:
    """A request's body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._content


def _post(host: str, form: dict[str, str]) -> Request:
    return Request(
        method="POST",
        path="/oauth2/token",
        query="",
        headers=HeadersOfOne({"content-type": FORM}),
        scheme="http",
        host=host,
        client="127.0.0.1",
        body=_Form(urlencode(form).encode()),
    )


@contextmanager
def _clock_set_back(by: timedelta) -> Iterator[None]:
    def earlier(tz: tzinfo) -> datetime:
        return datetime.now(tz) - by  # noqa: TID251 - stands in for the product's clock

    with patch.object(sources, "datetime", SimpleNamespace(now=earlier)):
        yield
