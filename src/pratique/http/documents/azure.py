"""The document of the addresses of Azure's resource manager and of Graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from msgspec import Meta

from pratique.http.arm.answers import Gives, Page
from pratique.http.arm.handler import VERSION
from pratique.http.arm.routes import Route, Where
from pratique.http.arm.table import ROUTES
from pratique.http.documents.building import document
from pratique.http.documents.described import Described, Told
from pratique.http.documents.schemes import SCHEMES
from pratique.http.wire.contracts import body_of, words_of

Version = Annotated[str, Meta(extra_json_schema={"pattern": f"^{VERSION.pattern}$"})]
PARTS: Final = {
    "assignment": "the GUID of a role assignment",
    "credential": "the id or the name of a federated credential",
    "deny": "the GUID or the name of a deny assignment",
    "group": "the name of the resource group",
    "identity": "the name of a managed identity",
    "map": "the name of a scope map",
    "operation": "the id of an import that was begun",
    "principal": "an object id or, in Graph's form, `appId='...'`",
    "provider": "a namespace, such as `Microsoft.ContainerRegistry`",
    "registry": "the name of the registry",
    "role": "the GUID of a role definition",
    "scope": "a scope without its first slash; at `/` the path begins with `/providers`",
    "subscription": "the id of the subscription",
    "token": "the name of a token",
    "user": "the object id or the user name of a user",
}
# Before any row stand the law, the store and the limits on requests; a body comes with 413.
_ALWAYS: Final = frozenset({400, 401, 403, 404, 429, 500, 503})
WORDS: Final = {
    400: "the request cannot be understood",
    401: "nobody proved who they are, or their token has no force here",
    403: "the caller is known and may not do this",
    404: "there is no such resource, or none that the caller may know of",
    409: "it conflicts with what is there",
    413: "the body is larger than 256 KiB",
    429: "too many requests or wrong sign-ins; wait",
    500: "the registry failed; its log has the cause",
    503: "the registry cannot answer now",
    507: "the registry's disk is full",
}


class Failure(msgspec.Struct, frozen=True):
    """A code for programs and words for people."""

    code: str
    message: str


class Failed(msgspec.Struct, frozen=True):
    """Why a request did not succeed, in the envelope that Azure's clients print."""

    error: Failure


class OfVersion(msgspec.Struct, frozen=True):
    """What every row of the resource manager takes."""

    version: Version = msgspec.field(name="api-version")


class OfGraph(msgspec.Struct, frozen=True):
    """A part of a list of Graph."""

    filter: str | None = msgspec.field(name="$filter", default=None)
    skip: Annotated[str, Meta(pattern="^[0-9]{1,9}$")] | None = msgspec.field(
        name="$skiptoken", default=None
    )


class OfList(OfVersion, frozen=True):
    """A part of a list of the resource manager."""

    filter: str | None = msgspec.field(name="$filter", default=None)
    skip: Annotated[str, Meta(pattern="^[0-9]{1,9}$")] | None = msgspec.field(
        name="$skiptoken", default=None
    )


class NoQuery(msgspec.Struct, frozen=True):
    """What a row of Graph takes that is no list."""


def azure_document(version: str) -> dict[str, Any]:
    """The document.

    Args:
        version: of the software.
    """
    return document(
        "Pratique: Azure's resource manager and Graph",
        "What `az` and Azure's SDKs ask of a registry and of its directory, for the one registry "
        "of this server. Failures have the envelope that these clients print. A list of nothing "
        "is given to whoever may read nothing.",
        (_cloud(), *_rows()),
        PARTS,
        SCHEMES,
        version,
    )


def _rows() -> Iterator[Described]:
    taken: dict[str, int] = {}
    for route in ROUTES:
        number = taken[route.name] = taken.get(route.name, 0) + 1
        yield _described(route, route.name if number == 1 else f"{route.name}-{number}")


def _described(route: Route, name: str) -> Described:
    summary, remarks = words_of(route.operation)
    gives = answers_of(route)
    # What became of an import is told at its own address too.
    changes = route.method not in {"GET", "HEAD"} or route.permission.endswith("/action")
    statuses = _ALWAYS | ({409, 507} if changes else set())
    body = body_of(route.operation)
    if body is not None:
        statuses |= {413}
    # A failure of HEAD has no body either.
    envelope = None if route.method == "HEAD" else Failed
    return Described(
        name=name,
        method=route.method,
        template=route.template.replace("<scope>", "/<scope>"),
        tag="Graph" if route.graph else _provider(route.template),
        summary=summary,
        remarks=remarks,
        permission=route.permission,
        asked_at="at `/`" if route.where is Where.DIRECTORY else "of what the path names",
        answers={
            **{
                one.status: Told(summary, None if route.method == "HEAD" else one.content)
                for one in gives
            },
            **{status: Told(WORDS[status], envelope) for status in sorted(statuses)},
        },
        security=("directory",),
        body=body,
        query=_query(route, gives),
    )


def answers_of(route: Route) -> tuple[Gives, ...]:
    """The ways in which a row succeeds.

    Raises:
        TypeError: its operation's signature does not say.
    """
    given = get_type_hints(route.operation, include_extras=True)["return"]
    found = tuple(one for one in getattr(given, "__metadata__", ()) if isinstance(one, Gives))
    if not found:
        raise TypeError(f"`{route.name}` does not say what it answers: one of `arm.answers`")
    return found


def _query(route: Route, gives: tuple[Gives, ...]) -> type[msgspec.Struct]:
    lists = any(one.content is Page for one in gives) and route.method == "GET"
    if route.graph:
        return OfGraph if lists else NoQuery
    return OfList if lists else OfVersion


def _provider(template: str) -> str:
    return template.rpartition("/providers/")[2].partition("/")[0].strip("<>") or "Resources"


def _cloud() -> Described:
    return Described(
        name="show_cloud",
        method="GET",
        template="/metadata/endpoints",
        tag="Cloud",
        summary="Where everything of this server is, as `az cloud register` asks.",
        remarks="Everybody may read it.",
        permission="",
        asked_at="",
        answers={
            200: Told("The addresses of this server as a cloud.", dict[str, Any]),
            503: Told(WORDS[503], dict[str, Any]),
        },
        security=(),
    )
