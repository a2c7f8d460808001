"""`docker-credential-pratique`: the credential helper of docker, podman and their relatives.

The protocol is that of docker-credential-helpers: one word on the command line, the server or the
credentials on standard input, the answer on standard output, and for a failure its words there and
exit code 1. What people should read goes to standard error, which clients pass on.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from pratique.cli.failures import Failed
from pratique.cli.logins import Login, Logins
from pratique.cli.renewal import Connect, LoginEnded, renewed
from pratique.cli.servers import NULL_GUID, base_url
from pratique.cli.session import Transport
from pratique.cli.token_requests import Granted, NoTokenEndpoint, by_password
from pratique.naming.errors import printable

PROGRAM = "docker-credential-pratique"
NAME = PROGRAM.removeprefix("docker-credential-")
# Clients compare these word by word.
NOT_FOUND = "credentials not found in native keychain"
NO_SERVER = "no credentials server URL"
NO_USER = "no credentials username"
# The user name under which clients keep a refresh token.
_TOKEN_USER = "<token>"  # noqa: S105 - a name, not a secret
_MAX_INPUT = 64 * 1024
_HOST = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_WITH_INPUT = frozenset({"get", "store", "erase"})
_USAGE = f"Usage: {PROGRAM} <store|get|erase|list|version>"


class _Credentials(msgspec.Struct, frozen=True):
    ServerURL: str = ""
    Username: str = ""
    Secret: str = ""


class CredentialHelper:
    """Answers clients from the logins of this user.

    Args:
        logins: what is kept.
        connect: makes a transport of a URL and a file of certificates.
        tell: shows a sentence to people.
    """

    def __init__(self, logins: Logins, connect: Connect, tell: Callable[[str], None]) -> None:
        self._logins = logins
        self._connect = connect
        self._tell = tell

    def answer(self, action: str, content: str) -> str:
        """What a client reads on standard output; empty for nothing.

        Args:
            action: the word of the command line.
            content: standard input.

        Raises:
            Failed: the message is what the client reads instead.
        """
        match action:
            case "get":
                return self._get(content.strip())
            case "store":
                self._store(content)
            case "erase":
                self._logins.remove(_host(content.strip()))
            case "list":
                names = {login.host: login.shown(NULL_GUID)[0] for login in self._logins.every()}
                return json.dumps(names)
            case "version" | "--version":
                import pratique  # noqa: PLC0415 - its version is read from files

                return f"{PROGRAM} (pratique) v{pratique.__version__}"
            case _:
                raise Failed(f"Unknown credential action `{action}`")
        return ""

    def _get(self, server_url: str) -> str:
        login = self._logins.of(_host(server_url))
        if login is None:
            raise Failed(NOT_FOUND)
        try:
            fresh, _ = renewed(login, self._logins, self._connect)
        except LoginEnded as ended:
            self._tell(ended.message)
            raise Failed(NOT_FOUND) from ended
        user, secret = fresh.shown(NULL_GUID)
        return json.dumps({"ServerURL": server_url, "Username": user, "Secret": secret})

    def _store(self, content: str) -> None:
        try:
            given = msgspec.json.decode(content, type=_Credentials)
        except msgspec.MsgspecError as error:
            # The library's words may repeat what was given.
            raise Failed("the credentials to store are not the JSON that clients write") from error
        host = _host(given.ServerURL)
        if not given.Username:
            raise Failed(NO_USER)
        known = self._logins.of(host)
        if known is not None and known.refresh_token and given.Secret == known.refresh_token:
            return
        url = known.url if known else base_url(host)
        login = Login(
            host=host,
            url=url,
            user=given.Username,
            refresh_token="",
            ca_file=known.ca_file if known else None,
        )
        self._logins.keep(self._exchanged(login, given.Secret))

    def _exchanged(self, login: Login, secret: str) -> Login:
        """The login with a token in place of the secret, wherever the server gives one."""
        if login.user == _TOKEN_USER:
            return msgspec.structs.replace(login, user=NULL_GUID, refresh_token=secret)
        transport = self._connect(login.url, login.trusts)
        try:
            granted = by_password(transport, login.host, login.user, secret)
        except NoTokenEndpoint:
            granted = Granted(None, None)
        finally:
            transport.close()
        if granted.refresh_token is None:
            self._tell(f"{login.host} gives no token in place of the password, which is kept")
            return msgspec.structs.replace(login, secret=secret)
        return msgspec.structs.replace(login, refresh_token=granted.refresh_token)


def _host(server_url: str) -> str:
    """The host of what clients call a server URL, which is often no URL.

    Raises:
        Failed: there is none.
    """
    before, scheme, after = server_url.partition("://")
    host = (after if scheme else before).partition("/")[0].lower()
    known = not scheme or before.lower() in {"http", "https"}
    if not known or _HOST.fullmatch(host) is None:
        raise Failed(NO_SERVER)
    return host


def _connect(url: str, ca_file: Path | None) -> Transport:
    from pratique.cli.light_http import LightHttp  # noqa: PLC0415 - most hosts are unknown here

    return LightHttp(url, ca_file)


def _tell(sentence: str) -> None:
    # A server had a say in some of it.
    print(f"pratique: {printable(sentence, 1000)}", file=sys.stderr)


def main() -> None:
    """Answer one request of a client, and exit."""
    try:
        answer = _answer(sys.argv[1:])
    except Failed as failed:
        print(failed.message)
        sys.exit(1)
    if answer:
        print(answer)


def _answer(words: list[str]) -> str:
    if len(words) != 1:
        raise Failed(_USAGE)
    (action,) = words
    content = sys.stdin.buffer.read(_MAX_INPUT) if action in _WITH_INPUT else b""
    helper = CredentialHelper(Logins.of_this_user(), _connect, _tell)
    return helper.answer(action, content.decode(errors="replace"))
