"""The one reader of what this registry's own keys signed (RFC 7515), of whichever kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError

from pratique.identity.signing_keys import KeyRing

MAX_LENGTH: Final = 16 * 1024
_ALGORITHM: Final = "ES256"
_HEADER: Final = frozenset({"alg", "typ", "kid"})


class NotOurs(Exception):
    """It is malformed, or no key of this registry signed it; the text is what is wrong."""


class OwnSignature(NamedTuple):
    """What was signed here.

    Attributes:
        key_id: of the key that signed.
        typ: of the header, whatever it is.
    """

    key_id: str
    typ: Any
    payload: bytes


def read_own(unverified: str, keys: KeyRing, at: datetime) -> OwnSignature:
    """What a key of `keys` signed that has force at `at`.

    Raises:
        NotOurs: nothing was.
    """
    if len(unverified) > MAX_LENGTH or not unverified.isascii():
        raise NotOurs("it is malformed")
    try:
        unchecked = jws.extract_compact(unverified.encode("ascii"))
        header = unchecked.headers()
        key_id = header.get("kid")
        key = keys.verifying(key_id, at) if isinstance(key_id, str) else None
        # A header with members of others was not signed here, and is not looked into.
        if key is None or not isinstance(key_id, str) or not header.keys() <= _HEADER:
            raise NotOurs("its header's `kid` names no key of this directory")
        # The algorithm is pinned; what the header says is checked against it, not followed.
        signed = jws.deserialize_compact(unverified, key, [_ALGORITHM])
    except (JoseError, ValueError) as error:
        raise NotOurs("its signature or its form is wrong") from error
    return OwnSignature(key_id, header.get("typ"), signed.payload)
