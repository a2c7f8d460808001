"""Client assertions: an application proves itself by a JWT instead of a secret (RFC 7523).

Two kinds look alike and are told apart by `iss`: one that the application signed itself with the
key of a certificate it is known by (RFC 7521 section 4.2), and one that an outside issuer made,
which stands for the application by a federated credential.

An assertion may be shown again until it expires. Client libraries do so: they make one for ten
minutes and send it with each token request, so a `jti` that comes twice says nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pratique.identity.application_refusals import ApplicationFault, ApplicationRefused
from pratique.identity.certificates import Certificate, stored_certificate
from pratique.identity.federation.unverified import UnverifiedToken, json_object
from pratique.identity.records import StoredCertificate
from pratique.naming.errors import printable

MAX_LENGTH: Final = 16 * 1024
LONGEST_LIFE_SECONDS: Final = 24 * 3600
# Clocks of clients are set worse than those of servers; Entra ID allows as much.
LEEWAY_SECONDS: Final = 300
_PART = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# Each would let the token say by which key or rules it is to be believed.
_NOT_TAKEN = ("jwk", "jku", "x5u", "crit", "b64", "zip")


@dataclass(frozen=True, slots=True)
class UnverifiedAssertion:
    """A client assertion taken apart; nothing in it is proved.

    Attributes:
        text: as it came.
        header: of the JWT.
        token: the rest of it.
    """

    text: str
    header: Mapping[str, Any]
    token: UnverifiedToken

    @classmethod
    def parse(cls, text: str) -> UnverifiedAssertion:
        """Take `text` apart; strict where two readers could see two different assertions.

        Raises:
            ApplicationRefused: longer than 16 KiB, not three parts of base64url, a header or
                payload that is no JSON object with distinct members, or no `iss` and `sub`.
        """
        if len(text) > MAX_LENGTH:
            raise _malformed(f"it is longer than {MAX_LENGTH} characters")
        parts = text.split(".")
        if len(parts) != 3:
            raise _malformed("it has not three parts joined by dots")
        header, claims = _object("header", parts[0]), _object("payload", parts[1])
        for name in ("iss", "sub"):
            if not isinstance(claims.get(name), str) or not claims[name]:
                raise _malformed(f"its claim `{name}` is missing or no text")
        algorithm = header.get("alg")
        token = UnverifiedToken(
            algorithm if isinstance(algorithm, str) else "",
            "",
            claims,
            text.rpartition(".")[0].encode("ascii"),
            _bytes("signature", parts[2]),
        )
        return cls(text, header, token)

    @property
    def issuer(self) -> str:
        """Who says that they made it."""
        return str(self.token.members["iss"])

    @property
    def subject(self) -> str:
        """Whom they say it is about."""
        return str(self.token.members["sub"])


def verify_client_assertion(
    assertion: UnverifiedAssertion,
    certificates: Iterable[StoredCertificate],
    *,
    client_id: str,
    audiences: AbstractSet[str],
    at: datetime,
) -> StoredCertificate:
    """The certificate whose key signed an assertion that has force at `at`.

    Args:
        assertion: as the client sent it.
        certificates: of the application of that client id.
        client_id: whose assertion it must be.
        audiences: this directory's names for itself, in lower case.
        at: now, with a time zone.

    Raises:
        ApplicationRefused: with the header or claim that is wrong.
    """
    stored, certificate = _named(assertion.header, certificates)
    if not certificate.key.signed(assertion.token):
        raise ApplicationRefused(ApplicationFault.ASSERTION_SIGNATURE, _about_signature(assertion))
    if stored.expires_at <= at:
        raise ApplicationRefused(
            ApplicationFault.CERTIFICATE_EXPIRED,
            f"the certificate `{stored.name}` expired at {stored.expires_at:%Y-%m-%d %H:%M} UTC; "
            "add a new one",
        )
    for claim, value in (("iss", assertion.issuer), ("sub", assertion.subject)):
        if value.casefold() != client_id:
            raise ApplicationRefused(
                ApplicationFault.ASSERTION_CLAIMS,
                f"the client assertion's `{claim}` is `{printable(value)}`, not the client id",
            )
    _check_audience(assertion.token.members.get("aud"), audiences)
    _check_times(assertion.token.members, at.timestamp())
    return stored


def _named(
    header: Mapping[str, Any], certificates: Iterable[StoredCertificate]
) -> tuple[StoredCertificate, Certificate]:
    """The certificate that the header names by its thumbprints (RFC 7515 section 4.1.7)."""
    for name in _NOT_TAKEN:
        if name in header:
            raise _malformed(f"its header has `{name}`, which is not taken here")
    sha1, sha256 = _thumbprint(header, "x5t"), _thumbprint(header, "x5t#S256")
    if sha1 is None and sha256 is None:
        raise _malformed(
            "its header names no certificate; send the thumbprint as `x5t#S256` or `x5t`"
        )
    for stored in certificates:
        loaded = stored_certificate(stored.pem)
        if sha1 in {None, loaded.sha1} and sha256 in {None, loaded.sha256}:
            return stored, loaded
    shown = (sha1 or sha256 or b"").hex().upper()
    raise ApplicationRefused(
        ApplicationFault.KEY_UNKNOWN,
        f"the application has no certificate with the thumbprint `{shown}`; add it with "
        "`pratique sp certificate add`",
    )


def _thumbprint(header: Mapping[str, Any], name: str) -> bytes | None:
    if name not in header:
        return None
    value = header[name]
    # Some clients keep the padding that RFC 7515 takes away.
    text = value.rstrip("=") if isinstance(value, str) else ""
    if len(text) > 64:
        raise _malformed(f"its header's `{name}` is no thumbprint")
    return _bytes(f"header's `{name}`", text)


def _about_signature(assertion: UnverifiedAssertion) -> str:
    algorithm = assertion.token.algorithm
    if algorithm not in {"RS256", "PS256", "ES256"}:
        return (
            f"the client assertion's `alg` is `{printable(algorithm)}`; sign with RS256, PS256 or "
            "ES256"
        )
    return "the client assertion's signature is not that of the certificate it names"


def _check_audience(audience: Any, audiences: AbstractSet[str]) -> None:
    # An assertion for several audiences could be shown to each of them by any other.
    named = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    if not isinstance(named, str) or named.lower() not in audiences:
        shown = printable(named) if isinstance(named, str) else "not one text"
        raise ApplicationRefused(
            ApplicationFault.ASSERTION_AUDIENCE,
            f"the client assertion's `aud` is `{shown}`; it must be the address of this token "
            "endpoint",
        )


def _check_times(members: Mapping[str, Any], now: float) -> None:
    expires = _seconds(members, "exp")
    if expires is None:
        raise _claims("has no `exp`; say when it expires")
    if expires + LEEWAY_SECONDS <= now:
        raise ApplicationRefused(
            ApplicationFault.ASSERTION_EXPIRED,
            f"the client assertion expired {int(now - expires)} seconds ago (`exp`); make a new "
            "one, and set the client's clock right",
        )
    begins = [t for t in (_seconds(members, "nbf"), _seconds(members, "iat")) if t is not None]
    if begins and max(begins) > now + LEEWAY_SECONDS:
        raise _claims("is not valid yet (`nbf`, `iat`); set the client's clock right")
    if expires - min([*begins, now]) > LONGEST_LIFE_SECONDS + LEEWAY_SECONDS:
        raise _claims("lives for more than 24 hours (`exp`); make one for minutes")


def _seconds(members: Mapping[str, Any], claim: str) -> float | None:
    """A time in seconds since 1970, with a fraction as some clients write it."""
    if claim not in members:
        return None
    value = members[claim]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise _claims(f"has a `{claim}` that is no time in seconds since 1970")
    return float(value)


def _object(name: str, encoded: str) -> dict[str, Any]:
    try:
        return json_object(_bytes(name, encoded))
    except ValueError as error:
        raise _malformed(f"in its {name}, {error}") from error


def _bytes(name: str, encoded: str) -> bytes:
    # Python's decoder passes over what is not of the alphabet; one text would have many spellings.
    if _PART.fullmatch(encoded) is None:
        raise _malformed(f"its {name} is empty or not base64url")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error as error:
        raise _malformed(f"its {name} is not base64url") from error


def _malformed(cause: str) -> ApplicationRefused:
    return ApplicationRefused(
        ApplicationFault.ASSERTION_MALFORMED, f"the client assertion cannot be read: {cause}"
    )


def _claims(cause: str) -> ApplicationRefused:
    return ApplicationRefused(ApplicationFault.ASSERTION_CLAIMS, f"the client assertion {cause}")
