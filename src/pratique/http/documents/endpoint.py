"""The addresses of the documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from pratique import __version__
from pratique.http.documents.described import Described, Told
from pratique.http.documents.errors import told_problems
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.wire.messages import Response, encode_json
from pratique.http.wire.problems import Problem, problem_response

MANAGEMENT_PATH: Final = "/api/v1/openapi.json"
AZURE_PATH: Final = "/api/v1/openapi-azure.json"
_ALLOWED: Final = "GET, HEAD"
_HEADERS: Final = (
    ("content-type", "application/json; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
)
_NAMES: Final = {
    MANAGEMENT_PATH: ("show_openapi_document", "The management API in OpenAPI 3.1."),
    AZURE_PATH: (
        "show_openapi_document_of_azure",
        "What is served of Azure's resource manager and of Graph, in OpenAPI 3.1.",
    ),
}


class Documents:
    """Answers at the addresses of the documents, to everybody who is proved.

    What they say is of the software, and no secret. Each is made when it is first asked for, and
    kept as the bytes that are sent: the others, and those who only pull, pay nothing.

    Args:
        entrance: identifies callers.
    """

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._made: dict[str, bytes] = {}

    async def handle(self, arrival: Arrival) -> Response:
        """The document of a path that is one of `MAKERS`."""
        try:
            await self._entrance.identify(arrival, None)
        except Turned as turned:
            return turned.response
        if arrival.request.method not in {"GET", "HEAD"}:
            return problem_response(
                Problem.UNSUPPORTED,
                f"this address takes {_ALLOWED}",
                headers=(("allow", _ALLOWED),),
            )
        return Response(200, [*_HEADERS], await self._document(arrival.request.path))

    async def _document(self, path: str) -> bytes:
        made = self._made.get(path)
        if made is None:
            made = self._made[path] = encode_json(await asyncio.to_thread(MAKERS[path]))
        return made


def document_rows() -> tuple[Described, ...]:
    """The addresses of the documents themselves."""
    problems = (Problem.UNAUTHORIZED, Problem.TOOMANYREQUESTS, Problem.UNAVAILABLE)
    return tuple(
        Described(
            name=name,
            method="GET",
            template=path,
            tag=path.rpartition("/")[2],
            summary=summary,
            remarks="Whoever is proved may read it.",
            permission="",
            asked_at="",
            answers={200: Told(summary, dict[str, Any]), **told_problems(problems)},
            security=("basic",),
        )
        for path, (name, summary) in _NAMES.items()
    )


def _management() -> dict[str, Any]:
    from pratique.http.documents.management import (  # noqa: PLC0415 - loaded when used
        management_document,
    )

    return management_document(document_rows(), __version__)


def _azure() -> dict[str, Any]:
    from pratique.http.documents.azure import azure_document  # noqa: PLC0415 - loaded when used

    return azure_document(__version__)


MAKERS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    MANAGEMENT_PATH: _management,
    AZURE_PATH: _azure,
}
"""What makes the document of each address."""
