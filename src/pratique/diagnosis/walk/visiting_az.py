"""Asks a server as az asks it: with the certificates that az trusts, and nobody's credential."""

from __future__ import annotations

import ssl
from typing import Final
from urllib.parse import urlsplit

import certifi

from pratique.diagnosis.facts.azure_cli import AzServer, AzSettings, AzVisit
from pratique.diagnosis.facts.conversation import Exchange, Failed
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.network.connections import Connector
from pratique.diagnosis.network.requests import Request, Requests
from pratique.diagnosis.references import Reference

_DOCUMENT: Final = "/metadata/endpoints?api-version=2022-09-01"
_DISCOVERY: Final = "/organizations/v2.0/.well-known/openid-configuration"
_MOST_FILES: Final = 200


def visit_as_az(
    machine: Machine, seen: Examination, reference: Reference, others: Requests, agent: str
) -> AzVisit | None:
    """What the server tells az; None where az is not looked at.

    Args:
        machine: on which az runs.
        seen: what was read.
        reference: of the image.
        others: with the certificates that the client trusts, to go on where az trusts too few.
        agent: value of `User-Agent`.
    """
    if seen.az is None:
        return None
    connector = Connector(
        machine.network, seen.settings.proxies.shell, lambda _host, _port: _trust(machine, seen.az)
    )
    own = Requests(connector, machine.clock, agent)
    url = f"https://{reference.server}"
    try:
        document = own.send(Request("GET", f"{url}{_DOCUMENT}"))
        asked = [document]
        going_on = own
        if document.failure is not None and document.failure.why is Failed.UNKNOWN_AUTHORITY:
            going_on = others
            asked.append(others.send(Request("GET", f"{url}{_DOCUMENT}")))
        server = _server(asked[-1])
        if server is not None:
            asked.append(going_on.send(Request("GET", f"{url}{_DISCOVERY}")))
            server = AzServer(server.resource_manager, server.suffix, _tenant(asked[-1]))
    finally:
        own.close()
    return AzVisit(document, server, tuple(asked))


def _trust(machine: Machine, az: AzSettings | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if az is None or az.unverified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif not az.bundle or az.bundle_fault:
        context.load_verify_locations(certifi.where())
    else:
        for path in _files(machine, az.bundle):
            _load(machine, context, path)
    return context


def _files(machine: Machine, bundle: str) -> list[str]:
    names = machine.files.names_in(bundle)
    return [f"{bundle}/{name}" for name in names[:_MOST_FILES]] or [bundle]


def _load(machine: Machine, context: ssl.SSLContext, path: str) -> None:
    try:
        text = machine.files.read(path).decode("ascii", "ignore")
        context.load_verify_locations(cadata=text)
    except (OSError, ValueError):
        # What of it is certificates counts; the handshake tells whether that is enough.
        return


def _server(exchange: Exchange) -> AzServer | None:
    found = exchange.answer.object() if exchange.answer and exchange.status == 200 else {}
    manager, suffixes = found.get("resourceManager"), found.get("suffixes")
    suffix = suffixes.get("acrLoginServer") if isinstance(suffixes, dict) else None
    if not isinstance(manager, str) or not isinstance(suffix, str):
        return None
    return AzServer(manager.rstrip("/"), suffix.removeprefix("."))


def _tenant(exchange: Exchange) -> str:
    found = exchange.answer.object() if exchange.answer and exchange.status == 200 else {}
    try:
        return urlsplit(str(found.get("issuer", ""))).path.split("/")[1]
    except (ValueError, LookupError):
        return ""
