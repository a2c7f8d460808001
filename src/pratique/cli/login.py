"""`pratique login` and `pratique logout`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen
from pratique.cli.verbs import local_verb


@local_verb(None, "login", "pratique login registry.example.com -u owner")
@click.argument("server")
@click.option("-u", "--user", help="User name, client id, or the null GUID with a refresh token.")
@click.option("-p", "--password", help="Others can see it in the list of processes.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates to trust for this server beside those of the system, PEM.",
)
def login(
    screen: Screen,
    server: str,
    user: str | None,
    password: str | None,
    password_stdin: bool,
    ca_file: Path | None,
) -> None:
    """Log in to a running registry.

    Other verbs speak to it from then on.

    SERVER is HOST, HOST:PORT or https://HOST. On this machine http is spoken unless https:// is
    written. The password is exchanged for a token that lives for three hours and is kept in
    ~/.config/pratique, readable by you alone.
    """
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used
    from pratique.cli.over_http import base_url, log_in, readable_on_the_way  # noqa: PLC0415

    url = base_url(server)
    if readable_on_the_way(url):
        click.echo("This is http: whoever is on the way can read the password.", err=True)
    name = user or _ask("User name", hidden=False)
    made = log_in(url, name, _password(password, password_stdin), ca_file)
    Logins.of_this_user().add(made)
    screen.show(
        {"server": made.host, "user": made.user},
        f"Logged in to {made.host} as `{made.user}`. Verbs speak to this registry from now on.",
    )


@local_verb(None, "logout", "pratique logout registry.example.com")
@click.argument("server", required=False)
def logout(screen: Screen, server: str | None) -> None:
    """Forget a login.

    The one to SERVER or, when none is named, the last one.
    """
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used

    logins = Logins.of_this_user()
    if server is None:
        known = logins.current()
        missing = "you are not logged in anywhere"
    else:
        from pratique.cli.over_http import base_url  # noqa: PLC0415

        host = base_url(server).partition("://")[2]
        known = logins.of(host)
        missing = f"you are not logged in to {host}"
    if known is None:
        raise Failed(missing)
    logins.remove(known.host)
    screen.show({"server": known.host}, f"Logged out of {known.host}.")


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
