"""From a request to its answer: what no form allows, then the form that the request is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pratique.agent import app_service, arc, imds
from pratique.agent.challenges import Challenges
from pratique.agent.identities import HostedIdentity
from pratique.agent.messages import Request, Response
from pratique.agent.tokens import Tokens
from pratique.agent.visit import PeerLookUp, Visit

# What a proxy or a browser adds. A workload that was tricked into a request asks with these.
_PASSED_ON: Final = frozenset(
    {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "true-client-ip"}
    | {"forwarded", "via", "origin", "referer", "sec-fetch-site"}
)
_VERSION = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a request came in.

    Attributes:
        peer: asks the kernel who is at the other end.
        hosts: what the `Host` header may be, in lower case.
    """

    peer: PeerLookUp
    hosts: frozenset[str]


class Agent:
    """Answers requests of all forms.

    Args:
        identities: of this host.
        tokens: gets tokens from the registry.
        challenges: makes and knows challenge files.
        log: takes what is to be remembered of each request.
    """

    def __init__(
        self,
        identities: tuple[HostedIdentity, ...],
        tokens: Tokens,
        challenges: Challenges,
        log: Callable[[Facts], None],
    ) -> None:
        self._identities = identities
        self._tokens = tokens
        self._challenges = challenges
        self._log = log

    def take(self, identities: tuple[HostedIdentity, ...]) -> None:
        """Go on with other identities; tokens of the former ones are forgotten."""
        self._identities = identities
        self._tokens.forget()

    async def answer(self, request: Request, connection: Connection) -> Response:
        """The answer to one request, whatever it is."""
        visit = Visit(request, self._identities, self._tokens, connection.peer)
        response = await self._answer(visit, connection)
        self._log({**visit.facts, "path": request.path[:80], "status": response.status})
        return response

    async def _answer(self, visit: Visit, connection: Connection) -> Response:
        request = visit.request
        path = request.path.rstrip("/").lower()
        turned_away = _turned_away(request, connection)
        if path == app_service.PATH:
            visit.facts["form"] = "app-service"
            if turned_away is not None:
                return app_service.error(*turned_away)
            return await app_service.answer(visit)
        if turned_away is not None:
            status, sentence = turned_away
            return imds.error(status, "invalid_request", sentence)
        if path != imds.PATH:
            code, status = ("unknown_source", 401) if path.startswith("/metadata/") else ("", 404)
            return imds.error(status, code or "not_found", "there is nothing at this address")
        return await self._metadata(visit)

    async def _metadata(self, visit: Visit) -> Response:
        if visit.request.headers.get("metadata", "").lower() != "true":
            # Clients look for this very answer to learn whether the service is there.
            return imds.error(400, "bad_request_102", "Required metadata header not specified")
        version = visit.request.query.get("api-version", "")
        if _VERSION.fullmatch(version) is None:
            return imds.error(
                400, "invalid_request", "the parameter `api-version` is a date, as 2018-02-01"
            )
        if version in arc.VERSIONS and arc.offered(visit.identities):
            visit.facts["form"] = "arc"
            return await arc.answer(visit, self._challenges)
        visit.facts["form"] = "imds"
        return await imds.answer(visit)


def _turned_away(request: Request, connection: Connection) -> tuple[int, str] | None:
    if request.method != "GET":
        return 405, "tokens are asked for with GET"
    passed_on = sorted(_PASSED_ON & request.headers.keys())
    if passed_on:
        return 400, f"a request with the header `{passed_on[0]}` was passed on by another"
    if request.headers.get("host", "").lower() not in connection.hosts:
        return 400, "the header `Host` names another server than this one"
    return None
