"""Secrets and federated credentials of applications (az-cli-wire 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from pratique.admission import NotFound, Unacceptable
from pratique.admission.changes import application_credentials, applications
from pratique.http.arm.answers import Done, Listed, Shown, ShownAsMade, Told
from pratique.http.arm.graph import views
from pratique.http.arm.graph.applications import NEXT
from pratique.http.arm.graph.finding import application_of
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import FederatedCredential
from pratique.naming.errors import printable

# Entra ID's life of a secret for which no end is given.
_LIFE: Final = timedelta(days=730)
_SHOWN_BEFORE: Final = 3


class PasswordWanted(msgspec.Struct, frozen=True, rename="camel"):
    """What a new secret is called, and until when it lives."""

    display_name: str | None = None
    end_date_time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class NewPassword(msgspec.Struct, frozen=True, rename="camel"):
    """A secret to make."""

    password_credential: PasswordWanted = PasswordWanted()


class PasswordToRemove(msgspec.Struct, frozen=True, rename="camel"):
    """Which secret."""

    key_id: str


class NewFederated(msgspec.Struct, frozen=True):
    """Whose tokens shall stand for an application."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    name: str = ""


async def add_password(visit: Visit, wanted: NewPassword) -> Told:
    """Add a secret; it is in the answer."""
    application = application_of(visit, managed=True)
    asked = wanted.password_credential
    made = await visit.change(
        lambda draft: applications.add_secret_until(
            draft,
            application.object_id,
            asked.display_name or "secret",
            asked.end_date_time or draft.at + _LIFE,
        )
    )
    shown = views.password(made.stored)
    return json_response(200, {**shown, "secretText": made.text, "hint": made.text[:_SHOWN_BEFORE]})


async def remove_password(visit: Visit, wanted: PasswordToRemove) -> Done:
    """Delete a secret; tokens made with it die."""
    application = application_of(visit, managed=False)
    await visit.change(
        lambda draft: applications.delete_secret(draft, application.object_id, wanted.key_id)
    )
    return Response(204)


async def list_federated_credentials(visit: Visit) -> Listed:
    """The federated credentials of an application, oldest first."""
    found = application_of(visit, managed=False).federated
    return listed(visit, (views.federated_credential(f) for f in found), NEXT)


async def show_federated_credential(visit: Visit) -> Shown:
    """One of them."""
    return json_response(200, views.federated_credential(_named(visit)))


async def add_federated_credential(visit: Visit, wanted: NewFederated) -> ShownAsMade:
    """Add a federated credential; the others stay."""
    application = application_of(visit, managed=False)
    if len(wanted.audiences) != 1:
        raise Unacceptable("a federated credential has one audience; give exactly one")
    asked = application_credentials.NewFederatedCredential(
        wanted.issuer, wanted.subject, wanted.audiences[0], wanted.name
    )
    made = await visit.change(
        lambda draft: application_credentials.add_federated_credential(
            draft, application.object_id, asked
        )
    )
    return json_response(201, views.federated_credential(made))


async def remove_federated_credential(visit: Visit) -> Done:
    """Remove a federated credential; tokens made with it die."""
    application, credential = application_of(visit, managed=False), _named(visit)
    await visit.change(
        lambda draft: application_credentials.remove_federated_credential(
            draft, application.object_id, credential.credential_id
        )
    )
    return Response(204)


def _named(visit: Visit) -> FederatedCredential:
    """The federated credential of the path, by its id or its name.

    Raises:
        NotFound: there is none.
    """
    wanted = visit.parts["credential"]
    for credential in application_of(visit, managed=False).federated:
        if wanted.casefold() in {credential.credential_id, credential.name.casefold()}:
            return credential
    raise NotFound(f"there is no federated credential `{printable(wanted)}`")
