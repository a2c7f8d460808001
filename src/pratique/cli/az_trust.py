"""Whether az would trust a server's certificate, and what it lacks for that."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from pratique.cli.az_server import not_secure
from pratique.cli.failures import Failed
from pratique.cli.servers import unreachable

VARIABLE = "REQUESTS_CA_BUNDLE"
_TIMEOUT_SECONDS = 15.0
# X509_V_ERR_… of OpenSSL's x509_vfy.h: nobody who is known has signed it.
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})


@dataclass(frozen=True, slots=True)
class Roots:
    """Certificates that az trusts as it is set up here.

    Attributes:
        source: the file or folder; certifi's where none is named.
        named: whether the environment names it.
        pem: all of them.
    """

    source: Path
    named: bool
    pem: str


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificate of a server, and who vouches for it.

    Attributes:
        fingerprint: SHA-256 of the certificate, as `openssl x509 -fingerprint` writes it.
        issuer: who signed it.
        vouched_by: in words; empty when nobody does.
        added: certificates that az needs beside `Roots`, PEM; empty when it needs none.
        context: that trusts exactly what az will.
    """

    fingerprint: str
    issuer: str
    vouched_by: str
    added: str
    context: ssl.SSLContext


def roots_of_az(own_bundle: Path, environment: Mapping[str, str] = os.environ) -> Roots:
    """What az trusts: the file that the environment names, or public roots.

    Args:
        own_bundle: a file that was made here before; it is made anew and does not count.
        environment: of the user.

    Raises:
        Failed: the file that is named cannot be read.
    """
    named = environment.get(VARIABLE) or environment.get("CURL_CA_BUNDLE") or ""
    public = Path(certifi.where())
    if not named or Path(named).resolve() == own_bundle.resolve():
        return Roots(public, named=bool(named), pem=public.read_text("utf-8"))
    path = Path(named)
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        pem = "\n".join(each.read_text("utf-8", "replace") for each in files if each.is_file())
    except OSError as error:
        raise Failed(
            f"the environment names {named} in {VARIABLE}, which cannot be read: {error}; unset it"
        ) from error
    return Roots(path, named=True, pem=pem)


def trust_of(url: str, roots: Roots, ca: Path | None, fingerprint: str | None) -> Trust:
    """Who vouches for the certificate that a server shows.

    Args:
        url: `https://HOST`.
        roots: what az trusts already.
        ca: a file with the certificate of whoever signed the server's.
        fingerprint: SHA-256 that the server's certificate must have.

    Raises:
        Failed: the server cannot be reached, its certificate is not good whoever signed it, or it
            is not the one that is meant.
    """
    shown = _shown(url)
    told = _fingerprint(shown)
    if fingerprint is not None and _plain(fingerprint) != _plain(told):
        raise Failed(
            f"the certificate that {url} shows has the fingerprint {told}, not the one that you "
            "gave; somebody else may be answering"
        )
    issuer = shown.issuer.rfc4514_string()
    if ca is not None:
        added = _read_ca(ca)
        context = _trusting(roots.pem, added)
        _check(url, context, f"although {ca} is trusted; is it of whoever signed this certificate?")
        return Trust(told, issuer, f"the file {ca}", added, context)
    context = _trusting(roots.pem)
    if _is_good(url, context):
        source = f"{roots.source}, which az uses here" if roots.named else "public roots"
        return Trust(told, issuer, source, "", context)
    system = ssl.create_default_context()
    if _is_good(url, system):
        added = "".join(map(ssl.DER_cert_to_PEM_cert, system.get_ca_certs(binary_form=True)))
        if added and _is_good(url, context := _trusting(roots.pem, added)):
            return Trust(told, issuer, "the roots of this system", added, context)
    if shown.issuer != shown.subject:
        raise Failed(
            f"the certificate of {url} is signed by `{issuer}`, which nobody here knows; give the "
            "certificate of that authority with --ca FILE"
        )
    added = shown.public_bytes(serialization.Encoding.PEM).decode("ascii")
    context = _trusting(roots.pem, added)
    _check(url, context, "even if it is trusted")
    vouched = "the fingerprint that you gave" if fingerprint is not None else ""
    return Trust(told, issuer, vouched, added, context)


def bundle_of(roots: Roots, added: list[str]) -> str:
    """One file of certificates: those that az trusts already, and others behind them, each once."""
    blocks = dict.fromkeys(block for pem in (roots.pem, *added) for block in _blocks(pem))
    return "\n".join(blocks) + "\n"


def _blocks(pem: str) -> list[str]:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return [f"{begin}\n{part.partition(end)[0].strip()}\n{end}" for part in pem.split(begin)[1:]]


def _shown(url: str) -> x509.Certificate:
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname = False
    # Nothing is sent over this connection: it is made to see whose certificate comes.
    anything.verify_mode = ssl.CERT_NONE
    try:
        encoded = _handshake(url, anything)
    except OSError as error:
        raise _no_handshake(url, error) from error
    return x509.load_der_x509_certificate(encoded)


def _handshake(url: str, context: ssl.SSLContext) -> bytes:
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = host, parts.port or 443
    with (
        socket.create_connection(address, _TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def _is_good(url: str, context: ssl.SSLContext) -> bool:
    """Whether it is trusted.

    Raises:
        Failed: it is not good whoever is trusted, or the server is not reached any more.
    """
    try:
        _handshake(url, context)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _UNKNOWN_ISSUER:
            return False
        raise Failed(f"the certificate of {url} is not good: {error.verify_message}") from error
    except OSError as error:
        raise _no_handshake(url, error) from error
    return True


def _no_handshake(url: str, error: OSError) -> Failed:
    host = url.partition("://")[2]
    return Failed(not_secure(host) if "SSL" in str(error) else unreachable(host, str(error)))


def _check(url: str, context: ssl.SSLContext, otherwise: str) -> None:
    if not _is_good(url, context):
        raise Failed(f"the certificate of {url} is not good, {otherwise}")


def _trusting(*pem: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for each in pem:
        blocks = "\n".join(_blocks(each))
        if blocks:
            context.load_verify_locations(cadata=blocks)
    return context


def _read_ca(ca: Path) -> str:
    try:
        text = ca.read_text("utf-8")
        x509.load_pem_x509_certificates(text.encode())
    except (OSError, ValueError) as error:
        raise Failed(f"the file {ca} holds no certificates to trust: {error}") from error
    return text


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _plain(fingerprint: str) -> str:
    return fingerprint.rpartition("=")[2].replace(":", "").strip().lower()
