"""Media types: good ones, bad ones, and their parameters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import InvalidName, MediaType

_unhurried = settings(deadline=None)


@pytest.mark.parametrize(
    ("text", "essence"),
    [
        ("application/json", "application/json"),
        ("application/vnd.oci.image.manifest.v1+json",) * 2,
        ("application/vnd.docker.distribution.manifest.list.v2+json",) * 2,
        ("a/b",) * 2,
        ("x!#$&^_.+-/0",) * 2,
        ("Application/JSON",) * 2,
        ("application/json; charset=utf-8", "application/json"),
        ("application/json;charset=utf-8;q=1", "application/json"),
        (" \tapplication/json \t; x=y", "application/json"),
        ("application/json;", "application/json"),
        ("a" * 127 + "/" + "b" * 127,) * 2,
    ],
)
def test_good_media_type_is_read(text: str, essence: str) -> None:
    """A media type is read without its parameters, in the case it was written in."""
    assert MediaType(text) == essence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "application",
        "application/",
        "/json",
        "application/json/x",
        "application//json",
        "application json",
        "application/ json",
        "application/*",
        "*/*",
        "-a/b",
        ".a/b",
        "a/+json",
        "application/json\n",
        "\napplication/json",
        "application/json\r\nx: y",
        "application/json\x00",
        "\u00a0application/json",
        "application/json\u2028",
        "application/j\u017fon",
        "application/js\u00f6n",
        "application/\ud800",
        'application/"json"',
        "application/json, text/html",
        "a" * 128 + "/b",
        "a/" + "b" * 128,
        ";charset=utf-8",
    ],
)
def test_bad_media_type_is_refused(text: str) -> None:
    """Other characters, a missing half, more than 127 characters: no media type."""
    with pytest.raises(InvalidName, match="is not a media type"):
        MediaType(text)


@_unhurried
@given(st.from_regex(r"[A-Za-z0-9][\w!#$&^_.+-]{0,20}/[a-z0-9][a-z.+-]{0,20}", fullmatch=True))
def test_what_is_read_reads_the_same_again(text: str) -> None:
    """Reading twice changes nothing, and what is read is ASCII."""
    try:
        media_type = MediaType(text)
    except InvalidName:
        assert not text.isascii()
    else:
        assert MediaType(media_type) == media_type == text
        assert media_type.isascii()
