"""Certificates of applications: which are accepted, and how they are named.

A certificate stands for its key alone: no chain is built, no issuer trusted, nothing looked up. It
was put there by whoever may change the application, as at Entra ID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pratique.identity.federation.published_keys import PublishedKey

MAX_PEM_LENGTH = 32 * 1024
_RSA_BITS = range(2048, 8193)
_KEPT_LOADED = 1024
_PRIVATE = "PRIVATE KEY-----"


class UnacceptableCertificate(ValueError):
    """A text is no certificate that an application can have; the message says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, ready to check signatures.

    Attributes:
        pem: in the one form that this registry writes.
        sha1: of the DER form, the thumbprint that people know.
        sha256: of the DER form.
        key: that signs assertions, with the algorithms of its kind.
    """

    pem: str
    sha1: bytes
    sha256: bytes
    expires_at: datetime
    key: PublishedKey


def read_certificate(text: str) -> Certificate:
    """The one certificate that a PEM holds.

    Raises:
        UnacceptableCertificate: none or several, a private key beside it, or a key of a kind or
            size that no assertion may be signed with.
    """
    if len(text) > MAX_PEM_LENGTH:
        raise UnacceptableCertificate(f"a certificate has at most {MAX_PEM_LENGTH} characters")
    if _PRIVATE in text:
        raise UnacceptableCertificate(
            "this holds a private key, which must stay where it is; send the certificate alone"
        )
    try:
        found = x509.load_pem_x509_certificates(text.encode("utf-8"))
    except ValueError as error:
        raise UnacceptableCertificate(
            "this is no certificate in PEM, which begins with `-----BEGIN CERTIFICATE-----`"
        ) from error
    if len(found) != 1:
        raise UnacceptableCertificate(
            f"this holds {len(found)} certificates; send that of the application alone"
        )
    return _ready(found[0])


@lru_cache(maxsize=_KEPT_LOADED)
def stored_certificate(pem: str) -> Certificate:
    """A certificate from its record, which `read_certificate` has accepted before."""
    return read_certificate(pem)


def _ready(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        sha1=certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - a name, not a protection
        sha256=certificate.fingerprint(hashes.SHA256()),
        expires_at=certificate.not_valid_after_utc,
        key=_key(certificate),
    )


def _key(certificate: x509.Certificate) -> PublishedKey:
    try:
        public = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnacceptableCertificate("the key in the certificate cannot be read") from error
    match public:
        case rsa.RSAPublicKey() if public.key_size in _RSA_BITS:
            return PublishedKey("", frozenset({"RS256", "PS256"}), public)
        case ec.EllipticCurvePublicKey() if isinstance(public.curve, ec.SECP256R1):
            return PublishedKey("", frozenset({"ES256"}), public)
        case _:
            raise UnacceptableCertificate(
                "the certificate's key is neither RSA of 2,048 to 8,192 bits nor on the curve P-256"
            )
