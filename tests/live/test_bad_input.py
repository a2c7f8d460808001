"""What attackers and broken networks send to a real server, byte by byte."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all: it must survive every test."""
    with live_server(tmp_path_factory.mktemp("bad-input") / "data") as live:
        yield live


def send(server: LiveServer, request: bytes, *, cut: bool = False) -> bytes:
    """What comes back for these bytes; `cut` says that the client sends no more after them."""
    host, _, port = server.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        if cut:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def authorization(server: LiveServer) -> bytes:
    """The owner's header line."""
    encoded = base64.b64encode(":".join(server.owner).encode())
    return b"Authorization: Basic " + encoded + b"\r\n"


def request(server: LiveServer, line: bytes, *headers: bytes) -> bytes:
    """A request of the owner without its body."""
    host = b"Host: " + server.host.encode() + b"\r\nConnection: close\r\n"
    extra = b"".join(header + b"\r\n" for header in headers)
    return line + b" HTTP/1.1\r\n" + host + authorization(server) + extra + b"\r\n"


def still_answers(server: LiveServer) -> bool:
    """Whether the owner is let in."""
    return b"200 OK" in send(server, request(server, b"GET /v2/"))[:20]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (b"/v2/../../etc/passwd/manifests/v1", b"400", b"NAME_INVALID"),
        (b"/v2/a%2F..%2Fb/manifests/v1", b"400", b"NAME_INVALID"),
        (b"/v2/a/%00b/manifests/v1", b"400", b"NAME_INVALID"),
        (b"/v2/a/%FF/manifests/v1", b"400", b"NAME_INVALID"),
        (b"/v2/UPPER/manifests/v1", b"400", b"NAME_INVALID"),
        (b"/v2/a/manifests/.v1", b"400", b"TAG_INVALID"),
        (b"/v2/a/manifests/sha256:short", b"400", b"DIGEST_INVALID"),
        (b"/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", b"400", b"DIGEST_INVALID"),
        (b"/v2/a/blobs/uploads/..%2F..%2Fx", b"404", b""),
        (b"/v2/a/tags/list?n=many", b"400", b"PAGINATION_NUMBER_INVALID"),
        (b"/nowhere", b"404", b"UNSUPPORTED"),
    ],
)
def test_a_malformed_address_gets_its_error(
    server: LiveServer, path: bytes, status: bytes, code: bytes
) -> None:
    """The specification's code and status, and never a trace."""
    answer = send(server, request(server, b"GET " + path))
    assert answer.split(b" ", 2)[1] == status
    assert code in answer
    assert b"Traceback" not in answer
    assert still_answers(server)


@pytest.mark.parametrize(
    "header",
    [
        b"X-Long: " + b"a" * 64 * 1024,
        b"Authorization: Bearer " + b"a" * 60_000,
        b"Cookie: \xff\xfe",
    ],
)
def test_a_monstrous_header_is_answered(server: LiveServer, header: bytes) -> None:
    """64 KiB of header, or bytes that are no text, get some answer and harm nobody."""
    answer = send(
        server, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + b"\r\n\r\n"
    )
    assert answer.split(b" ", 2)[1] in {b"400", b"401", b"431"}
    assert still_answers(server)


def test_a_client_that_goes_away_in_mid_body_leaves_nothing(server: LiveServer) -> None:
    """An upload that broke off can be taken up where it stood."""
    digest = b"sha256:" + b"0" * 64
    line = b"POST /v2/broken/blobs/uploads/?digest=" + digest
    head = request(server, line, b"Content-Length: 100")
    answer = send(server, head + b"only this", cut=True)
    assert b" 400 " in answer[:20] or not answer
    assert b" 404 " in send(server, request(server, b"GET /v2/broken/blobs/" + digest))[:20]
    assert still_answers(server)


def test_a_digest_that_is_not_the_contents_stores_nothing(server: LiveServer) -> None:
    """DIGEST_INVALID, and the blob is not there."""
    digest = b"sha256:" + b"1" * 64
    line = b"POST /v2/wrong/blobs/uploads/?digest=" + digest
    answer = send(server, request(server, line, b"Content-Length: 4") + b"body")
    assert b" 400 " in answer[:20]
    assert b"DIGEST_INVALID" in answer
    assert b" 404 " in send(server, request(server, b"HEAD /v2/wrong/blobs/" + digest))[:20]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"schemaVersion": 1}', b""])
def test_a_manifest_that_is_none_is_refused(server: LiveServer, body: bytes) -> None:
    """MANIFEST_INVALID, and the tag is not there."""
    head = request(
        server,
        b"PUT /v2/none/manifests/v1",
        b"Content-Type: application/vnd.oci.image.manifest.v1+json",
        b"Content-Length: " + str(len(body)).encode(),
    )
    answer = send(server, head + body)
    assert b" 400 " in answer[:20]
    assert b"MANIFEST_INVALID" in answer
    assert b" 404 " in send(server, request(server, b"GET /v2/none/manifests/v1"))[:20]


def test_a_manifest_above_four_mebibytes_is_refused(server: LiveServer) -> None:
    """SIZE_INVALID with 413, told before the body is kept."""
    head = request(
        server,
        b"PUT /v2/large/manifests/v1",
        b"Content-Type: application/vnd.oci.image.manifest.v1+json",
        b"Content-Length: 4194305",
    )
    answer = send(server, head + b" " * 4194305)
    assert b" 413 " in answer[:20]
    assert b"SIZE_INVALID" in answer
    assert still_answers(server)


def test_wrong_passwords_cost_time_and_lock_nobody_out(server: LiveServer) -> None:
    """After some wrong ones the address must wait for that account; the owner is still let in."""
    encoded = base64.b64encode(b"stranger:guess")
    head = (
        b"GET /v2/ HTTP/1.1\r\nHost: "
        + server.host.encode()
        + b"\r\nConnection: close\r\nAuthorization: Basic "
        + encoded
        + b"\r\n\r\n"
    )
    statuses = [send(server, head).split(b" ", 2)[1] for _ in range(7)]
    assert statuses[:5] == [b"401"] * 5
    assert b"429" in statuses[5:]
    assert still_answers(server)


def test_a_manifest_without_a_length_that_grows_too_large_still_gets_its_answer(
    server: LiveServer,
) -> None:
    """A body that is refused in its middle is taken in, so that the words arrive."""
    head = request(
        server,
        b"PUT /v2/endless/manifests/v1",
        b"Content-Type: application/vnd.oci.image.manifest.v1+json",
        b"Transfer-Encoding: chunked",
    )
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    answer = send(server, head + chunk * 12 + b"0\r\n\r\n")
    assert b" 413 " in answer[:20]
    assert b"SIZE_INVALID" in answer
    assert still_answers(server)


def test_two_hosts_are_none(server: LiveServer) -> None:
    """One of them could be meant for the proxy, the other for the registry."""
    line = b"GET /v2/ HTTP/1.1\r\nHost: evil.example\r\n"
    own = b"Host: " + server.host.encode() + b"\r\nConnection: close\r\n\r\n"
    assert b" 400 " in send(server, line + own)[:20]
    assert still_answers(server)
