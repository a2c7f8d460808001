"""One-time passwords agree with the specification's own numbers."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from pratique.identity.totp import new_totp_secret, one_time_password, otpauth_uri, step_at, step_of

# RFC 6238 appendix B; the last six of its eight digits.
_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "password"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_passwords_are_those_of_the_specification(seconds: int, password: str) -> None:
    """The table for SHA-1."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    assert one_time_password(_SECRET, step_at(at)) == password
    assert step_of(_SECRET, f" {password[:3]} {password[3:]} ", at) == step_at(at)


@pytest.mark.parametrize("typed", ["", "287", "2870820", "28708२", "abcdef", "287082 287082"])
def test_nothing_else_is_taken(typed: str) -> None:
    """Neither parts, nor more, nor digits of other scripts."""
    assert step_of(_SECRET, typed, datetime.fromtimestamp(59, UTC)) is None


def test_a_secret_has_160_bits_in_base32() -> None:
    """Without padding, which some programmes do not take."""
    secret = new_totp_secret(lambda size: bytes(range(size)))
    assert base64.b32decode(secret) == bytes(range(20))


def test_the_address_is_escaped() -> None:
    """A user name cannot add parameters to it."""
    uri = otpauth_uri(_SECRET, "a?b&secret=x", "my registry")
    assert uri.startswith("otpauth://totp/my%20registry:a%3Fb%26secret%3Dx?secret=GEZD")
