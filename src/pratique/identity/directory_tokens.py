"""Access tokens of the built-in directory: ES256 JWTs in the shape of Entra ID's v1 tokens.

A directory token proves somebody to the resource in its `aud`; the registry's own endpoints take
it in exchange for a registry token (`registry_tokens`). The two kinds share the registry's keys and
never pass for each other: each has members that the other lacks and must have, and another `iss`.

Claims as of the reference section 9. One is our own: `cid` says which credential stands behind the
token, so that it dies with it. Groups are not in it: the law knows them.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from pratique.identity.own_signatures import NotOurs, read_own
from pratique.identity.registry_tokens import TokenRejected
from pratique.identity.sign_in import SignInFailure
from pratique.identity.signatures import sign_compact
from pratique.identity.signing_keys import KeyRing
from pratique.naming.errors import printable

DIRECTORY_TOKEN_LIFE: Final = timedelta(minutes=60)
ACR_AUDIENCE: Final = "https://containerregistry.azure.net"
ACR_AUDIENCES: Final = frozenset({ACR_AUDIENCE, f"{ACR_AUDIENCE}/"})
ARM_AUDIENCES: Final = frozenset(
    {
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://management.core.windows.net/",
    }
)
GRAPH_AUDIENCE: Final = "https://graph.microsoft.com"
GRAPH_AUDIENCES: Final = frozenset({GRAPH_AUDIENCE, f"{GRAPH_AUDIENCE}/"})
PUBLIC_CLIENT: Final = "0"
BY_SECRET: Final = "1"
BY_CERTIFICATE: Final = "2"
# Workers on several machines may disagree by this much about the time.
_LEEWAY = 5


class DirectoryClaims(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a directory token says; times in seconds since 1970.

    Attributes:
        iss: see `issuer`.
        aud: the resource, as the client wrote it.
        sub: pairwise at Entra ID; here the object id, as `oid`.
        tid: the tenant.
        ver: "1.0", the shape that Entra ID gives tokens for ARM and ACR.
        appid: client id of the application that asked for the token.
        appidacr: how that application proved itself: `PUBLIC_CLIENT`, `BY_SECRET` or
            `BY_CERTIFICATE`, which stands for federated credentials too.
        idtyp: `app` when the application speaks for itself, `user` for a user.
        uti: id of the token.
        cid: id of the credential behind it.
        scp: delegated scopes, of users only.
        sid: id of the sign-in behind a user's token, so that it dies with it.
        xms_mirid: resource id of a managed identity.
    """

    iss: str
    aud: str
    sub: str
    oid: str
    tid: str
    iat: int
    nbf: int
    exp: int
    ver: str
    appid: str
    appidacr: str
    idtyp: Literal["app", "user"]
    uti: str
    cid: str
    scp: str | None = None
    sid: str | None = None
    upn: str | None = None
    unique_name: str | None = None
    preferred_username: str | None = None
    name: str | None = None
    xms_mirid: str | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(DirectoryClaims)


def issuer(base_url: str, tenant: str) -> str:
    """The `iss` of tokens of the directory `tenant`, reached at `base_url`."""
    return f"{base_url}/{tenant}/v2.0"


def is_issuer(text: str, tenant: str) -> bool:
    """Whether `text` is that directory as an issuer, under any of the registry's host names."""
    return text.startswith("http") and text.endswith(f"/{tenant}/v2.0")


def sign_directory_token(claims: DirectoryClaims, keys: KeyRing) -> str:
    """The compact JWT of `claims`, signed with the ring's youngest key.

    Raises:
        LookupError: the ring has no key that signs.
    """
    return sign_compact(_ENCODER.encode(claims), keys)


def verify_directory_token(
    unverified: str,
    keys: KeyRing,
    *,
    tenant: str,
    audiences: AbstractSet[str],
    at: datetime,
) -> DirectoryClaims:
    """The claims of a token of this directory that has force at `at`.

    Whether the credential behind it and the account still stand is for the caller to ask: both
    hang on the law of the moment.

    Args:
        unverified: the compact JWT.
        keys: of this registry.
        tenant: this directory's id.
        audiences: of which the token must name one.
        at: now, with a time zone.

    Raises:
        TokenRejected: malformed, foreign, expired, not yet valid, of another tenant or for
            another resource; the sentence names the claim.
    """
    claims = _signed(unverified, keys, at)
    now = at.timestamp()
    if claims.tid != tenant:
        raise _rejected("tid", claims.tid, f"this directory is the tenant `{tenant}`")
    if not is_issuer(claims.iss, tenant):
        raise _rejected("iss", claims.iss, "no token of this directory says so")
    if claims.aud not in audiences:
        raise _rejected(
            "aud", claims.aud, f"ask for a token for `{min(audiences, default=ACR_AUDIENCE)}`"
        )
    if claims.exp <= now:
        raise TokenRejected(
            SignInFailure.TOKEN_EXPIRED,
            "the directory token has expired (claim `exp`); sign in again",
        )
    if claims.nbf > now + _LEEWAY:
        raise TokenRejected(
            SignInFailure.TOKEN_INVALID,
            "the directory token is not valid yet (claim `nbf`); set the clocks right",
        )
    return claims


def _signed(unverified: str, keys: KeyRing, at: datetime) -> DirectoryClaims:
    try:
        return _DECODER.decode(read_own(unverified, keys, at).payload)
    except NotOurs as error:
        raise _foreign(str(error)) from error
    except msgspec.MsgspecError as error:
        raise _foreign("it lacks the claims of a directory token") from error


def _rejected(claim: str, value: str, remedy: str) -> TokenRejected:
    return TokenRejected(
        SignInFailure.TOKEN_INVALID,
        f"the directory token's claim `{claim}` is `{printable(value)}`; {remedy}",
    )


def _foreign(cause: str) -> TokenRejected:
    return TokenRejected(
        SignInFailure.TOKEN_INVALID, f"the token is not one of this directory's: {cause}"
    )
