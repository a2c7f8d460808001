"""Users, groups and service principals."""

from __future__ import annotations

import secrets as randomness

import msgspec
from msgspec import UNSET

from pratique.admission import NotFound
from pratique.admission.changes import application_credentials, applications, people
from pratique.http.management import shapes, views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.answers import Given, Made
from pratique.identity import Application, User
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


async def list_users(visit: Visit) -> Given[list[shapes.User]]:
    """All users by name."""
    users = visit.view().directory.users.values()
    return Given([views.user(u) for u in sorted(users, key=lambda u: u.user_name)])


async def create_user(visit: Visit, wanted: NewUser) -> Made[shapes.UserWithPassword]:
    """Make a user."""
    password = _chosen(wanted.password)
    password_hash = await visit.passwords.hash(password)
    user = await visit.change(
        lambda draft: people.create_user(draft, wanted.username, wanted.display_name, password_hash)
    )
    return Made(_with_password(user, wanted.password, password))


async def set_password(visit: Visit, wanted: NewPassword) -> Given[shapes.UserWithPassword]:
    """Give a user another password."""
    password = _chosen(wanted.password)
    password_hash = await visit.passwords.hash(password)
    user = await visit.change(
        lambda draft: people.set_password(draft, visit.parts["user"], password_hash)
    )
    return Given(_with_password(user, wanted.password, password))


async def enable_user(visit: Visit) -> Given[shapes.User]:
    """Enable a user."""
    user = await visit.change(
        lambda draft: people.set_user_enabled(draft, visit.parts["user"], enabled=True)
    )
    return Given(views.user(user))


async def disable_user(visit: Visit) -> Given[shapes.User]:
    """Disable a user."""
    user = await visit.change(
        lambda draft: people.set_user_enabled(draft, visit.parts["user"], enabled=False)
    )
    return Given(views.user(user))


async def sign_out_user(visit: Visit) -> Given[shapes.User]:
    """Sign a user out everywhere."""
    user = await visit.change(lambda draft: people.sign_out_everywhere(draft, visit.parts["user"]))
    return Given(views.user(user))


async def enable_totp(visit: Visit) -> Given[shapes.UserWithTotp]:
    """Ask a user for one-time passwords; the secret is in the answer, this once."""
    user = await visit.change(lambda draft: people.enable_totp(draft, visit.parts["user"]))
    issuer = visit.snapshot.registry.name
    uri = otpauth_uri(user.totp_secret, user.user_name, issuer)
    return Given(shapes.UserWithTotp.widening(views.user(user), secret=user.totp_secret, uri=uri))


async def disable_totp(visit: Visit) -> Given[shapes.User]:
    """Ask a user for the password alone."""
    user = await visit.change(lambda draft: people.disable_totp(draft, visit.parts["user"]))
    return Given(views.user(user))


async def delete_user(visit: Visit) -> Given[shapes.User]:
    """Delete a user."""
    user = await visit.change(lambda draft: people.delete_user(draft, visit.parts["user"]))
    return Given(views.user(user))


async def list_groups(visit: Visit) -> Given[list[shapes.Group]]:
    """All groups by name."""
    snapshot = visit.view()
    groups = sorted(snapshot.directory.groups.values(), key=lambda g: g.display_name)
    return Given([views.group(g, snapshot) for g in groups])


async def create_group(visit: Visit, wanted: NewGroup) -> Made[shapes.Group]:
    """Make a group."""
    group = await visit.change(lambda draft: people.create_group(draft, wanted.name))
    return Made(views.group(group, visit.snapshot))


async def add_member(visit: Visit, wanted: NewMember) -> Given[shapes.Group]:
    """Put somebody into a group."""
    group = await visit.change(
        lambda draft: people.add_member(draft, visit.parts["group"], wanted.principal)
    )
    return Given(views.group(group, visit.snapshot))


