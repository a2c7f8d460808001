"""A connection to a server: name, address, proxy and TLS, each with its own way to fail."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pratique.diagnosis.facts.conversation import Certificate, Failed, Failure, Stage
from pratique.diagnosis.machine import Network
from pratique.diagnosis.network.certificates import read_certificate, why_untrusted
from pratique.diagnosis.network.deadlines import Deadline
from pratique.diagnosis.network.proxies import Proxy, proxy_for

CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 4
_PROXY_ANSWER = 16 * 1024


class NoConnection(Exception):
    """None came about; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect.

    Attributes:
        only: the one address of the host to try; empty for all of them.
    """

    scheme: str
    host: str
    port: int
    only: str = ""

    @property
    def shown_host(self) -> str:
        """As it stands in a URL, with the port where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection.

    Attributes:
        address: of the server, or of the proxy.
        proxy: through which requests go; None when directly.
    """

    stream: socket.socket
    address: str
    proxy: Proxy | None


class Connector:
    """Opens connections.

    Args:
        network: of the machine.
        proxies: values of `https`, `http` and `no`.
        context: TLS settings for `HOST:PORT`.
    """

    def __init__(
        self,
        network: Network,
        proxies: Mapping[str, str],
        context: Callable[[str, int], ssl.SSLContext],
    ) -> None:
        self._network = network
        self._proxies = proxies
        self._context = context

    def proxy(self, target: Target) -> Proxy | None:
        """The proxy for requests to `target`; None when they go directly."""
        return proxy_for(target.scheme, target.host, target.port, self._proxies)

    def open(self, target: Target, deadline: Deadline) -> Connection:
        """A connection, with TLS where the scheme asks for it.

        Args:
            target: where to.
            deadline: by which it must have come about.

        Raises:
            NoConnection: none came about.
        """
        proxy = self.proxy(target)
        stream, address = self._reach(target, proxy, deadline)
        try:
            if proxy is not None and target.scheme == "https":
                _tunnel(stream, target, proxy, deadline)
            if target.scheme == "https":
                stream = self._secured(stream, target, address, deadline)
        except NoConnection:
            stream.close()
            raise
        return Connection(stream, address, proxy)

    def shown_certificate(self, target: Target, deadline: Deadline) -> Certificate | None:
        """The certificate that a server shows, trusted or not; None when it shows none in time."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        proxy = self.proxy(target)
        with contextlib.suppress(NoConnection, OSError):
            stream, _ = self._reach(target, proxy, deadline)
            with stream:
                if proxy is not None:
                    _tunnel(stream, target, proxy, deadline)
                with context.wrap_socket(stream, server_hostname=target.host) as secured:
                    encoded = secured.getpeercert(binary_form=True)
                    return read_certificate(encoded) if encoded else None
        return None

    def _reach(
        self, target: Target, proxy: Proxy | None, deadline: Deadline
    ) -> tuple[socket.socket, str]:
        if proxy is None:
            return self._dial(target.host, target.port, target.only, deadline)
        if proxy.kind != "http":
            raise NoConnection(Failure(Stage.PROXY, Failed.PROXY_KIND, f"it is `{proxy.url}`"))
        try:
            return self._dial(proxy.host, proxy.port, "", deadline)
        except NoConnection as error:
            words = f"`{proxy.url}`: {error.failure.words}"
            raise NoConnection(
                Failure(Stage.PROXY, Failed.PROXY_UNREACHABLE, words, error.failure.address)
            ) from error

    def _dial(
        self, host: str, port: int, only: str, deadline: Deadline
    ) -> tuple[socket.socket, str]:
        addresses = (only,) if only else self._addresses(host)
        last: NoConnection | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                wait = deadline.left(CONNECT_SECONDS)
                stream = self._network.connect(address, port, wait)
                stream.settimeout(wait)
            except OSError as error:
                why = _why_unconnected(error)
                last = NoConnection(Failure(Stage.CONNECT, why, _words(error), address))
            else:
                return stream, address
        raise last or NoConnection(
            Failure(Stage.NAME, Failed.NO_SUCH_NAME, f"`{host}` has no address")
        )

    def _addresses(self, host: str) -> tuple[str, ...]:
        try:
            return self._network.addresses_of(host)
        except socket.gaierror as error:
            gone = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5)}
            why = Failed.NO_SUCH_NAME if gone else Failed.LOOKUP
            raise NoConnection(Failure(Stage.NAME, why, _words(error))) from error
        except (OSError, UnicodeError) as error:
            failure = Failure(Stage.NAME, Failed.NO_SUCH_NAME, _words(error))
            raise NoConnection(failure) from error

    def _secured(
        self, stream: socket.socket, target: Target, address: str, deadline: Deadline
    ) -> socket.socket:
        context = self._context(target.host, target.port)
        try:
            stream.settimeout(deadline.left(CONNECT_SECONDS))
            return context.wrap_socket(stream, server_hostname=target.host)
        except ssl.SSLError as error:
            why = why_untrusted(error)
            shown = None
            if why in _ABOUT_CERTIFICATE:
                shown = self.shown_certificate(target, deadline)
            words = getattr(error, "verify_message", "") or error.reason or _words(error)
            raise NoConnection(Failure(Stage.TLS, why, words, address, shown)) from error
        except OSError as error:
            why = Failed.TIMEOUT if isinstance(error, TimeoutError) else Failed.TLS
            raise NoConnection(Failure(Stage.TLS, why, _words(error), address)) from error


_ABOUT_CERTIFICATE = frozenset(
    {Failed.UNKNOWN_AUTHORITY, Failed.WRONG_NAME, Failed.EXPIRED, Failed.NOT_YET_VALID}
)


def _tunnel(stream: socket.socket, target: Target, proxy: Proxy, deadline: Deadline) -> None:
    # RFC 9110, 9.3.6.
    name = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {name}:{target.port} HTTP/1.1", f"Host: {name}:{target.port}"]
    if proxy.login is not None:
        lines.append(f"Proxy-Authorization: {basic(proxy.login.reveal())}")
    try:
        stream.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        status = _proxy_status(stream, deadline)
    except (OSError, http.client.HTTPException, ValueError) as error:
        failure = Failure(Stage.PROXY, Failed.PROXY_UNREACHABLE, f"`{proxy.url}`: {_words(error)}")
        raise NoConnection(failure) from error
    if 200 <= status < 300:
        return
    why = Failed.PROXY_LOGIN if status == 407 else Failed.PROXY_REFUSED
    words = f"`{proxy.url}` answered {status}"
    raise NoConnection(Failure(Stage.PROXY, why, words, status=status))


def _proxy_status(stream: socket.socket, deadline: Deadline) -> int:
    # Byte by byte: what follows the blank line belongs to the server behind it.
    received = bytearray()
    while not received.endswith(b"\r\n\r\n"):
        stream.settimeout(deadline.left(CONNECT_SECONDS))
        part = stream.recv(1)
        if not part or len(received) > _PROXY_ANSWER:
            break
        received += part
    words = received.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1][:3].isdigit():
        raise ValueError("it does not speak HTTP")
    return int(words[1][:3])


def basic(pair: str) -> str:
    """The value of an `Authorization` header for `user:password` (RFC 7617)."""
    return f"Basic {base64.b64encode(pair.encode('utf-8', 'replace')).decode('ascii')}"


def _why_unconnected(error: OSError) -> Failed:
    if isinstance(error, TimeoutError):
        return Failed.TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return Failed.REFUSED
    if isinstance(error, ConnectionResetError):
        return Failed.CLOSED
    return Failed.UNREACHABLE


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
