"""The token endpoint: which grant is asked for, and by what form.

A grant is a function from a `TokenRequest` to the answer's members; what it does not grant it
raises as `OAuthError`. The table of grants is put together where the application is composed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pratique.http.sts.faults import NO_STORE, Fault, OAuthError
from pratique.http.sts.forms import form_of, read_body
from pratique.http.sts.repeats import Repeats
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.naming.errors import printable

# What these grant may be granted twice: nothing is used up by it.
_REPEATABLE: Final = frozenset({"client_credentials"})


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A form sent to the token endpoint.

    Attributes:
        fields: by name, each once.
        first_version: whether it came to the v1 endpoint, whose answers have more members.
    """

    visit: Visit
    fields: Mapping[str, str]
    first_version: bool

    def field(self, name: str) -> str:
        """A field, empty when it is not there."""
        return self.fields.get(name, "")

    def wanted(self, name: str) -> str:
        """A field that must be there.

        Raises:
            OAuthError: it is not, or it is empty.
        """
        value = self.fields.get(name, "")
        if not value:
            raise OAuthError(
                Fault.PARAMETER_MISSING, f"the form must contain the parameter `{name}`"
            )
        return value


class Grant(Protocol):
    """One way to come by a token."""

    async def __call__(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """The members of the answer: `access_token`, `token_type`, `expires_in` and so on.

        Raises:
            OAuthError: with the reason for which nothing is granted.
        """
        ...


def token_endpoints(grants: Mapping[str, Grant]) -> Mapping[str, Endpoint]:
    """The rows of the token endpoint, v2 and v1.

    Args:
        grants: by their `grant_type`.
    """
    repeats = Repeats()

    async def answer(visit: Visit) -> Response:
        body = await read_body(visit)
        known = repeats.find(visit, body)
        if known is not None:
            return known
        first = not visit.request.path.endswith("/v2.0/token")
        asked = TokenRequest(visit, form_of(body), first)
        kind = asked.wanted("grant_type")
        grant = grants.get(kind)
        if grant is None:
            raise OAuthError(
                Fault.UNSUPPORTED_GRANT, f"the grant type `{printable(kind)}` is not supported here"
            )
        response = json_response(200, await grant(asked), *NO_STORE)
        if kind in _REPEATABLE:
            repeats.keep(visit, body, response)
        return response

    row = Endpoint(frozenset({"POST"}), answer)
    return {"oauth2/v2.0/token": row, "oauth2/token": row}
