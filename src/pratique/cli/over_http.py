"""Requests to a running registry over HTTP, and the login that they need."""

from __future__ import annotations

import ipaddress
import json
import ssl
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import httpx

from pratique.cli.failures import Failed
from pratique.cli.logins import Login
from pratique.cli.session import FORM, Call, Reply, problem_of

TIMEOUT_SECONDS = 60.0
NULL_GUID = "00000000-0000-0000-0000-000000000000"


class OverHttp:
    """A transport to one server.

    Args:
        url: `http://HOST` or `https://HOST`.
        credentials: user name and password for every request; None for none.
        ca_file: certificates to trust beside those that the system trusts.

    Raises:
        Failed: the file holds no certificates.
    """

    def __init__(
        self, url: str, credentials: tuple[str, str] | None = None, ca_file: Path | None = None
    ) -> None:
        self._url = url
        self._host = urlsplit(url).netloc
        # Loading the system's certificates takes longer than a request; plain HTTP needs none.
        trusted = _trusted(ca_file) if url.startswith("https:") else False
        self._client = httpx.Client(
            auth=credentials,
            verify=trusted,
            timeout=TIMEOUT_SECONDS,
            # A proxy of the environment does not lead back to this machine.
            trust_env=not _on_this_machine(urlsplit(url).hostname or ""),
        )

    def send(self, call: Call) -> Reply:
        """The server's answer.

        Raises:
            Failed: none came, with what to do about it.
        """
        query = f"?{urlencode(call.query)}" if call.query else ""
        headers = {"content-type": call.content_type} if call.content_type else {}
        try:
            response = self._client.request(
                call.method,
                f"{self._url}{quote(call.path, safe='/')}{query}",
                headers=headers,
                content=call.content or None,
            )
        except httpx.TimeoutException as error:
            raise Failed(
                f"{self._host} did not answer within {TIMEOUT_SECONDS:.0f} seconds; try again"
            ) from error
        except httpx.HTTPError as error:
            raise Failed(self._unreachable(str(error))) from error
        return Reply(response.status_code, response.content, response.headers.get("link"))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _unreachable(self, cause: str) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in cause:
            return (
                f"the certificate of {self._host} is not trusted here; log in with "
                "`--ca-file FILE`, the certificate of whoever signed it"
            )
        if "SSL" in cause:
            return f"{self._host} does not speak TLS; if it is meant to be so, write http://{self._host}"
        return f"{self._host} cannot be reached ({cause}); is the server running?"


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
    scheme = written.scheme or ("http" if _on_this_machine(host) else "https")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port is None else f"{scheme}://{name}:{port}"


def shortest(login: Login) -> str:
    """How to write a login's server on the command line."""
    return login.host if base_url(login.host) == login.url else login.url


def readable_on_the_way(url: str) -> bool:
    """Whether what is sent there crosses a network unencrypted."""
    return url.startswith("http:") and not _on_this_machine(urlsplit(url).hostname or "")


def log_in(url: str, user: str, password: str, ca_file: Path | None) -> Login:
    """Exchange a password for a refresh token, which is kept in its place.

    Raises:
        Failed: with the server's own words.
    """
    host = urlsplit(url).netloc
    form = {
        "grant_type": "password",
        "service": host,
        "username": user,
        "password": password,
        "access_type": "offline",
        "client_id": "pratique",
    }
    transport = OverHttp(url, ca_file=ca_file)
    try:
        reply = transport.send(
            Call("POST", "/oauth2/token", {}, urlencode(form).encode(), content_type=FORM)
        )
    finally:
        transport.close()
    if reply.status != 200:
        code, message = problem_of(reply, host)
        raise Failed(message, code=code)
    try:
        refresh_token = json.loads(reply.content)["refresh_token"]
    except (ValueError, LookupError, TypeError) as error:
        raise Failed(
            f"{host} gave no refresh token; show a password, a client secret or a refresh token"
        ) from error
    return Login(
        host=host,
        url=url,
        user=user,
        refresh_token=str(refresh_token),
        ca_file=str(ca_file.resolve()) if ca_file else None,
    )


def logged_in(login: Login) -> OverHttp:
    """A transport that shows the login's refresh token."""
    ca_file = Path(login.ca_file) if login.ca_file else None
    return OverHttp(login.url, (NULL_GUID, login.refresh_token), ca_file)


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Failed(f"the file {ca_file} holds no certificates to trust: {error}") from error
    return context
