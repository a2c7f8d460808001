"""The whole of HTTP: one function from request to response."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from pratique.admission import Caller, LawNotConfirmed
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.http.arm import ArmDoor
from pratique.http.dataplane import ROUTES, DataPlane
from pratique.http.dataplane.handler import CHECK, find_route
from pratique.http.documents import Documents
from pratique.http.documents.endpoint import MAKERS
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.edge.entrance import HELP_PATH
from pratique.http.edge.witness import Witness
from pratique.http.help import HelpPage
from pratique.http.management import ROUTES as MANAGEMENT_ROUTES
from pratique.http.management import Management
from pratique.http.sts import DevicePage, Sts
from pratique.http.sts.user_grants import DEVICE_PATH
from pratique.http.tokens import Exchange, TokenEndpoint
from pratique.http.tokens.endpoint import PATH as TOKEN_PATH
from pratique.http.tokens.exchange import PATH as EXCHANGE_PATH
from pratique.http.wire.messages import AtOnce, Request, Response
from pratique.http.wire.problems import TRY_AGAIN, Problem, problem_response
from pratique.registry import StorageFailed, StorageFrozen

_Handler = Callable[[Arrival], Awaitable[Response]]

_TOKEN, _EXCHANGE, _STS = "token", "exchange", "sts"
_DEVICE, _MANAGEMENT, _HELP_PAGE, _ARM = "device", "management", "help", "arm"
_DOCUMENTS = "documents"
ROWS = (
    *(route.name for route in ROUTES),
    *(CHECK, _TOKEN, _EXCHANGE, _STS, _DEVICE, _MANAGEMENT, _HELP_PAGE, _ARM, _DOCUMENTS),
)
"""Names of everything that answers requests, for counting."""
_TOKENS = {_TOKEN: "access", _EXCHANGE: "refresh", _STS: "directory"}
_HELP = {(HELP_PATH, "POST"), *((p, m) for p in (HELP_PATH, "/") for m in ("GET", "HEAD"))}


_TEMPLATES = {
    _TOKEN: TOKEN_PATH,
    _EXCHANGE: EXCHANGE_PATH,
    _DEVICE: DEVICE_PATH,
    _HELP_PAGE: HELP_PATH,
    CHECK: "/v2/",
    **{route.name: route.template for route in reversed(ROUTES)},
}


def template_of(request: Request, row: str) -> str:
    """The template of the path that a row answers, as in `/v2/{name}/tags/list`; empty for none.

    Args:
        request: that was answered.
        row: the name of the row that did.
    """
    template = _TEMPLATES.get(row, "")
    if row == _STS:
        # The next part is one of three; whatever is below may be anything.
        template = f"/<tenant>/{request.path.split('/')[2]}/..."
    elif row == _DOCUMENTS:
        template = request.path
    elif row == _MANAGEMENT:
        found = (r.template for r in MANAGEMENT_ROUTES if r.pattern.fullmatch(request.path))
        template = next(found, "")
    elif row and request.path.startswith("/acr/v1/"):
        template = next((r.template for r in ROUTES if r.pattern.fullmatch(request.path)), "")
    return template.replace("<", "{").replace(">", "}")


class Application:
    """Sends each request to the part that answers it.

    Args:
        entrance: establishes how the registry is addressed.
        data_plane: answers `/v2` and `/acr/v1`.
        tokens: answers `/oauth2/token`.
        management: answers `/api/v1`.
        exchange: answers `/oauth2/exchange`.
        sts: answers below `/{tenant}`.
        device_page: answers `/device`.
        help_page: answers `/help/authorization`, and `/` for people who type the host alone.
        arm: answers the addresses of Azure's resource manager and of Graph.
        documents: answers with the descriptions of all these.

    Attributes:
        at_once: knows the answers to some requests, all others are to be handled; None where each
            pull is to be seen, because it is written down.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one for each part
        self,
        entrance: Entrance,
        data_plane: DataPlane,
        tokens: TokenEndpoint,
        management: Management,
        exchange: Exchange,
        sts: Sts,
        device_page: DevicePage,
        help_page: HelpPage,
        arm: ArmDoor,
        documents: Documents,
    ) -> None:
        self._entrance = entrance
        # Every request asks, so it is one call, and no way through four objects.
        self._behind = entrance.gate.behind
        auditor = entrance.recorder.auditor
        self._witness = None if auditor is None else Witness(auditor, _parts_of)
        self._data_plane = data_plane
        sees_each_pull = auditor is not None and auditor.pulls
        self.at_once: AtOnce | None = None if sees_each_pull else data_plane.at_once
        self._management = management
        self._at: dict[str, tuple[str, _Handler]] = {
            TOKEN_PATH: (_TOKEN, tokens.handle),
            EXCHANGE_PATH: (_EXCHANGE, exchange.handle),
            DEVICE_PATH: (_DEVICE, device_page.handle),
            **dict.fromkeys(MAKERS, (_DOCUMENTS, documents.handle)),
        }
        self._sts = sts
        self._help_page = help_page
        self._arm = arm

    async def handle(self, request: Request) -> Response:
        """The answer to a request that came over a wire."""
        return await self.handle_for(request, None)

    async def handle_for(self, request: Request, inside: Caller | None) -> Response:
        """The answer to a request.

        Args:
            request: to answer.
            inside: who makes it inside this process; None for all that came over a wire. No
                header can say this.
        """
        try:
            if self._behind():
                await self._entrance.gate.catch_up()
            arrival = self._entrance.arrive(request, inside)
        except Turned as turned:
            return turned.response
        except NotPrepared as error:
            return problem_response(Problem.UNAVAILABLE, str(error))
        except LawUnreadable as error:
            return self._entrance.closed(request, error, inside=inside is not None)
        except LawNotConfirmed as error:
            return self._entrance.unconfirmed(request, error)
        if self._witness is None:
            return await self._routed(arrival)
        started = time.perf_counter()
        response: Response | None = None
        try:
            response = await self._routed(arrival)
        finally:
            # Also of what broke off: it may have been done all the same.
            row = _row_without_answer(request) if response is None else response.row
            self._witness.answered(arrival, row, response, time.perf_counter() - started)
        return response

    async def _routed(self, arrival: Arrival) -> Response:
        """The answer; failures of the stores that no part tells of in its own way are told here."""
        try:
            return await self._route(arrival)
        except LawNotConfirmed as error:
            return self._entrance.unconfirmed(arrival.request, error)
        except StorageFailed as error:
            self._entrance.record_fault(arrival, error.detail)
            headers = (TRY_AGAIN,) if isinstance(error, StorageFrozen) else ()
            return problem_response(Problem.UNAVAILABLE, str(error), headers=headers)

    async def _route(self, arrival: Arrival) -> Response:
        path = arrival.request.path
        if path.startswith(("/v2/", "/acr/v1/")) or path == "/v2":
            return await self._data_plane.handle(arrival)
        found = self._found(path, arrival.request.method)
        if found is None:
            return problem_response(Problem.NOT_FOUND, "there is nothing at this address")
        row, handle = found
        response = await handle(arrival)
        response.row = row
        if row in _TOKENS and path.endswith(("/token", EXCHANGE_PATH)):
            self._entrance.meter.token_asked(_TOKENS[row], response.status)
        return response

    def _found(self, path: str, method: str) -> tuple[str, _Handler] | None:
        """What answers below other paths than the data plane's; None for nothing."""
        at = self._at.get(path)
        if at is not None:
            return at
        if path.startswith("/api/v1/"):
            return _MANAGEMENT, self._management.handle
        if (path, method) in _HELP:
            return _HELP_PAGE, self._help_page.handle
        if Sts.takes(path):
            return _STS, self._sts.handle
        if ArmDoor.takes(path):
            return _ARM, self._arm.handle
        return None


def _parts_of(method: str, path: str) -> Mapping[str, str]:
    return find_route(method, path)[1]


def _row_without_answer(request: Request) -> str:
    route, _ = find_route(request.method, request.path)
    return "" if route is None else route.name
