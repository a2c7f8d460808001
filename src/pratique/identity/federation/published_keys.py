"""Public keys of an outside issuer: a JWK set (RFC 7517) read, and signatures checked by it.

The algorithm is a matter of the key, never of the token: a key takes only algorithms of its own
kind, symmetric keys are not taken at all, and so neither `none` nor HMAC with a public key can
pass.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from pratique.identity.federation.unverified import UnverifiedToken, json_object

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

MAX_KEYS: Final = 100
_SMALLEST_RSA_BITS = 2048
_LARGEST_RSA_BITS = 8192
# `jwt-svid` is how SPIFFE bundles mark keys of JWT-SVIDs.
_USES = frozenset({"sig", "jwt-svid"})
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: dict[str, tuple[ec.EllipticCurve, str]] = {
    "P-256": (ec.SECP256R1(), "ES256"),
    "P-384": (ec.SECP384R1(), "ES384"),
    "P-521": (ec.SECP521R1(), "ES512"),
}
# RFC 9864 gave the algorithm its second name.
_EDDSA = frozenset({"EdDSA", "Ed25519"})


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key that signs tokens.

    Attributes:
        algorithms: that the key may be used with: those of its kind, or the one that it names.
    """

    key_id: str
    algorithms: frozenset[str]
    public: PublicKey

    def signed(self, token: UnverifiedToken) -> bool:
        """Whether the token's signature is this key's, by an algorithm of this key."""
        if token.algorithm not in self.algorithms:
            return False
        try:
            _check(self.public, token.algorithm, token.signature, token.signed)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """The usable keys of a JWK set by their ids; keys without one have the empty id."""

    by_id: Mapping[str, tuple[PublishedKey, ...]]

    def named(self, key_id: str) -> tuple[PublishedKey, ...]:
        """The keys that a token with that `kid` may be signed with.

        A token without one names the only key, if there is but one (OpenID Connect Core 1.0
        section 10.1).
        """
        if key_id:
            return self.by_id.get(key_id, ())
        return next(iter(self.by_id.values())) if len(self) == 1 else ()

    def __len__(self) -> int:
        return sum(map(len, self.by_id.values()))

    @property
    def algorithms(self) -> tuple[str, ...]:
        """All algorithms that some key takes, in order."""
        keys = (key for keys in self.by_id.values() for key in keys)
        return tuple(sorted({name for key in keys for name in key.algorithms}))


def read_keys(content: str) -> PublishedKeys:
    """The keys of a JWK set that can sign tokens; others are passed over, as RFC 7517 asks.

    Raises:
        ValueError: it is no JWK set, holds more than 100 keys, or none that can be used.
    """
    entries = json_object(content.encode("utf-8", "surrogatepass")).get("keys")
    if not isinstance(entries, list):
        raise ValueError("it has no list `keys`")  # noqa: TRY004 - a value, not a type, is wrong
    if len(entries) > MAX_KEYS:
        raise ValueError(f"it holds more than {MAX_KEYS} keys")
    by_id: dict[str, tuple[PublishedKey, ...]] = {}
    for entry in entries:
        key = _read(entry) if isinstance(entry, dict) else None
        if key is not None:
            by_id[key.key_id] = (*by_id.get(key.key_id, ()), key)
    if not by_id:
        raise ValueError(
            "it holds no key that can be used: of kind RSA (2048 bits or more), EC or Ed25519, for "
            "signatures"
        )
    return PublishedKeys(by_id)


def _read(entry: Mapping[str, Any]) -> PublishedKey | None:
    key_id = entry.get("kid", "")
    if not isinstance(key_id, str) or str(entry.get("use", "sig")) not in _USES:
        return None
    operations = entry.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    reader = _READERS.get(str(entry.get("kty")))
    try:
        found = reader(entry) if reader is not None else None
    except (KeyError, TypeError, ValueError):
        return None
    if found is None:
        return None
    public, possible = found
    named = entry.get("alg")
    algorithms = possible if named is None else possible & {str(named)}
    return PublishedKey(key_id, algorithms, public) if algorithms else None


_Read = tuple[PublicKey, frozenset[str]]


def _read_rsa(entry: Mapping[str, Any]) -> _Read | None:
    modulus, exponent = _number(entry["n"]), _number(entry["e"])
    if not _SMALLEST_RSA_BITS <= modulus.bit_length() <= _LARGEST_RSA_BITS:
        return None
    # A public exponent beyond 32 bits serves nobody but who wants verification to be slow.
    if exponent.bit_length() > 32:
        return None
    return rsa.RSAPublicNumbers(exponent, modulus).public_key(), _RSA_ALGORITHMS


def _read_ec(entry: Mapping[str, Any]) -> _Read | None:
    curve, algorithm = _CURVES[entry["crv"]]
    numbers = ec.EllipticCurvePublicNumbers(_number(entry["x"]), _number(entry["y"]), curve)
    return numbers.public_key(), frozenset({algorithm})


def _read_okp(entry: Mapping[str, Any]) -> _Read | None:
    if entry["crv"] != "Ed25519":
        return None
    return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(entry["x"])), _EDDSA


_READERS: dict[str, Callable[[Mapping[str, Any]], _Read | None]] = {
    "RSA": _read_rsa,
    "EC": _read_ec,
    "OKP": _read_okp,
}


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text))


def _check(public: PublicKey, algorithm: str, signature: bytes, signed: bytes) -> None:
    """RFC 7518 section 3, RFC 8037.

    Raises:
        InvalidSignature, ValueError: it is not the key's signature over `signed`.
    """
    if isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(signature, signed)
        return
    digest = _HASHES[algorithm[2:]]
    if isinstance(public, rsa.RSAPublicKey):
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if algorithm.startswith("PS"):
            scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
        public.verify(signature, signed, scheme, digest)
        return
    size = (public.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    numbers = (int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
    public.verify(utils.encode_dss_signature(*numbers), signed, ec.ECDSA(digest))
