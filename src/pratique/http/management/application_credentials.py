"""What a service principal proves itself by besides secrets: certificates, outside tokens."""

from __future__ import annotations

import msgspec

from pratique.admission import NotFound
from pratique.admission.changes import application_credentials as changes
from pratique.http.management import shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
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


async def list_certificates(visit: Visit) -> Given[list[shapes.Certificate]]:
    """The certificates of a service principal, oldest first."""
    return Given([views.certificate(c) for c in _application(visit).certificates])


async def add_certificate(visit: Visit, wanted: NewCertificate) -> Made[shapes.Certificate]:
    """Add a certificate; the others stay."""
    made = await visit.change(
        lambda draft: changes.add_certificate(
            draft, visit.parts["principal"], wanted.name, wanted.certificate
        )
    )
    return Made(views.certificate(made))


async def remove_certificate(visit: Visit) -> Given[shapes.Certificate]:
    """Remove a certificate; tokens made with it die."""
    gone = await visit.change(
        lambda draft: changes.remove_certificate(
            draft, visit.parts["principal"], visit.parts["certificate"]
        )
    )
    return Given(views.certificate(gone))


async def list_federated_credentials(visit: Visit) -> Given[list[shapes.FederatedCredential]]:
    """The federated credentials of a service principal, oldest first."""
    return Given([views.federated_credential(f) for f in _application(visit).federated])


async def add_federated_credential(
    visit: Visit, wanted: NewFederatedCredential
) -> Made[shapes.FederatedCredential]:
    """Add a federated credential; the others stay."""
    asked = changes.NewFederatedCredential(
        wanted.issuer, wanted.subject, wanted.audience, wanted.name, wanted.pattern
    )
    made = await visit.change(
        lambda draft: changes.add_federated_credential(draft, visit.parts["principal"], asked)
    )
    return Made(views.federated_credential(made))


async def remove_federated_credential(visit: Visit) -> Given[shapes.FederatedCredential]:
    """Remove a federated credential; tokens made with it die."""
    gone = await visit.change(
        lambda draft: changes.remove_federated_credential(
            draft, visit.parts["principal"], visit.parts["credential"]
        )
    )
    return Given(views.federated_credential(gone))


def _application(visit: Visit) -> Application:
    found = visit.view().directory.principal(visit.parts["principal"])
    if not isinstance(found, Application):
        raise NotFound(f"there is no service principal `{visit.parts['principal']}`")
    return found
