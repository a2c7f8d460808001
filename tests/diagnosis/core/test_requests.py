"""Requests, and every way in which one can fail, against servers that really do it."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.core.conftest import Way
from tests.diagnosis.core.loopback import Talk, received, response, saying

from pratique.diagnosis.facts.conversation import Exchange, Failed, Sent, Stage
from pratique.diagnosis.network.requests import (
    BODY_LIMIT,
    REQUEST_SECONDS,
    UNREADABLE,
    Request,
    shown_address,
)

HOST = "h.example.com"
URL = f"https://{HOST}/v2/"
PLAIN = f"http://{HOST}/v2/"
_DAY = timedelta(days=1)
_GOOD = Shown((HOST,))


def _why(exchange: Exchange) -> tuple[Stage, Failed]:
    assert exchange.answer is None
    assert exchange.failure is not None
    assert exchange.failure.words
    return exchange.failure.stage, exchange.failure.why


def _serve(way: Way, handler: Callable[[socket.socket], None]) -> None:
    way.wires.put(HOST, 80, way.servers.serve(handler))


def _serve_tls(way: Way, handler: Callable[[socket.socket], None], shown: Shown = _GOOD) -> None:
    way.wires.put(HOST, 443, way.servers.serve(handler, way.trusted.context(shown)))


def test_an_answer(way: Way) -> None:
    """Status, headers and body of an answer over TLS, and what was asked, byte for byte."""
    server = saying(response("401 Unauthorized", "X-A: 1 ", "x-a: 2", "Server: s", body=b"no"))
    _serve_tls(way, server)
    found = way.requests().send(
        Request("GET", f"{URL}?n=1&a=%2F#part", "Bearer t", Sent.BEARER, {"Accept": "a"})
    )
    assert found.answer is not None
    assert (found.status, found.answer.body) == (401, b"no")
    assert found.answer.every("x-a") == ("1", "2")
    assert (found.url, found.address, found.sent) == (URL, "192.0.2.1", Sent.BEARER)
    (asked,) = server.asked
    assert asked == (
        b"GET /v2/?n=1&a=%2F HTTP/1.1\r\nHost: h.example.com\r\nUser-Agent: pratique-doctor\r\n"
        b"Accept: a\r\nAuthorization: Bearer t\r\n\r\n"
    )


def test_a_body_is_sent(way: Way) -> None:
    """A form has its length with it, and a POST without a body says so."""
    server = saying(response())
    _serve(way, server)
    requests = way.requests()
    requests.send(Request("POST", PLAIN, body=b"a=b"))
    requests.send(Request("POST", PLAIN))
    assert [request.partition(b"doctor\r\n")[2] for request in server.asked] == [
        b"Content-Length: 3\r\n\r\na=b",
        b"Content-Length: 0\r\n\r\n",
    ]


def test_a_port_is_named(way: Way) -> None:
    """`Host` names the port where it is not the scheme's own."""
    server = saying(response())
    way.wires.put(HOST, 5000, way.servers.serve(server))
    assert way.requests().send(Request("GET", f"http://{HOST}:5000")).status == 200
    assert server.asked[0].startswith(b"GET / HTTP/1.1\r\nHost: h.example.com:5000\r\n")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Failed.NO_SUCH_NAME),
        (socket.gaierror(-5, "No address associated"), Failed.NO_SUCH_NAME),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Failed.LOOKUP),
        (UnicodeError("label too long"), Failed.NO_SUCH_NAME),
    ],
)
def test_names_that_have_no_address(way: Way, error: OSError | UnicodeError, why: Failed) -> None:
    """A name that does not exist is told from one that cannot be looked up for now."""
    way.wires.names[HOST] = error
    assert _why(way.requests().send(Request("GET", URL))) == (Stage.NAME, why)


