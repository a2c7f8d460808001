"""Keys of outside issuers: what is taken from a JWK set, and which signatures pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwk, jws

from pratique.identity.federation import read_keys, take_apart
from pratique.testing.outside_issuers import TokenKey, encoded, new_key, signed_token

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)


def set_of(*entries: dict[str, Any]) -> str:
    """A JWK set."""
    return json.dumps({"keys": entries})


def passes(key: TokenKey, token: str, **others: Any) -> bool:
    """Whether the published half of `key` takes the token's signature."""
    (published,) = read_keys(set_of(key.jwk(**others))).by_id[key.key_id]
    return published.signed(take_apart(token))


@pytest.fixture(scope="module")
def rsa_key() -> TokenKey:
    """An RSA key of usual size."""
    return new_key("rsa", "RS256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_verifies(algorithm: str) -> None:
    """A signature passes with its key, and neither changed nor with another key."""
    key, other = new_key("k", algorithm), new_key("k", algorithm)
    token = signed_token(key, {"sub": "x"})
    assert passes(key, token)
    assert passes(key, token, alg=algorithm)
    assert not passes(other, token)
    head, payload, signature = token.split(".")
    assert not passes(key, f"{head}.{encoded(b'{}')}.{signature}")
    assert not passes(key, f"{head}.{payload}.{encoded(b'short')}")
    # Zeros were once taken for a signature by some (CVE-2022-21449).
    assert not passes(key, f"{head}.{payload}.{encoded(bytes(len(signature) * 3 // 4))}")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES512", "Ed25519"])
def test_tokens_of_another_implementation_pass(algorithm: str) -> None:
    """What a library of its own signs is taken."""
    makers: dict[str, Callable[[], Any]] = {
        "RS256": lambda: jwk.RSAKey.generate_key(2048, {"kid": "k"}),
        "PS256": lambda: jwk.RSAKey.generate_key(2048, {"kid": "k"}),
        "ES256": lambda: jwk.ECKey.generate_key("P-256", {"kid": "k"}),
        "ES512": lambda: jwk.ECKey.generate_key("P-521", {"kid": "k"}),
        "Ed25519": lambda: jwk.OKPKey.generate_key("Ed25519", {"kid": "k"}),
    }
    made = makers[algorithm]()
    token = jws.serialize_compact({"alg": algorithm, "kid": "k"}, b"{}", made, [algorithm])
    keys = read_keys(set_of(made.as_dict(private=False)))
    assert [key.signed(take_apart(token)) for key in keys.by_id["k"]] == [True]


def test_key_takes_algorithms_of_its_kind_only(rsa_key: TokenKey) -> None:
    """The header's algorithm is held against the key, never followed."""
    keys = {"ES256": new_key("k"), "ES384": new_key("k", "ES384"), "EdDSA": new_key("k", "EdDSA")}
    keys["RS256"] = rsa_key
    for algorithm, key in keys.items():
        for other in {*ALGORITHMS, "HS256", "HS512", "ES256K", "none", "RSA1_5"} - {algorithm}:
            if algorithm == "RS256" and other[:2] in {"RS", "PS"}:
                continue
            if {algorithm, other} <= {"EdDSA", "Ed25519"}:
                continue
            (published,) = read_keys(set_of(key.jwk())).by_id[key.key_id]
            assert other not in published.algorithms


def test_key_that_names_its_algorithm_takes_no_other(rsa_key: TokenKey) -> None:
    """A key published for PS256 does not verify RS256."""
    token = signed_token(rsa_key, {})
    assert passes(rsa_key, token)
    assert not passes(rsa_key, token, alg="PS256")


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "kid": "k", "k": encoded(b"x" * 32)},
        {"kty": "oct", "kid": "k", "k": encoded(b"x" * 32), "alg": "HS256"},
        new_key("k").jwk(use="enc"),
        new_key("k").jwk(use=["sig"]),
        new_key("k").jwk(alg="HS256"),
        new_key("k").jwk(alg="ES384"),
        new_key("k").jwk(alg=["ES256"]),
        new_key("k").jwk(kid=None),
        new_key("k").jwk(kid=7),
        new_key("k").jwk(key_ops=["sign"]),
        new_key("k").jwk(key_ops="verify"),
        new_key("k").jwk(crv="secp256k1"),
        new_key("k").jwk(crv=["P-256"]),
        new_key("k").jwk(x=encoded(b"\x01" * 32)),
        new_key("k").jwk(x=None),
        new_key("k").jwk(y=""),
        new_key("k").jwk(kty="RSA"),
        new_key("k").jwk(kty=["EC"]),
        new_key("k", "EdDSA").jwk(crv="X25519"),
        new_key("k", "EdDSA").jwk(x="AA"),
        new_key("k", "RS256", bits=1024).jwk(),
        new_key("k", "RS256").jwk(e=encoded(b"\x01" * 5)),
        new_key("k", "RS256").jwk(e=encoded(b"\x01")),
        new_key("k", "RS256").jwk(n="="),
        new_key("k", "RS256").jwk(n=encoded(b"\xff" * 2048)),
    ],
)
def test_unusable_keys_are_passed_over(entry: dict[str, Any]) -> None:
    """Symmetric, small, broken and other keys make no set, and do not spoil one."""
    with pytest.raises(ValueError, match="no key that can be used"):
        read_keys(set_of(entry))
    good = new_key("good").jwk()
    assert set(read_keys(set_of(entry, good)).by_id) == {"good"}


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", "null", '{"keys": {}}', '{"keys": 1}', "{", "\ud800", '{"keys": [1]}'),
        '{"keys": [], "keys": []}',
        "[" * 100_000,
        json.dumps({"keys": [new_key("k").jwk()] * 101}),
    ],
)
def test_what_is_no_key_set_is_refused(content: str) -> None:
    """Never an exception of another kind."""
    with pytest.raises(ValueError, match=r"it |member"):
        read_keys(content)
