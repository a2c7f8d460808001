"""Outside tokens against a trust: what passes, and what is refused with which claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from pratique.admission.records import TrustRecord
from pratique.identity import SignInFailure, TokenRejected
from pratique.identity.federation import IssuerKeys, KeysUnavailable, OutsideClaims, verify
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import (
    IssuersInMemory,
    OutsideIssuer,
    TokenKey,
    encoded,
    hmac_token,
    new_key,
    signed_token,
    token_of,
    unsigned_token,
)
from pratique.testing.registry_in_memory import START, Clock

ISSUER = "https://issuer.test"
KEY = new_key("first")
RSA_KEY = new_key("rsa", "RS256")


class Bench:
    """One trusted issuer, and a verifier that knows its keys."""

    def __init__(self, *, jwks: str | None = None) -> None:
        self.clock = Clock()
        self.issuers = IssuersInMemory()
        self.issuer: OutsideIssuer = self.issuers.add(ISSUER, KEY, RSA_KEY)
        self.trust = TrustRecord(ISSUER, "test", ("registry", "other"), START, jwks)
        self._keys = IssuerKeys(self.issuers, self.clock)

    async def verify(self, token: str, at: datetime | None = None) -> OutsideClaims:
        """The claims of `token`."""
        return await verify(token, self._trusted, self._keys, at or self.clock())

    async def refused(self, token: str) -> TokenRejected:
        """How `token` is refused."""
        with pytest.raises(TokenRejected) as caught:
            await self.verify(token)
        return caught.value

    def claims(self, **others: Any) -> dict[str, Any]:
        """Claims of a good token, with others in their place."""
        return self.issuer.claims(self.clock(), **others)

    def _trusted(self, issuer: str) -> TrustRecord | None:
        return self.trust if issuer.casefold() == ISSUER else None


@in_loop
async def test_good_token_says_whose_it_is() -> None:
    """Subject, audiences, tenant and end come out as the token says."""
    bench = Bench()
    token = bench.issuer.token(START, sub="s:1", aud=["x", "other"], tid="t", email="e")
    claims = await bench.verify(token)
    assert (claims.issuer, claims.subject, claims.tenant) == (ISSUER, "s:1", "t")
    assert claims.audiences == {"x", "other"}
    assert claims.expires_at == int(START.timestamp()) + 600
    assert claims.members["email"] == "e"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", "JOSE", None])
@in_loop
async def test_type_is_checked_loosely(kind: str | None) -> None:
    """All the ways in which issuers write that a token is a JWT, and no `typ` at all."""
    bench = Bench()
    assert (await bench.verify(signed_token(KEY, bench.claims(), typ=kind))).subject == "somebody"


def _parts(token: str) -> list[str]:
    return token.split(".")


def _foreign_key_in_header(claims: dict[str, Any]) -> str:
    forger = new_key("first")
    return signed_token(forger, claims, jwk=forger.jwk(), jku="https://evil.test/keys")


def _certificate_in_header(claims: dict[str, Any]) -> str:
    return signed_token(new_key("first"), claims, x5u="https://evil.test/c", x5c=["MIIB"])


def _public_key_as_secret(claims: dict[str, Any]) -> str:
    return hmac_token(claims, json.dumps(RSA_KEY.jwk()).encode(), "rsa")


def _payload_exchanged(claims: dict[str, Any]) -> str:
    head, _, signature = _parts(signed_token(KEY, claims))
    payload = encoded(json.dumps({**claims, "sub": "root"}).encode())
    return f"{head}.{payload}.{signature}"


def _twice(claims: dict[str, Any]) -> str:
    return signed_token(KEY, json.dumps(claims)[:-1].encode() + b', "sub": "root"}')


def _twice_by_escape(claims: dict[str, Any]) -> str:
    return signed_token(KEY, json.dumps(claims)[:-1].encode() + b', "s\\u0075b": "root"}')


def _header_twice(claims: dict[str, Any]) -> str:
    head = b'{"alg":"ES256","kid":"first","alg":"none"}'
    payload = json.dumps(claims).encode()
    signature = KEY.signature(f"{encoded(head)}.{encoded(payload)}".encode())
    return token_of(head, payload, signature)


def _raw(payload: bytes) -> Callable[[dict[str, Any]], str]:
    return lambda _claims: signed_token(KEY, payload)


def _header(**members: Any) -> Callable[[dict[str, Any]], str]:
    return lambda claims: signed_token(KEY, claims, **members)


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "alg none": (lambda c: unsigned_token(c, "none", "first"), "not signed"),
    "alg none with a signature": (_header(alg="none"), "not signed"),
    "alg NoNe": (_header(alg="NoNe"), "not signed"),
    "no alg": (_header(alg=None), "not signed"),
    "alg is a list": (_header(alg=["ES256"]), "not signed"),
    "HMAC with the public key": (_public_key_as_secret, "signature"),
    "RS256 with an EC key": (_header(alg="RS256"), "signature"),
    "ES384 with a P-256 key": (_header(alg="ES384"), "signature"),
    "no kid among several keys": (_header(kid=None), "names no key (`kid`)"),
    "empty kid": (_header(kid=""), "`kid`"),
    "kid is a number": (_header(kid=1), "`kid`"),
    "kid is a path": (_header(kid="../../dev/null"), "`kid`"),
    "kid is huge": (_header(kid="k" * 513), "`kid`"),
    "unknown kid": (_header(kid="second"), "`kid` is `second`"),
    "kid of another key": (_header(kid="rsa"), "signature"),
    "key in the header": (_foreign_key_in_header, "signature"),
    "certificate in the header": (_certificate_in_header, "signature"),
    "crit": (_header(crit=["exp"], exp=1), "extensions"),
    "b64 false": (_header(b64=False), "extensions"),
    "typ of something else": (_header(typ="dpop+jwt"), "`typ`"),
    "typ is a number": (_header(typ=1), "`typ`"),
    "payload exchanged": (_payload_exchanged, "signature"),
    "no signature": (lambda c: f"{'.'.join(_parts(signed_token(KEY, c))[:2])}.", "signature"),
    "two parts": (lambda c: ".".join(_parts(signed_token(KEY, c))[:2]), "three parts"),
    "encrypted": (lambda c: signed_token(KEY, c) + ".a.b", "three parts"),
    "empty": (lambda _c: "", "three parts"),
    "dots": (lambda _c: "..", "header is not base64url"),
    "padding": (lambda c: _parts(signed_token(KEY, c))[0] + "=.e30.e30", "base64url"),
    "blanks": (lambda c: " " + signed_token(KEY, c), "base64url"),
    "line break": (lambda c: signed_token(KEY, c).replace(".", ".\n", 1), "base64url"),
    "letters that look alike": (lambda c: signed_token(KEY, c).replace("e", "е", 1), "base64url"),  # noqa: RUF001 - Cyrillic
    "half character": (lambda c: signed_token(KEY, c) + "\ud800", "base64url"),
    "huge": (lambda c: signed_token(KEY, {**c, "x": "y" * 16_384}), "longer"),
    "member twice": (_twice, "occurs twice"),
    "member twice by an escape": (_twice_by_escape, "occurs twice"),
    "header member twice": (_header_twice, "occurs twice"),
    "payload is a list": (_raw(b"[]"), "object"),
    "payload is no JSON": (_raw(b"{"), "not JSON"),
    "payload is no UTF-8": (_raw(b'{"sub":"\xff"}'), "UTF-8"),
    "payload has half a character": (_raw(b'{"iss":"https://issuer.test","x":"\\ud800"}'), "UTF-8"),
    "payload is nested": (_raw(b'{"a":' * 1500 + b"1" + b"}" * 1500), "nested"),
    "not a number": (_raw(b'{"exp":NaN}'), "number"),
    "infinite": (_raw(b'{"exp":1e999}'), "number"),
    "huge number": (_raw(b'{"exp":' + b"9" * 5000 + b"}"), "number"),
}


@pytest.mark.parametrize("name", FORGERIES)
@in_loop
async def test_forgeries_are_refused(name: str) -> None:
    """Each is refused as an invalid token, with a sentence that says what is wrong."""
    forge, told = FORGERIES[name]
    bench = Bench()
    refused = await bench.refused(forge(bench.claims()))
    assert refused.reason is SignInFailure.TOKEN_INVALID
    assert told in str(refused)


NOW = int(START.timestamp())
CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"iss": None}, "`iss` is missing"),
    ({"iss": ["https://issuer.test"]}, "`iss` is missing"),
    ({"iss": "https://ISSUER.test"}, "`iss` is `https://ISSUER.test`"),
    ({"iss": "https://issuer.test/"}, "`iss`"),
    ({"iss": "https://issuer.test."}, "`iss`"),
    ({"iss": "https://іssuer.test"}, "`iss`"),  # noqa: RUF001 - a Ukrainian letter
    ({"iss": "https://evil.test"}, "no such issuer is trusted"),
    ({"aud": None}, "`aud`"),
    ({"aud": "another"}, "`aud` is `another`; the trust in"),
    ({"aud": "REGISTRY"}, "`aud`"),
    ({"aud": "registry "}, "`aud`"),
    ({"aud": []}, "`aud`"),
    ({"aud": {}}, "`aud`"),
    ({"aud": [1]}, "`aud`"),
    ({"aud": [["registry"]]}, "`aud`"),
    ({"aud": ["registry"] * 101}, "`aud`"),
    ({"aud": ["registry", ""]}, "`aud`"),
    ({"exp": None}, "`exp` is missing"),
    ({"exp": str(NOW + 600)}, "`exp` is no time"),
    ({"exp": True}, "`exp` is no time"),
    ({"exp": -1}, "`exp` is no time"),
    ({"exp": 2**60}, "`exp` is no time"),
    ({"nbf": NOW + 61}, "not valid yet (claim `nbf`)"),
    ({"nbf": "now"}, "`nbf` is no time"),
    ({"iat": NOW + 61}, "not valid yet (claim `iat`)"),
    ({"sub": None}, "`sub`"),
    ({"sub": ""}, "`sub`"),
    ({"sub": 1}, "`sub`"),
    ({"sub": "a\u0000b"}, "`sub`"),
    ({"sub": "a\u202eb"}, "`sub`"),
    ({"sub": "s" * 1025}, "`sub` is longer"),
]


@pytest.mark.parametrize(("changed", "told"), CLAIMS)
@in_loop
async def test_wrong_claims_are_named(changed: dict[str, Any], told: str) -> None:
    """A token that is signed rightly and claims something wrong is told which claim."""
    bench = Bench()
    refused = await bench.refused(signed_token(KEY, bench.claims(**changed)))
    assert refused.reason is SignInFailure.TOKEN_INVALID
    assert told in str(refused)


@pytest.mark.parametrize(("second", "passes"), [(-59, True), (-60, False), (0, True), (1.5, True)])
@in_loop
async def test_end_has_a_minute_of_leeway(second: float, passes: bool) -> None:  # noqa: FBT001 - a case
    """Clocks may differ by a minute; then the token has expired, with a reason of its own."""
    bench = Bench()
    token = signed_token(KEY, bench.claims(exp=NOW + second))
    if passes:
        await bench.verify(token)
    else:
        refused = await bench.refused(token)
        assert refused.reason is SignInFailure.TOKEN_EXPIRED


@in_loop
async def test_beginning_has_a_minute_of_leeway() -> None:
    """A token from a clock that is a minute ahead passes."""
    bench = Bench()
    await bench.verify(signed_token(KEY, bench.claims(nbf=NOW + 60, iat=NOW + 60)))
    await bench.verify(signed_token(KEY, bench.claims(nbf=None, iat=None)))


@in_loop
async def test_given_keys_are_never_fetched() -> None:
    """A trust that carries its keys asks nobody, also for a key that is not among them."""
    bench = Bench(jwks=json.dumps({"keys": [KEY.jwk()]}))
    await bench.verify(bench.issuer.token(bench.clock()))
    assert "`kid`" in str(await bench.refused(signed_token(RSA_KEY, bench.claims())))
    assert bench.issuers.asked == []


@in_loop
async def test_strangers_make_nobody_ask() -> None:
    """Keys are fetched for trusted issuers only."""
    bench = Bench()
    stranger = bench.issuers.add("https://evil.test")
    await bench.refused(stranger.token(bench.clock()))
    assert bench.issuers.asked == []


@in_loop
async def test_keys_that_cannot_be_had_are_no_fault_of_the_token() -> None:
    """An issuer that is down is told as such."""
    bench = Bench()
    bench.issuers.down = "the network is down"
    with pytest.raises(KeysUnavailable, match="the network is down"):
        await bench.verify(bench.issuer.token(bench.clock()))


@pytest.mark.parametrize("key_id", ["first", ""])
@in_loop
async def test_only_key_needs_no_name(key_id: str) -> None:
    """As the standard has it; the key may have a name or none, and may be changed."""
    bench = Bench()

    def published(key: TokenKey) -> None:
        bench.issuer.keys[:] = [TokenKey(key_id, key.algorithm, key.private)]

    published(KEY)
    token = signed_token(KEY, bench.claims(), kid=None)
    await bench.verify(token)
    second = new_key("second")
    published(second)
    bench.clock.advance(timedelta(seconds=60))
    await bench.verify(signed_token(second, bench.claims(), kid=None))
    assert "signature" in str(await bench.refused(token))
    assert len(bench.issuers.asked) == 2


def _rotated(bench: Bench, *keys: TokenKey) -> None:
    bench.issuer.keys[:] = keys


@in_loop
async def test_rotation_is_followed() -> None:
    """A token of a new key passes at once; one of a key that was withdrawn no more."""
    bench = Bench()
    old = bench.issuer.token(bench.clock())
    await bench.verify(old)
    _rotated(bench, new_key("second"))
    bench.clock.advance(timedelta(seconds=61))
    await bench.verify(bench.issuer.token(bench.clock()))
    assert "`kid` is `first`" in str(await bench.refused(old))