def test_a_name_with_an_empty_list(way: Way) -> None:
    """A name without any address is one that does not exist."""
    way.wires.names[HOST] = ()
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.NAME, Failed.NO_SUCH_NAME)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConnectionRefusedError(111, "Connection refused"), Failed.REFUSED),
        (TimeoutError("timed out"), Failed.TIMEOUT),
        (OSError(113, "No route to host"), Failed.UNREACHABLE),
        (OSError(101, "Network is unreachable"), Failed.UNREACHABLE),
        (ConnectionResetError(104, "Connection reset by peer"), Failed.CLOSED),
    ],
)
def test_connections_that_do_not_come_about(way: Way, error: OSError, why: Failed) -> None:
    """Each way in which a connection fails is told, with the address that was tried."""
    way.wires.names[HOST] = ("192.0.2.7",)
    way.wires.ports["192.0.2.7", 443] = error
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.CONNECT, why)
    assert found.address == "192.0.2.7"


def test_nothing_listens(way: Way) -> None:
    """A real port where nobody listens refuses."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    way.wires.put(HOST, 443, port)
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.CONNECT, Failed.REFUSED)


def test_the_next_address_is_tried(way: Way) -> None:
    """An address where nobody listens does not matter when another one answers."""
    way.wires.names[HOST] = ("192.0.2.7", "192.0.2.8")
    way.wires.ports["192.0.2.8", 80] = way.servers.serve(saying(response()))
    found = way.requests().send(Request("GET", PLAIN))
    assert (found.status, found.address) == (200, "192.0.2.8")


def test_one_address_alone(way: Way) -> None:
    """A request for one address goes to no other."""
    way.wires.names[HOST] = ("192.0.2.7", "192.0.2.8")
    way.wires.ports["192.0.2.8", 80] = way.servers.serve(saying(response()))
    found = way.requests().send(Request("GET", PLAIN, only="192.0.2.7"))
    assert _why(found) == (Stage.CONNECT, Failed.REFUSED)
    assert way.wires.dialled == [("192.0.2.7", 80)]


def test_not_every_address_of_a_long_list(way: Way) -> None:
    """A name with a hundred addresses costs four attempts."""
    way.wires.names[HOST] = tuple(f"192.0.2.{number}" for number in range(100))
    way.requests().send(Request("GET", PLAIN))
    assert len(way.wires.dialled) == 4


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (Shown(("other.example.com",)), Failed.WRONG_NAME),
        (Shown((HOST,), begins=-20 * _DAY, ends=-_DAY), Failed.EXPIRED),
        (Shown((HOST,), begins=_DAY), Failed.NOT_YET_VALID),
        (Shown((HOST,), trusted=False), Failed.UNKNOWN_AUTHORITY),
    ],
)
def test_certificates_that_are_not_good(way: Way, shown: Shown, why: Failed) -> None:
    """What is wrong with a certificate is told, and what it says."""
    authority = way.trusted if shown.trusted else way.strange
    way.wires.put(HOST, 443, way.servers.serve(saying(response()), authority.context(shown)))
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.TLS, why)
    assert found.failure is not None
    certificate = found.failure.certificate
    assert certificate is not None
    assert certificate.names == shown.names
    assert certificate.issuer == f"CN={authority.title}"
    assert not certificate.self_issued


def test_a_host_that_need_not_be_good(way: Way) -> None:
    """Where the client does not verify, the doctor does not either."""
    context = way.strange.context(Shown(("other.example.com",), trusted=False))
    way.wires.put(HOST, 443, way.servers.serve(saying(response()), context))
    way.unverified.add(HOST)
    assert way.requests().send(Request("GET", URL)).status == 200


def test_plain_http_where_tls_is_expected(way: Way) -> None:
    """A server that answers a handshake with HTTP speaks HTTP."""
    bad = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

    def handler(stream: socket.socket) -> None:
        stream.recv(65536)
        stream.sendall(bad)

    way.wires.put(HOST, 443, way.servers.serve(handler))
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.TLS, Failed.SPEAKS_HTTP)


def test_tls_where_plain_http_is_expected(way: Way) -> None:
    """A server that wants TLS does not answer HTTP."""
    way.wires.put(HOST, 80, way.servers.serve(saying(response()), way.trusted.context(_GOOD)))
    stage, why = _why(way.requests().send(Request("GET", PLAIN)))
    assert stage is Stage.HTTP
    assert why in {Failed.NOT_HTTP, Failed.CLOSED}


def _reset(stream: socket.socket) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


@pytest.mark.parametrize("secure", [True, False])
def test_a_reset(way: Way, *, secure: bool) -> None:
    """A connection that is cut is told, during the handshake or after the request."""

    def handler(stream: socket.socket) -> None:
        stream.recv(65536)
        _reset(stream)

    way.wires.put(HOST, 443 if secure else 80, way.servers.serve(handler))
    found = way.requests().send(Request("GET", URL if secure else PLAIN))
    expected = (Stage.TLS, Failed.TLS) if secure else (Stage.HTTP, Failed.CLOSED)
    assert _why(found) == expected


def test_an_end_without_an_answer(way: Way) -> None:
    """A server that takes the request and hangs up has closed the connection."""
    server = Talk(lambda _: None)
    _serve(way, server)
    found = way.requests().send(Request("GET", PLAIN))
    assert _why(found) == (Stage.HTTP, Failed.CLOSED)
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 " + b"2" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"A" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_not_http(way: Way, answer: bytes) -> None:
    """An answer that is none is told; none of its bytes are in the words."""
    _serve(way, saying(answer))
    found = way.requests().send(Request("GET", PLAIN))
    assert _why(found) == (Stage.HTTP, Failed.NOT_HTTP)
    assert found.failure is not None
    assert found.failure.words == "its answer is not HTTP"


def test_connections_are_kept(way: Way) -> None:
    """Requests to one place share a connection."""
    server = saying(response(body=b"x"))
    _serve_tls(way, server)
    requests = way.requests()
    assert [requests.send(Request("GET", URL)).status for _ in range(3)] == [200, 200, 200]
    assert (server.connections, len(server.asked)) == (1, 3)


def test_a_server_that_closes_idle_connections(way: Way) -> None:
    """A kept connection that was closed meanwhile costs a new one, and no failure."""

    def handler(stream: socket.socket) -> None:
        received(stream)
        stream.sendall(response(body=b"x"))

    _serve(way, handler)
    requests = way.requests()
    assert [requests.send(Request("GET", PLAIN)).status for _ in range(3)] == [200, 200, 200]


def test_connection_close_is_obeyed(way: Way) -> None:
    """After `Connection: close` a new connection is made, and the body is whole."""
    server = saying(response("200 OK", "Connection: close", body=b"whole"))
    _serve(way, server)
    requests = way.requests()
    bodies = [
        found.answer.body
        for found in (requests.send(Request("GET", PLAIN)) for _ in range(2))
        if found.answer
    ]
    assert bodies == [b"whole", b"whole"]
    assert server.connections == 2


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_long_body_is_cut(way: Way, framing: str) -> None:
    """No more of a body is read than the request allows, however it is framed."""
    whole = b"x" * (BODY_LIMIT * 4)
    heads = {
        "length": f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n",
        "chunked": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(whole):x}\r\n",
        "close": "HTTP/1.1 200 OK\r\n\r\n",
    }
    _serve(way, saying(heads[framing].encode() + whole))
    requests = way.requests()
    for limit in (10, BODY_LIMIT):
        found = requests.send(Request("GET", PLAIN, limit=limit))
        assert found.answer is not None
        assert len(found.answer.body) == limit


def test_a_body_that_ends_too_soon(way: Way) -> None:
    """What came of a body that is shorter than announced is what there is."""

    def handler(stream: socket.socket) -> None:
        received(stream)
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    _serve(way, handler)
    found = way.requests().send(Request("GET", PLAIN))
    assert found.answer is not None
    assert found.answer.body == b"half"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body(way: Way, status: str) -> None:
    """An answer that has no body does not make the next one wait."""
    server = saying(f"HTTP/1.1 {status}\r\n\r\n".encode())
    _serve(way, server)
    requests = way.requests()
    assert [requests.send(Request("GET", PLAIN)).status for _ in range(2)] == [int(status[:3])] * 2


def test_a_head_has_no_body(way: Way) -> None:
    """The length in the answer to HEAD is not waited for."""
    _serve(way, saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
    requests = way.requests()
    assert [requests.send(Request("HEAD", PLAIN)).status for _ in range(2)] == [200, 200]


def _drip(begin: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def handler(stream: socket.socket) -> None:
        received(stream)
        stream.sendall(begin)
        with contextlib.suppress(OSError):
            while True:
                stream.sendall(piece)
                stream.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    if not stream.recv(1):
                        return
                stream.settimeout(None)

    return handler


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nA: ", b"a"),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b";"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    ],
)
def test_a_server_that_drips(way: Way, begin: bytes, piece: bytes) -> None:
    """A server that never stops to send a little holds the doctor no longer than a request may."""
    way.clock = type(way.clock)(speed=200)
    _serve(way, _drip(begin, piece))
    found = way.requests().send(Request("GET", PLAIN))
    assert _why(found)[1] in {Failed.TIMEOUT, Failed.NOT_HTTP}
    assert found.seconds < REQUEST_SECONDS * 10


def test_a_silent_server(way: Way) -> None:
    """A server that takes the request and says nothing is given up."""

    def almost_over() -> None:
        way.clock.ahead += REQUEST_SECONDS - 0.3

    way.wires.on_connect = almost_over
    _serve(way, _wait)
    found = way.requests().send(Request("GET", PLAIN))
    assert _why(found) == (Stage.HTTP, Failed.TIMEOUT)


def test_a_silent_handshake(way: Way) -> None:
    """A server that never answers a handshake is given up."""

    def almost_over() -> None:
        way.clock.ahead += REQUEST_SECONDS - 0.3

    way.wires.on_connect = almost_over
    way.wires.put(HOST, 443, way.servers.serve(_wait))
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.TLS, Failed.TIMEOUT)


def test_addresses_that_take_all_the_time(way: Way) -> None:
    """Waiting for addresses counts to the time of a request."""
    way.wires.names[HOST] = tuple(f"192.0.2.{number}" for number in range(4))
    for number in range(4):
        way.wires.ports[f"192.0.2.{number}", 80] = TimeoutError("timed out")

    def over() -> None:
        way.clock.ahead += REQUEST_SECONDS

    way.wires.on_connect = over
    found = way.requests().send(Request("GET", PLAIN))
    assert _why(found) == (Stage.CONNECT, Failed.TIMEOUT)
    assert len(way.wires.dialled) == 1


def _wait(stream: socket.socket) -> None:
    while stream.recv(65536):
        pass


PROXY = "proxy.example.com"
_PROXY_URL = f"http://user:canary@{PROXY}:3128"


def _through(way: Way, handler: Callable[[socket.socket], None]) -> None:
    way.proxies = {"https": _PROXY_URL, "http": _PROXY_URL}
    way.wires.put(PROXY, 3128, way.servers.serve(handler))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("403 Forbidden", Failed.PROXY_REFUSED),
        ("407 Proxy Authentication Required", Failed.PROXY_LOGIN),
        ("502 Bad Gateway", Failed.PROXY_REFUSED),
        ("302 Found", Failed.PROXY_REFUSED),
    ],
)
def test_a_proxy_that_refuses(way: Way, status: str, why: Failed) -> None:
    """A proxy that makes no tunnel is told from the registry, with its status."""
    _through(way, saying(response(status)))
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.PROXY, why)
    assert found.failure is not None
    assert found.failure.status == int(status[:3])
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    "error",
    [
        None,
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError("timed out"),
        OSError(113, "No route to host"),
    ],
)
def test_a_proxy_that_is_not_there(way: Way, error: OSError | None) -> None:
    """A proxy without a name, or without anybody at its port, cannot be reached."""
    way.proxies = {"https": _PROXY_URL}
    if error is not None:
        way.wires.names[PROXY] = ("192.0.2.9",)
        way.wires.ports["192.0.2.9", 3128] = error
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.PROXY, Failed.PROXY_UNREACHABLE)
    assert "canary" not in repr(found)


@pytest.mark.parametrize("answer", [b"SSH-2.0\r\n\r\n", b"", b"HTTP/1.1 \r\n\r\n", b"x" * 40_000])
def test_a_proxy_that_is_none(way: Way, answer: bytes) -> None:
    """What answers a CONNECT with something else than HTTP is no proxy."""

    def handler(stream: socket.socket) -> None:
        received(stream)
        stream.sendall(answer)

    _through(way, handler)
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.PROXY, Failed.PROXY_UNREACHABLE)


def test_a_proxy_that_drips(way: Way) -> None:
    """A proxy that never comes to the end of its answer is given up."""
    way.clock = type(way.clock)(speed=200)
    _through(way, _drip(b"HTTP/1.1 200 OK\r\n", b"A"))
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.PROXY, Failed.PROXY_UNREACHABLE)


@pytest.mark.parametrize("kind", ["https", "socks5"])
def test_a_proxy_of_another_kind(way: Way, kind: str) -> None:
    """Proxies that the doctor does not speak to are not asked at all."""
    way.proxies = {"https": f"{kind}://user:canary@{PROXY}:1080"}
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.PROXY, Failed.PROXY_KIND)
    assert way.wires.dialled == []
    assert "canary" not in repr(found)


def test_tls_through_a_proxy(way: Way) -> None:
    """The tunnel has the login of the proxy, and what is inside has not."""
    inside = saying(response(body=b"inside"))
    asked: list[bytes] = []
    context = way.trusted.context(_GOOD)

    def handler(stream: socket.socket) -> None:
        asked.append(received(stream))
        stream.sendall(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
        with context.wrap_socket(stream.dup(), server_side=True) as secured:
            inside(secured)

    _through(way, handler)
    requests = way.requests()
    bodies = [
        found.answer.body
        for found in (requests.send(Request("GET", URL, "Basic c2VjcmV0")) for _ in range(2))
        if found.answer
    ]
    assert bodies == [b"inside", b"inside"]
    (tunnel,) = asked
    assert tunnel == (
        b"CONNECT h.example.com:443 HTTP/1.1\r\nHost: h.example.com:443\r\n"
        b"Proxy-Authorization: Basic dXNlcjpjYW5hcnk=\r\n\r\n"
    )
    assert all(b"Proxy-Authorization" not in request for request in inside.asked)
    # The name is looked up by the proxy, and by nobody here.
    assert way.wires.dialled == [("192.0.2.1", 3128)]


def test_a_bad_certificate_through_a_proxy(way: Way) -> None:
    """A certificate that is not good is told behind a proxy as well, as when it breaks TLS open."""
    context = way.strange.context(Shown((HOST,), trusted=False))

    def handler(stream: socket.socket) -> None:
        received(stream)
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(stream.dup(), server_side=True) as secured:
            _wait(secured)

    _through(way, handler)
    found = way.requests().send(Request("GET", URL))
    assert _why(found) == (Stage.TLS, Failed.UNKNOWN_AUTHORITY)
    assert found.failure is not None
    assert found.failure.certificate is not None


def test_plain_http_through_a_proxy(way: Way) -> None:
    """A request without TLS goes to the proxy itself, with the whole address."""
    server = saying(response())
    _through(way, server)
    assert way.requests().send(Request("GET", f"{PLAIN}?a=b")).status == 200
    assert server.asked[0].startswith(
        b"GET http://h.example.com/v2/?a=b HTTP/1.1\r\nHost: h.example.com\r\n"
    )
    assert b"\r\nProxy-Authorization: Basic dXNlcjpjYW5hcnk=\r\n" in server.asked[0]


def test_redirects_are_not_followed(way: Way) -> None:
    """A redirect, to whatever scheme, is an answer; following it is somebody else's decision."""
    for place in ("https://evil.example.com/", "ftp://h/", "file:///etc/passwd", "//x", ""):
        server = saying(response("307 Temporary Redirect", f"Location: {place}"))
        _serve(way, server)
        found = way.requests().send(Request("GET", PLAIN, "Bearer t"))
        assert found.status == 307
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h.example.com/",
        "file:///etc/passwd",
        "gopher://h.example.com/",
        "/v2/",
        "",
        "https://",
        "https:///v2/",
        "https://[::1/",
        "https://h.example.com:port/",
        "https://h.example.com:99999/",
        "https://h example.com/",
        "https://h\x0bexample.com/",
        "https://ü.example.com/",
        "https://.example.com/",
        "https://a..example.com/",
        f"https://{'a' * 64}.example.com/",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_none(way: Way, url: str) -> None:
    """Nothing is sent to what is no address of HTTP, and nothing is raised."""
    found = way.requests().send(Request("GET", url, "Bearer canary"))
    assert _why(found) == (Stage.NAME, Failed.NO_SUCH_NAME)
    assert way.wires.dialled == []


