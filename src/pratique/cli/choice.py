"""Which registry a verb speaks to: a folder, a server, or the one of the last login."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from pratique.cli.defaults import DEFAULT_DATA
from pratique.cli.failures import Failed
from pratique.cli.session import Session, Transport

DEFAULT_FOLDER = Path(DEFAULT_DATA)


@contextmanager
def chosen_session(
    data: Path | None, server: str | None, *, typed: frozenset[str]
) -> Iterator[Session]:
    """A session, closed on leaving.

    Args:
        data: the folder that the user named.
        server: the server that the user named. With neither, the last login counts; without a
            login, the folder in which `pratique serve` would serve here.
        typed: which of `data` and `server` were typed; the others came from the environment, are
            weaker, and need not be repeated in commands that are shown.

    Raises:
        Failed: no registry was chosen, or it cannot be reached.
        click.UsageError: both were given.
    """
    if len(typed) == 1:
        data, server = (data, None) if "data" in typed else (None, server)
    if data is not None and server is not None:
        raise click.UsageError("give --data or --server, not both")
    if data is not None:
        session = _of_folder(data)
    else:
        session = _of_login(server) or _of_folder(_folder_here())
    if typed:
        words = ("--data", str(data)) if data is not None else ("--server", str(server))
        session = replace(session, chosen_by=f" {shlex.join(words)}")
    try:
        yield session
    finally:
        session.transport.close()


def _of_folder(data: Path) -> Session:
    from pratique.cli.in_process import InProcess  # noqa: PLC0415 - loaded when used
    from pratique.settings import Places  # noqa: PLC0415

    transport: Transport = InProcess(Places(data))
    return Session(transport, registry=f"the registry in {data}")


def _of_login(server: str | None) -> Session | None:
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

    return Session(
        logged_in(login),
        registry=login.host,
        host=login.host,
        login_again=f"pratique login {server or shortest(login)}",
    )


def _folder_here() -> Path:
    if not DEFAULT_FOLDER.is_dir():
        raise Failed(
            "no registry is chosen; log in with `pratique login SERVER`, or name its folder with "
            "`--data DIR`"
        )
    return DEFAULT_FOLDER
