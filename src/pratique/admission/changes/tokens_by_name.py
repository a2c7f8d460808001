"""Tokens and scope maps as the resource manager's clients write them: there is one, or it comes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pratique.admission.changes import tokens
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.records import ScopeMapRecord
from pratique.identity import TokenAccount


def put_token(
    draft: Draft, name: str, *, scope_map: str | None, enabled: bool | None
) -> TokenAccount:
    """Let a token stand with this scope map; a new one has no passwords yet.

    Args:
        draft: receives the record.
        name: of the token.
        scope_map: None to leave a present token's.
        enabled: None to leave a present token as it is, and a new one enabled.

    Raises:
        NotFound: there is no such scope map.
        AlreadyExists, Unacceptable: as `tokens.create_token`.
    """
    try:
        token = tokens.find_token(draft, name)
    except NotFound:
        if scope_map is None:
            raise Unacceptable(
                f"the token `{name}` needs a scope map; give its `scopeMapId`"
            ) from None
        token = tokens.create_bare_token(draft, name, scope_map)
    else:
        if scope_map is not None:
            token = tokens.bind_token(draft, token.name, scope_map)
    if enabled is not None:
        token = msgspec.structs.replace(token, enabled=enabled)
        draft.put(token)
    return token


def put_scope_map(
    draft: Draft, name: str, *, actions: Iterable[str] | None, description: str | None
) -> ScopeMapRecord:
    """Let a scope map stand with these actions and no others.

    Args:
        draft: receives the record.
        name: of the scope map.
        actions: None to leave a present map's.
        description: None to leave a present map's.

    Raises:
        Unacceptable: it came with the product, or is new and has no actions; or as
            `tokens.create_scope_map`.
        InvalidName: an action is not `repositories/NAME/VERB`.
    """
    wanted = None if actions is None else tuple(actions)
    try:
        present = tokens.find_scope_map(draft, name)
    except NotFound:
        if wanted is None:
            raise Unacceptable(f"the scope map `{name}` needs `actions`") from None
        return tokens.create_scope_map(draft, name, description or "", wanted)
    going = () if wanted is None else present.actions
    return tokens.update_scope_map(draft, present.name, wanted or (), going, description)
