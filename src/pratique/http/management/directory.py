"""Users, groups and service principals."""

from __future__ import annotations

import secrets as randomness
from typing import Any

import msgspec

from pratique.admission import NotFound
from pratique.admission.changes import application_credentials, applications, people
from pratique.http.management import views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import Application
from pratique.identity.passwords import MAX_LENGTH, MIN_LENGTH
from pratique.identity.totp import otpauth_uri


class NewUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user to make; without a password, one is made and shown."""

    username: str
    display_name: str | None = None
    password: str | None = None


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another password; without one, it is made and shown."""

    password: str | None = None


class NewGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group to make."""

    name: str


class NewMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall be in a group."""

    principal: str


class NewServicePrincipal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service principal to make, and how long its first secret lives.

    With a certificate in PEM it gets that, and no secret.
    """

    name: str
    expires_in_days: int = 365
    certificate: str | None = None


class NewClientSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more secret."""

    name: str = "secret"
    expires_in_days: int = 365


async def list_users(visit: Visit) -> Response:
    """All users by name."""
    users = visit.view().directory.users.values()
    return json_response(200, [views.user(u) for u in sorted(users, key=lambda u: u.user_name)])


async def create_user(visit: Visit) -> Response:
    """Make a user."""
    wanted = await visit.body(NewUser)
    password = _chosen(wanted.password)
    password_hash = await visit.passwords.hash(password)
    user = await visit.change(
        lambda draft: people.create_user(draft, wanted.username, wanted.display_name, password_hash)
    )
    return json_response(201, _with_password(views.user(user), wanted.password, password))


async def set_password(visit: Visit) -> Response:
    """Give a user another password."""
    wanted = await visit.body(NewPassword)
    password = _chosen(wanted.password)
    password_hash = await visit.passwords.hash(password)
    user = await visit.change(
        lambda draft: people.set_password(draft, visit.parts["user"], password_hash)
    )
    return json_response(200, _with_password(views.user(user), wanted.password, password))


async def enable_user(visit: Visit) -> Response:
    """Enable a user."""
    user = await visit.change(
        lambda draft: people.set_user_enabled(draft, visit.parts["user"], enabled=True)
    )
    return json_response(200, views.user(user))


async def disable_user(visit: Visit) -> Response:
    """Disable a user."""
    user = await visit.change(
        lambda draft: people.set_user_enabled(draft, visit.parts["user"], enabled=False)
    )
    return json_response(200, views.user(user))


async def sign_out_user(visit: Visit) -> Response:
    """Sign a user out everywhere."""
    user = await visit.change(lambda draft: people.sign_out_everywhere(draft, visit.parts["user"]))
    return json_response(200, views.user(user))


async def enable_totp(visit: Visit) -> Response:
    """Ask a user for one-time passwords; the secret is in the answer, this once."""
    user = await visit.change(lambda draft: people.enable_totp(draft, visit.parts["user"]))
    issuer = visit.snapshot.registry.name
    uri = otpauth_uri(user.totp_secret, user.user_name, issuer)
    return json_response(200, {**views.user(user), "secret": user.totp_secret, "uri": uri})


async def disable_totp(visit: Visit) -> Response:
    """Ask a user for the password alone."""
    user = await visit.change(lambda draft: people.disable_totp(draft, visit.parts["user"]))
    return json_response(200, views.user(user))


async def delete_user(visit: Visit) -> Response:
    """Delete a user."""
    user = await visit.change(lambda draft: people.delete_user(draft, visit.parts["user"]))
    return json_response(200, views.user(user))


async def list_groups(visit: Visit) -> Response:
    """All groups by name."""
    snapshot = visit.view()
    groups = sorted(snapshot.directory.groups.values(), key=lambda g: g.display_name)
    return json_response(200, [views.group(g, snapshot) for g in groups])


async def create_group(visit: Visit) -> Response:
    """Make a group."""
    wanted = await visit.body(NewGroup)
    group = await visit.change(lambda draft: people.create_group(draft, wanted.name))
    return json_response(201, views.group(group, visit.snapshot))


