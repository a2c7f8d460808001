"""The certificate that `--tls auto` makes."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from tests.support.live_server import live_server

from pratique.cli.certificate import own_certificate


def names_in(certificate: Path) -> list[str]:
    """The host names that a certificate is for."""
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def test_it_is_for_the_name_that_clients_know(tmp_path: Path) -> None:
    """A server that is reached by `--external-url` shows that name, and this machine's own."""
    options = ("--external-url", "https://registry.example.test")
    with live_server(tmp_path / "data", workers=1, tls=True, options=options) as server:
        names = names_in(server.certificate)
    assert "registry.example.test" in names
    assert "localhost" in names


def test_it_is_made_anew_for_a_name_that_it_lacks(tmp_path: Path) -> None:
    """And kept as long as it has all that are wanted."""
    first = own_certificate(tmp_path, "127.0.0.1").certificate.read_bytes()
    assert own_certificate(tmp_path, "127.0.0.1").certificate.read_bytes() == first
    files = own_certificate(tmp_path, "registry.example.test", "127.0.0.1")
    assert files.certificate.read_bytes() != first
    assert "registry.example.test" in names_in(files.certificate)
