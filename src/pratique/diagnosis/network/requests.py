"""Sends requests and says what became of each. No redirect is followed by itself."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import quote, urlsplit

from pratique.diagnosis.facts.conversation import Answer, Exchange, Failed, Failure, Sent, Stage
from pratique.diagnosis.machine import Clock
from pratique.diagnosis.network.connections import (
    Connection,
    Connector,
    NoConnection,
    Target,
    basic,
)
from pratique.diagnosis.network.deadlines import BoundedStream, Deadline

ANSWER_SECONDS: Final = 15.0
REQUEST_SECONDS: Final = 30.0
BODY_LIMIT: Final = 256 * 1024
_MOST_HEADERS: Final = 100
UNREADABLE: Final = "an address that cannot be read"
# What stays as it is in a path and a query: RFC 3986's characters, and `%`.
_WRITTEN: Final = "!#$%&'()*+,/:;=?@[]~"
_STALE = (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError)


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        url: with its query.
        authorization: value of the header; it goes to this URL's host and no other.
        sent: what that header, or the body, says of who asks.
        body: empty for none.
        limit: bytes of the answer's body that are read.
        only: the one address of the host to ask; empty for any.
    """

    method: str
    url: str
    authorization: str = ""
    sent: Sent = Sent.NOTHING
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    limit: int = BODY_LIMIT
    only: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    client: http.client.HTTPConnection
    stream: BoundedStream
    opened: Connection


class Requests:
    """Sends requests, over connections that are kept between them.

    A request has `REQUEST_SECONDS` from the first look at its host's name to the last byte of its
    answer, and a server `ANSWER_SECONDS` for the next byte of it.

    Args:
        connector: opens connections.
        clock: tells the time that each took.
        agent: value of `User-Agent`.
    """

    def __init__(self, connector: Connector, clock: Clock, agent: str) -> None:
        self._connector = connector
        self._clock = clock
        self._agent = agent
        self._kept: dict[Target, _Kept] = {}
        self.sent: list[Exchange] = []

    def send(self, request: Request) -> Exchange:
        """What became of a request; it is never raised."""
        start = self._clock.seconds()
        answer, failure, address = self._try(request)
        exchange = Exchange(
            request.method,
            shown_address(request.url),
            request.sent,
            answer,
            failure,
            address,
            self._clock.now(),
            self._clock.seconds() - start,
        )
        self.sent.append(exchange)
        return exchange

    def close(self) -> None:
        """End all connections."""
        for kept in self._kept.values():
            kept.client.close()
        self._kept.clear()

    def _try(self, request: Request) -> tuple[Answer | None, Failure | None, str]:
        target = _target(request)
        if target is None:
            words = "its address cannot be read"
            return None, Failure(Stage.NAME, Failed.NO_SUCH_NAME, words), ""
        deadline = Deadline(self._clock, REQUEST_SECONDS)
        for again in (False, True):
            fresh = target not in self._kept
            try:
                kept = self._connection(target, deadline)
            except NoConnection as error:
                return None, error.failure, error.failure.address
            address = kept.opened.address
            try:
                return self._exchange(kept, target, request), None, address
            except _STALE as error:
                self._forget(target)
                if fresh or again:
                    return None, _failure(error, address), address
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._forget(target)
                return None, _failure(error, address), address
        raise AssertionError  # pragma: no cover - the second round returns

    def _connection(self, target: Target, deadline: Deadline) -> _Kept:
        if target not in self._kept:
            opened = self._connector.open(target, deadline)
            stream = BoundedStream(opened.stream, ANSWER_SECONDS)
            client = http.client.HTTPConnection(target.host, target.port)
            client.sock = cast("socket.socket", stream)
            self._kept[target] = _Kept(client, stream, opened)
        self._kept[target].stream.until(deadline)
        return self._kept[target]

    def _forget(self, target: Target) -> None:
        kept = self._kept.pop(target, None)
        if kept is not None:
            with contextlib.suppress(OSError):
                kept.client.close()

    def _exchange(self, kept: _Kept, target: Target, request: Request) -> Answer:
        client, proxy = kept.client, kept.opened.proxy
        through = proxy is not None and target.scheme == "http"
        path = _path(request.url)
        client.putrequest(
            request.method,
            f"http://{target.shown_host}{path}" if through else path,
            skip_host=True,
            skip_accept_encoding=True,
        )
        client.putheader("Host", target.shown_host)
        client.putheader("User-Agent", self._agent)
        if through and proxy is not None and proxy.login is not None:
            client.putheader("Proxy-Authorization", basic(proxy.login.reveal()))
        for name, value in request.headers.items():
            client.putheader(name, value)
        if request.authorization:
            client.putheader("Authorization", request.authorization)
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            client.putheader("Content-Length", str(len(request.body)))
        client.endheaders(request.body or None)
        response = client.getresponse()
        body = response.read(request.limit)
        if not response.isclosed() or response.will_close:
            # The rest is not waited for, so the connection is of no more use.
            response.close()
            self._forget(target)
        headers = response.getheaders()[:_MOST_HEADERS]
        return Answer(
            response.status, tuple((name.lower(), value.strip()) for name, value in headers), body
        )


def shown_address(url: str) -> str:
    """A URL without user, password, query and fragment, which are nobody's business."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return UNREADABLE
    netloc = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=netloc, query="", fragment="").geturl()


def _path(url: str) -> str:
    """Path and query as they are written in a request; what RFC 3986 does not allow is escaped."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return quote((parts.path or "/") + query, safe=_WRITTEN, errors="replace")


def _target(request: Request) -> Target | None:
    try:
        parts = urlsplit(request.url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not _is_name(parts.hostname):
        return None
    known = port or (443 if parts.scheme == "https" else 80)
    return Target(parts.scheme, parts.hostname or "", known, request.only)


def _is_name(host: str | None) -> bool:
    """Whether it can stand in a request without being more than a name there."""
    if not host or not all("!" <= letter <= "~" for letter in host):
        return False
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _failure(error: Exception, address: str) -> Failure:
    if isinstance(error, TimeoutError):
        return Failure(Stage.HTTP, Failed.TIMEOUT, "timed out", address)
    if isinstance(error, OSError):
        # http.client's own words for a connection that ended are among these.
        text = error.strerror or str(error)
        words = " ".join(text.split())[:200] or type(error).__name__
        return Failure(Stage.HTTP, Failed.CLOSED, words, address)
    # The library's own words would repeat what was to be sent, or came.
    if isinstance(error, ValueError | http.client.InvalidURL):
        words = "what would have to be sent cannot stand in HTTP"
        return Failure(Stage.HTTP, Failed.NOT_HTTP, words, address)
    return Failure(Stage.HTTP, Failed.NOT_HTTP, "its answer is not HTTP", address)
