"""Scope maps and the non-directory tokens that are bound to them (reference 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from pratique.access import SYSTEM_SCOPE_MAPS, ScopeMapRule
from pratique.admission.changes.draft import Draft
from pratique.admission.changes.names import ensure_free
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import ScopeMapRecord
from pratique.identity import TokenAccount
from pratique.naming.errors import printable

# ACR's grammar for both (reference 10.2): 5 to 50 characters; names of one letter help nobody.
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{4,49}", re.ASCII)
MAX_ACTIONS = 500
TOKEN_PASSWORDS = ("password1", "password2")


def create_scope_map(
    draft: Draft, name: str, description: str, actions: Iterable[str]
) -> ScopeMapRecord:
    """A new scope map.

    Raises:
        Unacceptable: the name, or the number of actions.
        AlreadyExists: another scope map has this name.
        InvalidName: an action is not `repositories/NAME/VERB`.
    """
    _check_name("scope map", name)
    if _scope_map_names(draft).get(name.casefold()) is not None:
        raise AlreadyExists(f"there is a scope map `{name}` already")
    registry = draft.snapshot.registry_id
    record = ScopeMapRecord(name, description[:256], _checked(actions), draft.at, registry)
    draft.put(record)
    return record


def update_scope_map(
    draft: Draft, name: str, add: Iterable[str], remove: Iterable[str], description: str | None
) -> ScopeMapRecord:
    """Add and remove actions; tokens of the map are judged by it from the next request on.

    Raises:
        NotFound: there is no such map, or it does not hold an action that shall go.
        Unacceptable: it came with the product.
    """
    record = find_scope_map(draft, name)
    going = set(_checked(remove))
    missing = going - set(record.actions)
    if missing:
        raise NotFound(f"the scope map `{record.name}` does not hold `{min(missing)}`")
    kept = [a for a in record.actions if a not in going]
    changed = msgspec.structs.replace(
        record,
        actions=_checked([*kept, *add]),
        description=record.description if description is None else description[:256],
    )
    draft.put(changed)
    return changed


def find_scope_map(draft: Draft, name: str) -> ScopeMapRecord:
    """A scope map that somebody made.

    Raises:
        NotFound: there is none of this name.
        Unacceptable: it came with the product and cannot be changed.
    """
    known = _scope_map_names(draft).get(name.casefold())
    if known is None:
        raise NotFound(f"there is no scope map `{name}`; `pratique scope-map list` shows them")
    if known in SYSTEM_SCOPE_MAPS:
        raise Unacceptable(f"the scope map `{known}` came with the product and cannot be changed")
    return draft.snapshot.scope_map_record(known)


def delete_scope_map(draft: Draft, name: str) -> ScopeMapRecord:
    """Take a scope map away.

    Raises:
        Unacceptable: tokens are bound to it.
    """
    record = find_scope_map(draft, name)
    bound = [t.name for t in draft.snapshot.directory.tokens.values() if t.scope_map == record.name]
    if bound:
        raise Unacceptable(
            f"the scope map `{record.name}` is used by the token `{min(bound)}`; "
            "delete the token first"
        )
    draft.delete(record)
    return record


def create_token(
    draft: Draft, name: str, scope_map: str, days: int | None
) -> tuple[TokenAccount, dict[str, str]]:
    """A new token with both passwords, which live for `days`, or for ever when None.

    Returns:
        The token, and the passwords by name, shown this once.

    Raises:
        NotFound: there is no such scope map.
        AlreadyExists: somebody signs in with this name already.
    """
    token = create_bare_token(draft, name, scope_map)
    return _with_passwords(draft, token, TOKEN_PASSWORDS, draft.expiry(days))


def create_bare_token(draft: Draft, name: str, scope_map: str) -> TokenAccount:
    """A new token without passwords, by which nobody can sign in yet.

    Raises:
        NotFound, AlreadyExists: as `create_token`.
    """
    _check_name("token", name)
    ensure_free(draft, name)
    known, registry = _known_scope_map(draft, scope_map), draft.snapshot.registry_id
    token = TokenAccount(name, known, draft.at, registry=registry)
    draft.put(token)
    return token


def find_token(draft: Draft, name: str) -> TokenAccount:
    """The token of that name.

    Raises:
        NotFound: there is none.
    """
    token = draft.snapshot.directory.tokens.get(name.casefold())
    if token is None:
        raise NotFound(f"there is no token `{name}`; `pratique token list` shows them")
    return token


def new_token_password(
    draft: Draft, name: str, password_name: str, days: int | None
) -> tuple[TokenAccount, dict[str, str]]:
    """Make one of a token's two passwords anew; the other stays.

    Raises:
        NotFound: there is no such token, or no password of that name.
    """
    return generate_passwords(draft, name, (password_name,), draft.expiry(days))


def generate_passwords(
    draft: Draft, name: str, password_names: Iterable[str], expires_at: datetime | None
) -> tuple[TokenAccount, dict[str, str]]:
    """Make some of a token's two passwords anew; those not named stay.

    Args:
        draft: receives the record.
        name: of the token.
        password_names: of `TOKEN_PASSWORDS`.
        expires_at: with a time zone; None for never.

    Raises:
        NotFound: there is no such token, or no password of such a name.
        Unacceptable: the passwords would have expired already.
    """
    token, wanted = find_token(draft, name), tuple(password_names)
    for password_name in wanted:
        if password_name not in TOKEN_PASSWORDS:
            raise NotFound(
                f"a token has no password `{printable(password_name)}`; it is `password1` or "
                "`password2`"
            )
    if expires_at is not None and expires_at <= draft.at:
        raise Unacceptable(f"the passwords would have expired at {expires_at:%Y-%m-%d %H:%M} UTC")
    return _with_passwords(draft, token, wanted, expires_at)


def set_token_enabled(draft: Draft, name: str, *, enabled: bool) -> TokenAccount:
    """Enable or disable a token."""
    changed = msgspec.structs.replace(find_token(draft, name), enabled=enabled)
    draft.put(changed)
    return changed


def bind_token(draft: Draft, name: str, scope_map: str) -> TokenAccount:
    """Bind a token to another scope map; it is judged by that from the next request on.

    Raises:
        NotFound: there is no such token, or no such scope map.
    """
    token = find_token(draft, name)
    changed = msgspec.structs.replace(token, scope_map=_known_scope_map(draft, scope_map))
    draft.put(changed)
    return changed


def delete_token(draft: Draft, name: str) -> TokenAccount:
    """Take a token away."""
    token = find_token(draft, name)
    draft.delete(token)
    return token


def _with_passwords(
    draft: Draft, token: TokenAccount, names: Iterable[str], expires_at: datetime | None
) -> tuple[TokenAccount, dict[str, str]]:
    passwords, made = {s.name: s for s in token.passwords}, {}
    for name in names:
        passwords[name], made[name] = draft.secret(name, expires_at)
    ordered = tuple(passwords[name] for name in sorted(passwords))
    changed = msgspec.structs.replace(token, passwords=ordered)
    draft.put(changed)
    return changed, made


def _known_scope_map(draft: Draft, name: str) -> str:
    known = _scope_map_names(draft).get(name.casefold())
    if known is None:
        raise NotFound(f"there is no scope map `{name}`; `pratique scope-map list` shows them")
    return known


def _scope_map_names(draft: Draft) -> dict[str, str]:
    return {name.casefold(): name for name in draft.snapshot.law.scope_maps}


def _check_name(kind: str, name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise Unacceptable(
            f"`{name}` cannot be a {kind}'s name; use 5 to 50 letters, digits and dashes, "
            "beginning with a letter or digit"
        )


def _checked(actions: Iterable[str]) -> tuple[str, ...]:
    parsed = tuple(dict.fromkeys(str(ScopeMapRule.parse(action)) for action in actions))
    if len(parsed) > MAX_ACTIONS:
        raise Unacceptable(f"a scope map holds at most {MAX_ACTIONS} actions")
    return parsed
