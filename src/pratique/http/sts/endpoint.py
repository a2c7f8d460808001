"""The one way through the directory's endpoints: tenant, row, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pratique.http.edge import Arrival
from pratique.http.sts.faults import Fault, OAuthError, oauth_error
from pratique.http.sts.tenants import is_tenant
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response
from pratique.http.wire.problems import Problem, problem_response
from pratique.naming.errors import printable

_BELOW_A_TENANT = frozenset({"oauth2", "v2.0", "discovery", ".well-known", "userrealm"})


class Sts:
    """Answers below `/{tenant}/`.

    Args:
        endpoints: rows by what stands behind the tenant in the path; `NAME/*` is the row of all
            that have one further part.
        clock: gives now, with a time zone.
        new_id: gives the id of an answer that tells of an error.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._new_id = new_id

    @staticmethod
    def takes(path: str) -> bool:
        """Whether a path has the form of the directory's addresses, `/TENANT/oauth2/...`.

        Ask only for paths that nobody else takes: `/v2/oauth2/tags/list` has that form too.
        """
        _, _, below = path[1:].partition("/")
        return below.partition("/")[0] in _BELOW_A_TENANT

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to any request at such an address."""
        tenant, _, below = arrival.request.path[1:].partition("/")
        endpoint = self._endpoints.get(below) or self._endpoints.get(_of_all(below))
        if endpoint is None:
            return problem_response(Problem.NOT_FOUND, "there is nothing at this address")
        visit = Visit(arrival, self._clock())
        try:
            _check_tenant(visit, tenant)
            _check_method(visit, endpoint)
            return await endpoint.answer(visit)
        except OAuthError as error:
            return oauth_error(error, visit.at, self._new_id())


def _of_all(below: str) -> str:
    before, slash, last = below.partition("/")
    return f"{before}/*" if slash and last and "/" not in last else ""


def _check_tenant(visit: Visit, tenant: str) -> None:
    if not is_tenant(tenant, visit.arrival.snapshot.registry):
        raise OAuthError(
            Fault.INVALID_TENANT,
            f"Tenant `{printable(tenant)}` not found. Check to make sure you have the correct "
            "tenant ID; `pratique registry show` shows it",
        )


def _check_method(visit: Visit, endpoint: Endpoint) -> None:
    if visit.request.method not in endpoint.methods:
        allowed = ", ".join(sorted(endpoint.methods))
        raise OAuthError(
            Fault.METHOD, f"this address takes {allowed} only", headers=(("allow", allowed),)
        )
