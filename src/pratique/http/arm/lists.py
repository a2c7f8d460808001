"""Lists in pages, each with the address of the next (az-cli-wire 6 and 10)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, urlencode

from pratique.http.arm.errors import UnreadableRequest
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response

PAGE: Final = 1000
_SKIP: Final = "$skiptoken"


def listed(visit: Visit, items: Iterable[Any], link: str = "nextLink") -> Response:
    """The page of a list that a request asks for.

    Args:
        visit: the request.
        items: all of the list, in an order that stays; those before and after are not kept.
        link: the member that holds the address of the next page.

    Raises:
        UnreadableRequest: the page begins nowhere.
    """
    start = _start(visit.request.parameter(_SKIP))
    found = list(islice(items, start, start + PAGE + 1))
    content: dict[str, Any] = {"value": found[:PAGE]}
    if len(found) > PAGE:
        content[link] = _address(visit, start + PAGE)
    return json_response(200, content)


def _start(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise UnreadableRequest(f"`{_SKIP}` comes from the address of a next page")
    return int(text)


def _address(visit: Visit, start: int) -> str:
    query = {key: values[0] for key, values in visit.request.parameters().items()}
    query[_SKIP] = str(start)
    path = quote(visit.request.path, safe="/")
    return f"{visit.root}{path}?{urlencode(query, safe='$')}"
