"""Other registries as sources of an import (distribution-spec 1.1, end-2 and end-3)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode, urljoin

import httpx
import msgspec

from pratique.access import Allowed
from pratique.admission.import_requests import SourceCredentials
from pratique.naming import Digest, InvalidName, MediaType, RepositoryName, Tag
from pratique.naming.hosts import AllowedHosts, Origin
from pratique.outgoing.challenges import Challenge, read_challenge
from pratique.outgoing.connections import ANSWER_SECONDS, Connections, not_reached, read_url
from pratique.outgoing.fetching import Resolve
from pratique.registry import MAX_MANIFEST_SIZE, Registry
from pratique.registry.documents import (
    DOCKER_IMAGE,
    DOCKER_LIST,
    OCI_ARTIFACT,
    OCI_IMAGE,
    OCI_INDEX,
)
from pratique.registry.importing import ImageSource, ImportFailed, SourceManifest, Why

MOST_REDIRECTS: Final = 4
MAX_TOKEN_BYTES: Final = 256 * 1024
_LONGEST_TOKEN: Final = 32 * 1024
_MANIFESTS: Final = f"{OCI_INDEX}, {OCI_IMAGE}, {DOCKER_LIST}, {DOCKER_IMAGE}, {OCI_ARTIFACT}"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PLAIN: Final = {"accept-encoding": "identity", "user-agent": "pratique"}


class RemoteRegistries:
    """Gives sources at other registries.

    Args:
        hosts: that may be asked; none when empty.
        resolve: looks a host up; the system's way when None.
    """

    def __init__(self, hosts: AllowedHosts, resolve: Resolve | None = None) -> None:
        self._hosts = hosts
        self._resolve = resolve

    def check(self, host: str) -> None:
        """Refuse a host that the operator did not allow.

        Raises:
            ImportFailed: so it is.
            InvalidName: it is no host.
        """
        Connections(self._hosts).check(self._hosts.origin_of(host))

    @asynccontextmanager
    async def open(
        self, host: str, repository: RepositoryName, credentials: SourceCredentials | None
    ) -> AsyncIterator[ImageSource]:
        """A repository of another registry.

        Args:
            host: of the registry, with a port where it has one.
            repository: its name there.
            credentials: for that registry and nobody else; None to ask as nobody.
        """
        async with Connections(self._hosts, self._resolve) as connections:
            origin = self._hosts.origin_of(host)
            yield _RemoteRepository(connections, origin, repository, credentials)


class _RemoteRepository:
    """Keeps the promises of `ImageSource`."""

    def __init__(
        self,
        connections: Connections,
        origin: Origin,
        repository: RepositoryName,
        credentials: SourceCredentials | None,
    ) -> None:
        self._connections = connections
        self._origin = origin
        self._repository = repository
        self._credentials = credentials
        self._authorization = ""

    async def manifest(self, reference: Tag | Digest) -> SourceManifest:
        """A manifest."""
        response = await self._get(f"manifests/{reference}", _MANIFESTS, f"`{reference}`")
        try:
            content = await _whole(response, MAX_MANIFEST_SIZE, self._origin)
        finally:
            await response.aclose()
        announced = response.headers.get("content-type")
        try:
            return SourceManifest(content, MediaType(announced) if announced else None)
        except InvalidName as error:
            raise ImportFailed(Why.INVALID, f"the source's manifest: {error}") from error

    async def hand_over(self, target: Registry, allowed: Allowed, digest: Digest) -> bool:
        """Nothing of another server is here."""
        del target, allowed, digest
        return False

    async def blob(self, digest: Digest, size: int) -> AsyncIterator[bytes]:
        """The bytes of a blob."""
        response = await self._get(f"blobs/{digest}", "*/*", f"the blob `{digest}`")
        try:
            announced = response.headers.get("content-length")
            if announced is not None and announced != str(size):
                raise ImportFailed(
                    Why.INVALID,
                    f"the source sends another number of bytes for the blob `{digest}` than the "
                    f"{size} that its manifest says",
                )
            received = 0
            async for piece in response.aiter_raw():
                received += len(piece)
                if received > size:
                    raise ImportFailed(
                        Why.INVALID,
                        f"the source sends more for the blob `{digest}` than the {size} bytes "
                        "that its manifest says",
                    )
                yield piece
            if received < size:
                raise not_reached(self._origin, httpx.ReadError("it ended too early"))
        except httpx.HTTPError as error:
            raise not_reached(self._origin, error) from error
        finally:
            await response.aclose()

    async def _get(self, path: str, accept: str, told: str) -> httpx.Response:
        """An answer with status 200; close it.

        Raises:
            ImportFailed: there is none.
        """
        url = f"{self._origin.url}/v2/{self._repository}/{path}"
        response = await self._follow(url, accept)
        if response.status_code == 401:
            # Once for each request, since tokens end while a large image is on its way.
            await response.aclose()
            await self._sign_in(response.headers.get("www-authenticate", ""))
            response = await self._follow(url, accept)
        if response.status_code == 200:
            if response.headers.get("content-encoding", "identity") == "identity":
                return response
            await response.aclose()
            raise ImportFailed(Why.INVALID, "the source answers in an encoding not asked for")
        await response.aclose()
        raise self._refused(response.status_code, told)

    async def _follow(self, url: str, accept: str) -> httpx.Response:
        """What is at an address, wherever allowed hosts send us for it."""
        for _ in range(MOST_REDIRECTS + 1):
            headers, origin = {**_PLAIN, "accept": accept}, read_url(url)[1]
            if self._authorization and origin == self._origin:
                # Nobody else is to see it, wherever the source sends us.
                headers["authorization"] = self._authorization
            response = await self._connections.get(url, headers)
            if response.status_code == 401 and origin != self._origin:
                await response.aclose()
                raise ImportFailed(
                    Why.NOT_LET_IN,
                    f"`{origin.netloc}`, to which the source redirects, asks for a login; nobody "
                    "but the source itself gets one",
                )
            if response.status_code not in _REDIRECTS:
                return response
            await response.aclose()
            url = urljoin(url, response.headers.get("location", ""))
        raise ImportFailed(Why.INVALID, "the source redirects without end")

    async def _sign_in(self, header: str) -> None:
        challenge = read_challenge(header)
        if challenge is None:
            raise ImportFailed(
                Why.NOT_LET_IN, f"`{self._origin.netloc}` asks for a login of an unknown kind"
            )
        if challenge.scheme == "bearer":
            self._authorization = f"Bearer {await self._token(challenge)}"
        elif self._credentials is None or self._authorization:
            raise self._refused(401, "")
        else:
            self._authorization = _basic(self._credentials)

    async def _token(self, challenge: Challenge) -> str:
        """A token for pulling from the repository, from where the registry says.

        Raises:
            ImportFailed: that is not allowed to be asked, or gives none.
        """
        parts, origin = read_url(challenge.realm)
        query = urlencode(
            {
                **({"service": challenge.service} if challenge.service else {}),
                "scope": f"repository:{self._repository}:pull",
            }
        )
        asked = "&".join(filter(None, (parts.query, query)))
        headers = {**_PLAIN, "accept": "application/json"}
        if self._credentials is not None:
            if origin != self._origin:
                self._connections.check_for_secrets(origin)
            headers["authorization"] = _basic(self._credentials)
        url = parts._replace(query=asked, fragment="").geturl()
        response = await self._connections.get(url, headers)
        try:
            if response.status_code != 200:
                raise self._refused(response.status_code, "")
            content = await _whole(response, MAX_TOKEN_BYTES, origin)
        finally:
            await response.aclose()
        token = _token_in(content)
        if token is None:
            raise ImportFailed(Why.INVALID, f"`{origin.netloc}` answers with what is no token")
        return token

    def _refused(self, status: int, told: str) -> ImportFailed:
        host, name = self._origin.netloc, self._repository
        if status == 404:
            return ImportFailed(Why.NOT_FOUND, f"`{host}` has not {told} in `{name}`")
        if status in {400, 401, 403}:
            who = "anonymous callers" if self._credentials is None else "these credentials"
            return ImportFailed(
                Why.NOT_LET_IN,
                f"`{host}` does not let {who} pull from `{name}`: it answers with status {status}",
            )
        return ImportFailed(Why.NOT_REACHED, f"`{host}` answers with status {status}")


async def _whole(response: httpx.Response, most: int, origin: Origin) -> bytes:
    content = bytearray()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > most:
                    raise ImportFailed(
                        Why.TOO_LARGE, f"`{origin.netloc}` answers with more than {most} bytes"
                    )
    except (httpx.HTTPError, TimeoutError) as error:
        raise not_reached(origin, error) from error
    return bytes(content)


def _basic(credentials: SourceCredentials) -> str:
    pair = f"{credentials.user_name}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _token_in(content: bytes) -> str | None:
    try:
        found: Any = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    token = found.get("token") or found.get("access_token")
    fits = isinstance(token, str) and 0 < len(token) <= _LONGEST_TOKEN
    return token if fits and token.isascii() and token.isprintable() and " " not in token else None
