"""A certificate of the registry's own, for `--tls auto`."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pratique.assembly import now
from pratique.settings import TlsFiles

LIFE = timedelta(days=825)
RENEWED_BEFORE_END = timedelta(days=30)


def own_certificate(data: Path, *hosts: str) -> TlsFiles:
    """The certificate in the data folder; made when absent, near its end, or for another host.

    Args:
        data: the folder.
        hosts: names or addresses that clients use, one at least; this machine's own are added.
    """
    folder = data / "tls"
    files = TlsFiles(folder / "certificate.pem", folder / "key.pem")
    names = _names(hosts)
    if _still_good(files, names):
        return files
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(minutes=5))
        .not_valid_after(now() + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(
        files.private_key,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        0o600,
    )
    _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return files


def _still_good(files: TlsFiles, names: list[x509.GeneralName]) -> bool:
    if not (files.certificate.is_file() and files.private_key.is_file()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return certificate.not_valid_after_utc > now() + RENEWED_BEFORE_END and set(names) <= set(held)


def _names(hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    names: dict[x509.GeneralName, None] = {}
    for name in (*hosts, socket.gethostname(), "localhost", "127.0.0.1", "::1"):
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            names[x509.DNSName(name)] = None
        else:
            if not address.is_unspecified:
                names[x509.IPAddress(address)] = None
    return list(names)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
