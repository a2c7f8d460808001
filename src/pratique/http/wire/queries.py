"""A query as a value of a type; or a refusal that says what is wrong."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

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
    given = request.parameters() if request.query else {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if name not in fields:
            known = ", ".join(f"`{one}`" for one in fields) or "none"
            raise UnreadableQuery(
                f"`{printable(name)}` is no parameter of this address; it takes {known}"
            )
        if len(texts) > 1:
            raise UnreadableQuery(f"`{name}` is given twice")
        if not texts[0]:
            raise UnreadableQuery(f"`{name}` is empty; leave it out, or give it a value")
        values[fields[name].name] = _value(name, texts[0], parameter_type(fields[name].type))
    for field in fields.values():
        if field.required and field.name not in values:
            raise UnreadableQuery(f"the query lacks `{field.encode_name}`")
    return kind(**values)


def parameter_type(kind: Any) -> Any:
    """The type of a parameter: that of its field without None, which stands for its absence."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    (given,) = (one for one in get_args(kind) if one is not NoneType)
    return given


def _value(name: str, text: str, kind: Any) -> Any:
    shape = msgspec.inspect.type_info(kind)
    while isinstance(shape, msgspec.inspect.Metadata):
        shape = shape.type
    match shape:
        case msgspec.inspect.IntType(ge=int(least), le=int(most)):
            number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
            if not least <= number <= most:
                raise UnreadableQuery(f"`{name}` is a number from {least} to {most}")
            return number
        case msgspec.inspect.BoolType():
            if text not in {"true", "false"}:
                raise UnreadableQuery(f"`{name}` is `true` or `false`")
            return text == "true"
        case msgspec.inspect.StrType():
            return text
        case _:
            raise TypeError(f"a parameter cannot be of the type {kind}")
