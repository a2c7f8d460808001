"""Applications (az-cli-wire 10)."""

from __future__ import annotations

from typing import Final

import msgspec

from pratique.admission import Draft, Unacceptable
from pratique.admission.changes import application_credentials
from pratique.admission.changes import applications as changes
from pratique.admission.changes.managed_identities import is_managed
from pratique.http.arm.answers import Done, Listed, Shown, ShownAsMade
from pratique.http.arm.filters import filter_of
from pratique.http.arm.graph import views
from pratique.http.arm.graph.finding import application_of, applications
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import Application

NEXT: Final = "@odata.nextLink"
_KNOWN = frozenset(
    {
        *(("eq", "displayName"), ("startswith", "displayName"), ("eq", "appId")),
        ("any", "identifierUris"),
    }
)
_LINE: Final = 64


class NewKey(msgspec.Struct, frozen=True, rename="camel"):
    """A certificate, or one that is there already.

    Attributes:
        key: the certificate in base64, lines and all; None of one that is there.
    """

    key: str | None = None
    key_id: str | None = None
    display_name: str | None = None


class NewApplication(msgspec.Struct, frozen=True, rename="camel"):
    """An application to make."""

    display_name: str
    key_credentials: tuple[NewKey, ...] = ()


class ApplicationUpdate(msgspec.Struct, frozen=True, rename="camel"):
    """What shall change; with `key_credentials`, those and no others shall stand."""

    display_name: str | None = None
    key_credentials: tuple[NewKey, ...] | None = None


async def list_applications(visit: Visit) -> Listed:
    """Applications by name."""
    clauses = filter_of(visit.request, _KNOWN)
    found = applications(visit.snapshot, (c for c in clauses if c.form != "any"))
    # No application has an identifier URI here.
    none = any(clause.form == "any" for clause in clauses)
    shown = () if none else (views.application(a) for a in found if not is_managed(a))
    return listed(visit, shown, NEXT)


async def show_application(visit: Visit) -> Shown:
    """One application."""
    return json_response(200, views.application(application_of(visit, managed=False)))


async def create_application(visit: Visit, wanted: NewApplication) -> ShownAsMade:
    """Make an application, which is a service principal at once."""
    pems = [_pem(k.key) for k in wanted.key_credentials if k.key]
    if len(pems) > 1:
        raise Unacceptable("make an application with one certificate, and add others afterwards")

    def write(draft: Draft) -> Application:
        if pems:
            name = wanted.display_name
            return application_credentials.create_with_certificate(draft, name, pems[0])
        return changes.register(draft, wanted.display_name)

    return json_response(201, views.application(await visit.change(write)))


async def update_application(visit: Visit, wanted: ApplicationUpdate) -> Done:
    """Change the certificates of an application."""
    present = application_of(visit, managed=False)
    if wanted.display_name not in {None, present.display_name}:
        raise Unacceptable(
            f"`{present.display_name}` keeps its name: refusals and records name it by that"
        )
    for key in wanted.key_credentials or ():
        if key.key:
            await _add(visit, present, key)
    if wanted.key_credentials is not None:
        kept = {k.key_id for k in wanted.key_credentials if k.key_id}
        for certificate in present.certificates:
            if certificate.certificate_id not in kept:
                await _remove(visit, present, certificate.certificate_id)
    return Response(204)


async def delete_application(visit: Visit) -> Done:
    """Delete an application, and its service principal with it."""
    gone = application_of(visit, managed=True)
    await visit.change(lambda draft: changes.delete(draft, gone.object_id))
    return Response(204)


async def _add(visit: Visit, application: Application, key: NewKey) -> None:
    pem, name = _pem(key.key or ""), key.display_name or "certificate"
    await visit.change(
        lambda draft: application_credentials.add_certificate(
            draft, application.object_id, name, pem
        )
    )


async def _remove(visit: Visit, application: Application, certificate_id: str) -> None:
    await visit.change(
        lambda draft: application_credentials.remove_certificate(
            draft, application.object_id, certificate_id
        )
    )


def _pem(key: str) -> str:
    """A certificate's base64 as PEM; az sends it with or without the lines of one."""
    if "-----BEGIN" in key:
        return key
    text = "".join(key.split())
    lines = "\n".join(text[i : i + _LINE] for i in range(0, len(text), _LINE))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
