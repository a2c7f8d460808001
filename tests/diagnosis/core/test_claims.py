"""What a token says of itself, however it is made."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.diagnosis.claims import read_claims
from pratique.diagnosis.facts.credentials import Credential
from pratique.diagnosis.protocol.claims import read_grant
from pratique.diagnosis.rules.tokens import expiry_of
from pratique.diagnosis.secret import Secret

REPOSITORY = "team/app"


def _token(payload: bytes | dict[str, object]) -> str:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"e30.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.c2ln"


def _access(*entries: object) -> dict[str, object]:
    return {"access": list(entries)}


def test_claims_are_read_without_being_verified() -> None:
    """The claims of a JWT are there, whoever signed it."""
    assert read_claims(_token({"sub": "dev", "exp": 1760000000})) == {
        "sub": "dev",
        "exp": 1760000000,
    }


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c.d",
        "..",
        "e30.!!!.x",
        _token(b"[]"),
        _token(b"null"),
        _token(b"{"),
        _token(b"\xff\xfe{}"),
        _token(b'{"a":' * 5000),
        f"e30.{'A' * 70_000}.x",
        "e30.é.x",
    ],
)
def test_what_is_no_jwt(token: str) -> None:
    """Anything else is opaque, and says nothing."""
    assert read_claims(token) is None
    grant = read_grant(token, REPOSITORY)
    assert (grant.readable, grant.actions, dict(grant.claims)) == (False, None, {})


@pytest.mark.parametrize(
    ("payload", "actions"),
    [
        ({}, None),
        ({"access": None}, None),
        ({"access": []}, frozenset()),
        (_access({"type": "repository", "name": REPOSITORY, "actions": ["pull"]}), {"pull"}),
        (
            _access(
                {"name": REPOSITORY, "actions": ["pull"]}, {"name": REPOSITORY, "actions": ["push"]}
            ),
            {"pull", "push"},
        ),
        (_access({"name": "other", "actions": ["pull"]}), frozenset()),
        (_access({"name": REPOSITORY, "actions": []}), frozenset()),
        (_access({"name": REPOSITORY, "actions": None}), frozenset()),
        (_access({"name": REPOSITORY, "actions": "pull"}), frozenset()),
        (_access({"name": REPOSITORY}), frozenset()),
        (_access({"name": [], "actions": ["pull"]}), frozenset()),
        (_access("pull", None, 1, []), frozenset()),
        ({"access": "pull"}, frozenset()),
        ({"access": {"name": REPOSITORY}}, frozenset()),
    ],
)
def test_what_a_token_allows(
    payload: dict[str, object], actions: set[str] | frozenset[str] | None
) -> None:
    """Actions on the asked repository are read; nothing is known where the list is absent."""
    grant = read_grant(_token(payload), REPOSITORY)
    assert (grant.readable, grant.actions) == (True, actions)


@pytest.mark.parametrize(
    "number",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"-1e300",
        b"1" + b"0" * 400,
        b"-" + b"9" * 300,
        b"253402300800000",
        b"-253402300800",
        b'"1760000000"',
        b"true",
        b"null",
        b"[]",
        b"{}",
    ],
)
def test_times_that_are_none(number: bytes) -> None:
    """A time that no calendar has is no time."""
    grant = read_grant(_token(b'{"exp":' + number + b"}"), REPOSITORY)
    assert grant.readable
    assert grant.moment("exp") is None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.just(REPOSITORY),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["access", "name", "actions", "exp", "nbf", "iat", "aud"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_no_claims_are_too_strange(payload: object) -> None:
    """Whatever a token holds, its times can be shown as dates, and its actions are texts."""
    grant = read_grant(_token(json.dumps(payload).encode()), REPOSITORY)
    for claim in ("exp", "nbf", "iat"):
        moment = grant.moment(claim)
        if moment is not None:
            assert math.isfinite(moment)
            assert datetime.fromtimestamp(moment, UTC).year
    assert all(isinstance(action, str) for action in grant.actions or ())


@given(st.text(max_size=200))
def test_no_token_is_too_strange(token: str) -> None:
    """Whatever a server calls a token, there is an answer."""
    assert read_grant(token, REPOSITORY).readable is (read_claims(token) is not None)


@pytest.mark.parametrize("number", ["1e300", "1" + "0" * 400, "-1e300", "NaN"])
def test_ends_of_amazon_passwords_that_are_none(number: str) -> None:
    """The end of an Amazon password, too, is a time that a calendar has, or none."""
    encoded = base64.b64encode(f'{{"expiration":{number}}}'.encode()).decode()
    assert expiry_of(Credential("AWS", Secret(encoded))) is None