@pytest.mark.parametrize(
    ("url", "line"),
    [
        (f"{PLAIN}a b", b"GET /v2/a%20b HTTP/1.1"),
        (f"{PLAIN}é?ü", b"GET /v2/%C3%A9?%C3%BC HTTP/1.1"),
        (f"{PLAIN}a\r\nX-Injected: 1", b"GET /v2/aX-Injected:%201 HTTP/1.1"),
        (f"{PLAIN}a\x00b\x7f", b"GET /v2/a%00b%7F HTTP/1.1"),
        (f"{PLAIN}?a=\ud800", b"GET /v2/?a=? HTTP/1.1"),
        (f"{PLAIN}a%20b%2Fc?sig=a%2Bb%3D&x=(1)", b"GET /v2/a%20b%2Fc?sig=a%2Bb%3D&x=(1) HTTP/1.1"),
    ],
)
def test_addresses_are_written_for_http(way: Way, url: str, line: bytes) -> None:
    """What may not stand in a request line is escaped, so that no line can be added to it."""
    server = saying(response())
    _serve(way, server)
    assert way.requests().send(Request("GET", url)).status == 200
    head = server.asked[0].split(b"\r\n")
    assert head[0] == line
    assert len(head) == 5


@pytest.mark.parametrize("value", ["Bearer canary\r\nX: y", "Bearer canary\n", "Bearer canarył"])
def test_header_values_that_cannot_be_sent(way: Way, value: str) -> None:
    """A token that would add a line is not sent; it is not in the words either."""
    server = saying(response())
    _serve(way, server)
    found = way.requests().send(Request("GET", PLAIN, value))
    assert found.answer is None
    assert server.asked == []
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:canary@h.io/v2/", "https://h.io/v2/"),
        ("https://canary@h.io:5000/v2/?a=canary#canary", "https://h.io:5000/v2/"),
        ("https://a@canary@h.io/", "https://h.io/"),
        ("http://user:canary@[::1]:80/", "http://[::1]:80/"),
        ("https://user:canary@[::1/", UNREADABLE),
    ],
)
def test_logins_in_addresses_are_not_repeated(way: Way, url: str, shown: str) -> None:
    """Neither user and password nor the query of an address is in what is told of a request."""
    assert shown_address(url) == shown
    assert "canary" not in repr(way.requests().send(Request("GET", url)))


def test_everything_is_remembered(way: Way) -> None:
    """Each request is noted, whatever became of it."""
    _serve(way, saying(response()))
    requests = way.requests()
    requests.send(Request("GET", PLAIN))
    requests.send(Request("HEAD", URL))
    requests.send(Request("GET", "nothing"))
    assert [(each.method, each.status) for each in requests.sent] == [
        ("GET", 200),
        ("HEAD", 0),
        ("GET", 0),
    ]


@given(st.text(max_size=60))
def test_no_address_is_too_strange(text: str) -> None:
    """Any text can be shown as an address, without what stands before an `@` of its host."""
    for url in (text, f"https://{text}", f"https://user:canary@{text}"):
        assert "user:canary@" not in shown_address(url)
