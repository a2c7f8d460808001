"""Which registry a verb speaks to: a folder, a server, or the one of the last login."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pratique.cli.failures import Failed
from pratique.cli.session import Session, Transport

DEFAULT_FOLDER = Path("pratique-data")


@contextmanager
def chosen_session(data: Path | None, server: str | None) -> Iterator[Session]:
    """A session, closed on leaving.

    Args:
        data: the folder that the user named.
        server: the server that the user named. With neither, the last login counts; without a
            login, the folder in which `pratique serve` would serve here.

    Raises:
        Failed: no registry was chosen, or it cannot be reached.
        click.UsageError: both were given.
    """
    if data is not None and server is not None:
        raise click.UsageError("give --data or --server, not both")
    if data is not None:
        session = _of_folder(data, f" --data {shlex.quote(str(data))}")
    else:
        session = _of_login(server) or _of_folder(_folder_here(), "")
    try:
        yield session
    finally:
        session.transport.close()


def _of_folder(data: Path, chosen_by: str) -> Session:
    from pratique.cli.in_process import InProcess  # noqa: PLC0415 - loaded when used

    transport: Transport = InProcess(data)
    return Session(transport, registry=f"the registry in {data}", chosen_by=chosen_by)


def _of_login(server: str | None) -> Session | None:
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used

    logins = Logins.of_this_user()
    if server is None:
        login = logins.current()
        if login is None:
            return None
    else:
        from pratique.cli.over_http import base_url  # noqa: PLC0415

        host = base_url(server).partition("://")[2]
        login = logins.of(host)
        if login is None:
            raise Failed(f"you are not logged in to {host}; run `pratique login {server}`")
    from pratique.cli.over_http import logged_in  # noqa: PLC0415

    return Session(
        logged_in(login),
        registry=login.host,
        chosen_by=f" --server {server}" if server else "",
        host=login.host,
        login_again=f"pratique login {server or login.url}",
    )


def _folder_here() -> Path:
    if not DEFAULT_FOLDER.is_dir():
        raise Failed(
            "no registry is chosen; log in with `pratique login SERVER`, or name its folder with "
            "`--data DIR`"
        )
    return DEFAULT_FOLDER
