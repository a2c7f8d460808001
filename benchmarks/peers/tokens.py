"""Registry tokens for the peers that have no token server of their own.

Signed with ES256, as Pratique's are, so that every registry verifies the same kind of signature.
Format: the token of the Docker registry's token authentication (JWT, claim `access`).
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

ISSUER = "bench"
SERVICE = "bench"
_KEY_ID = "bench"
_LIFE_SECONDS = 3 * 3600


@dataclass(frozen=True)
class Mint:
    """A signing key, and what it signs for.

    Attributes:
        key: P-256.
    """

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls) -> Mint:
        """A mint with a key that nobody has seen."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def read(cls, path: Path) -> Mint:
        """The mint that `write` wrote."""
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls(key)

    def write(self, path: Path) -> None:
        """Keep the key in a file, for a process that signs too."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.touch(mode=0o600)
        path.write_bytes(pem)

    def published(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self.key.public_key().public_numbers()
        coordinates = {"x": numbers.x, "y": numbers.y}
        words = {name: _text(value.to_bytes(32)) for name, value in coordinates.items()}
        key = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": _KEY_ID, **words}
        return {"keys": [key]}

    def token(self, repository: str, actions: str) -> str:
        """A token that lets its bearer do this.

        Args:
            repository: its name.
            actions: such as `pull,push`.
        """
        now = int(time.time())  # noqa: TID251 - a programme that runs by the clock
        claims = {
            "iss": ISSUER,
            "sub": "bench",
            "aud": SERVICE,
            "exp": now + _LIFE_SECONDS,
            "nbf": now - 60,
            "iat": now - 60,
            "jti": _text(now.to_bytes(8)),
            "access": [{"type": "repository", "name": repository, "actions": actions.split(",")}],
        }
        signed = f"{_HEADER}.{_json(claims)}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_text(r.to_bytes(32) + s.to_bytes(32))}"

    def grant(self, repository: str, actions: str) -> dict[str, str]:
        """The header that carries such a token."""
        return {"Authorization": f"Bearer {self.token(repository, actions)}"}


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(content: dict[str, Any]) -> str:
    return _text(json.dumps(content, separators=(",", ":")).encode())


_HEADER = _json({"typ": "JWT", "alg": "ES256", "kid": _KEY_ID})
