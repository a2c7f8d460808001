"""Programmes of people, known without registration, and where answers may be sent to them.

They keep no secret (RFC 8252), so nothing about them is proved but that the answer goes to the
computer of whoever signed in: to a port of its own loopback.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pratique.http.sts.faults import Fault, OAuthError
from pratique.naming.errors import printable

# The host is written out, so that nothing that a browser reads otherwise than we do fits.
_LOOPBACK = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::[1-9][0-9]{0,4})?/?", re.ASCII)
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class PublicClient:
    """One programme; the name is for people."""

    client_id: str
    name: str


AZURE_CLI: Final = PublicClient("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI")
AZURE_POWERSHELL: Final = PublicClient("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell")
_BY_ID = {client.client_id: client for client in (AZURE_CLI, AZURE_POWERSHELL)}


def public_client(client_id: str) -> PublicClient:
    """The programme of that client id.

    The Azure SDKs' credentials for people use the id of the Azure CLI.

    Raises:
        OAuthError: no programme that is known here has it.
    """
    found = _BY_ID.get(client_id.lower())
    if found is None:
        raise OAuthError(
            Fault.UNKNOWN_CLIENT,
            f"no programme that may sign people in has the client id `{printable(client_id)}`; "
            f"known are {', '.join(f'{c.name} (`{c.client_id}`)' for c in _BY_ID.values())}",
        )
    return found


def check_redirect_uri(text: str) -> None:
    """Refuse to send an answer anywhere but to the loopback of whoever signs in.

    Raises:
        OAuthError: `text` is another address, or another way to write one.
    """
    if _LOOPBACK.fullmatch(text) is None or int(_port(text)) > _HIGHEST_PORT:
        raise OAuthError(
            Fault.REDIRECT_URI,
            f"the redirect URI `{printable(text)}` is not one of this client's; it takes "
            "http://localhost and http://127.0.0.1, with any port and no path",
        )


def origin_of(redirect_uri: str) -> str:
    """Scheme, host and port of a redirect URI that was checked."""
    return redirect_uri.removesuffix("/")


def _port(text: str) -> str:
    return origin_of(text).partition("://")[2].partition(":")[2] or "80"
