"""Digests: read, computed, and refused."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import Digest, InvalidName, UnsupportedDigestAlgorithm
from pratique.naming.digests import new_hasher

_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SHA512 = "0123456789abcdef" * 8
_algorithms = st.sampled_from(["sha256", "sha512"])
_unhurried = settings(deadline=None)


@pytest.mark.parametrize(
    ("algorithm", "encoded"), [("sha256", _SHA256), ("sha512", _SHA512), ("sha256", "0" * 64)]
)
def test_good_digest_is_read(algorithm: str, encoded: str) -> None:
    """A digest is its algorithm and its digits, and prints as it was written."""
    text = f"{algorithm}:{encoded}"
    digest = Digest.parse(text)
    assert digest == Digest(algorithm, encoded, text)
    assert str(digest) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "sha256",
        "sha256:",
        f":{_SHA256}",
        _SHA256,
        f"sha256:{_SHA256[:-1]}",
        f"sha256:{_SHA256}0",
        f"sha512:{_SHA256}",
        f"sha256:{_SHA512}",
        f"sha256:{_SHA256.upper()}",
        f"SHA256:{_SHA256}",
        f"sha256:{_SHA256[:-1]}g",
        f"sha256:{_SHA256[:-1]}=",
        f"sha256:{_SHA256[:-1]}\n",
        f"sha256:{_SHA256}\n",
        f" sha256:{_SHA256}",
        f"sha256: {_SHA256}",
        f"sha256:{_SHA256[:-1]}\u0661",
        f"sha256:{_SHA256[:-1]}\uff11",
        f"sha256:{_SHA256[:-1]}\x00",
        f"sha256:sha256:{_SHA256}",
        f"sha256::{_SHA256}",
        f"sha256+:{_SHA256}",
        "sha256:../../../../etc/passwd",
        "sha256:\ud800",
        "sha256:" + "a" * 1000,
        "md5:" + "a" * 1000,
    ],
)
def test_bad_digest_is_refused(text: str) -> None:
    """Another length, another case, another character: no digest."""
    with pytest.raises(InvalidName, match="is not a digest") as caught:
        Digest.parse(text)
    assert not isinstance(caught.value, UnsupportedDigestAlgorithm)


@pytest.mark.parametrize(
    "text",
    [
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        f"sha1:{_SHA256[:40]}",
        f"sha384:{_SHA256}",
        f"blake3:{_SHA256}",
        f"sha3-256:{_SHA256}",
        f"sha256+b64u:{_SHA256[:43]}",
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
    ],
)
def test_unknown_algorithm_is_told_from_a_broken_digest(text: str) -> None:
    """A well-formed digest of another algorithm is refused as such."""
    with pytest.raises(UnsupportedDigestAlgorithm, match="use sha256 or sha512"):
        Digest.parse(text)


@_unhurried
@given(st.binary(), _algorithms)
def test_digest_of_content_is_read_back(content: bytes, algorithm: str) -> None:
    """Computing at once and piece by piece agree, and the text reads back as the same digest."""
    digest = Digest.of(content, algorithm)
    hasher = new_hasher(algorithm)
    for byte in content:
        hasher.update(bytes([byte]))
    assert Digest.from_hasher(algorithm, hasher) == digest
    assert Digest.parse(str(digest)) == digest
    assert digest.hex == hashlib.new(algorithm, content).hexdigest()


@_unhurried
@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_sixty_four_digits_make_a_digest(digits: str) -> None:
    """Any 64 lower-case hexadecimal digits do."""
    assert Digest.parse(f"sha256:{digits}").hex == digits


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "shake_128", "sha3_256", "SHA256", ""])
def test_nothing_is_computed_with_another_algorithm(algorithm: str) -> None:
    """What the platform could compute besides is refused, by every way in."""
    with pytest.raises(UnsupportedDigestAlgorithm):
        new_hasher(algorithm)
    with pytest.raises(UnsupportedDigestAlgorithm):
        Digest.of(b"", algorithm)
    with pytest.raises(UnsupportedDigestAlgorithm):
        Digest.from_hasher(algorithm, hashlib.sha256())
    with pytest.raises(UnsupportedDigestAlgorithm):
        Digest(algorithm, _SHA256, f"{algorithm}:{_SHA256}")


def test_hasher_of_another_algorithm_is_refused() -> None:
    """Digits of the other length do not pass for the named algorithm's."""
    with pytest.raises(InvalidName, match="sha256 takes 64"):
        Digest.from_hasher("sha256", hashlib.sha512())


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        (_SHA256, f"sha512:{_SHA256}"),
        (_SHA256, f"sha256:{'0' * 64}"),
        (_SHA256.upper(), f"sha256:{_SHA256.upper()}"),
        ("../" + _SHA256[3:], f"sha256:../{_SHA256[3:]}"),
    ],
)
def test_no_digest_is_put_together_wrongly(encoded: str, text: str) -> None:
    """A value whose parts do not fit, or are not digits, cannot be made."""
    with pytest.raises(InvalidName):
        Digest("sha256", encoded, text)
