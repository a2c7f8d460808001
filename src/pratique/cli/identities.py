"""`pratique identity`: managed identities, and the agent on a workload's host."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from pratique.cli.accounts import Kind, add_delete
from pratique.cli.failures import Failed
from pratique.cli.screen import Screen, commands, names
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, local_verb, verb

identity = group_of_verbs(
    "identity", "Managed identities, and the agent that hands out their tokens."
)
_IDENTITIES = "managed-identities"
# Where Azure Arc's agent listens, and clients of its form look.
DEFAULT_AGENT_ADDRESS = "127.0.0.1:40342"
_CHALLENGES = "/var/opt/azcmagent/tokens"
_HOST = click.option("--host", required=True, metavar="HOST", help="Its name, as you like it.")
_IDENTITY = click.argument("name", metavar="IDENTITY")


@verb(identity, "create", "pratique identity create web")
@click.argument("name")
@click.option("--system", "system_host", metavar="HOST", help="The host whose own identity it is.")
def _create(session: Session, screen: Screen, name: str, system_host: str | None) -> None:
    """Make a managed identity.

    It is a principal without a secret: hosts that it is assigned to get tokens for their
    workloads. One with --system is the identity of that host alone.
    """
    body = {"name": name, "system_host": system_host}
    made = session.call("POST", address(_IDENTITIES), body=body)
    host = system_host or "HOST"
    screen.show(
        made,
        f"The {made['kind']} managed identity `{made['name']}` is made.",
        "",
        *commands(
            "It has no role yet, and no host. Let it pull, and assign it:",
            f"pratique role assign AcrPull --to {made['name']}{session.chosen_by}",
            f"pratique identity assign {made['name']} --host {host} --user USER{session.chosen_by}",
        ),
    )


@verb(identity, "list", "pratique identity list")
def _list(session: Session, screen: Screen) -> None:
    """List managed identities."""
    screen.table(
        session.call("GET", address(_IDENTITIES)),
        {
            "NAME": "name",
            "KIND": "kind",
            "CLIENT ID": "client_id",
            "HOSTS": lambda row: names(row["hosts"], "host"),
            "CREATED": "created",
        },
        empty="There are no managed identities; `pratique identity create NAME` makes one.",
    )


@verb(identity, "show", "pratique identity show web")
@_IDENTITY
def _show(session: Session, screen: Screen, name: str) -> None:
    """Show a managed identity."""
    screen.facts(
        session.call("GET", address(_IDENTITIES, name)),
        {
            "name": "name",
            "kind": "kind",
            "client id": "client_id",
            "object id": "object_id",
            "resource id": "resource_id",
            "created": "created",
            "hosts": lambda row: names(row["hosts"], "host"),
        },
    )


add_delete(
    Kind(identity, "managed identity", _IDENTITIES, "name", "web"),
    "the secrets of its hosts, its role assignments and memberships go with it",
)


@verb(identity, "assign", "pratique identity assign web --host web-1 --user www-data")
@_IDENTITY
@_HOST
@click.option("--user", "users", multiple=True, metavar="USER", help="Who there may have tokens.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Likewise.")
@click.option("--header", is_flag=True, help="Make a secret for the App Service form.")
@click.option("--challenge-group", metavar="GROUP", help="Who may by the Azure Arc form.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, for you alone, instead of showing it.",
)
def _assign(
    session: Session,
    screen: Screen,
    name: str,
    host: str,
    *,
    users: tuple[str, ...],
    groups: tuple[str, ...],
    header: bool,
    challenge_group: str | None,
    file: Path | None,
) -> None:
    """Let a host hand out tokens of an identity.

    What its agent needs is shown this once. USER and GROUP are names or numbers on that host. A
    second time, the host gets another secret, and what the former one got loses its force.
    """
    with _opened(file) as opened:
        made = session.call("POST", address(_IDENTITIES, name, "hosts"), body={"host": host})
        content = _content(made, users, groups, header=header, challenge_group=challenge_group)
        if opened is not None:
            opened.write(("\n".join(_toml(content)) + "\n").encode())
    opening = f"`{made['name']}` is assigned to the host `{made['host']}`."
    place = str(file or f"/etc/pratique/{made['name']}.toml")
    server = session.image_host()
    start = f"pratique identity agent --server {server} --credentials {place}"
    if file is not None:
        told = {key: value for key, value in made.items() if key != "secret"}
        lines = commands(f"{opening} What its agent needs is in {file}:", start)
        screen.show({**told, "file": str(file)}, *lines)
        return
    screen.show(
        content,
        f"{opening} What its agent needs, shown this once:",
        "",
        *(f"  {line}".rstrip() for line in _toml(content)),
        "",
        *commands(
            f"Keep it on the host in {place}, with mode 600, and start the agent:",
            start,
        ),
    )


@verb(identity, "unassign", "pratique identity unassign web --host web-1")
@_IDENTITY
@_HOST
def _unassign(session: Session, screen: Screen, name: str, host: str) -> None:
    """Take an identity away from a host.

    Tokens that its agent has got lose their force with the next request.
    """
    changed = session.call("DELETE", address(_IDENTITIES, name, "hosts", host))
    screen.show(
        changed,
        f"`{changed['name']}` is assigned to the host `{host}` no more; tokens it got are void.",
    )


@local_verb(
    identity,
    "agent",
    "pratique identity agent --server registry.example.com --credentials /etc/pratique/web.toml",
)
@click.option("--server", required=True, envvar="PRATIQUE_SERVER", help="The registry.")
@click.option(
    "--credentials",
    required=True,
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="What `identity assign` gave, mode 600; several times for several identities.",
)
@click.option(
    "--listen",
    multiple=True,
    metavar="HOST:PORT",
    help=f"On loopback, or 169.254.169.254:80.  [default: {DEFAULT_AGENT_ADDRESS}]",
)
@click.option(
    "--socket",
    "sockets",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A Unix socket; no TCP then, unless --listen is given too.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates to trust for the registry beside those of the system, PEM.",
)
@click.option(
    "--challenge-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_CHALLENGES,
    show_default=True,
    help="Where clients of the Azure Arc form look for files.",
)
def _agent(
    screen: Screen,
    server: str,
    credentials: tuple[Path, ...],
    listen: tuple[str, ...],
    sockets: tuple[Path, ...],
    ca_file: Path | None,
    challenge_folder: Path,
) -> None:
    """Hand out tokens of managed identities to workloads on this host.

    Speaks the forms of Azure's metadata service, App Service and Azure Arc, so that Azure's client
    libraries work unchanged. A token is given only to the users, groups, header secrets and
    challenge groups that the credentials file names. SIGHUP reads that file anew.
    """
    from pratique.cli.agent_process import run_agent  # noqa: PLC0415 - loaded when used

    default = () if sockets else (DEFAULT_AGENT_ADDRESS,)
    run_agent(screen, server, credentials, listen or default, sockets, ca_file, challenge_folder)


def _account(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() else text


def _toml(content: Mapping[str, Any]) -> list[str]:
    """The content of a credentials file; a JSON text is a TOML value too."""
    (entry,) = content["identities"]
    return [
        f"tenant = {json.dumps(content['tenant'])}",
        "",
        "[[identities]]",
        *(f"{key} = {json.dumps(value)}" for key, value in entry.items()),
    ]


def _content(
    made: Mapping[str, Any],
    users: Iterable[str],
    groups: Iterable[str],
    *,
    header: bool,
    challenge_group: str | None,
) -> dict[str, Any]:
    """What the agent of the host needs: the identity, its secret, and who may have tokens."""
    allowed: dict[str, Any] = {
        "users": list(map(_account, users)),
        "groups": list(map(_account, groups)),
        "header_secret": secrets.token_urlsafe(32) if header else None,
        "challenge_group": None if challenge_group is None else _account(challenge_group),
    }
    entry = {key: value for key, value in made.items() if key != "tenant"}
    entry |= {key: value for key, value in allowed.items() if value not in (None, [])}
    return {"tenant": made["tenant"], "identities": [entry]}


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO | None]:
    """The new file, open before the host gets a secret that must not be lost.

    Raises:
        Failed: it is there already, or cannot be written.
    """
    if file is None:
        yield None
        return
    from pratique.cli.private_files import new_file  # noqa: PLC0415 - loaded when used

    try:
        with new_file(file) as opened:
            yield opened
    except FileExistsError as error:
        raise Failed(f"the file {file} is there already; name one that is not") from error
    except OSError as error:
        raise Failed(
            f"the file {file} cannot be written: {error.strerror}; if the host got a new secret, "
            "nobody has seen it: assign once more"
        ) from error
