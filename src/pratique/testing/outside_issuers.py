"""Issuers of tokens in the memory of this process, and forgers of all that they might issue."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from pratique.identity.federation import KeysUnavailable, Publication, discovery_url

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True)
class TokenKey:
    """A key that an issuer signs with.

    Attributes:
        algorithm: that it signs with unless another is asked for.
    """

    key_id: str
    algorithm: str
    private: PrivateKey

    def jwk(self, **others: Any) -> dict[str, Any]:
        """The public half as a JWK, with further members or others in their place."""
        return {**_public_members(self.private), "kid": self.key_id, "use": "sig", **others}

    def signature(self, signed: bytes, algorithm: str | None = None) -> bytes:
        """The signature over `signed` (RFC 7518 section 3)."""
        private, name = self.private, algorithm or self.algorithm
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return private.sign(signed)
        digest = _HASHES[name[2:]]
        if isinstance(private, rsa.RSAPrivateKey):
            scheme: padding.AsymmetricPadding = padding.PKCS1v15()
            if name.startswith("PS"):
                scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return private.sign(signed, scheme, digest)
        size = (private.curve.key_size + 7) // 8
        numbers = utils.decode_dss_signature(private.sign(signed, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(size) for number in numbers)


def new_key(key_id: str, algorithm: str = "ES256", *, bits: int = 2048) -> TokenKey:
    """A new key for `algorithm`; `bits` is the size of an RSA key."""
    private: PrivateKey
    match algorithm:
        case "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            private = ec.generate_private_key(ec.SECP384R1())
        case "ES512":
            private = ec.generate_private_key(ec.SECP521R1())
        case "EdDSA" | "Ed25519":
            private = ed25519.Ed25519PrivateKey.generate()
        case _:
            private = rsa.generate_private_key(65537, bits)
    return TokenKey(key_id, algorithm, private)


def token_of(header: bytes, payload: bytes, signature: bytes) -> str:
    """A compact JWS of exactly these bytes."""
    return ".".join(map(encoded, (header, payload, signature)))


def signed_token(
    key: TokenKey, claims: Mapping[str, Any] | bytes, *, algorithm: str | None = None, **header: Any
) -> str:
    """A JWT signed with `key`; header members are laid over the usual ones, None leaves one out."""
    members = {"alg": algorithm or key.algorithm, "typ": "JWT", "kid": key.key_id, **header}
    head = json.dumps({n: v for n, v in members.items() if v is not None}).encode()
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{encoded(head)}.{encoded(payload)}".encode()
    return token_of(head, payload, key.signature(signed, algorithm))


def unsigned_token(claims: Mapping[str, Any], algorithm: str, key_id: str) -> str:
    """A JWT without a signature, as CVE-2015-9235 and its like take it."""
    head = json.dumps({"alg": algorithm, "typ": "JWT", "kid": key_id}).encode()
    return token_of(head, json.dumps(claims).encode(), b"")


def hmac_token(claims: Mapping[str, Any], secret: bytes, key_id: str) -> str:
    """A JWT whose HMAC key is `secret`, which for an attack is a public key's text."""
    head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": key_id}).encode()
    payload = json.dumps(claims).encode()
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(f"{encoded(head)}.{encoded(payload)}".encode())
    return token_of(head, payload, mac.finalize())


@dataclass
class OutsideIssuer:
    """One issuer; its keys may be exchanged at any time."""

    issuer: str
    keys: list[TokenKey] = field(default_factory=lambda: [new_key("first")])

    def jwks(self) -> str:
        """The keys that it publishes."""
        return json.dumps({"keys": [key.jwk() for key in self.keys]})

    def claims(self, at: datetime, **others: Any) -> dict[str, Any]:
        """The registered claims of a token made now, with others or in their place."""
        now = int(at.timestamp())
        times = {"iat": now, "nbf": now, "exp": now + 600}
        made = {"iss": self.issuer, "sub": "somebody", "aud": "registry", **times, **others}
        return {name: value for name, value in made.items() if value is not None}

    def token(self, at: datetime, **others: Any) -> str:
        """A good token, as far as the claims in `others` leave it one."""
        return signed_token(self.keys[0], self.claims(at, **others))


@dataclass
class IssuersInMemory:
    """Answers for issuers in the place of the network.

    Attributes:
        by_name: who can be asked.
        down: what all questions fail with; empty while the network works.
        asked: every question so far.
    """

    by_name: dict[str, OutsideIssuer] = field(default_factory=dict)
    down: str = ""
    asked: list[str] = field(default_factory=list)

    def add(self, issuer: str, *keys: TokenKey) -> OutsideIssuer:
        """A new issuer."""
        made = OutsideIssuer(issuer, list(keys)) if keys else OutsideIssuer(issuer)
        self.by_name[issuer] = made
        return made

    async def fetch(self, issuer: str) -> Publication:
        """What `issuer` publishes.

        Raises:
            KeysUnavailable: it is unknown, or the network is down.
        """
        self.asked.append(issuer)
        if self.down or issuer not in self.by_name:
            raise KeysUnavailable(self.down or f"the host of `{issuer}` cannot be looked up")
        url = discovery_url(issuer)
        return Publication(url, f"{issuer}/keys", self.by_name[issuer].jwks(), inside=False)


def _public_members(private: PrivateKey) -> dict[str, Any]:
    if isinstance(private, rsa.RSAPrivateKey):
        rsa_numbers = private.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(rsa_numbers.n), "e": _number(rsa_numbers.e)}
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": encoded(private.public_key().public_bytes_raw()),
        }
    numbers, size = private.public_key().public_numbers(), (private.curve.key_size + 7) // 8
    return {
        "kty": "EC",
        "crv": _CURVES[private.curve.name],
        "x": encoded(numbers.x.to_bytes(size)),
        "y": encoded(numbers.y.to_bytes(size)),
    }


def _number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))
