"""The document of the management API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pratique.http.documents.building import document
from pratique.http.documents.described import Described, Told
from pratique.http.documents.errors import told_problems
from pratique.http.documents.schemes import SCHEMES
from pratique.http.management import ROUTES, AskedAt, Route
from pratique.http.wire.contracts import contract_of
from pratique.http.wire.problems import Problem

# What any row may answer, since the law, the store and the limits stand before all of them. What a
# request names by path, query or body, and what the row itself is about, may not be there.
EVERY_ROW: Final = (
    Problem.BAD_REQUEST,
    Problem.UNAUTHORIZED,
    Problem.DENIED,
    Problem.RESOURCE_UNKNOWN,
    Problem.TOOMANYREQUESTS,
    Problem.UNKNOWN,
    Problem.UNAVAILABLE,
)
WITH_BODY: Final = (Problem.SIZE_INVALID, Problem.TOO_LARGE)
CHANGES: Final = (Problem.CONFLICT, Problem.STORAGE_FULL)
PARTS: Final = {
    "assignment": "the id of a role assignment",
    "attribute": "the set and the name of an attribute, as in `Engineering_Project`",
    "certificate": "the id or the thumbprint of a certificate",
    "credential": "the id or the name of a federated credential",
    "decision": "the id of a recorded refusal",
    "deny": "the id or the name of a deny assignment",
    "group": "the name or the object id of a group",
    "host": "the name of a host",
    "identity": "the name, the client id or the object id of a managed identity",
    "import": "the id of an import",
    "map": "the name of a scope map",
    "member": "whatever names a principal: a name, a client id or an object id",
    "principal": "whatever names a principal: a name, a client id or an object id",
    "registry": "the name of a registry",
    "role": "the name or the id of a role",
    "secret": "the id of a secret",
    "token": "the name of a token",
    "user": "the name or the object id of a user",
}
_ASKED_AT: Final = {
    AskedAt.REGISTRY: "at the registry",
    AskedAt.SERVER: "at the registry; at the subscription where the server keeps several",
    AskedAt.DIRECTORY: "at `/`, above the registry",
    AskedAt.REQUEST: "at what the request names",
}
_TITLE: Final = "Pratique: management API"
_DESCRIPTION: Final = (
    "Directory, roles, tokens and settings of a registry. Bodies are JSON in UTF-8 of at most "
    "1 MiB; a field or a parameter that is not known is refused. Each operation names the "
    "permission that it asks of the law."
)


def management_document(extra: tuple[Described, ...], version: str) -> dict[str, Any]:
    """The document.

    Args:
        extra: rows that stand below the same prefix and are of another table.
        version: of the software.
    """
    rows = (*(_described(route) for route in ROUTES), *extra)
    return document(_TITLE, _DESCRIPTION, rows, PARTS, SCHEMES, version)


def _described(route: Route) -> Described:
    contract = contract_of(route.operation)
    return Described(
        name=route.name,
        method=route.method,
        template=route.template,
        tag=route.template.split("/")[3],
        summary=contract.summary,
        remarks=contract.remarks,
        permission=route.permission,
        asked_at=_ASKED_AT[route.asked_at],
        answers={
            contract.status: Told(contract.summary, contract.answer),
            **told_problems(_problems(route)),
        },
        security=("basic",),
        body=contract.body,
        query=contract.query,
    )


def _problems(route: Route) -> Iterator[Problem]:
    yield from EVERY_ROW
    if contract_of(route.operation).body is not None:
        yield from WITH_BODY
    # What became of an import is told at its own address too.
    if route.method != "GET" or route.permission.endswith("/action"):
        yield from CHANGES
