"""Scope maps and non-directory tokens."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from pratique.admission import translation
from pratique.admission.changes import tokens
from pratique.http.management import shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.identity import TokenAccount


class NewScopeMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scope map to make."""

    name: str
    actions: tuple[str, ...]
    description: str = ""


class ScopeMapUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Actions to add and to remove."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    description: str | None = None


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make; its passwords never expire unless a number of days is given."""

    name: str
    scope_map: str
    expires_in_days: int | None = None


class NewTokenPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which password, for how long."""

    name: str = "password1"
    expires_in_days: int | None = None


async def list_scope_maps(visit: Visit) -> Given[list[shapes.ScopeMap]]:
    """All scope maps by name, the system's too."""
    maps = visit.view().law.scope_maps.values()
    return Given([views.scope_map(m) for m in sorted(maps, key=lambda m: m.name)])


async def create_scope_map(visit: Visit, wanted: NewScopeMap) -> Made[shapes.ScopeMap]:
    """Make a scope map."""
    made = await visit.change(
        lambda draft: tokens.create_scope_map(
            draft, wanted.name, wanted.description, wanted.actions
        )
    )
    return Made(views.scope_map(translation.scope_map(made)))


async def update_scope_map(visit: Visit, wanted: ScopeMapUpdate) -> Given[shapes.ScopeMap]:
    """Change a scope map; its tokens are judged by it from the next request on."""
    changed = await visit.change(
        lambda draft: tokens.update_scope_map(
            draft, visit.parts["map"], wanted.add, wanted.remove, wanted.description
        )
    )
    return Given(views.scope_map(translation.scope_map(changed)))


async def delete_scope_map(visit: Visit) -> Given[shapes.RemovedScopeMap]:
    """Delete a scope map that no token uses."""
    gone = await visit.change(lambda draft: tokens.delete_scope_map(draft, visit.parts["map"]))
    return Given(shapes.RemovedScopeMap(name=gone.name))


async def list_tokens(visit: Visit) -> Given[list[shapes.Token]]:
    """All tokens by name."""
    found = visit.view().directory.tokens.values()
    return Given([views.token(t) for t in sorted(found, key=lambda t: t.name)])


async def create_token(visit: Visit, wanted: NewToken) -> Made[shapes.TokenPasswords]:
    """Make a token; both passwords are in the answer."""
    token, made = await visit.change(
        lambda draft: tokens.create_token(
            draft, wanted.name, wanted.scope_map, wanted.expires_in_days
        )
    )
    return Made(_with_passwords(token, made))


async def new_token_password(visit: Visit, wanted: NewTokenPassword) -> Made[shapes.TokenPasswords]:
    """Make one of a token's passwords anew; it is in the answer."""
    token, made = await visit.change(
        lambda draft: tokens.new_token_password(
            draft, visit.parts["token"], wanted.name, wanted.expires_in_days
        )
    )
    return Made(_with_passwords(token, made))


async def enable_token(visit: Visit) -> Given[shapes.Token]:
    """Enable a token."""
    changed = await visit.change(
        lambda draft: tokens.set_token_enabled(draft, visit.parts["token"], enabled=True)
    )
    return Given(views.token(changed))


async def disable_token(visit: Visit) -> Given[shapes.Token]:
    """Disable a token."""
    changed = await visit.change(
        lambda draft: tokens.set_token_enabled(draft, visit.parts["token"], enabled=False)
    )
    return Given(views.token(changed))


class TokenUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which scope map a token shall be bound to."""

    scope_map: str


async def update_token(visit: Visit, wanted: TokenUpdate) -> Given[shapes.Token]:
    """Bind a token to another scope map."""
    changed = await visit.change(
        lambda draft: tokens.bind_token(draft, visit.parts["token"], wanted.scope_map)
    )
    return Given(views.token(changed))


async def delete_token(visit: Visit) -> Given[shapes.Token]:
    """Delete a token."""
    gone = await visit.change(lambda draft: tokens.delete_token(draft, visit.parts["token"]))
    return Given(views.token(gone))


def _with_passwords(token: TokenAccount, made: dict[str, str]) -> shapes.TokenPasswords:
    return shapes.TokenPasswords(
        username=token.name,
        scope_map=token.scope_map,
        password1=made.get("password1", UNSET),
        password2=made.get("password2", UNSET),
        expires={s.name: views.instant(s.expires_at) for s in token.passwords},
    )
