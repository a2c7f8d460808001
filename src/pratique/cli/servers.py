"""Servers as they are written on the command line, and what to say when one is not reached."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pratique.cli.failures import Failed
from pratique.cli.logins import Login

if TYPE_CHECKING:
    import ssl

NULL_GUID = "00000000-0000-0000-0000-000000000000"


def base_url(server: str) -> str:
    """`SERVER` of the command line as a URL: plain HTTP on this machine only, unless written.

    Raises:
        Failed: it is no host.
    """
    not_a_server = Failed(f"`{server}` is not a server; write HOST, HOST:PORT or https://HOST")
    try:
        written = urlsplit(server if "://" in server else f"//{server}")
        host, port = written.hostname, written.port
    except ValueError as error:
        raise not_a_server from error
    if not host or written.scheme not in {"", "http", "https"} or written.path.strip("/"):
        raise not_a_server
    scheme = written.scheme or ("http" if on_this_machine(host) else "https")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port is None else f"{scheme}://{name}:{port}"


def host_of(url: str) -> str:
    """The host of a URL, with the port if one is written."""
    return url.partition("://")[2]


def shortest(login: Login) -> str:
    """How to write a login's server on the command line."""
    return login.host if base_url(login.host) == login.url else login.url


def readable_on_the_way(url: str) -> bool:
    """Whether what is sent there crosses a network unencrypted."""
    return url.startswith("http:") and not leads_to_this_machine(url)


def leads_to_this_machine(url: str) -> bool:
    """Whether a URL names this machine, to which no proxy leads back."""
    return on_this_machine(urlsplit(url).hostname or "")


def on_this_machine(host: str) -> bool:
    """Whether a host is a name or an address of the loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """What the system trusts, and the certificates of a file.

    Raises:
        Failed: the file holds none.
    """
    import ssl  # noqa: PLC0415 - plain HTTP does without it

    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Failed(f"the file {ca_file} holds no certificates to trust: {error}") from error
    return context


def unreachable(host: str, cause: str) -> str:
    """What to do when no answer came, by the words of the library's error."""
    if "CERTIFICATE_VERIFY_FAILED" in cause:
        return (
            f"the certificate of {host} is not trusted here; log in with "
            "`--ca-file FILE`, the certificate of whoever signed it"
        )
    if "SSL" in cause:
        return f"{host} does not speak TLS; if it is meant to be so, write http://{host}"
    return f"{host} cannot be reached ({cause}); is the server running?"
