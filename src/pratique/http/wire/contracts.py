"""What an operation takes and gives, read from its signature: the one place where that is said.

`async def create_user(visit: Visit, wanted: NewUser) -> Made[User]` takes a body and answers 201.
`async def list_users(visit: Visit, query: WhichUsers) -> Given[list[User]]` takes parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from pratique.http.wire.answers import Given
from pratique.http.wire.queries import Nothing

BODY = "wanted"
QUERY = "query"


@dataclass(frozen=True, slots=True)
class Contract:
    """What is taken and given.

    Attributes:
        body: the type that the JSON of a request is read as; None where none is taken.
        query: one field for each parameter.
        answer: the type of what succeeds.
        status: of what succeeds.
        summary: the first sentence of its documentation.
        remarks: the rest of its documentation.
    """

    body: Any
    query: type[msgspec.Struct]
    answer: Any
    status: int
    summary: str
    remarks: str


@cache
def contract_of(operation: Callable[..., Any]) -> Contract:
    """The contract of an operation.

    Raises:
        TypeError: its signature does not say what it gives.
    """
    hints = get_type_hints(operation)
    given = hints.get("return")
    kind = get_origin(given)
    if not (isinstance(kind, type) and issubclass(kind, Given)):
        raise TypeError(f"`{operation.__name__}` does not say what it answers: `-> Given[...]`")
    (answer,) = get_args(given)
    summary, remarks = words_of(operation)
    return Contract(
        body=hints.get(BODY),
        query=hints.get(QUERY, Nothing),
        answer=answer,
        status=kind.status,
        summary=summary,
        remarks=remarks,
    )


def words_of(operation: Callable[..., Any]) -> tuple[str, str]:
    """The first sentence of an operation's documentation, and the rest of it."""
    summary, _, remarks = (inspect.getdoc(operation) or "").partition("\n")
    return summary, remarks.strip()


@cache
def body_of(operation: Callable[..., Any]) -> Any:
    """The type that an operation's body is read as; None where it takes none."""
    return get_type_hints(operation).get(BODY)
