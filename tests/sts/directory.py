"""Applications that prove themselves to the directory of a registry in memory."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from pratique.http.wire.messages import Response
from pratique.identity.directory_tokens import ACR_AUDIENCE, DirectoryClaims, verify_directory_token
from pratique.observability import LineLog
from pratique.testing.outside_issuers import IssuersInMemory, TokenKey, encoded, signed_token
from pratique.testing.registry_in_memory import HOST, START, RegistryInMemory, header

ACR_SCOPE = f"{ACR_AUDIENCE}/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BASE = f"http://{HOST}"


@dataclass
class Directory:
    """The directory of a registry.

    Attributes:
        tenant: its id.
        log: what the registry logs.
    """

    registry: RegistryInMemory
    tenant: str
    issuers: IssuersInMemory
    log: BytesIO = field(default_factory=BytesIO)

    async def get(self, address: str) -> Response:
        """The answer to GET."""
        return await self.registry.ask("GET", address)

    async def ask(
        self,
        fields: Mapping[str, str] | bytes,
        *,
        address: str = "/organizations/oauth2/v2.0/token",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer to a form sent to the token endpoint."""
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return await self.registry.ask(
            "POST", address, headers={**FORM, **(headers or {})}, body=body
        )

    async def refused(self, fields: Mapping[str, str], **how: Any) -> tuple[int, str, int]:
        """Status, OAuth's word and Entra ID's number of a request that is refused."""
        return refusal(await self.ask(fields, **how))

    async def token(self, fields: Mapping[str, str], **how: Any) -> DirectoryClaims:
        """The claims of the token that a request is granted, for whatever resource."""
        answer = await self.ask(fields, **how)
        assert answer.status == 200, answer.body
        return self.claims(json.loads(answer.body)["access_token"])

    def claims(self, token: str) -> DirectoryClaims:
        """The claims of a token, verified as any resource would."""
        snapshot = self.registry.application._entrance.gate.snapshot()  # noqa: SLF001
        payload = json.loads(_decoded(token.split(".")[1]))
        return verify_directory_token(
            token,
            snapshot.keys,
            tenant=self.tenant,
            audiences={payload["aud"]},
            at=self.registry.clock(),
        )

    async def application(self, name: str = "robot") -> Secretive:
        """A new application with a secret."""
        made = await self.registry.manage("POST", "/service-principals", {"name": name})
        return Secretive(made["client_id"], made["object_id"], made["secret"], made["secret_id"])

    async def certified(self, key: TokenKey, name: str = "signer", days: int = 365) -> Certified:
        """A new application with a certificate for `key` and no secret."""
        certificate = certificate_for(key, START, timedelta(days=days))
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        made = await self.registry.manage(
            "POST", "/service-principals", {"name": name, "certificate": pem}
        )
        (held,) = made["certificates"]
        return Certified(
            made["client_id"],
            made["object_id"],
            held["certificate_id"],
            key,
            certificate,
            self.endpoint,
        )

    @property
    def endpoint(self) -> str:
        """The token endpoint as discovery names it."""
        return f"{BASE}/{self.tenant}/oauth2/v2.0/token"

    def lines(self) -> list[dict[str, Any]]:
        """What the registry has logged."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@dataclass(frozen=True)
class Secretive:
    """An application with a secret."""

    client_id: str
    object_id: str
    secret: str
    secret_id: str

    def form(self, **others: str) -> dict[str, str]:
        """A request for a token, with further fields or others in their place."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": ACR_SCOPE,
            **others,
        }


@dataclass(frozen=True)
class Certified:
    """An application with a certificate."""

    client_id: str
    object_id: str
    certificate_id: str
    key: TokenKey
    certificate: x509.Certificate
    endpoint: str

    @property
    def thumbprint(self) -> dict[str, str]:
        """The header that names the certificate."""
        return {"x5t#S256": encoded(self.certificate.fingerprint(hashes.SHA256()))}

    @property
    def old_thumbprint(self) -> dict[str, str]:
        """The same by SHA-1."""
        return {"x5t": encoded(self.certificate.fingerprint(hashes.SHA1()))}  # noqa: S303

    def claims(self, at: datetime, **others: Any) -> dict[str, Any]:
        """What a good assertion says; None leaves a claim out."""
        now = at.timestamp()
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.endpoint,
            "jti": "once",
            # MSAL writes fractions.
            "iat": now + 0.25,
            "exp": now + 600.25,
            **others,
        }
        return {name: value for name, value in good.items() if value is not None}

    def assertion(self, at: datetime, **others: Any) -> str:
        """A good assertion, as far as the claims in `others` leave it one."""
        return signed_token(self.key, self.claims(at, **others), kid=None, **self.thumbprint)

    def form(self, assertion: str, **others: str) -> dict[str, str]:
        """A request for a token by that assertion."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": ACR_SCOPE,
            **others,
        }


def certificate_for(key: TokenKey, begins: datetime, life: timedelta) -> x509.Certificate:
    """A certificate that a key has signed for itself."""
    private = key.private
    assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "robot")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .sign(private, hashes.SHA256())
    )


def refusal(answer: Response) -> tuple[int, str, int]:
    """Status, OAuth's word and Entra ID's number; the rest of the shape is checked.

    Raises:
        AssertionError: the answer is not of the shape that clients read.
    """
    content = json.loads(answer.body)
    shape = {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"}
    assert set(content) == shape
    (number,) = content["error_codes"]
    assert content["error_description"].startswith(f"AADSTS{number}: ")
    assert content["correlation_id"] in content["error_description"]
    assert header(answer, "cache-control") == "no-store"
    return answer.status, content["error"], number


@asynccontextmanager
async def directory() -> AsyncIterator[Directory]:
    """The directory of a new registry, stopped afterwards."""
    log, issuers = BytesIO(), IssuersInMemory()
    registry = await RegistryInMemory.start(LineLog(log), issuers)
    try:
        shown = await registry.manage("GET", "/registry")
        yield Directory(registry, shown["tenant_id"], issuers, log)
    finally:
        registry.stop()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
