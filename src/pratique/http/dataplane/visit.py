"""What an operation of the data plane is given, and the forms that several of them answer in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pratique.access import Allowed
from pratique.admission import Caller
from pratique.http.edge import Arrival, Entrance
from pratique.http.wire.messages import Request, Response
from pratique.http.wire.paging import PageRequest, parse_page
from pratique.registry import Registry


@dataclass(frozen=True, slots=True)
class Visit:
    """One admitted request.

    Attributes:
        allowed: the verdict on the action and repository of the route's row.
        parts: further parts of the path by name, still text.
        repeat: keeps an answer that may be given again, and gives the one to give now; None where
            nobody keeps any.
    """

    arrival: Arrival
    entrance: Entrance
    caller: Caller
    registry: Registry
    allowed: Allowed
    parts: dict[str, str]
    repeat: Callable[[Response], Response] | None = None

    def offer(self, response: Response) -> Response:
        """Let an answer be given again to the same request, while nothing whatever is changed.

        Args:
            response: that depends on nothing but the address, and the content as it was read.

        Returns:
            What to give now: the same, perhaps with its bytes read already.
        """
        return response if self.repeat is None else self.repeat(response)

    @property
    def request(self) -> Request:
        """The request itself."""
        return self.arrival.request

    def page(self) -> PageRequest:
        """The page that the query asks for.

        Raises:
            MalformedPage: `n` is no number.
        """
        return parse_page(self.request.parameters())
