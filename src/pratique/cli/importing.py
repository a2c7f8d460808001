"""`pratique import`: an image of another registry comes into this one."""

from __future__ import annotations

import time
from typing import Any, Final

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session, address
from pratique.cli.standard_input import read_password
from pratique.cli.verbs import verb

ASK_AGAIN_SECONDS: Final = 2.0


@verb(None, "import", "pratique import docker.io/library/alpine:3 --as base/alpine:3")
@click.argument("source")
@click.option(
    "--as",
    "targets",
    multiple=True,
    metavar="NAME:TAG",
    help="Its name and tag here; may be given many times. Its own, when not given.",
)
@click.option(
    "--untagged",
    multiple=True,
    metavar="NAME",
    help="A repository that gets it by its digest alone; may be given many times.",
)
@click.option(
    "--from-registry",
    metavar="NAME",
    help="The registry of this server that has it; SOURCE is then without a host.",
)
@click.option("--username", "-u", help="For the source's registry; none, to ask as nobody.")
@click.option("--password-stdin", is_flag=True, help="Read the password for it.")
@click.option("--force", is_flag=True, help="Move tags that are there already.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the end of a long import.")
def import_(
    session: Session,
    screen: Screen,
    *,
    source: str,
    targets: tuple[str, ...],
    untagged: tuple[str, ...],
    from_registry: str | None,
    username: str | None,
    password_stdin: bool,
    force: bool,
    no_wait: bool,
) -> None:
    """Copy an image from another registry, or from another repository of this server.

    SOURCE is HOST/NAME:TAG or HOST/NAME@DIGEST, or the same without a host for this server. All
    platforms of it come. Nothing is served before everything is here, and every digest is right.

    Other hosts are asked only if the server was started with `--import-from HOST`; with --data, if
    PRATIQUE_IMPORT_FROM names the host.
    """
    if username and not password_stdin:
        raise click.UsageError("give the password with --password-stdin")
    body: dict[str, Any] = {
        "source": source,
        "targets": targets,
        "untagged": untagged,
        "registry": from_registry,
        "username": username,
        "password": read_password() if password_stdin else None,
        "force": force,
    }
    found = session.call("POST", address("imports"), body=body)
    while found["state"] == "running" and not no_wait:
        time.sleep(ASK_AGAIN_SECONDS)
        found = session.call("GET", address("imports", found["import_id"]))
    if found["state"] == "running":
        screen.show(found, f"The import {found['import_id']} goes on at the server.")
        return
    screen.show(found, f"Imported {source}: {found['digest']}, {found['size']} bytes.")
