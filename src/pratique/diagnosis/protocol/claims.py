"""What an access token says that it allows. Nothing is verified: the registry does that."""

from __future__ import annotations

from pratique.diagnosis.claims import read_claims
from pratique.diagnosis.facts.conversation import Grant


def read_grant(token: str, repository: str) -> Grant:
    """What an access token allows on a repository (distribution's `access` claim).

    Args:
        token: opaque, or a JWT.
        repository: that was asked for.
    """
    claims = read_claims(token)
    if claims is None:
        return Grant(readable=False, actions=None)
    access = claims.get("access")
    others = {name: value for name, value in claims.items() if name != "access"}
    if access is None:
        # A registry may leave the list out when it is empty, and others never write one.
        return Grant(readable=True, actions=None, claims=others)
    entries = access if isinstance(access, list) else []
    lists = (
        entry.get("actions")
        for entry in entries
        if isinstance(entry, dict) and entry.get("name") == repository
    )
    actions = {str(action) for listed in lists if isinstance(listed, list) for action in listed}
    return Grant(readable=True, actions=frozenset(actions), claims=others)
