"""The document by which `az cloud register` learns where everything is (az-cli-wire, 3)."""

from __future__ import annotations

from pratique.admission import RegistryRecord
from pratique.http.arm.bearers import root_of
from pratique.http.arm.errors import error_response
from pratique.http.wire.challenges import Front
from pratique.http.wire.messages import Request, Response, json_response
from pratique.naming.errors import printable


def cloud_document(request: Request, home: Front, registry: RegistryRecord) -> Response:
    """Where to sign in and whom to ask; for everybody, since nobody has signed in yet.

    A server is one cloud, whichever of its registries is asked: `az` knows it by one address, and
    makes every login server of one suffix.

    Args:
        request: for the document.
        home: how the home registry names itself to whoever sent it.
        registry: the home registry.
    """
    if request.method not in {"GET", "HEAD"}:
        allowed = (("allow", "GET, HEAD"),)
        return error_response(405, "MethodNotAllowed", "this address takes GET, HEAD", allowed)
    root = root_of(home)
    return json_response(
        200,
        {
            "name": "Pratique",
            "resourceManager": root,
            "authentication": {
                "loginEndpoint": root,
                "audiences": [f"{root}/"],
                "tenant": registry.tenant,
                "identityProvider": "AAD",
            },
            "graphAudience": f"{root}/",
            "microsoftGraphResourceId": f"{root}/",
            "portal": root,
            "gallery": root,
            "suffixes": {
                "acrLoginServer": acr_suffix(registry.name, home.service),
                # Nothing is stored there; az prints it as the place of blobs.
                "storage": home.service,
            },
        },
    )


def acr_suffix(name: str, login_server: str) -> str:
    """What follows the home registry's name in its login server.

    Where the login server does not begin with the name, the whole of it: `az` then finds
    the registry by the resource manager alone, and not for those who may not read it there.
    """
    before, dot, rest = printable(login_server, 300).partition(".")
    return rest if dot and before.casefold() == name.casefold() else login_server
