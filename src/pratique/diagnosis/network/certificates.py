"""Which certificates are trusted, and what one says that is not."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

from pratique.diagnosis.facts.conversation import Certificate, Failed

# X509_V_ERR_… of OpenSSL's x509_vfy.h.
_NOT_YET_VALID = 9
_EXPIRED = 10
_WRONG_NAME = frozenset({62, 63, 64})
_MOST_NAMES = 20
_HTTP_INSTEAD = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER")


class UntrustedStore(Exception):
    """A file of certificates cannot be used; the message names it."""


def trusting(
    files: Sequence[tuple[str, bytes]], *, verified: bool, system: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    """A context for one host.

    Args:
        files: names and contents of certificates to trust beside the system's.
        verified: whether a certificate must be good at all.
        system: makes a context that trusts what the system trusts.

    Raises:
        UntrustedStore: a file holds no certificate.
    """
    context = system()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    for name, content in files:
        try:
            context.load_verify_locations(cadata=content.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
            raise UntrustedStore(f"`{name}` holds no certificate in PEM form") from error
    return context


def why_untrusted(error: ssl.SSLError) -> Failed:
    """What an error of the handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _EXPIRED:
            return Failed.EXPIRED
        if error.verify_code == _NOT_YET_VALID:
            return Failed.NOT_YET_VALID
        if error.verify_code in _WRONG_NAME:
            return Failed.WRONG_NAME
        return Failed.UNKNOWN_AUTHORITY
    reason = error.reason or ""
    if any(reason.startswith(word) for word in _HTTP_INSTEAD):
        return Failed.SPEAKS_HTTP
    return Failed.TLS


def read_certificate(encoded: bytes) -> Certificate | None:
    """What a certificate in DER form says; None when it cannot be read."""
    # Costs a third of the time in which the doctor starts, and is for when something is wrong.
    from cryptography import x509  # noqa: PLC0415

    try:
        found = x509.load_der_x509_certificate(encoded)
        try:
            extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = [
                *extension.value.get_values_for_type(x509.DNSName),
                *map(str, extension.value.get_values_for_type(x509.IPAddress)),
            ]
        except x509.ExtensionNotFound:
            names = []
        return Certificate(
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            names=tuple(names[:_MOST_NAMES]),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            self_issued=found.subject == found.issuer,
        )
    except ValueError:
        return None
