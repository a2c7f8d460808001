"""One bounded GET to an address that was looked up and found permitted.

The name is looked up once and the connection goes to what was found, so a name that changes its
mind between the check and the use (DNS rebinding) gains nothing; the certificate is still that of
the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

import certifi
import httpx

from pratique.outgoing.addresses import Address, AddressPolicy, NotPermitted, is_inside

TIMEOUT_SECONDS: Final = 5.0
MAX_BYTES: Final = 256 * 1024
_MAX_URL = 2048
_MOST_ADDRESSES = 4

Resolve = Callable[[str, int], Awaitable[list[Address]]]


class FetchFailed(Exception):
    """No usable answer came; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer.

    Attributes:
        inside: whether it came from an address that the public cannot reach.
    """

    content: bytes
    inside: bool


@dataclass(frozen=True, slots=True)
class _Target:
    parts: SplitResult
    host: str
    port: int
    addresses: tuple[Address, ...]


class Fetcher:
    """Gets small documents.

    Args:
        policy: which addresses may be asked.
        resolve: looks a host up.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve | None = None) -> None:
        self._policy = policy
        self._resolve = resolve or look_up
        self._tls: ssl.SSLContext | None = None

    async def get(self, url: str) -> Fetched:
        """The document at `url`, which must be there and need no redirect.

        Raises:
            NotPermitted: it may not be asked for.
            FetchFailed: it did not come, in time, whole and small enough.
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                target = await self._target(url)
                return await self._get(url, target)
        except TimeoutError as error:
            raise FetchFailed(f"`{url}` did not answer within {TIMEOUT_SECONDS:.0f} s") from error

    async def _target(self, url: str) -> _Target:
        parts, host, port = split_url(url)
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise FetchFailed(f"the host `{host}` cannot be looked up: {error.strerror}") from error
        if not addresses:
            raise FetchFailed(f"the host `{host}` has no address")
        # One address that is not permitted is enough: which one answers is not ours to hope.
        for address in addresses:
            self._policy.check(host, address)
        if parts.scheme == "http" and not all(address.is_loopback for address in addresses):
            raise NotPermitted(f"`{url}` is not https; only this machine itself is asked without")
        return _Target(parts, host, port, tuple(addresses[:_MOST_ADDRESSES]))

    async def _get(self, url: str, target: _Target) -> Fetched:
        if self._tls is None:
            self._tls = await asyncio.to_thread(system_tls)
        failure: Exception | None = None
        # No proxy and no credentials of the environment: the address that was checked is asked.
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS
        ) as client:
            for address in target.addresses:
                try:
                    content = await _read(client, url, target, address)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    failure = error
                except httpx.HTTPError as error:
                    failure = error
                    break
                else:
                    return Fetched(content, is_inside(address))
        raise FetchFailed(f"`{url}` cannot be had: {failure}") from failure


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of a host, as the system finds them.

    Raises:
        OSError: it is not known.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(0, "it is no host name") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0])) for entry in found))


async def _read(client: httpx.AsyncClient, url: str, target: _Target, address: Address) -> bytes:
    literal = f"[{address}]" if address.version == 6 else str(address)
    pinned = target.parts._replace(netloc=f"{literal}:{target.port}", fragment="").geturl()
    request = client.build_request(
        "GET",
        pinned,
        headers={
            "host": target.parts.netloc,
            "accept": "application/json",
            # A small answer that unpacks to a large one is not small.
            "accept-encoding": "identity",
            "user-agent": "pratique",
        },
        extensions={"sni_hostname": target.host},
    )
    response = await client.send(request, stream=True)
    try:
        if response.is_redirect:
            raise FetchFailed(f"`{url}` redirects elsewhere; redirects are not followed")
        if response.status_code != 200:
            raise FetchFailed(f"`{url}` answers with status {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise FetchFailed(f"`{url}` answers in an encoding that was not asked for")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MAX_BYTES:
                raise FetchFailed(f"`{url}` answers with more than {MAX_BYTES} bytes")
        return bytes(content)
    finally:
        await response.aclose()


def split_url(url: str, longest: int = _MAX_URL) -> tuple[SplitResult, str, int]:
    """The parts of a URL, its host and its port.

    Args:
        url: as somebody else wrote it.
        longest: in characters.

    Raises:
        NotPermitted: it is none of http or https, or holds what no such URL needs.
    """
    plain = len(url) <= longest and url.isascii() and url.isprintable() and "\\" not in url
    if not plain or " " in url:
        raise NotPermitted("the URL is too long, or has characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotPermitted(f"`{url}` is not a URL") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise NotPermitted(f"`{url}` is not an https URL")
    if "@" in parts.netloc:
        raise NotPermitted("the URL holds credentials")
    return parts, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def system_tls() -> ssl.SSLContext:
    """The machine's own certificate authorities, or a bundled list where it has none."""
    paths = ssl.get_default_verify_paths()
    found = paths.cafile is not None or paths.capath is not None
    return ssl.create_default_context(cafile=None if found else certifi.where())
