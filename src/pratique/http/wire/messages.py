"""Requests and responses as values: what every handler takes and gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

MAX_FORM_FIELDS = 200


class BodyTooLarge(Exception):
    """A body is longer than its kind may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request's body is larger than {limit} bytes")


class TooManyFields(ValueError):
    """A query or a form has more fields than any client sends."""


class BodyTruncated(Exception):
    """The client went away, or sent fewer bytes than it announced."""


class Headers(Protocol):
    """Header fields by lower-case name; the first of several.

    A field whose value is not ASCII is contained and has no value.
    """

    def __contains__(self, key: str, /) -> bool:
        """Whether the field is there."""
        ...

    def get(self, key: str, default: Any = None, /) -> Any:
        """The value of a field, `default` when it is not there."""
        ...

    def get_all(self, key: str, /) -> list[str]:
        """The values of all fields of that name."""
        ...


class HeadersOfOne(dict[str, str]):
    """Header fields that were made here, each of them once."""

    def get_all(self, key: str, /) -> list[str]:
        """The value of the field, if it is there."""
        return [self[key]] if key in self else []


class Body(Protocol):
    """A request's body, read at most once."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they come.

        Raises:
            BodyTruncated: the client went away.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        path: percent-decoded, beginning with `/`.
        query: still encoded, without `?`.
        client: address of the peer.
    """

    method: str
    path: str
    query: str
    headers: Headers
    scheme: str
    host: str
    client: str
    body: Body

    def parameters(self) -> dict[str, list[str]]:
        """The query's parameters, each with all its values in order.

        Raises:
            TooManyFields: more than 200 parameters.
        """
        return parse_form(self.query)

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter, None when it is not there."""
        if not self.query:
            return None
        values = self.parameters().get(name)
        return values[0] if values else None

    def header(self, name: str) -> str | None:
        """A header field by its lower-case name; empty when its value cannot be read."""
        value = self.headers.get(name)
        if isinstance(value, str):
            return value
        return "" if name in self.headers else None

    @property
    def cookies(self) -> str:
        """The cookie header; HTTP/2 sends it in pieces (RFC 9113, section 8.2.3)."""
        return "; ".join(self.headers.get_all("cookie"))

    @property
    def content_length(self) -> int | None:
        """What the client announced, in bytes; None for nothing or nonsense."""
        value = self.header("content-length")
        return int(value) if value is not None and value.isascii() and value.isdigit() else None

    async def read(self, limit: int) -> bytes:
        """The whole body.

        Args:
            limit: bytes that it may have at most.

        Raises:
            BodyTooLarge: it has more; no more than that was kept.
            BodyTruncated: the client went away.
        """
        announced = self.content_length
        if announced is not None and announced > limit:
            raise BodyTooLarge(limit)
        content = bytearray()
        async for chunk in self.body.chunks():
            content += chunk
            if len(content) > limit:
                raise BodyTooLarge(limit)
        return bytes(content)


def parse_form(text: str) -> dict[str, list[str]]:
    """The fields of a query or of a form (`application/x-www-form-urlencoded`).

    Raises:
        TooManyFields: more than 200.
    """
    values: dict[str, list[str]] = {}
    if text.count("&") >= MAX_FORM_FIELDS:
        raise TooManyFields(f"a request may have at most {MAX_FORM_FIELDS} parameters")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return values


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part of a file, sent by the server itself.

    Attributes:
        start: first byte.
        end: byte after the last.
        whole: whether this is all of the file.
    """

    path: str
    start: int
    end: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that is sent as it comes.

    Attributes:
        size: bytes of all pieces.
        pieces: none of them empty; None where only the head is answered.
    """

    size: int
    pieces: AsyncIterator[bytes] | None


@dataclass(slots=True)
class Response:
    """One HTTP response.

    Attributes:
        headers: names in lower case.
        body: empty when `file` or `stream` is given.
        row: name of the row that answered, for counting; empty where none did.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    file: FilePart | None = None
    stream: Stream | None = None
    row: str = ""


# Method, path, scheme, host and headers of a request without a query, to its answer if it is known.
AtOnce = Callable[[str, str, str, str, Headers], Response | None]


def json_response(status: int, content: Any, *headers: tuple[str, str]) -> Response:
    """A response of JSON."""
    return Response(
        status,
        [("content-type", "application/json; charset=utf-8"), *headers],
        encode_json(content),
    )


def _plain(value: Any) -> str:
    """Names of the domain are text of their own types; anything else has no place in an answer.

    Raises:
        TypeError: it is no text.
    """
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def encode_json(content: Any) -> bytes:
    """`content` as JSON.

    Raises:
        TypeError: it holds something that has no place in an answer.
    """
    return _ENCODER.encode(content)
