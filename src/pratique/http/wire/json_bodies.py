"""JSON that comes with a request, as a value of a type; or a refusal that says what is wrong."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

import msgspec

from pratique.http.wire.messages import Request

T = TypeVar("T")
MEDIA_TYPE = "application/json"


class UnreadableJson(ValueError):
    """A body is not the JSON that the address takes."""


async def read_json(request: Request, kind: type[T], limit: int) -> T:
    """The body of a request as `kind`.

    Readers differ over a name that occurs twice, so such a body is refused: what was judged and
    what was meant could be two things.

    Args:
        request: whose body is read.
        kind: a type that msgspec reads; whether it takes unknown fields is for it to say.
        limit: bytes that the body may have at most.

    Raises:
        UnreadableJson: it is not JSON in UTF-8, or not of this kind.
        BodyTooLarge, BodyTruncated: as `Request.read`.
    """
    media_type = (request.header("content-type") or "").partition(";")[0]
    if media_type.strip().lower() != MEDIA_TYPE:
        raise UnreadableJson(f"send JSON, with `Content-Type: {MEDIA_TYPE}`")
    content = await request.read(limit)
    try:
        found = msgspec.json.decode(content, type=kind)
        json.loads(content.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise UnreadableJson("the request's JSON is not UTF-8") from error
    except RecursionError as error:
        raise UnreadableJson("the request's JSON is nested too deeply") from error
    except (msgspec.MsgspecError, json.JSONDecodeError) as error:
        raise UnreadableJson(f"the request's JSON is not what is wanted: {error}") from error
    except UnreadableJson:
        raise
    except ValueError as error:
        # A number of more digits than Python makes into one.
        raise UnreadableJson("the request's JSON has a number that is too long") from error
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise UnreadableJson("the request's JSON has a name twice in one object; give it once")
    return made


def _no_number(_text: str) -> NoReturn:
    raise UnreadableJson("the request's JSON has a number that JSON does not have")
