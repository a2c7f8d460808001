"""For which resources tokens are made, and how requests name them."""

from __future__ import annotations

from typing import Final

from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.wire.challenges import Front
from pratique.identity.directory_tokens import ACR_AUDIENCES, ARM_AUDIENCES, GRAPH_AUDIENCES
from pratique.naming.errors import printable

DEFAULT_SCOPE: Final = "/.default"
_FIXED = ACR_AUDIENCES | ARM_AUDIENCES | GRAPH_AUDIENCES


def resource_of_scope(scope: str, front: Front) -> str:
    """The resource of a scope in the form `RESOURCE/.default`.

    A resource that ends in a slash gives a scope with two of them, and a token whose `aud` ends in
    one: clients compare it with what they asked for.

    Raises:
        OAuthError: another form, several scopes, or a resource that is not known here.
    """
    if scope.count(DEFAULT_SCOPE) != 1 or not scope.endswith(DEFAULT_SCOPE) or " " in scope:
        raise OAuthError(
            Fault.INVALID_SCOPE,
            f"the scope `{printable(scope)}` is not valid; send one of the form RESOURCE/.default",
        )
    return known_resource(scope.removesuffix(DEFAULT_SCOPE), front)


def known_resource(text: str, front: Front) -> str:
    """`text`, when tokens are made for that resource.

    Those are ACR's and the resource manager's as Entra ID has them, Microsoft Graph's, and this
    registry's own address.

    Raises:
        OAuthError: it is another.
    """
    own = text.removesuffix("/").lower()
    if text in _FIXED or own == front.base_url or own == f"https://{front.service}".lower():
        return text
    raise OAuthError(
        Fault.INVALID_RESOURCE,
        f"the resource principal named `{printable(text)}` was not found in this tenant; ask for "
        "`https://containerregistry.azure.net/.default`",
    )
