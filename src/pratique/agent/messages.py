"""The little of HTTP/1.1 that the agent speaks: GET without a body, JSON back (RFC 9112)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_HEAD_BYTES: Final = 16 * 1024
_MAX_PARAMETERS = 20
_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[!-~]{0,8000}) HTTP/1\.([01])", re.ASCII)
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([ \t!-~\x80-\xff]*)")


class BadRequest(Exception):
    """What came is no request that the agent reads; the connection ends.

    Attributes:
        status: of the answer.
    """

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        path: decoded.
        query: each parameter once.
        headers: by lower-case name, each once.
        keeps_open: whether another request may follow on the connection.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    keeps_open: bool


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Attributes:
        content: becomes JSON.
        headers: beside those that every answer has.
    """

    status: int
    content: Mapping[str, Any] = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, keeps_open: bool) -> bytes:
        """The answer on the wire."""
        body = json.dumps(self.content).encode()
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            "Content-Type: application/json; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            f"Connection: {'keep-alive' if keeps_open else 'close'}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def parse_request(head: bytes) -> Request:
    """The request whose head, with the empty line behind it, is `head`.

    Raises:
        BadRequest: it is malformed, says something twice, or has a body.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise BadRequest("the request line is malformed")
    method, target, minor = match.groups()
    headers = _headers(lines)
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise BadRequest("no request here has a body", 413)
    try:
        parts = urlsplit(target)
        path = unquote(parts.path, errors="strict")
        query = _query(parts.query)
    except ValueError:
        raise BadRequest("the address is malformed, or says something twice") from None
    closing = headers.get("connection", "keep-alive" if minor == "1" else "close")
    return Request(method, path, query, headers, "close" not in closing.lower())


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequest("a header is malformed")
        name = match.group(1).lower()
        if name in headers:
            raise BadRequest(f"the header `{name}` is there twice")
        headers[name] = match.group(2).rstrip(" \t")
    return headers


def _query(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise ValueError("a parameter is there twice")
    return query
