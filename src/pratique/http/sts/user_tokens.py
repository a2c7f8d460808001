"""The answer of the token endpoint for a user: access token, refresh token, id token."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from pratique.access import DirectoryPrincipal
from pratique.admission import Caller
from pratique.http.sts.delegated_scopes import OFFLINE_ACCESS, OPENID, granted_scope
from pratique.http.sts.visit import Visit
from pratique.identity import User
from pratique.identity.directory_tokens import (
    DIRECTORY_TOKEN_LIFE,
    PUBLIC_CLIENT,
    DirectoryClaims,
    issuer,
    sign_directory_token,
)
from pratique.identity.web_sign_in import (
    REFRESH_LIFE,
    Delegation,
    IdToken,
    RefreshToken,
    sign_id_token,
    sign_note,
)

DELEGATED: Final = "user_impersonation"


def user_answer(
    visit: Visit,
    user: User,
    delegation: Delegation,
    new_id: Callable[[], str],
    nonce: str = "",
) -> Mapping[str, Any]:
    """The members of the answer.

    Args:
        visit: in which it was asked for.
        user: who allowed it.
        delegation: what was allowed.
        new_id: gives the ids of tokens.
        nonce: which the id token repeats; empty for none.
    """
    keys = visit.arrival.snapshot.keys
    caller = Caller(DirectoryPrincipal(user.object_id), user.user_name)
    visit.arrival.facts.sign_in(caller, "user")
    seconds = int(DIRECTORY_TOKEN_LIFE.total_seconds())
    content: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": granted_scope(delegation.resource),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": sign_directory_token(_access(visit, user, delegation, new_id()), keys),
        "client_info": _client_info(user, visit.tenant),
    }
    if OFFLINE_ACCESS in delegation.words:
        ends = int((visit.at + REFRESH_LIFE).timestamp())
        content["refresh_token"] = sign_note(RefreshToken(delegation, ends), keys)
    if OPENID in delegation.words:
        claims = _id(visit, user, delegation, new_id(), nonce)
        content["id_token"] = sign_id_token(claims, keys)
    return content


def _access(visit: Visit, user: User, delegation: Delegation, token_id: str) -> DirectoryClaims:
    issued = int(visit.at.timestamp())
    return DirectoryClaims(
        iss=issuer(visit.base_url, visit.tenant),
        aud=delegation.resource,
        sub=user.object_id,
        oid=user.object_id,
        tid=visit.tenant,
        iat=issued,
        nbf=issued,
        exp=issued + int(DIRECTORY_TOKEN_LIFE.total_seconds()),
        ver="1.0",
        appid=delegation.client_id,
        appidacr=PUBLIC_CLIENT,
        idtyp="user",
        uti=token_id,
        cid=delegation.credential_id,
        scp=DELEGATED,
        sid=delegation.sign_in_id,
        upn=user.user_name,
        unique_name=user.user_name,
        preferred_username=user.user_name,
        name=user.display_name,
    )


def _id(visit: Visit, user: User, delegation: Delegation, token_id: str, nonce: str) -> IdToken:
    issued = int(visit.at.timestamp())
    return IdToken(
        iss=issuer(visit.base_url, visit.tenant),
        sub=user.object_id,
        aud=delegation.client_id,
        oid=user.object_id,
        tid=visit.tenant,
        iat=issued,
        nbf=issued,
        exp=issued + int(DIRECTORY_TOKEN_LIFE.total_seconds()),
        ver="2.0",
        preferred_username=user.user_name,
        name=user.display_name,
        uti=token_id,
        nonce=nonce or None,
    )


def _client_info(user: User, tenant: str) -> str:
    """Whose account it is, for MSAL's cache."""
    content = msgspec.json.encode({"uid": user.object_id, "utid": tenant})
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
