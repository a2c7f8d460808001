"""Certificates of the bed: a trusted authority, a strange one, and every way to be wrong."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pratique.assembly import now

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """What a server shows.

    Attributes:
        names: for which the certificate is.
        trusted: whether the authority is the one that the bed's machines trust.
        begins: how long from now it begins to be valid.
        ends: how long from now it ends.
    """

    names: tuple[str, ...]
    trusted: bool = True
    begins: timedelta = -30 * _DAY
    ends: timedelta = 30 * _DAY


@dataclass
class Authority:
    """Issues certificates, each once."""

    title: str
    folder: Path
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    _contexts: dict[Shown, ssl.SSLContext] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pairs = 0
        name = _name(self.title)
        usual = now()
        self._certificate = (
            _builder(name, name, self.key.public_key(), usual - 60 * _DAY, usual + 60 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file.write_bytes(self.pem)

    @property
    def file(self) -> Path:
        """Where its own certificate is, in PEM form."""
        return self.folder / f"{self.title}.pem"

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        """Its own certificate, in DER form."""
        return self._certificate.public_bytes(serialization.Encoding.DER)

    def context(self, shown: Shown) -> ssl.SSLContext:
        """TLS settings of a server that shows this."""
        if shown not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.pair(shown))
            self._contexts[shown] = context
        return self._contexts[shown]

    def pair(self, shown: Shown) -> Path:
        """A file with a new certificate and its key."""
        moment = now()
        names = x509.SubjectAlternativeName([_general_name(name) for name in shown.names])
        issued = (
            _builder(
                _name(shown.names[0][:60]),
                self._certificate.subject,
                self.key.public_key(),
                moment + shown.begins,
                moment + shown.ends,
            )
            .add_extension(names, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self._pairs += 1
        pair = self.folder / f"{self.title}-{self._pairs}.pair"
        secret = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        pair.write_bytes(issued.public_bytes(serialization.Encoding.PEM) + secret)
        return pair


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
