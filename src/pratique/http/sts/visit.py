"""What an endpoint of the directory is given, and its row in the table of endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from pratique.http.edge import Arrival
from pratique.http.wire.messages import Request, Response


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to an endpoint below a tenant.

    Attributes:
        at: when it came; everything about it is judged by this time.
    """

    arrival: Arrival
    at: datetime

    @property
    def request(self) -> Request:
        """The request itself."""
        return self.arrival.request

    @property
    def base_url(self) -> str:
        """`https://HOST`, as the client knows the registry."""
        return self.arrival.front.base_url

    @property
    def tenant(self) -> str:
        """The directory's id, whichever of its names the client used."""
        return self.arrival.snapshot.registry.tenant


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row: which methods an address below a tenant takes, and who answers.

    `answer` may raise `OAuthError`, which becomes JSON.
    """

    methods: frozenset[str]
    answer: Callable[[Visit], Awaitable[Response]]
