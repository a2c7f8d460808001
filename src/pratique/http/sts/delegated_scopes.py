"""What a client wants to be allowed on behalf of a user: one resource, and words of OpenID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.resources import (
    DEFAULT_SCOPE,
    known_resource,
    resource_of_scope,
)
from pratique.http.wire.challenges import Front
from pratique.identity.directory_tokens import GRAPH_AUDIENCE

OPENID: Final = "openid"
OFFLINE_ACCESS: Final = "offline_access"
_WORDS: Final = frozenset({OPENID, "profile", "email", OFFLINE_ACCESS})
# The one delegated permission of the resource manager; clients may name it instead of the default.
_IMPERSONATION: Final = "/user_impersonation"


@dataclass(frozen=True, slots=True)
class WantedScopes:
    """What was asked for, understood.

    Attributes:
        resource: for which access tokens are made.
        words: of OpenID Connect, sorted.
    """

    resource: str
    words: tuple[str, ...]


def wanted_scopes(scope: str, front: Front) -> WantedScopes:
    """The scopes that a client asks for.

    A client that names no resource gets tokens for Microsoft Graph, as from Entra ID.

    Raises:
        OAuthError: several resources, one that is not known here, or a scope of another form.
    """
    asked = list(dict.fromkeys(scope.split(" ")))
    words = tuple(sorted(word for word in asked if word in _WORDS))
    rest = [word for word in asked if word and word not in _WORDS]
    if not rest:
        return WantedScopes(GRAPH_AUDIENCE, words)
    if len(rest) > 1:
        raise OAuthError(
            Fault.INVALID_SCOPE, "the scopes name several resources; ask for one at a time"
        )
    if rest[0].endswith(_IMPERSONATION):
        resource = known_resource(rest[0].removesuffix(_IMPERSONATION), front)
    else:
        resource = resource_of_scope(rest[0], front)
    return WantedScopes(resource, words)


def granted_scope(resource: str) -> str:
    """How the answer names what was granted, so that clients find it under what they asked for."""
    return f"{resource}{DEFAULT_SCOPE}"
