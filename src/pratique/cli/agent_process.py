"""The process of `pratique identity agent`: clock, randomness, log, first words."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.agent import (
    CredentialsUnfit,
    FolderUnfit,
    Unlistenable,
    parse_address,
    server_client,
)
from pratique.agent.programme import AgentSettings, Ready, run
from pratique.cli.failures import Failed
from pratique.cli.screen import Screen
from pratique.cli.servers import base_url, leads_to_this_machine, readable_on_the_way, trusted


def run_agent(
    screen: Screen,
    server: str,
    credentials: tuple[Path, ...],
    listen: tuple[str, ...],
    sockets: tuple[Path, ...],
    ca_file: Path | None,
    challenge_folder: Path,
) -> None:
    """Run the agent until it is asked to end.

    Raises:
        Failed: it cannot start.
    """
    url = base_url(server)
    if readable_on_the_way(url):
        raise Failed(
            f"the secrets of this host would cross a network readable; write https://{server}"
        )
    try:
        settings = AgentSettings(
            credentials, tuple(map(parse_address, listen)), sockets, challenge_folder
        )
        client = server_client(
            url,
            verified_by=trusted(ca_file) if url.startswith("https:") else False,
            # A proxy of the environment does not lead back to this machine.
            trust_env=not leads_to_this_machine(url),
        )
        asyncio.run(
            run(
                settings,
                client,
                clock=lambda: _now().timestamp(),
                random_bytes=secrets.token_bytes,
                log=_log,
                ready=lambda ready: _greet(screen, url, ready),
            )
        )
    except (CredentialsUnfit, FolderUnfit, Unlistenable) as error:
        raise Failed(str(error)) from error


def _greet(screen: Screen, url: str, ready: Ready) -> None:
    endpoints = [f"http://{address}" for address in ready.addresses]
    content = {
        "server": url,
        "identities": [identity.name for identity in ready.identities],
        "endpoints": endpoints,
        "sockets": list(map(str, ready.sockets)),
    }
    lines = [f"The agent hands out tokens of {', '.join(content['identities'])} from {url}.", ""]
    for endpoint in endpoints:
        lines += [
            f"  AZURE_POD_IDENTITY_AUTHORITY_HOST={endpoint}    for users and groups",
            f"  IDENTITY_ENDPOINT={endpoint}/msi/token    with IDENTITY_HEADER, the secret",
            f"  IDENTITY_ENDPOINT={endpoint}/metadata/identity/oauth2/token    with IMDS_ENDPOINT",
        ]
    lines += [f"  the socket {path}    for users and groups" for path in ready.sockets]
    screen.show(content, *lines, "", "Stop with Ctrl-C.")


def _log(facts: Mapping[str, object]) -> None:
    line = {"time": f"{_now():%Y-%m-%dT%H:%M:%SZ}", **facts}
    click.echo(json.dumps(line), err=True)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the agent's own clock
