"""What the directory signs for itself while people sign in, and checks when it comes back.

Refresh tokens, browser sessions and the tokens of forms are JWTs of the registry's own keys. The
header's `typ` tells them apart and is checked, so none passes for another, and none has the claims
of a token that opens anything (`directory_tokens`, `registry_tokens`). They die with the key that
signed them: a key that was rotated verifies for three more hours.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec
from joserfc import jws

from pratique.identity.own_signatures import NotOurs, read_own
from pratique.identity.signing_keys import KeyRing

REFRESH_LIFE: Final = timedelta(days=30)
SESSION_LIFE: Final = timedelta(hours=8)
FORM_LIFE: Final = timedelta(hours=1)
_ALGORITHM = "ES256"


class Delegation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a user let a client act for them.

    Attributes:
        client_id: the client's.
        resource: the `aud` of access tokens, unless the client names another later.
        words: scopes of OpenID Connect that go with it: `openid`, `offline_access` and so on.
        object_id: the user's.
        credential_id: of the password that was shown; the delegation dies with it.
        sign_in_id: one for each sign-in; what is refused under it is refused for all its tokens.
    """

    client_id: str
    resource: str
    words: tuple[str, ...]
    object_id: str
    credential_id: str
    sign_in_id: str


class RefreshToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A delegation that a client keeps; `exp` in seconds since 1970."""

    delegation: Delegation
    exp: int


class BrowserSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a browser's user signed in; `exp` in seconds since 1970.

    Attributes:
        session_id: by which the session is ended.
        second_factor: whether a one-time password was shown.
    """

    object_id: str
    credential_id: str
    session_id: str
    second_factor: bool
    exp: int


class FormToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That this directory made a form, for one browser and one purpose.

    Attributes:
        browser: mark of the secret in the browser's cookie.
        about: mark of what the form does.
        object_id: whose form it is; empty for nobody's yet.
        credential_id: of the password that was right, in a form that asks for the second factor.
    """

    browser: str
    about: str
    object_id: str
    credential_id: str
    exp: int


class IdToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who signed in, for the client to read (OpenID Connect Core section 2); no proof to others."""

    iss: str
    sub: str
    aud: str
    oid: str
    tid: str
    iat: int
    nbf: int
    exp: int
    ver: str
    preferred_username: str
    name: str
    uti: str
    nonce: str | None = None


Note = RefreshToken | BrowserSession | FormToken
N = TypeVar("N", RefreshToken, BrowserSession, FormToken)
_TYPES: dict[type[Note], str] = {
    RefreshToken: "pratique-refresh+jwt",
    BrowserSession: "pratique-session+jwt",
    FormToken: "pratique-form+jwt",
}


class NoteRejected(Exception):
    """What came back was not signed here, is of another kind, or has expired."""

    def __init__(self, sentence: str, *, expired: bool = False) -> None:
        super().__init__(sentence)
        self.expired = expired


def mark(text: str) -> str:
    """A short stand-in for `text`, by which it is recognised and not learnt."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sign_note(note: Note, keys: KeyRing) -> str:
    """The compact JWT of a note.

    Raises:
        LookupError: the ring has no key that signs.
    """
    return _sign(note, _TYPES[type(note)], keys)


def sign_id_token(claims: IdToken, keys: KeyRing) -> str:
    """The compact JWT of an id token.

    Raises:
        LookupError: the ring has no key that signs.
    """
    return _sign(claims, "JWT", keys)


def read_note(unverified: str, kind: type[N], keys: KeyRing, at: datetime) -> N:
    """The note of that kind that was signed here and has force at `at`.

    Raises:
        NoteRejected: it is not.
    """
    try:
        signed = read_own(unverified, keys, at)
        if signed.typ != _TYPES[kind]:
            raise NoteRejected("it is of another kind")
        note = msgspec.json.decode(signed.payload, type=kind)
    except (NotOurs, msgspec.MsgspecError) as error:
        raise NoteRejected("its signature or its form is wrong") from error
    if note.exp <= at.timestamp():
        raise NoteRejected("it has expired", expired=True)
    return note


def _sign(content: Note | IdToken, kind: str, keys: KeyRing) -> str:
    key_id, key = keys.signing()
    header = {"alg": _ALGORITHM, "typ": kind, "kid": key_id}
    return jws.serialize_compact(header, msgspec.json.encode(content), key, [_ALGORITHM])
