"""Answers with a type: what an operation gives, for the wire and for the description of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from pratique.http.wire.messages import Response, json_response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given(Generic[T]):
    """What was asked for, or what it is like after the change.

    Attributes:
        content: becomes the JSON.
        headers: besides that of the content's type; names in lower case.
    """

    content: T
    headers: tuple[tuple[str, str], ...] = ()

    status: ClassVar[int] = 200

    def response(self) -> Response:
        """The answer on the wire."""
        return json_response(self.status, self.content, *self.headers)


@dataclass(frozen=True, slots=True)
class Made(Given[T]):
    """What was made."""

    status: ClassVar[int] = 201
