"""Users and groups (az-cli-wire 10)."""

from __future__ import annotations

import msgspec

from pratique.admission import NotFound
from pratique.admission.changes import people
from pratique.http.arm.answers import Done, Listed, Shown, ShownAsMade
from pratique.http.arm.errors import ArmError, UnreadableRequest
from pratique.http.arm.filters import Clause, filter_of
from pratique.http.arm.graph import views
from pratique.http.arm.graph.applications import NEXT
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import Group, User
from pratique.identity.passwords import MAX_LENGTH, MIN_LENGTH
from pratique.naming.errors import printable

_OF_USERS = frozenset(
    {
        *(("eq", "userPrincipalName"), ("startswith", "userPrincipalName")),
        *(("eq", "displayName"), ("startswith", "displayName")),
    }
)
_OF_GROUPS = frozenset({("eq", "displayName"), ("startswith", "displayName")})


class PasswordProfile(msgspec.Struct, frozen=True, rename="camel"):
    """The password of a user."""

    password: str
    force_change_password_next_sign_in: bool = False


class NewUser(msgspec.Struct, frozen=True, rename="camel"):
    """A user to make."""

    user_principal_name: str
    password_profile: PasswordProfile
    display_name: str | None = None


async def show_me(visit: Visit) -> Shown:
    """The user who asks."""
    found = visit.snapshot.directory.by_object_id.get(visit.object_id)
    if not isinstance(found, User):
        raise ArmError(
            400, "BadRequest", "/me request is only valid for a user, and this is a programme"
        )
    return json_response(200, views.user(found))


async def list_users(visit: Visit) -> Listed:
    """Users by name."""
    clauses = filter_of(visit.request, _OF_USERS)
    found = sorted(visit.snapshot.directory.users.values(), key=lambda u: u.user_name)
    shown = (views.user(u) for u in found if all(c.fits(_field(u, c)) for c in clauses))
    return listed(visit, shown, NEXT)


async def show_user(visit: Visit) -> Shown:
    """One user, by object id or user name."""
    return json_response(200, views.user(_user(visit)))


async def create_user(visit: Visit, wanted: NewUser) -> ShownAsMade:
    """Make a user."""
    password = wanted.password_profile.password
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UnreadableRequest(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if wanted.password_profile.force_change_password_next_sign_in:
        raise UnreadableRequest(
            "this directory does not ask for another password at the next sign-in; leave "
            "`forceChangePasswordNextSignIn` out"
        )
    password_hash = await visit.passwords.hash(password)
    user = await visit.change(
        lambda draft: people.create_user(
            draft, wanted.user_principal_name, wanted.display_name, password_hash
        )
    )
    return json_response(201, views.user(user))


async def delete_user(visit: Visit) -> Done:
    """Delete a user."""
    gone = _user(visit)
    await visit.change(lambda draft: people.delete_user(draft, gone.object_id))
    return Response(204)


async def list_groups(visit: Visit) -> Listed:
    """Groups by name."""
    clauses = filter_of(visit.request, _OF_GROUPS)
    found = sorted(visit.snapshot.directory.groups.values(), key=lambda g: g.display_name)
    shown = (views.group(g) for g in found if all(c.fits(g.display_name) for c in clauses))
    return listed(visit, shown, NEXT)


async def show_group(visit: Visit) -> Shown:
    """One group, by object id."""
    found = visit.snapshot.directory.by_object_id.get(visit.parts["group"].casefold())
    if not isinstance(found, Group):
        raise NotFound(f"Resource `{printable(visit.parts['group'])}` does not exist")
    return json_response(200, views.group(found))


def _user(visit: Visit) -> User:
    """The user of the path.

    Raises:
        NotFound: there is none.
    """
    directory, wanted = visit.snapshot.directory, visit.parts["user"].casefold()
    found = directory.by_object_id.get(wanted) or directory.users.get(wanted)
    if not isinstance(found, User):
        raise NotFound(f"Resource `{printable(visit.parts['user'])}` does not exist")
    return found


def _field(user: User, clause: Clause) -> str:
    return user.display_name if clause.field == "displayName" else user.user_name
