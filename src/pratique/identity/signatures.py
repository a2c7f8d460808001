"""Compact JWS by the registry's own keys: ES256, and nothing else (RFC 7515, RFC 7518 section 3.4).

Written out because a directory token is made for each sign-in of a machine, and a general library
takes longer for its generality than the signature itself takes.
"""

from __future__ import annotations

import base64
from functools import lru_cache

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pratique.identity.signing_keys import KeyRing

_NUMBER_BYTES = 32
_SCHEME = ec.ECDSA(hashes.SHA256())


def sign_compact(payload: bytes, keys: KeyRing) -> str:
    """The compact JWS of `payload`, of type JWT, signed with the ring's youngest key.

    Raises:
        LookupError: the ring has no key that signs.
    """
    header, private = _ready(keys)
    signed = header + _encoded(payload)
    r, s = decode_dss_signature(private.sign(signed, _SCHEME))
    signature = _encoded(r.to_bytes(_NUMBER_BYTES) + s.to_bytes(_NUMBER_BYTES))
    return (signed + b"." + signature).decode("ascii")


# A ring never changes; another takes its place.
@lru_cache(maxsize=4)
def _ready(keys: KeyRing) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """The encoded header of what a ring signs, with the dot after it, and the key."""
    key_id, key = keys.signing()
    private = key.private_key
    if private is None:
        raise LookupError(f"the signing key `{key_id}` has no private part")
    header = {"alg": "ES256", "typ": "JWT", "kid": key_id}
    return _encoded(msgspec.json.encode(header)) + b".", private


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
