"""A new key with its certificate. Loads what signs, so it is loaded only to make one."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from pratique.assembly import now

# Client libraries for Entra ID sign with RSA alone.
_KEY_BITS = 3072


def make_certificate(name: str, days: int) -> tuple[str, str]:
    """A private key and its certificate, both in PEM.

    Args:
        name: the subject's common name.
        days: for which the certificate stands, from now on.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    begins = now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(minutes=5))
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return private.decode("ascii"), public.decode("ascii")
