"""An agent in this process, its identities, and a token endpoint of somebody else's making."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import httpx

from pratique.agent import Agent, Challenges, HostedIdentity, Tokens
from pratique.agent.answers import Connection
from pratique.agent.messages import Request, Response
from pratique.agent.peers import UNKNOWN, Peer
from pratique.agent.tokens import Token

TENANT = "0c9f1d5e-7f2a-4c1e-9d64-2a1b3c4d5e6f"
ACR = "https://containerregistry.azure.net"
START = 1_800_000_000
WORKLOAD = Peer(1000, frozenset({1000, 33}))
STRANGER = Peer(1001, frozenset({1001}))
HEADER_SECRET = "a header secret of enough length"
OWN_HOST = "127.0.0.1:40342"
IMDS = "/metadata/identity/oauth2/token"
APP_SERVICE = "/msi/token"


def identity(number: int = 1, **changes: Any) -> HostedIdentity:
    """An identity whose ids hold a number; the user 1000 may have it."""
    usual: dict[str, Any] = {
        "name": f"web-{number}",
        "tenant": TENANT,
        "client_id": f"c1000000-0000-4000-8000-{number:012}",
        "object_id": f"0b000000-0000-4000-8000-{number:012}",
        "resource_id": f"/subscriptions/s/resourceGroups/g/providers/P/identities/web-{number}",
        "secret": f"prq_secret-{number}",
        "users": frozenset({1000}),
    }
    return HostedIdentity(**{**usual, **changes})


@dataclass
class TokenServer:
    """A token endpoint that gives numbered tokens, or whatever it is told to answer.

    Attributes:
        answer: made of the request's form; None for a token.
        forms: what was asked, in order.
        asked: set once somebody has asked.
        opened: requests wait for it.
    """

    answer: Callable[[Mapping[str, str]], httpx.Response] | None = None
    life: int = 3600
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.opened.set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request."""
        assert request.method == "POST"
        assert request.url.path == f"/{TENANT}/oauth2/v2.0/token"
        form = {name: value for name, [value] in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        self.asked.set()
        await self.opened.wait()
        if self.answer is not None:
            return self.answer(form)
        content = {
            "token_type": "Bearer",
            "access_token": f"token-{len(self.forms)}",
            "expires_in": self.life,
        }
        return httpx.Response(200, json=content)

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this and nothing else."""
        return httpx.AsyncClient(
            base_url="https://registry.test", transport=httpx.MockTransport(self)
        )


@dataclass
class Time:
    """A clock that goes on when it is told to."""

    now: float = START

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@dataclass
class Stage:
    """An agent with all that it hangs on.

    Attributes:
        log: the facts that it told.
    """

    agent: Agent
    server: TokenServer
    time: Time
    challenges: Challenges
    log: list[Mapping[str, object]]

    @classmethod
    def of(cls, folder: Path, *identities: HostedIdentity) -> Self:
        """An agent of these identities whose challenge files are in `folder`."""
        server, time, log = TokenServer(), Time(), list[Mapping[str, object]]()
        challenges = Challenges(folder, time, secrets.token_bytes)
        agent = Agent(identities, Tokens(server.client(), time), challenges, log.append)
        return cls(agent, server, time, challenges, log)

    async def ask(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        peer: Peer = UNKNOWN,
        method: str = "GET",
    ) -> Response:
        """The answer to a request with these headers beside `Host`."""

        async def who() -> Peer:
            await asyncio.sleep(0)
            return peer

        sent = {"host": OWN_HOST, **headers}
        connection = Connection(who, frozenset({OWN_HOST}))
        request = Request(method, path, query, sent, keeps_open=True)
        return await self.agent.answer(request, connection)

    async def metadata(
        self,
        query: Mapping[str, str] | None = None,
        *,
        peer: Peer = WORKLOAD,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer to a request of the metadata service's form."""
        asked = {"api-version": "2018-02-01", "resource": ACR, **(query or {})}
        return await self.ask(IMDS, asked, {"metadata": "true", **(headers or {})}, peer=peer)

    async def app_service(
        self,
        query: Mapping[str, str] | None = None,
        *,
        secret: str = HEADER_SECRET,
        header: str = "x-identity-header",
    ) -> Response:
        """The answer to a request of App Service's form."""
        asked = {"api-version": "2019-08-01", "resource": ACR, **(query or {})}
        return await self.ask(APP_SERVICE, asked, {header: secret})

    async def arc(
        self, authorization: str | None = None, query: Mapping[str, str] | None = None
    ) -> Response:
        """The answer to a request of Azure Arc's form."""
        shown = {} if authorization is None else {"authorization": authorization}
        asked = {"api-version": "2020-06-01", **(query or {})}
        return await self.metadata(asked, peer=UNKNOWN, headers=shown)


def token(number: int) -> Token:
    """The token that `TokenServer` gives at the start for the request of that number."""
    return Token(f"token-{number}", START, START + 3600)


def file_of(challenge: Response) -> Path:
    """The file that a challenge names."""
    ((name, value),) = challenge.headers
    assert (challenge.status, name) == (401, "WWW-Authenticate")
    return Path(value.removeprefix("Basic realm="))


def proof_in(path: Path) -> str:
    """What is in a challenge file."""
    return path.read_text("ascii")


def files_in(folder: Path) -> list[str]:
    """The names of what is in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())