async def remove_member(visit: Visit) -> Given[shapes.Group]:
    """Take somebody out of a group."""
    group = await visit.change(
        lambda draft: people.remove_member(draft, visit.parts["group"], visit.parts["member"])
    )
    return Given(views.group(group, visit.snapshot))


async def delete_group(visit: Visit) -> Given[shapes.Group]:
    """Delete a group; its members stay."""
    group = await visit.change(lambda draft: people.delete_group(draft, visit.parts["group"]))
    return Given(views.group(group, visit.snapshot))


async def list_service_principals(visit: Visit) -> Given[list[shapes.ServicePrincipal]]:
    """All service principals by name."""
    found = visit.view().directory.applications.values()
    by_name = sorted(found, key=lambda a: (a.display_name, a.client_id))
    return Given([views.application(a) for a in by_name])


async def show_service_principal(visit: Visit) -> Given[shapes.ServicePrincipal]:
    """One service principal."""
    found = visit.view().directory.principal(visit.parts["principal"])
    if not isinstance(found, Application):
        raise NotFound(f"there is no service principal `{visit.parts['principal']}`")
    return Given(views.application(found))


async def create_service_principal(
    visit: Visit, wanted: NewServicePrincipal
) -> Made[shapes.NewSecret | shapes.ServicePrincipal]:
    """Make a service principal; its first secret, if it gets one, is in the answer."""
    pem = wanted.certificate
    if pem is not None:
        certified = await visit.change(
            lambda draft: application_credentials.create_with_certificate(draft, wanted.name, pem)
        )
        return Made(views.application(certified))
    made = await visit.change(
        lambda draft: applications.create(draft, wanted.name, wanted.expires_in_days)
    )
    return Made(_new_secret(made))


async def add_client_secret(visit: Visit, wanted: NewClientSecret) -> Made[shapes.NewSecret]:
    """Add a secret; it is in the answer."""
    made = await visit.change(
        lambda draft: applications.add_secret(
            draft, visit.parts["principal"], wanted.name, wanted.expires_in_days
        )
    )
    return Made(_new_secret(made))


async def delete_client_secret(visit: Visit) -> Given[shapes.Secret]:
    """Delete a secret; tokens made with it die."""
    gone = await visit.change(
        lambda draft: applications.delete_secret(
            draft, visit.parts["principal"], visit.parts["secret"]
        )
    )
    return Given(views.secret(gone))


async def enable_service_principal(visit: Visit) -> Given[shapes.ServicePrincipal]:
    """Enable a service principal."""
    changed = await visit.change(
        lambda draft: applications.set_enabled(draft, visit.parts["principal"], enabled=True)
    )
    return Given(views.application(changed))


async def disable_service_principal(visit: Visit) -> Given[shapes.ServicePrincipal]:
    """Disable a service principal."""
    changed = await visit.change(
        lambda draft: applications.set_enabled(draft, visit.parts["principal"], enabled=False)
    )
    return Given(views.application(changed))


async def delete_service_principal(visit: Visit) -> Given[shapes.ServicePrincipal]:
    """Delete a service principal."""
    gone = await visit.change(lambda draft: applications.delete(draft, visit.parts["principal"]))
    return Given(views.application(gone))


def _chosen(password: str | None) -> str:
    if password is None:
        return randomness.token_urlsafe(18)
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UnreadableBody(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return password


def _with_password(user: User, chosen: str | None, made: str) -> shapes.UserWithPassword:
    told = made if chosen is None else UNSET
    return shapes.UserWithPassword.widening(views.user(user), password=told)


def _new_secret(made: applications.NewSecret) -> shapes.NewSecret:
    return shapes.NewSecret(
        client_id=made.application.client_id,
        object_id=made.application.object_id,
        display_name=made.application.display_name,
        secret=made.text,
        secret_id=made.stored.secret_id,
        secret_name=made.stored.name,
        expires=views.instant(made.stored.expires_at),
    )
