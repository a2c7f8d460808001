"""What a server tells az about itself: the cloud document, and the tenant."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pratique.cli.failures import Failed
from pratique.cli.light_http import LightHttp
from pratique.cli.servers import base_url, host_of
from pratique.cli.session import Call, Transport

_API_VERSION = "2022-09-01"


@dataclass(frozen=True, slots=True)
class AzServer:
    """A server as az sees it.

    Attributes:
        url: `https://HOST`, as it was typed.
        name: that its cloud document gives the cloud.
        resource_manager: its address, without a slash at the end.
        authority: where tokens come from, likewise.
        suffix: of its login servers, without a leading dot.
        tenant: the id of its directory.
    """

    url: str
    name: str
    resource_manager: str
    authority: str
    suffix: str
    tenant: str

    @property
    def has_port(self) -> bool:
        """Whether clients reach it at a port of its own."""
        return urlsplit(self.resource_manager).port is not None


def secure_url(server: str) -> str:
    """`SERVER` of the command line as a URL: az speaks to nobody without TLS.

    Raises:
        Failed: it is no host, or plain HTTP was written.
    """
    if server.startswith("http:"):
        raise Failed(not_secure(server))
    return base_url(server if "://" in server else f"https://{server}")


def not_secure(server: str) -> str:
    """What to do where a server does not speak TLS."""
    return (
        f"az speaks to a server over https alone, and {server} is http; serve the registry with "
        "`--tls auto` or a certificate of your own"
    )


def ask_server(url: str, context: ssl.SSLContext) -> AzServer:
    """What the server tells everybody.

    Raises:
        Failed: it cannot be reached, or is no server for az.
    """
    transport = LightHttp(url, context=context)
    try:
        cloud = _get(transport, url, "/metadata/endpoints", {"api-version": _API_VERSION})
        tenant = _get(transport, url, "/organizations/v2.0/.well-known/openid-configuration", {})
    finally:
        transport.close()
    try:
        found = AzServer(
            url,
            str(cloud["name"]),
            str(cloud["resourceManager"]).rstrip("/"),
            str(cloud["authentication"]["loginEndpoint"]).rstrip("/"),
            str(cloud["suffixes"]["acrLoginServer"]).removeprefix("."),
            urlsplit(str(tenant["issuer"])).path.split("/")[1],
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _not_for_az(url) from error
    for address in (found.resource_manager, found.authority):
        if not address.startswith("https://"):
            raise Failed(
                f"{host_of(url)} sends az to {address}, and az speaks over https alone; if a proxy "
                "ends TLS before the registry, have it send X-Forwarded-Proto"
            )
    return found


def _get(transport: Transport, url: str, path: str, query: dict[str, str]) -> Any:
    reply = transport.send(Call("GET", path, query))
    try:
        content = json.loads(reply.content)
    except ValueError as error:
        raise _not_for_az(url) from error
    if reply.status != 200 or not isinstance(content, dict):
        raise _not_for_az(url)
    return content


def _not_for_az(url: str) -> Failed:
    return Failed(
        f"{host_of(url)} does not tell az where to sign in; is it a Pratique? Registries of Azure "
        "itself need no setting up"
    )
