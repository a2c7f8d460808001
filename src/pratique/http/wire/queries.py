"""A query as a value of a type; or a refusal that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from pratique.http.wire.messages import Request
from pratique.naming.errors import printable

T = TypeVar("T", bound=msgspec.Struct)


class UnreadableQuery(ValueError):
    """A query is not what the address takes."""


class Nothing(msgspec.Struct, frozen=True):
    """The query of an address that takes no parameters."""


def read_query(request: Request, kind: type[T]) -> T:
    """The parameters of a request.

    A misspelt parameter must not be left out in silence: what it was to limit would be unlimited.

    Args:
        request: whose query is read.
        kind: one field for each parameter; numbers and truth values are read from their text.

    Raises:
        UnreadableQuery: a parameter is unknown, is given twice or is not what it may be.
        TooManyFields: as `Request.parameters`.
    """
    if not request.query:
        fields: dict[str, str] = {}
    else:
        fields = _fields(request, kind.__struct_encode_fields__)
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableQuery(_told(kind, fields)) from error


def _told(kind: type[msgspec.Struct], fields: Mapping[str, str]) -> str:
    """What is wrong with parameters that are not of `kind`."""
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in fields:
            if field.required:
                return f"the query lacks `{field.encode_name}`"
            continue
        try:
            msgspec.convert(fields[field.encode_name], field.type, strict=False)
        except msgspec.ValidationError as error:
            return f"`{field.encode_name}` is {_words(field.type, error)}"
    return "the query is not what is wanted"


def _words(kind: Any, error: msgspec.ValidationError) -> str:
    shape = msgspec.inspect.type_info(kind)
    if isinstance(shape, msgspec.inspect.UnionType):
        shape = shape.types[0]
    if isinstance(shape, msgspec.inspect.Metadata):
        shape = shape.type
    match shape:
        case msgspec.inspect.IntType(ge=int(least), le=int(most)):
            return f"a number from {least} to {most}"
        case msgspec.inspect.BoolType():
            return "`true` or `false`"
        case _:
            return f"not what is wanted: {error}"


def _fields(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, values in request.parameters().items():
        if name not in known:
            told = ", ".join(f"`{one}`" for one in known) or "none"
            raise UnreadableQuery(
                f"`{printable(name)}` is no parameter of this address; it takes {told}"
            )
        if len(values) > 1:
            raise UnreadableQuery(f"`{name}` is given twice")
        if not values[0]:
            raise UnreadableQuery(f"`{name}` is empty; leave it out, or give it a value")
        fields[name] = values[0]
    return fields
