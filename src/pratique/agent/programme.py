"""The agent from its start to its end."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from pratique.agent.answers import Agent
from pratique.agent.challenges import Challenges, FolderUnfit
from pratique.agent.identities import CredentialsUnfit, HostedIdentity, read_credentials
from pratique.agent.listeners import Listeners, TcpAddress
from pratique.agent.tokens import Tokens

Log = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What the agent is told at its start.

    Attributes:
        credentials: files with the identities of this host.
        addresses: to listen on.
        sockets: Unix sockets to listen on.
        challenge_folder: where challenge files are made, if an identity has a challenge group.
    """

    credentials: tuple[Path, ...]
    addresses: tuple[TcpAddress, ...]
    sockets: tuple[Path, ...]
    challenge_folder: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """What is told once the agent listens."""

    identities: tuple[HostedIdentity, ...]
    addresses: tuple[TcpAddress, ...]
    sockets: tuple[Path, ...]


async def run(
    settings: AgentSettings,
    client: httpx.AsyncClient,
    *,
    clock: Callable[[], float],
    random_bytes: Callable[[int], bytes],
    log: Log,
    ready: Callable[[Ready], None],
) -> None:
    """Answer until SIGTERM or SIGINT; read the credentials anew at SIGHUP.

    Args:
        settings: what to do.
        client: reaches the registry; closed at the end.
        clock: the time in seconds since 1970.
        random_bytes: gives that many unpredictable bytes.
        log: takes what is to be remembered.
        ready: called once, when all sockets are open.

    Raises:
        CredentialsUnfit, FolderUnfit, Unlistenable: at the start only.
    """
    challenges = Challenges(settings.challenge_folder, time.monotonic, random_bytes)
    identities = await asyncio.to_thread(_prepared, settings, challenges)
    agent = Agent(identities, Tokens(client, clock), challenges, log)
    listeners = Listeners(agent)
    ended = asyncio.Event()
    anew = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, anew.set)
    reading = asyncio.create_task(_read_anew(settings, challenges, agent, anew, log))
    try:
        addresses = tuple([await listeners.listen_tcp(address) for address in settings.addresses])
        for path in settings.sockets:
            await listeners.listen_unix(path)
        ready(Ready(identities, addresses, settings.sockets))
        await ended.wait()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await listeners.close()
        challenges.close()
        await client.aclose()


async def _read_anew(
    settings: AgentSettings, challenges: Challenges, agent: Agent, anew: asyncio.Event, log: Log
) -> None:
    while True:
        await anew.wait()
        anew.clear()
        try:
            identities = await asyncio.to_thread(_prepared, settings, challenges)
        except (CredentialsUnfit, FolderUnfit) as error:
            log({"event": "credentials kept", "problem": str(error)})
        else:
            agent.take(identities)
            log({"event": "credentials read", "identities": [i.name for i in identities]})


def _prepared(settings: AgentSettings, challenges: Challenges) -> tuple[HostedIdentity, ...]:
    identities = read_credentials(settings.credentials)
    groups = {i.challenge_group for i in identities if i.challenge_group is not None}
    if groups:
        challenges.prepare(groups)
    return identities
