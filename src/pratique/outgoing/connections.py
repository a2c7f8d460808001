"""Connections to hosts that the operator named, each to an address that was found permitted.

A host is looked up once, and its connections go to what was found: a name that changes its mind
(DNS rebinding) gains nothing. Each host has connections of its own, so that none is used for
another host that happens to have the same address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult

import httpx

from pratique.naming.hosts import AllowedHosts, Origin
from pratique.outgoing.addresses import Address, AddressPolicy, NotPermitted, is_inside
from pratique.outgoing.fetching import Resolve, look_up, split_url, system_tls
from pratique.registry.importing import ImportFailed, Why

LONGEST_URL: Final = 8192
"""Signed addresses of object stores are long."""
CONNECT_SECONDS: Final = 10.0
SILENT_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 60.0
"""For the head of an answer, and for the whole of what is small."""
MOST_HOSTS: Final = 8
_MOST_ADDRESSES: Final = 4
_MOST_CONNECTIONS: Final = 4


@dataclass(slots=True)
class _Line:
    """The way to one origin."""

    client: httpx.AsyncClient
    addresses: tuple[Address, ...]


class Connections:
    """Asks allowed hosts, during one import.

    Args:
        hosts: that may be asked.
        resolve: looks a host up; the system's way when None.
    """

    def __init__(self, hosts: AllowedHosts, resolve: Resolve | None = None) -> None:
        self._hosts = hosts
        self._resolve = resolve or look_up
        self._policy = AddressPolicy(allow_private=True)
        self._lines: dict[Origin, _Line] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines.values():
            await line.client.aclose()

    def check(self, origin: Origin) -> None:
        """Refuse a host that the operator did not name.

        Raises:
            ImportFailed: so it is; the sentence names the option.
        """
        if self._hosts.rule_for(origin) is None:
            option = origin.netloc if origin.scheme == "https" else origin.url
            raise ImportFailed(
                Why.NOT_ALLOWED,
                f"nothing is imported from `{origin.url}`: the operator of this registry allows it "
                f"with `pratique serve --import-from {option}`",
            )

    def check_for_secrets(self, origin: Origin) -> None:
        """Refuse to send credentials to a host that the operator did not name by itself.

        A pattern names hosts that may be anybody's.

        Raises:
            ImportFailed: so it is; the sentence names the option.
        """
        self.check(origin)
        if all(rule.below for rule in self._hosts.rules if rule.names(origin)):
            raise ImportFailed(
                Why.NOT_ALLOWED,
                f"no password is sent to `{origin.url}`, which a pattern alone allows; the "
                "operator of this registry allows it by its own name: "
                f"`--import-from {origin.netloc}`",
            )

    async def get(self, url: str, headers: dict[str, str]) -> httpx.Response:
        """The beginning of an answer; close it.

        Args:
            url: of an allowed host.
            headers: to send.

        Raises:
            ImportFailed: the host is not allowed or does not answer.
        """
        parts, origin = read_url(url)
        line = await self._line(origin)
        failure: Exception | None = None
        for address in line.addresses:
            request = line.client.build_request(
                "GET",
                _pinned(parts, origin, address),
                headers={**headers, "host": origin.netloc},
                extensions={"sni_hostname": origin.host},
            )
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await line.client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                failure = error
                break
        raise not_reached(origin, failure)

    async def _line(self, origin: Origin) -> _Line:
        self.check(origin)
        known = self._lines.get(origin)
        if known is None:
            if len(self._lines) >= MOST_HOSTS:
                raise ImportFailed(Why.TOO_LARGE, "the source leads to too many hosts")
            addresses = await self._addresses(origin)
            known = self._lines.get(origin) or _Line(_client(), addresses)
            self._lines[origin] = known
        return known

    async def _addresses(self, origin: Origin) -> tuple[Address, ...]:
        """Where an allowed host is.

        Raises:
            ImportFailed: nowhere, or where nobody may ask.
        """
        try:
            found = await self._resolve(origin.host, origin.port)
        except OSError as error:
            raise ImportFailed(
                Why.NOT_REACHED, f"the host `{origin.host}` cannot be looked up: {error.strerror}"
            ) from error
        if not found:
            raise ImportFailed(Why.NOT_REACHED, f"the host `{origin.host}` has no address")
        # One address that is not permitted is enough: which one answers is not ours to hope.
        for address in found:
            self._check_address(origin, address)
        return tuple(found[:_MOST_ADDRESSES])

    def _check_address(self, origin: Origin, address: Address) -> None:
        rule = self._hosts.rule_for(origin)
        try:
            self._policy.check(origin.host, address)
        except NotPermitted as error:
            raise ImportFailed(Why.NOT_ALLOWED, str(error)) from error
        if is_inside(address) and (rule is None or rule.below):
            raise ImportFailed(
                Why.NOT_ALLOWED,
                f"`{origin.host}` is at {address}, which is not public; the operator of this "
                f"registry allows it by its own name: `--import-from {origin.netloc}`",
            )


def read_url(url: str) -> tuple[SplitResult, Origin]:
    """The parts of a URL, and whom it asks.

    Raises:
        ImportFailed: it is none of http or https.
    """
    try:
        parts, host, port = split_url(url, LONGEST_URL)
    except NotPermitted as error:
        raise ImportFailed(
            Why.INVALID, f"the source leads to an address that is none: {error}"
        ) from error
    return parts, Origin(parts.scheme, host.lower(), port)


def not_reached(origin: Origin, cause: Exception | None) -> ImportFailed:
    """The failure of a connection, without what a server may have written into it."""
    told = {
        httpx.ConnectTimeout: f"no connection within {CONNECT_SECONDS:.0f} seconds",
        TimeoutError: f"its answer takes more than {ANSWER_SECONDS:.0f} seconds",
        httpx.ReadTimeout: f"it is silent for {SILENT_SECONDS:.0f} seconds",
        httpx.RemoteProtocolError: "it broke off, or answers with what is not HTTP or too much",
        httpx.ReadError: "the connection broke off",
    }
    words = told.get(type(cause), type(cause).__name__)
    if isinstance(cause, httpx.ConnectError):
        # The system's words, such as those on certificates.
        words = str(cause)[:200] or "no connection"
    return ImportFailed(Why.NOT_REACHED, f"`{origin.netloc}` cannot be reached: {words}")


def _client() -> httpx.AsyncClient:
    # No proxy and no credentials of the environment: the address that was checked is asked.
    return httpx.AsyncClient(
        verify=system_tls(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=_MOST_CONNECTIONS),
    )


def _pinned(parts: SplitResult, origin: Origin, address: Address) -> str:
    literal = f"[{address}]" if address.version == 6 else str(address)
    return parts._replace(netloc=f"{literal}:{origin.port}", fragment="").geturl()
