"""The little of HTTP that the agent speaks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.agent.messages import BadRequest, Request, Response, parse_request

_HOST = b"Host: localhost\r\n"


def test_a_request_is_read() -> None:
    """Path and parameters are decoded, names of headers are lower case, values are trimmed."""
    head = b"GET /a%20b?resource=https%3A%2F%2Fx&empty= HTTP/1.1\r\nMETADATA:  true \r\n\r\n"
    expected = Request(
        "GET", "/a b", {"resource": "https://x", "empty": ""}, {"metadata": "true"}, keeps_open=True
    )
    assert parse_request(head) == expected


@pytest.mark.parametrize(
    ("version", "header", "keeps_open"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: keep-alive\r\n", True),
    ],
)
def test_whether_the_connection_stays_is_read(
    version: str, header: str, *, keeps_open: bool
) -> None:
    """Both versions have their own usual way, and may say otherwise."""
    head = f"GET / HTTP/{version}\r\n{header}\r\n".encode()
    assert parse_request(head).keeps_open is keeps_open


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET http://169.254.169.254/ HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xe4 HTTP/1.1\r\n\r\n", 400),
        (b"GET /%ff HTTP/1.1\r\n\r\n", 400),
        (b"GET /?a=%ff HTTP/1.1\r\n\r\n", 400),
        (b"GET /?a=1&a=2 HTTP/1.1\r\n\r\n", 400),
        (b"GET /?" + b"a&" * 21 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + _HOST + _HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\nMetadata: true\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nMetadata : true\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nMetadata: tr\x00ue\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nMetadata: true\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    """Other forms, doubled names, control characters and bodies are refused."""
    with pytest.raises(BadRequest) as refused:
        parse_request(head)
    assert refused.value.status == status


@given(st.sampled_from([b"", b"GET /?", b"GET / HTTP/1.1\r\n"]), st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(beginning: bytes, content: bytes) -> None:
    """Nothing that is sent makes the reader fail in another way."""
    head = beginning + content + b" HTTP/1.1\r\n\r\n"
    try:
        request = parse_request(head)
    except BadRequest:
        return
    assert request.path.startswith("/")


def test_an_answer_is_json_that_nobody_keeps() -> None:
    """The wire has the length, the form, and the wish not to be stored."""
    response = Response(401, {"error": "x"}, (("WWW-Authenticate", "Basic realm=/f.key"),))
    head, _, body = response.encoded(keeps_open=False).partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert first == "HTTP/1.1 401 Unauthorized"
    assert {"Cache-Control: no-store", "Connection: close", f"Content-Length: {len(body)}"} <= {
        *headers
    }
    assert "WWW-Authenticate: Basic realm=/f.key" in headers
    assert json.loads(body) == {"error": "x"}
