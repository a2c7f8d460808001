"""The one way through the data plane: row, names, caller, verdict, operation, answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pratique.access import THE_REGISTRY, RegistryAction, Resource
from pratique.admission import Caller
from pratique.http.dataplane.admissions import (
    AdmissionsOfRegistries,
    Bearer,
    Pull,
)
from pratique.http.dataplane.answers import RememberedAnswers
from pratique.http.dataplane.failures import FAILURES, failure_response
from pratique.http.dataplane.routes import ROUTES, Route
from pratique.http.dataplane.visit import Visit
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.edge.limits import Purse
from pratique.http.wire.messages import AtOnce, Response, json_response
from pratique.http.wire.problems import Problem, problem_response
from pratique.http.wire.refusals import action_words, scope_text
from pratique.naming import RepositoryName
from pratique.registry import Locked, Registry, StorageFailed

CHECK = "check"
_VERSION = ("docker-distribution-api-version", "registry/2.0")
_CATALOG_SCOPE = "registry:catalog:*"


class DataPlane:
    """Answers `/v2` and `/acr/v1`.

    Args:
        entrance: identifies and admits.
        registry: holds the content of the home registry, and leads to that of others.
        clock: gives now, with a time zone.

    Attributes:
        at_once: knows the answers to some requests; see `RememberedAnswers`.
    """

    def __init__(
        self, entrance: Entrance, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self._entrance = entrance
        self._registry = registry
        self._admissions = AdmissionsOfRegistries(clock)
        self._answers = RememberedAnswers(entrance.gate, registry.manifests.store.moment, clock)
        self.at_once: AtOnce = self._answers.find

    async def handle(self, arrival: Arrival) -> Response:
        """The answer; every failure is one in the error table."""
        try:
            response = await self._answer(arrival)
        except Turned as turned:
            response = turned.response
        except FAILURES as error:
            if isinstance(error, StorageFailed):
                self._entrance.record_fault(arrival, error.detail)
            response = failure_response(error)
            if isinstance(error, Locked):
                arrival.facts.detail = f"locked: {error.summary}"
                response.headers.append(_beside(arrival.request.method, arrival.request.path))
        if not response.row:
            response.row = _row_of(arrival.request.method, arrival.request.path)
        response.headers.append(_VERSION)
        return response

    async def _answer(self, arrival: Arrival) -> Response:
        if arrival.snapshot.law.registry.network is not None:
            self._entrance.check_address(arrival)
        admissions = self._admissions.of(arrival)
        request = arrival.request
        bearer = admissions.bearer(arrival)
        if bearer is not None:
            known = admissions.find(bearer, request)
            if known is not None:
                self._spend(arrival, known.pull.caller, known.pull.purse)
                repeat = self._repeating(arrival, bearer, known.route)
                return await self._operate(arrival, known.route, known.pull, known.parts, repeat)
        path, method = request.path, request.method
        if path in {"/v2/", "/v2"}:
            return await self._check(arrival)
        route, parts = find_route(method, path)
        if route is None:
            return _nowhere(method, path)
        text = parts.pop("name", None)
        if text is None:
            pull, _ = await self._judged(arrival, bearer, route, THE_REGISTRY, _CATALOG_SCOPE)
            return await self._operate(arrival, route, pull, parts)
        name = RepositoryName(text)
        found = None if bearer is None else admissions.find_pull(bearer, route, name)
        if found is not None:
            self._spend(arrival, found.caller, found.purse)
            pull = found
        else:
            scope = scope_text(name, *action_words(route.action))
            scope = self._with_source(arrival, route, scope)
            pull, bearer = await self._judged(arrival, bearer, route, name, scope)
            if bearer is not None:
                admissions.remember_pull(bearer, route, name, pull)
        if bearer is not None:
            admissions.remember(bearer, request, route, pull, parts)
        return await self._operate(arrival, route, pull, parts)

    async def _judged(
        self,
        arrival: Arrival,
        bearer: Bearer | None,
        route: Route,
        resource: Resource,
        scope: str,
    ) -> tuple[Pull, Bearer | None]:
        """What the law lets the caller do, and who it is, where that is remembered."""
        if bearer is not None:
            caller = bearer.caller
            self._spend(arrival, caller, None)
        else:
            caller = await self._entrance.identify(arrival, scope)
            bearer = self._admissions.of(arrival).meet(arrival, caller)
        allowed = self._entrance.admit(arrival, caller, route.action, resource, scope)
        purse = None if bearer is None else self._purse_of(arrival, caller)
        return Pull(caller, allowed, purse), bearer

    async def _operate(
        self,
        arrival: Arrival,
        route: Route,
        pull: Pull,
        parts: dict[str, str],
        repeat: Callable[[Response], Response] | None = None,
    ) -> Response:
        content = self._registry.of(arrival.snapshot.registry_id)
        visit = Visit(arrival, self._entrance, pull.caller, content, pull.allowed, parts, repeat)
        response = await route.operation(visit)
        response.row = route.name
        return response

    def _repeating(
        self, arrival: Arrival, bearer: Bearer, route: Route
    ) -> Callable[[Response], Response] | None:
        """Keeps what is answered; None where nothing may be kept."""
        # INVARIANT: read before the content is, so that what is kept may be newer than this
        # moment, and is then never found, but is never older.
        moment = self._answers.moment()
        if moment is None or arrival.snapshot.law.registry.network is not None:
            return None

        def repeat(response: Response) -> Response:
            whole = replace(response, headers=[*response.headers, _VERSION], row=route.name)
            kept = self._answers.keep(
                arrival.request, arrival.snapshot, moment, bearer.until, whole
            )
            # `handle` adds the version to this one.
            return replace(kept, headers=response.headers)

        return repeat

    def _spend(self, arrival: Arrival, caller: Caller, purse: Purse | None) -> None:
        """What `Entrance.identify` does for whoever need not be identified again."""
        arrival.facts.caller = caller
        if self._entrance.limiter is not None:
            self._entrance.spend(arrival, caller, purse)

    def _purse_of(self, arrival: Arrival, caller: Caller) -> Purse | None:
        """What the caller may still send of this; none for nobody, whose address counts."""
        limiter = self._entrance.limiter
        if limiter is None or caller.anonymous:
            return None
        return limiter.purse_of(caller, arrival.request, arrival.snapshot.law)

    async def _check(self, arrival: Arrival) -> Response:
        """`/v2/`: 200 for whoever is somebody, the challenge for everybody else."""
        if arrival.request.method not in {"GET", "HEAD"}:
            return _nowhere(arrival.request.method, arrival.request.path)
        await self._entrance.identify(arrival, None)
        return json_response(200, {})

    def _with_source(self, arrival: Arrival, route: Route, scope: str) -> str:
        """What a mount needs in all, so that clients can ask for it at once."""
        if route.name != "open_upload" or "from=" not in arrival.request.query:
            return scope
        source = arrival.request.parameter("from")
        if not source or not arrival.request.parameter("mount"):
            return scope
        return f"{scope} {scope_text(RepositoryName(source), RegistryAction.PULL.word)}"


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """The row for a request and the parts of its path; None when no row fits."""
    wanted = "GET" if method == "HEAD" else method
    for route in ROUTES:
        if route.method == wanted:
            match = route.pattern.fullmatch(path)
            if match is not None:
                return route, match.groupdict()
    return None, {}


def _row_of(method: str, path: str) -> str:
    """The name of the row for a request that no operation answered; empty when none fits."""
    if path in {"/v2/", "/v2"}:
        return CHECK
    route, _ = find_route(method, path)
    return route.name if route is not None else ""


def _nowhere(method: str, path: str) -> Response:
    allowed = ["GET"] if path in {"/v2", "/v2/"} else _methods(path)
    if not allowed:
        return problem_response(
            Problem.NOT_FOUND, "there is nothing at this address; see the OCI distribution spec"
        )
    methods = _written(allowed)
    return problem_response(
        Problem.UNSUPPORTED,
        f"this address takes {methods}, not {method[:20]}",
        headers=(("allow", methods),),
    )


def _beside(method: str, path: str) -> tuple[str, str]:
    """What else an address takes, as every 405 says (RFC 9110 section 15.5.6)."""
    refused = "GET" if method == "HEAD" else method
    return ("allow", _written([other for other in _methods(path) if other != refused]))


def _methods(path: str) -> list[str]:
    return sorted({route.method for route in ROUTES if route.pattern.fullmatch(path)})


def _written(methods: list[str]) -> str:
    return ", ".join([*methods, "HEAD"] if "GET" in methods else methods)
