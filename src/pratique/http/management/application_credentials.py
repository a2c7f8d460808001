"""What a service principal proves itself by besides secrets: certificates, outside tokens."""

from __future__ import annotations

import msgspec

from pratique.admission import NotFound
from pratique.admission.changes import application_credentials as changes
from pratique.http.management import views
from pratique.http.management.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import Application


class NewCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate in PEM, never its key."""

    certificate: str
    name: str = "certificate"


class NewFederatedCredential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tokens shall stand for a service principal."""

    issuer: str
    subject: str
    audience: str = changes.EXCHANGE_AUDIENCE
    name: str = ""
    pattern: bool = False


async def list_certificates(visit: Visit) -> Response:
    """The certificates of a service principal, oldest first."""
    return json_response(200, [views.certificate(c) for c in _application(visit).certificates])


async def add_certificate(visit: Visit) -> Response:
    """Add a certificate; the others stay."""
    wanted = await visit.body(NewCertificate)
    made = await visit.change(
        lambda draft: changes.add_certificate(
            draft, visit.parts["principal"], wanted.name, wanted.certificate
        )
    )
    return json_response(201, views.certificate(made))


async def remove_certificate(visit: Visit) -> Response:
    """Remove a certificate; tokens made with it die."""
    gone = await visit.change(
        lambda draft: changes.remove_certificate(
            draft, visit.parts["principal"], visit.parts["certificate"]
        )
    )
    return json_response(200, views.certificate(gone))


async def list_federated_credentials(visit: Visit) -> Response:
    """The federated credentials of a service principal, oldest first."""
    return json_response(
        200, [views.federated_credential(f) for f in _application(visit).federated]
    )


async def add_federated_credential(visit: Visit) -> Response:
    """Add a federated credential; the others stay."""
    asked = await visit.body(NewFederatedCredential)
    wanted = changes.NewFederatedCredential(
        asked.issuer, asked.subject, asked.audience, asked.name, asked.pattern
    )
    made = await visit.change(
        lambda draft: changes.add_federated_credential(draft, visit.parts["principal"], wanted)
    )
    return json_response(201, views.federated_credential(made))


async def remove_federated_credential(visit: Visit) -> Response:
    """Remove a federated credential; tokens made with it die."""
    gone = await visit.change(
        lambda draft: changes.remove_federated_credential(
            draft, visit.parts["principal"], visit.parts["credential"]
        )
    )
    return json_response(200, views.federated_credential(gone))


def _application(visit: Visit) -> Application:
    found = visit.view().directory.principal(visit.parts["principal"])
    if not isinstance(found, Application):
        raise NotFound(f"there is no service principal `{visit.parts['principal']}`")
    return found
