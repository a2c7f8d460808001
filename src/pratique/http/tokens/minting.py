"""The claims of a new registry token, signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pratique.access import DirectoryPrincipal, RoleMode
from pratique.admission import Caller, Snapshot
from pratique.identity import REFRESH_TOKEN, AccessEntry, Claims
from pratique.identity.registry_tokens import ISSUER, identity_of, sign


def mint(
    snapshot: Snapshot,
    caller: Caller,
    grant_type: str,
    life: timedelta,
    *,
    access: tuple[AccessEntry, ...] | None,
    audience: str,
    at: datetime,
    new_id: Callable[[], str],
) -> str:
    """A registry token for `caller`, bound to its credential and to the role mode of now.

    Args:
        snapshot: gives the signing key and the mode.
        caller: whose token it is.
        grant_type: `refresh_token` or `access_token`.
        life: from `at` on.
        access: what an access token is for; None for a refresh token.
        audience: the registry's name as the client knows it.
        at: now, with a time zone.
        new_id: gives the `jti`.
    """
    kind, identity = identity_of(caller.subject)
    issued = int(at.timestamp())
    mode = snapshot.registry.mode
    per_repository = mode is RoleMode.ABAC and isinstance(caller.subject, DirectoryPrincipal)
    claims = Claims(
        jti=new_id(),
        sub=caller.name,
        nbf=issued,
        exp=issued + int(life.total_seconds()),
        iat=issued,
        aud=audience,
        grant_type=grant_type,
        idk=kind,
        oid=identity,
        cid=caller.credential_id,
        mode=mode.value,
        iss=ISSUER,
        version="1.0",
        access=access,
        rid=snapshot.registry_id,
        aad_identity=identity if per_repository and grant_type == REFRESH_TOKEN else None,
    )
    return sign(claims, snapshot.keys)
