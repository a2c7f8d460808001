"""The `auth` of an entry, and its mistakes."""

from __future__ import annotations

import base64

import pytest

from pratique.diagnosis.credentials import encoding
from pratique.diagnosis.credentials.encoding import decode_auth


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("auth", "fault"),
    [
        (_encoded("nocolon"), encoding.NO_COLON),
        (_encoded(_encoded("ann:word")), encoding.TWICE),
        (_encoded(_encoded("ann:word") + "\n"), encoding.TWICE),
        (base64.urlsafe_b64encode(b"ann:\xff\xfe\xfb>>??").decode(), encoding.URL_SAFE),
        ("ann:word", encoding.NOT_ENCODED),
        (_encoded("ann:words").rstrip("=") + " ", encoding.BROKEN_BY_SPACE),
        (_encoded("ann:word").rstrip("="), encoding.NO_PADDING),
        ("%%%", encoding.NOT_BASE64),
        (_encoded(":word"), encoding.NO_USER),
    ],
)
def test_an_auth_that_cannot_be_decoded(auth: str, fault: str) -> None:
    """Each mistake has its own words, and no credential comes of it."""
    decoded = decode_auth(auth)
    assert decoded.credential is None
    assert decoded.fault == fault


def test_a_password_with_a_line_break_is_sent_as_it_is() -> None:
    """The client sends the line break, so the credential has it and a fault says so."""
    decoded = decode_auth(_encoded("ann:word\n"))
    assert decoded.credential is not None
    assert decoded.credential.secret.reveal() == "word\n"
    assert decoded.fault == encoding.LINE_BREAK


def test_wrapped_base64_is_taken() -> None:
    """Line breaks inside base64 mean nothing to clients in Go."""
    decoded = decode_auth("\n".join(_encoded("ann:a:long:word")))
    assert decoded.credential is not None
    assert decoded.credential.secret.reveal() == "a:long:word"
    assert not decoded.fault


def test_the_kubelet_takes_base64_without_padding() -> None:
    """What docker refuses for its length, the kubelet decodes."""
    decoded = decode_auth(_encoded("ann:word").rstrip("="), padding_optional=True)
    assert decoded.credential is not None
    assert decoded.credential.username == "ann"


def test_text_that_is_no_utf8_has_a_fault() -> None:
    """Bytes that are no text are named, since no registry can have stored them so."""
    assert decode_auth(base64.b64encode(b"ann:\xff").decode()).fault == encoding.NOT_UTF8
