"""The one way through the room: address, caller, operation, answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from pratique.access import sentence
from pratique.admission import Caller, ControlPlane, Refused
from pratique.admission.asking_first import may_hang_on_the_request
from pratique.admission.holdings import HOME
from pratique.admission.imports import Imports
from pratique.admission.own_tokens import OwnTokens
from pratique.http.arm.bearers import Bearers
from pratique.http.arm.cloud import cloud_document
from pratique.http.arm.errors import (
    FAILURES,
    ArmError,
    error_response,
    failure_response,
    in_this_envelope,
)
from pratique.http.arm.routes import Route
from pratique.http.arm.table import ROUTES
from pratique.http.arm.visit import Visit
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.wire import refusals
from pratique.http.wire.contracts import body_of
from pratique.http.wire.json_bodies import read_json
from pratique.http.wire.messages import Response
from pratique.identity import PasswordHasher
from pratique.naming.errors import printable
from pratique.registry import StorageFailed

MAX_BODY_BYTES: Final = 256 * 1024
_CLOUD: Final = "/metadata/endpoints"
_GRAPH: Final = "/v1.0/"
_SLASHES = re.compile("//+")
# Clients of many ages ask, and get one shape; the list of versions cannot be closed.
VERSION: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:-[a-z]{1,20})?", re.ASCII)
_HEADERS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


class Arm:
    """Answers the addresses of the resource manager and of Graph.

    Args:
        entrance: records refusals and counts requests.
        control: carries out what is allowed.
        tokens: says who stands behind a directory token.
        passwords: hashes new ones.
        imports: begins imports and tells what became of them.
    """

    def __init__(
        self,
        entrance: Entrance,
        control: ControlPlane,
        tokens: OwnTokens,
        passwords: PasswordHasher,
        imports: Imports,
    ) -> None:
        self._entrance = entrance
        self._control = control
        self._imports = imports
        self._passwords = passwords
        self._bearers = Bearers(entrance, tokens)

    async def handle(self, arrival: Arrival) -> Response:
        """The answer; every failure has the envelope that clients print."""
        try:
            response = await self._answer(arrival)
        except Turned as turned:
            response = turned.response
            if not response.body.startswith(b'{"error":'):
                response = in_this_envelope(response)
        except FAILURES as error:
            if isinstance(error, StorageFailed):
                self._entrance.record_fault(arrival, error.detail)
            response = failure_response(error)
        response.headers.extend(_HEADERS)
        return response

    async def _answer(self, arrival: Arrival) -> Response:
        path = _SLASHES.sub("/", arrival.request.path).rstrip("/")
        if path.lower() == _CLOUD:
            home = arrival.snapshot.at(HOME)
            front = self._entrance.front_of(arrival.request, home)
            return cloud_document(arrival.request, front, home.registry)
        graph = path.lower().startswith(_GRAPH)
        caller = await self._bearers.identify(arrival, graph=graph)
        route, parts = _find(arrival.request.method, path)
        if not route.graph:
            _check_version(arrival.request.parameter("api-version"))
        scope = route.scope(parts)
        named = arrival.snapshot.at_scope(scope)
        # What is refused is refused by the registry that the path names, not by the host's.
        arrival = replace(arrival, snapshot=named or arrival.snapshot.at(HOME))
        arrival.facts.concerned = arrival.snapshot
        registry_id = arrival.snapshot.registry_id
        visit = Visit(
            arrival,
            caller,
            self._control.of(registry_id),
            self._entrance,
            self._passwords,
            route.permission,
            scope,
            registry_id,
            parts,
            self._imports,
        )
        try:
            _ask_first(visit, conditional=route.conditional)
            return await _carried_out(route, visit)
        except Refused as refused:
            return self._refuse(arrival, caller, refused, graph=graph)

    def _refuse(
        self, arrival: Arrival, caller: Caller, refused: Refused, *, graph: bool
    ) -> Response:
        told = self._entrance.beyond_token(arrival, caller, refused.denied)
        decision_id = self._entrance.record(arrival, told)
        words = arrival.front.visit(sentence(told, arrival.snapshot.law))
        return error_response(
            403,
            "Authorization_RequestDenied" if graph else "AuthorizationFailed",
            refusals.with_decision(words, decision_id),
            refusals.decision_headers(decision_id),
        )


async def _carried_out(route: Route, visit: Visit) -> Response:
    """The answer of a row's operation, given the body that its signature asks for.

    Raises:
        UnreadableJson, BodyTooLarge, BodyTruncated: the body is not that.
    """
    kind = body_of(route.operation)
    if kind is None:
        return await route.operation(visit)
    return await route.operation(visit, await read_json(visit.request, kind, MAX_BODY_BYTES))


def _find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The row for a request, and the parts of its path.

    Raises:
        ArmError: there is none, or none of this method.
    """
    methods = []
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match is None:
            continue
        if route.method == method:
            return route, match.groupdict()
        methods.append(route.method)
    if methods:
        allowed = ", ".join(sorted(set(methods)))
        raise ArmError(405, "MethodNotAllowed", f"this address takes {allowed}", allowed)
    raise ArmError(
        404,
        "ResourceNotFound" if path.lower().startswith(_GRAPH) else "InvalidResourceType",
        f"there is nothing at the address `{printable(path, 300)}` of this server; it has the "
        "parts of Microsoft.ContainerRegistry, Microsoft.Authorization, "
        "Microsoft.ManagedIdentity, Microsoft.Resources and Graph that govern a registry",
    )


def _check_version(version: str | None) -> None:
    """Refuse a request without a version, or with what is none.

    Raises:
        ArmError: so it is.
    """
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if VERSION.fullmatch(version) is None:
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version `{printable(version)}` is invalid; write it as in `2022-04-01` or "
            "`2025-05-01-preview`",
        )


def _ask_first(visit: Visit, *, conditional: bool) -> None:
    """Turn away whoever has no business here, before anything of the request is read.

    Raises:
        Refused: the caller may not.
    """
    if not visit.permission:
        return
    try:
        visit.view()
    except Refused as refused:
        if not conditional or not may_hang_on_the_request(refused.denied):
            raise
