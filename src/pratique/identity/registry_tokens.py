"""The registry's own tokens (reference 2.6; distribution token specification): ES256 JWTs.

A refresh token says who somebody is; an access token also says what it was made for. Neither gives
rights: every request is judged by the law as it is then, and a token only narrows. Claims beyond
ACR's: `oid` and `idk` say which subject, `cid` which credential it was made with, `mode` under
which role-assignment mode.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from joserfc import jws

from pratique.access import (
    AdminUser,
    Anonymous,
    Attenuation,
    DirectoryPrincipal,
    FolderOwner,
    RepositoryToken,
    Subject,
)
from pratique.identity.own_signatures import MAX_LENGTH, NotOurs, read_own
from pratique.identity.sign_in import SignInFailure
from pratique.identity.signing_keys import KeyRing
from pratique.naming import TokenScope

REFRESH_TOKEN: Final = "refresh_token"
ACCESS_TOKEN: Final = "access_token"
REFRESH_TOKEN_LIFE: Final = timedelta(hours=3)
ACCESS_TOKEN_LIFE: Final = timedelta(minutes=75)
ISSUER: Final = "Pratique"
_REMEMBERED = 8192
_ALGORITHM = "ES256"
# Workers on several machines may disagree by this much about the time.
_LEEWAY = 5


class AccessEntry(msgspec.Struct, frozen=True):
    """One entry of the `access` claim."""

    type: str
    name: str
    actions: tuple[str, ...]


class Claims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a registry token says; times in seconds since 1970.

    Attributes:
        grant_type: `refresh_token` or `access_token`.
        idk: kind of identity: `directory`, `token`, `admin` or `anonymous`.
        oid: object id, token name, or empty.
        cid: id of the credential it was made with; empty for nobody's.
        rid: id of the further registry that made it; empty for the home registry. A name may be
            another registry's one day; this never is.
        aad_identity: present on refresh tokens of a registry in ABAC mode, by which acr-cli tells
            that it must ask for repositories one by one (reference 2.6).
    """

    jti: str
    sub: str
    nbf: int
    exp: int
    iat: int
    aud: str
    grant_type: str
    idk: str
    oid: str
    cid: str
    mode: str
    iss: str
    version: str
    access: tuple[AccessEntry, ...] | None = None
    aad_identity: str | None = None
    rid: str = ""

    @property
    def subject(self) -> Subject:
        """Whose token it is."""
        match self.idk:
            case "directory":
                return DirectoryPrincipal(self.oid)
            case "token":
                return RepositoryToken(self.oid)
            case "admin":
                return AdminUser()
            case _:
                return Anonymous()

    def attenuation(self) -> Attenuation | None:
        """What the token was made for; None for a refresh token, which is not limited."""
        if self.grant_type == REFRESH_TOKEN:
            return None
        return Attenuation.of(TokenScope(e.type, e.name, e.actions) for e in self.access or ())


def identity_of(subject: Subject) -> tuple[str, str]:
    """The `idk` and `oid` claims that name `subject`.

    Raises:
        ValueError: the owner of the folder needs no token and gets none.
    """
    match subject:
        case DirectoryPrincipal():
            return "directory", subject.object_id
        case RepositoryToken():
            return "token", subject.name
        case AdminUser():
            return "admin", ""
        case Anonymous():
            return "anonymous", ""
        case FolderOwner():
            raise ValueError("no token is made for the owner of the data folder")


class TokenRejected(Exception):
    """A registry token has no force; the sentence says why."""

    def __init__(self, reason: SignInFailure, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def sign(claims: Claims, keys: KeyRing) -> str:
    """The compact JWT of `claims`, signed with the ring's youngest key."""
    key_id, key = keys.signing()
    header = {"alg": _ALGORITHM, "typ": "JWT", "kid": key_id}
    return jws.serialize_compact(header, msgspec.json.encode(claims), key, [_ALGORITHM])


class VerifiedToken(NamedTuple):
    """A token that was signed here, and whose it is.

    Attributes:
        key_id: of the key that signed it.
        begins: when it has force at the earliest, clocks being what they are.
        ends: when it has none any more.
    """

    key_id: str
    claims: Claims
    subject: Subject
    attenuation: Attenuation | None
    begins: datetime
    ends: datetime


class VerifiedTokens:
    """Verifies registry tokens, and remembers by their hash those that proved genuine.

    Only the signature's verdict is remembered. Time, audience and key are checked at each use.
    """

    def __init__(self) -> None:
        self._genuine: OrderedDict[bytes, VerifiedToken] = OrderedDict()

    def verify(
        self, unverified: str, keys: KeyRing, *, audiences: frozenset[str], at: datetime
    ) -> VerifiedToken:
        """A token that has force at `at` for one of `audiences`.

        Raises:
            TokenRejected: malformed, foreign, expired, not yet valid or for another registry.
        """
        if len(unverified) > MAX_LENGTH or not unverified.isascii():
            raise _foreign()
        mark = hashlib.sha256(unverified.encode("ascii")).digest()
        known = self._genuine.get(mark)
        if known is None:
            known = _check_signature(unverified, keys, at)
            self._genuine[mark] = known
            if len(self._genuine) > _REMEMBERED:
                self._genuine.popitem(last=False)
        key_id, claims, _, _, begins, ends = known
        if not keys.verifies(key_id, at) or claims.iss != ISSUER:
            raise _foreign()
        if ends <= at:
            raise TokenRejected(
                SignInFailure.TOKEN_EXPIRED, "the registry token has expired; log in again"
            )
        if begins > at:
            raise _foreign()
        if claims.aud not in audiences:
            raise TokenRejected(
                SignInFailure.TOKEN_INVALID,
                "the token was made for another registry; log in to this one",
            )
        return known


def _check_signature(unverified: str, keys: KeyRing, at: datetime) -> VerifiedToken:
    try:
        signed = read_own(unverified, keys, at)
        claims = msgspec.json.decode(signed.payload, type=Claims)
    except (NotOurs, msgspec.MsgspecError) as error:
        raise _foreign() from error
    return VerifiedToken(
        signed.key_id,
        claims,
        claims.subject,
        claims.attenuation(),
        datetime.fromtimestamp(claims.nbf - _LEEWAY, UTC),
        datetime.fromtimestamp(claims.exp, UTC),
    )


def _foreign() -> TokenRejected:
    return TokenRejected(
        SignInFailure.TOKEN_INVALID, "the token is not one of this registry's; log in again"
    )