async def add_member(visit: Visit) -> Response:
    """Put somebody into a group."""
    wanted = await visit.body(NewMember)
    group = await visit.change(
        lambda draft: people.add_member(draft, visit.parts["group"], wanted.principal)
    )
    return json_response(200, views.group(group, visit.snapshot))


async def remove_member(visit: Visit) -> Response:
    """Take somebody out of a group."""
    group = await visit.change(
        lambda draft: people.remove_member(draft, visit.parts["group"], visit.parts["member"])
    )
    return json_response(200, views.group(group, visit.snapshot))


async def delete_group(visit: Visit) -> Response:
    """Delete a group; its members stay."""
    group = await visit.change(lambda draft: people.delete_group(draft, visit.parts["group"]))
    return json_response(200, views.group(group, visit.snapshot))


async def list_service_principals(visit: Visit) -> Response:
    """All service principals by name."""
    found = visit.view().directory.applications.values()
    by_name = sorted(found, key=lambda a: (a.display_name, a.client_id))
    return json_response(200, [views.application(a) for a in by_name])


async def show_service_principal(visit: Visit) -> Response:
    """One service principal."""
    found = visit.view().directory.principal(visit.parts["principal"])
    if not isinstance(found, Application):
        raise NotFound(f"there is no service principal `{visit.parts['principal']}`")
    return json_response(200, views.application(found))


async def create_service_principal(visit: Visit) -> Response:
    """Make a service principal; its first secret, if it gets one, is in the answer."""
    wanted = await visit.body(NewServicePrincipal)
    pem = wanted.certificate
    if pem is not None:
        certified = await visit.change(
            lambda draft: application_credentials.create_with_certificate(draft, wanted.name, pem)
        )
        return json_response(201, views.application(certified))
    made = await visit.change(
        lambda draft: applications.create(draft, wanted.name, wanted.expires_in_days)
    )
    return json_response(201, _new_secret(made))


async def add_client_secret(visit: Visit) -> Response:
    """Add a secret; it is in the answer."""
    wanted = await visit.body(NewClientSecret)
    made = await visit.change(
        lambda draft: applications.add_secret(
            draft, visit.parts["principal"], wanted.name, wanted.expires_in_days
        )
    )
    return json_response(201, _new_secret(made))


async def delete_client_secret(visit: Visit) -> Response:
    """Delete a secret; tokens made with it die."""
    gone = await visit.change(
        lambda draft: applications.delete_secret(
            draft, visit.parts["principal"], visit.parts["secret"]
        )
    )
    return json_response(200, views.secret(gone))


async def enable_service_principal(visit: Visit) -> Response:
    """Enable a service principal."""
    changed = await visit.change(
        lambda draft: applications.set_enabled(draft, visit.parts["principal"], enabled=True)
    )
    return json_response(200, views.application(changed))


async def disable_service_principal(visit: Visit) -> Response:
    """Disable a service principal."""
    changed = await visit.change(
        lambda draft: applications.set_enabled(draft, visit.parts["principal"], enabled=False)
    )
    return json_response(200, views.application(changed))


async def delete_service_principal(visit: Visit) -> Response:
    """Delete a service principal."""
    gone = await visit.change(lambda draft: applications.delete(draft, visit.parts["principal"]))
    return json_response(200, views.application(gone))


def _chosen(password: str | None) -> str:
    if password is None:
        return randomness.token_urlsafe(18)
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UnreadableBody(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return password


def _with_password(view: dict[str, Any], chosen: str | None, made: str) -> dict[str, Any]:
    return view if chosen is not None else {**view, "password": made}


def _new_secret(made: applications.NewSecret) -> dict[str, Any]:
    return {
        "client_id": made.application.client_id,
        "object_id": made.application.object_id,
        "display_name": made.application.display_name,
        "secret": made.text,
        "secret_id": made.stored.secret_id,
        "secret_name": made.stored.name,
        "expires": views.instant(made.stored.expires_at),
    }
