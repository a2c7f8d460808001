"""Which registry a verb speaks to: a folder, a server, or the one of the last login."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from pratique.cli.defaults import DEFAULT_DATA
from pratique.cli.failures import Failed
from pratique.cli.session import Session, Transport, address
from pratique.settings import Places

DEFAULT_FOLDER = Path(DEFAULT_DATA)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a user named, by option or environment.

    Attributes:
        data: a folder.
        database: where the rows are, when not there.
        blobs: where the blobs are, when not there.
        server: a host.
        registry: one of several that are kept there, by its name.
    """

    data: Path | None
    database: str | None
    blobs: str | None
    server: str | None
    registry: str | None = None


@contextmanager
def chosen_session(chosen: Chosen, *, typed: frozenset[str]) -> Iterator[Session]:
    """A session, closed on leaving.

    Args:
        chosen: what the user named. With nothing, the last login counts; without a login, the
            folder in which `pratique serve` would serve here.
        typed: what of it was typed; the rest came from the environment, is weaker, and need not be
            repeated in commands that are shown.

    Raises:
        Failed: no registry was chosen, or it cannot be reached.
        click.UsageError: both were given.
    """
    places, server = _places(chosen), chosen.server
    if not typed.isdisjoint({"data", "database"}) and "server" not in typed:
        server = None
    elif "server" in typed and typed.isdisjoint({"data", "database"}):
        places = None
    if places is not None and server is not None:
        raise click.UsageError("give --data or --server, not both")
    if places is not None:
        session = _of_places(places, chosen.registry)
    else:
        session = _of_login(server, chosen.registry) or _of_places(
            Places(_folder_here()), chosen.registry
        )
    words = [
        word
        for name in ("data", "server", "registry")
        if name in typed
        for word in (f"--{name}", str(getattr(chosen, name)))
    ]
    if words:
        session = replace(session, chosen_by=f" {shlex.join(words)}")
    try:
        yield session
    finally:
        session.transport.close()


def _places(chosen: Chosen) -> Places | None:
    if chosen.data is None and chosen.database is None:
        return None
    return Places(chosen.data or DEFAULT_FOLDER, chosen.database, chosen.blobs)


def _of_places(places: Places, registry: str | None) -> Session:
    from pratique.cli.in_process import InProcess  # noqa: PLC0415 - loaded when used

    transport: Transport = InProcess(places, registry)
    called = "the registry" if registry is None else f"the registry `{registry}`"
    return Session(transport, registry=f"{called} in {places.of_rows}")


def _of_login(server: str | None, registry: str | None) -> Session | None:
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used
    from pratique.cli.servers import base_url, host_of, shortest  # noqa: PLC0415

    logins = Logins.of_this_user()
    if server is None:
        login = logins.current()
        if login is None:
            return None
    else:
        host = host_of(base_url(server))
        login = logins.of(host)
        if login is None:
            raise Failed(f"you are not logged in to {host}; run `pratique login {server}`")
    from pratique.cli.over_http import logged_in  # noqa: PLC0415

    if registry is not None:
        again = f"pratique login {shortest(login)}"
        asking = Session(logged_in(login), registry=login.host, login_again=again)
        host = _login_server(asking, registry)
        if host != login.host:
            login, server = logins.of(host), host
            if login is None:
                raise Failed(
                    f"you are not logged in to {host}, the login server of the registry "
                    f"`{registry}`; run `pratique login {host}`"
                )
    return Session(
        logged_in(login),
        registry=login.host,
        host=login.host,
        login_again=f"pratique login {server or shortest(login)}",
    )


def _login_server(session: Session, registry: str) -> str:
    """The host of a registry that shares its server with the one that a session speaks to.

    Raises:
        Failed: there is none of that name that the user may read.
    """
    try:
        found = session.call("GET", address("registries"))
    finally:
        session.transport.close()
    for one in found:
        if one["name"].casefold() == registry.casefold() and one["login_server"]:
            return str(one["login_server"])
    raise Failed(
        f"there is no registry `{registry}` at {session.registry} that you may read; "
        "`pratique registry list` shows them"
    )


def _folder_here() -> Path:
    if not DEFAULT_FOLDER.is_dir():
        raise Failed(
            "no registry is chosen; log in with `pratique login SERVER`, or name its folder with "
            "`--data DIR`"
        )
    return DEFAULT_FOLDER
