"""`pratique login` and `pratique logout`."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen
from pratique.cli.verbs import local_verb

_CLIENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TIMEOUT_SECONDS = 60.0


@local_verb(None, "login", "pratique login registry.example.com -u owner")
@click.argument("server")
@click.option("-u", "--user", help="User name, client id, or the null GUID with a refresh token.")
@click.option("-p", "--password", help="Others can see it in the list of processes.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--docker", is_flag=True, help="Have docker ask this login, in $DOCKER_CONFIG/config.json."
)
@click.option(
    "--podman",
    is_flag=True,
    help="Have podman, buildah and skopeo ask this login, in $REGISTRY_AUTH_FILE.",
)
@click.option(
    "--keep-secret",
    is_flag=True,
    help="Keep a service principal's secret on this disk, to log in again with it.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates to trust for this server beside those of the system, PEM.",
)
def login(
    screen: Screen,
    *,
    server: str,
    user: str | None,
    password: str | None,
    password_stdin: bool,
    docker: bool,
    podman: bool,
    keep_secret: bool,
    ca_file: Path | None,
) -> None:
    """Log in to a running registry.

    Other verbs speak to it from then on, and so do docker and podman where you say so: they ask
    the programme docker-credential-pratique, which renews by itself what it can.

    SERVER is HOST, HOST:PORT or https://HOST. On this machine http is spoken unless https:// is
    written. The password is exchanged for a token that lives for three hours and is kept in
    ~/.config/pratique, readable by you alone. After that you log in again, unless you keep a
    service principal's secret there too.
    """
    from pratique.cli.docker_configuration import (  # noqa: PLC0415 - loaded when used
        containers_configuration,
        docker_configuration,
    )
    from pratique.cli.logins import Logins  # noqa: PLC0415
    from pratique.cli.servers import base_url, readable_on_the_way  # noqa: PLC0415

    url = base_url(server)
    clients = [
        *([docker_configuration()] if docker else []),
        *([containers_configuration()] if podman else []),
    ]
    if clients:
        _find_helper()
    for client in clients:
        client.check()
    if readable_on_the_way(url):
        click.echo("This is http: whoever is on the way can read the password.", err=True)
    name = user or _ask("User name", hidden=False)
    if keep_secret and not _is_client_id(name):
        raise click.UsageError(
            f"--keep-secret is for service principals, but `{name}` is not a client id; "
            "a person's password is not kept"
        )
    secret = _password(password, password_stdin)
    made = _made(url, name, secret, ca_file, keep_secret=keep_secret)
    Logins.of_this_user().add(made)
    from pratique.cli.credential_helper import NAME  # noqa: PLC0415

    for client in clients:
        client.use_helper(made.host, NAME)
    written = [str(client.path) for client in clients]
    content: dict[str, Any] = {"server": made.host, "user": made.user}
    lines = [
        f"Logged in to {made.host} as `{made.user}`. Verbs speak to this registry from now on."
    ]
    if written:
        content["written"] = written
        lines += [f"{path} names this login for {made.host}." for path in written]
    if keep_secret:
        content["secret_kept"] = True
        lines.append("The client secret is kept beside the token, readable by you alone.")
    screen.show(content, *lines)


@local_verb(None, "logout", "pratique logout registry.example.com")
@click.argument("server", required=False)
def logout(screen: Screen, server: str | None) -> None:
    """Forget a login.

    The one to SERVER or, when none is named, the last one. Docker and podman are told no more to
    ask for it.
    """
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used

    logins = Logins.of_this_user()
    if server is None:
        known = logins.current()
        missing = "you are not logged in anywhere"
    else:
        from pratique.cli.servers import base_url, host_of  # noqa: PLC0415

        host = host_of(base_url(server))
        known = logins.of(host)
        missing = f"you are not logged in to {host}"
    if known is None:
        raise Failed(missing)
    logins.remove(known.host)
    _take_out_of_clients(screen, known.host)
    screen.show({"server": known.host}, f"Logged out of {known.host}.")


def _made(url: str, name: str, secret: str, ca_file: Path | None, *, keep_secret: bool) -> Any:
    """The login, its secret exchanged for a token.

    Raises:
        Failed: with the server's own words.
    """
    from pratique.cli.light_http import LightHttp  # noqa: PLC0415 - loaded when used
    from pratique.cli.logins import Login  # noqa: PLC0415
    from pratique.cli.servers import host_of  # noqa: PLC0415
    from pratique.cli.token_requests import by_password  # noqa: PLC0415

    host = host_of(url)
    transport = LightHttp(url, ca_file, _TIMEOUT_SECONDS)
    try:
        granted = by_password(transport, host, name, secret)
    finally:
        transport.close()
    if granted.refresh_token is None:
        raise Failed(
            f"{host} gave no refresh token; show a password, a client secret or a refresh token"
        )
    return Login(
        host=host,
        url=url,
        user=name,
        refresh_token=granted.refresh_token,
        ca_file=str(ca_file.resolve()) if ca_file else None,
        secret=secret if keep_secret else None,
    )


def _take_out_of_clients(screen: Screen, host: str) -> None:
    from pratique.cli.credential_helper import NAME  # noqa: PLC0415 - loaded when used
    from pratique.cli.docker_configuration import (  # noqa: PLC0415
        containers_configuration,
        docker_configuration,
    )

    for client in (docker_configuration(), containers_configuration()):
        try:
            client.forget_helper(host, NAME)
        except Failed as failed:
            screen.warn(failed.message)


def _find_helper() -> None:
    """Return when docker and podman would find the credential helper.

    Raises:
        Failed: they would not, with what to type; every pull would fail.
    """
    from pratique.cli.credential_helper import PROGRAM  # noqa: PLC0415 - loaded when used

    if shutil.which(PROGRAM) is not None:
        return
    beside = Path(sys.executable).with_name(PROGRAM)
    remedy = f"run `ln -s {beside} /usr/local/bin/` first" if beside.exists() else "install it"
    raise Failed(f"`{PROGRAM}`, which clients have to find, is not on the PATH; {remedy}")


def _is_client_id(name: str) -> bool:
    from pratique.cli.servers import NULL_GUID  # noqa: PLC0415 - loaded when used

    return _CLIENT_ID.fullmatch(name) is not None and name != NULL_GUID


def _password(given: str | None, from_stdin: bool) -> str:
    if given is not None and from_stdin:
        raise click.UsageError("give --password or --password-stdin, not both")
    if from_stdin:
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    return given if given is not None else _ask("Password", hidden=True)


def _ask(what: str, *, hidden: bool) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here; give -u USER and --password-stdin")
    answer: str = click.prompt(what, hide_input=hidden, err=True)
    return answer
