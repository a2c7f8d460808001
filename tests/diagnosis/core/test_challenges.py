"""Challenges, as RFC 9110 has them and as servers really write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.diagnosis.protocol.challenges import read_challenges

_REALM = "https://auth.example.com/token"

READ: tuple[tuple[str, list[tuple[str, dict[str, str]]]], ...] = (
    (
        f'Bearer realm="{_REALM}",service="h.io",scope="repository:team/app:pull"',
        [("bearer", {"realm": _REALM, "service": "h.io", "scope": "repository:team/app:pull"})],
    ),
    (
        f'Bearer realm="{_REALM}",scope="repository:a:pull,push",error="insufficient_scope"',
        [
            (
                "bearer",
                {
                    "realm": _REALM,
                    "scope": "repository:a:pull,push",
                    "error": "insufficient_scope",
                },
            )
        ],
    ),
    ('Basic realm="Registry"', [("basic", {"realm": "Registry"})]),
    ("BASIC REALM=x", [("basic", {"realm": "x"})]),
    ('bearer Realm="x", SERVICE="y"', [("bearer", {"realm": "x", "service": "y"})]),
    ('Bearer realm = "x" , service\t=\t"y"', [("bearer", {"realm": "x", "service": "y"})]),
    ('Bearer realm="x" service="y"', [("bearer", {"realm": "x", "service": "y"})]),
    (f"Bearer realm={_REALM}?a=b", [("bearer", {"realm": f"{_REALM}?a=b"})]),
    ("Basic", [("basic", {})]),
    ("Negotiate", [("negotiate", {})]),
    ("Negotiate, NTLM", [("negotiate", {}), ("ntlm", {})]),
    ("Negotiate YIIB/+9=", [("negotiate", {})]),
    ("Negotiate YIIBw==", [("negotiate", {})]),
    ("NTLM TlRMTVNTUAAB, Basic realm=x", [("ntlm", {}), ("basic", {"realm": "x"})]),
    ('Negotiate YIIBw==, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
    (
        'Basic realm="a", Bearer realm="b",service="c"',
        [("basic", {"realm": "a"}), ("bearer", {"realm": "b", "service": "c"})],
    ),
    (
        'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
        [
            ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
            ("basic", {"realm": "simple"}),
        ],
    ),
    ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
    ('Basic realm="a\\\\b\\,c"', [("basic", {"realm": "a\\b,c"})]),
    ('Basic realm=""', [("basic", {"realm": ""})]),
    (', ,Basic realm="x",,', [("basic", {"realm": "x"})]),
    ("  Basic   realm=x  ", [("basic", {"realm": "x"})]),
    ('Bearer realm="x",,service="y"', [("bearer", {"realm": "x", "service": "y"})]),
    ('Bearer realm="x",realm="y"', [("bearer", {"realm": "x"})]),
    ('Basic realm="é"', [("basic", {"realm": "é"})]),
    # What cannot be read ends its value, and what came before it counts.
    ("", []),
    (" ", []),
    (",", []),
    ('"', []),
    ("=", []),
    ('realm="x"', []),
    ('{"errors":[]}', []),
    ('Bearer realm="x', [("bearer", {})]),
    ('Bearer realm="x\\"', [("bearer", {})]),
    ('Bearer realm="x", "y"', [("bearer", {"realm": "x"})]),
    ('Bearer realm="x", service=', [("bearer", {"realm": "x"})]),
    ('Bearer realm="x";service="y"', [("bearer", {"realm": "x"})]),
)


@pytest.mark.parametrize(("value", "expected"), READ)
def test_challenges_are_read(value: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    """Schemes, parameters, quoting and lists are those of RFC 9110, 11."""
    found = read_challenges([value])
    assert [(each.scheme, dict(each.parameters)) for each in found] == expected


def test_several_lines_and_what_they_say() -> None:
    """Each header line is read by itself, so that a broken one does not spoil the others."""
    found = read_challenges(['Bearer realm="', 'Basic realm="a"', f'Bearer realm="{_REALM}"'])
    assert [each.scheme for each in found] == ["bearer", "basic", "bearer"]
    last = found[-1]
    assert (last.realm, last.service, last.scope, last.error) == (_REALM, "", "", "")


_PIECES = st.sampled_from(
    ["Bearer", "Basic", " ", ",", "=", '"', "\\", "realm", "x", "==", "\t", "é", "\n", "abc/+"]
)


@given(st.lists(st.one_of(st.text(), st.lists(_PIECES).map("".join)), max_size=4))
def test_no_value_is_too_strange(values: list[str]) -> None:
    """Whatever a server sends, there is an answer, with names in lower case."""
    for challenge in read_challenges(values):
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.parameters)


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        ",",
        "a",
        "a ",
        "a=",
        'a="',
        'a="\\',
        "\\",
        '"',
        "a=b,",
        "a b=c,",
        "Basic ",
        "Basic a= ",
        "Basic a/+= ",
        'Bearer realm="x",',
        "= ",
        " =",
    ],
)
@pytest.mark.parametrize("begin", ["", "Bearer ", 'Bearer realm="x', 'Bearer realm="x",'])
def test_a_long_value_costs_no_time(begin: str, piece: str) -> None:
    """A megabyte made to be slow is read at once: only its beginning is, and that in one pass."""
    value = begin + piece * (1024 * 1024 // len(piece))
    start = time.process_time()
    read_challenges([value])
    assert time.process_time() - start < 0.5
