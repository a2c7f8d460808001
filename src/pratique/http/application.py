"""The whole of HTTP: one function from request to response."""

from __future__ import annotations

from pratique.admission import Caller
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.http.dataplane import DataPlane
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.edge.entrance import HELP_PATH
from pratique.http.help import HelpPage
from pratique.http.management import Management
from pratique.http.sts import DevicePage, Sts
from pratique.http.sts.user_grants import DEVICE_PATH
from pratique.http.tokens import Exchange, TokenEndpoint
from pratique.http.tokens.endpoint import PATH as TOKEN_PATH
from pratique.http.tokens.exchange import PATH as EXCHANGE_PATH
from pratique.http.wire.messages import Request, Response
from pratique.http.wire.problems import Problem, problem_response

_HELP = {(HELP_PATH, "POST"), *((p, m) for p in (HELP_PATH, "/") for m in ("GET", "HEAD"))}


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
    """

    def __init__(
        self,
        entrance: Entrance,
        data_plane: DataPlane,
        tokens: TokenEndpoint,
        management: Management,
        exchange: Exchange,
        sts: Sts,
        device_page: DevicePage,
        help_page: HelpPage,
    ) -> None:
        self._entrance = entrance
        self._data_plane = data_plane
        self._management = management
        self._at = {
            TOKEN_PATH: tokens.handle,
            EXCHANGE_PATH: exchange.handle,
            DEVICE_PATH: device_page.handle,
        }
        self._sts = sts
        self._help_page = help_page

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
            arrival = self._entrance.arrive(request, inside)
        except Turned as turned:
            return turned.response
        except NotPrepared as error:
            return problem_response(Problem.UNAVAILABLE, str(error))
        except LawUnreadable as error:
            return self._entrance.closed(request, error, inside=inside is not None)
        return await self._route(arrival)

    async def _route(self, arrival: Arrival) -> Response:
        path = arrival.request.path
        if path.startswith(("/v2/", "/acr/v1/")) or path == "/v2":
            return await self._data_plane.handle(arrival)
        handler = self._at.get(path)
        if handler is not None:
            return await handler(arrival)
        if path.startswith("/api/v1/"):
            return await self._management.handle(arrival)
        if (path, arrival.request.method) in _HELP:
            return await self._help_page.handle(arrival)
        if Sts.takes(path):
            return await self._sts.handle(arrival)
        return problem_response(Problem.NOT_FOUND, "there is nothing at this address")
