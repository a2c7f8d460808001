"""Tokens, signed and checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.diagnosis.bed.certificates import Authority


def signed(claims: dict[str, object], key: bytes) -> str:
    """A JWT with these claims (RFC 7515, HS256)."""
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _encoded(json.dumps(claims).encode())
    mark = hmac.new(key, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{_encoded(mark)}"


def signed_by(authority: Authority) -> Callable[[dict[str, object]], str]:
    """Makes tokens signed by a certificate, which they have with them (RFC 7515, ES256)."""

    def sign(claims: dict[str, object]) -> str:
        shown = base64.b64encode(authority.der).decode()
        head = _encoded(json.dumps({"alg": "ES256", "typ": "JWT", "x5c": [shown]}).encode())
        body = _encoded(json.dumps(claims).encode())
        made = authority.key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        mark = b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(made))
        return f"{head}.{body}.{_encoded(mark)}"

    return sign


def verified(token: str, key: bytes) -> dict[str, object] | None:
    """The claims of a token that this key signed; None for any other."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return claims if signed(claims, key) == token else None


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
