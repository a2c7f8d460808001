"""The one way through the management API: row, caller, operation, answer."""

from __future__ import annotations

from typing import Any

from pratique.access import sentence
from pratique.access.conditions import InvalidCondition
from pratique.admission import (
    AlreadyExists,
    Caller,
    ControlError,
    ControlPlane,
    NotFound,
    Refused,
    Unacceptable,
)
from pratique.admission.asking_first import may_hang_on_the_request
from pratique.admission.imports import Imports
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.management.questions import LongQuestions
from pratique.http.management.routes import ROUTES, Route
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire import refusals
from pratique.http.wire.answers import Given
from pratique.http.wire.contracts import BODY, QUERY, contract_of
from pratique.http.wire.json_bodies import UnreadableJson, read_json
from pratique.http.wire.messages import BodyTooLarge, BodyTruncated, Response, TooManyFields
from pratique.http.wire.problems import TRY_AGAIN, Problem, problem_response
from pratique.http.wire.queries import Nothing, UnreadableQuery, read_query
from pratique.identity import PasswordHasher
from pratique.identity.federation import OutsideKeys
from pratique.identity.ldap import LdapDirectory
from pratique.naming import InvalidName
from pratique.registry import Registry, StorageFailed, StorageFrozen, StorageFull

FAILURES: dict[type[Exception], Problem] = {
    NotFound: Problem.RESOURCE_UNKNOWN,
    AlreadyExists: Problem.CONFLICT,
    Unacceptable: Problem.BAD_REQUEST,
    ControlError: Problem.UNAVAILABLE,
    UnreadableBody: Problem.BAD_REQUEST,
    UnreadableJson: Problem.BAD_REQUEST,
    UnreadableQuery: Problem.BAD_REQUEST,
    InvalidName: Problem.BAD_REQUEST,
    InvalidCondition: Problem.BAD_REQUEST,
    BodyTooLarge: Problem.TOO_LARGE,
    BodyTruncated: Problem.SIZE_INVALID,
    TooManyFields: Problem.BAD_REQUEST,
    StorageFull: Problem.STORAGE_FULL,
    StorageFrozen: Problem.UNAVAILABLE,
    StorageFailed: Problem.UNKNOWN,
}
"""What each failure of an operation is told as."""
MAX_BODY_BYTES = 1024 * 1024
_HEADERS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


class Management:
    """Answers `/api/v1`.

    Args:
        entrance: identifies and records.
        control: carries out what is allowed.
        passwords: hashes new ones.
        content: knows which repositories there are.
        issuers: asks outside issuers for their keys.
        ldap: asks LDAP servers.
        imports: begins imports and tells what became of them.
    """

    def __init__(
        self,
        entrance: Entrance,
        control: ControlPlane,
        passwords: PasswordHasher,
        content: Registry,
        issuers: OutsideKeys,
        ldap: LdapDirectory,
        imports: Imports,
    ) -> None:
        self._entrance = entrance
        self._control = control
        self._passwords = passwords
        self._content = content
        self._issuers = issuers
        self._ldap = ldap
        self._imports = imports
        self._questions = LongQuestions()

    async def handle(self, arrival: Arrival) -> Response:
        """The answer; every failure is one in the error table."""
        try:
            response = await self._answer(arrival)
        except Turned as turned:
            response = turned.response
        except tuple(FAILURES) as error:
            problem = next(p for kind, p in FAILURES.items() if isinstance(error, kind))
            headers = (TRY_AGAIN,) if isinstance(error, StorageFrozen) else ()
            response = problem_response(problem, str(error), headers=headers)
        response.headers.extend(_HEADERS)
        return response

    async def _answer(self, arrival: Arrival) -> Response:
        request = arrival.request
        caller = await self._entrance.identify(arrival, None)
        methods = []
        for route in ROUTES:
            match = route.pattern.fullmatch(request.path)
            if match is None:
                continue
            methods.append(route.method)
            if route.method != request.method:
                continue
            registry_id = arrival.snapshot.registry_id
            visit = Visit(
                request,
                caller,
                self._control.of(registry_id),
                self._entrance.gate,
                self._passwords,
                self._entrance.recorder,
                self._content.of(registry_id),
                route.permission,
                route.scope(arrival.snapshot),
                match.groupdict(),
                self._issuers,
                self._questions,
                self._ldap,
                self._imports,
            )
            try:
                if route.ask is not None:
                    route.ask(visit)
                else:
                    _ask_first(visit, conditional=route.conditional)
                return (await _carried_out(route, visit)).response()
            except Refused as refused:
                return self._refuse(arrival, caller, refused)
        if methods:
            allowed = ", ".join(methods)
            return problem_response(
                Problem.UNSUPPORTED, f"this address takes {allowed}", headers=(("allow", allowed),)
            )
        return problem_response(Problem.NOT_FOUND, "there is nothing at this address")

    def _refuse(self, arrival: Arrival, caller: Caller, refused: Refused) -> Response:
        told = self._entrance.beyond_token(arrival, caller, refused.denied)
        decision_id = self._entrance.record(arrival, told)
        words = arrival.front.visit(sentence(told, arrival.snapshot.law))
        return problem_response(
            Problem.DENIED,
            refusals.with_decision(words, decision_id),
            headers=refusals.decision_headers(decision_id),
        )


async def _carried_out(route: Route, visit: Visit) -> Given[Any]:
    """The answer of a row's operation, given what its signature asks for.

    Raises:
        UnreadableQuery, UnreadableJson, BodyTooLarge, BodyTruncated: the request is not that.
    """
    contract = contract_of(route.operation)
    given: dict[str, Any] = {}
    query = read_query(visit.request, contract.query)
    if contract.query is not Nothing:
        given[QUERY] = query
    if contract.body is not None:
        given[BODY] = await read_json(visit.request, contract.body, MAX_BODY_BYTES)
    return await route.operation(visit, **given)


def _ask_first(visit: Visit, *, conditional: bool) -> None:
    """Turn away whoever has no business here, before anything of the request is read.

    Operations that change something are judged once more, with the change.

    Args:
        visit: to the row.
        conditional: whether the right may hang on what the request asks for. Then a right whose
            condition is not met by nothing at all gets this far, and no farther.

    Raises:
        Refused: the caller may not.
    """
    try:
        visit.view()
    except Refused as refused:
        if not conditional or not may_hang_on_the_request(refused.denied):
            raise
