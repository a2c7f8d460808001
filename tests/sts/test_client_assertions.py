"""Applications that sign an assertion with the key of a certificate, and forgers of assertions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from tests.sts.directory import BASE, Certified, Directory, certificate_for, directory

from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import (
    TokenKey,
    encoded,
    hmac_token,
    new_key,
    signed_token,
    token_of,
    unsigned_token,
)
from pratique.testing.registry_in_memory import START

MALFORMED = (401, "invalid_client", 50027)
KEY = (401, "invalid_client", 700027)
CLAIMS = (401, "invalid_client", 700021)
AUDIENCE = (401, "invalid_client", 700023)
EXPIRED = (401, "invalid_client", 700024)
NOBODY = (401, "invalid_client", 700016)
NO_MATCH = (401, "invalid_client", 70021)
NOW = START.timestamp()

Forger = Callable[[Certified], str]


@cache
def key(algorithm: str) -> TokenKey:
    """One key for all tests: RSA keys take long to make."""
    return new_key("", algorithm)


def _sign(made: Certified, **header: Any) -> str:
    """A good assertion but for these members of its header."""
    names = {**made.thumbprint, "kid": None, **header}
    return signed_token(made.key, made.claims(START), **names)


def _by_another_key(made: Certified) -> str:
    """An assertion that is good but for its signature."""
    return signed_token(new_key(""), made.claims(START), kid=None, **made.thumbprint)


def _payload(made: Certified, payload: bytes) -> str:
    """A signed assertion of exactly this payload."""
    return signed_token(made.key, payload, kid=None, **made.thumbprint)


def _header(made: Certified, header: bytes) -> str:
    """An assertion with exactly this header, signed."""
    payload = json.dumps(made.claims(START)).encode()
    signed = f"{encoded(header)}.{encoded(payload)}".encode()
    return token_of(header, payload, made.key.signature(signed))


def _public_pem(made: Certified) -> bytes:
    return made.certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("kind", "algorithm"), [("RS256", "RS256"), ("RS256", "PS256"), ("ES256", "ES256")]
)
@pytest.mark.parametrize("named", ["x5t", "x5t#S256", "both", "padded"])
def test_assertion_gets_a_token(kind: str, algorithm: str, named: str) -> None:
    """Each algorithm of the key's kind, and each way in which clients name the certificate."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            signer = await made.certified(key(kind))
            names = {
                "x5t": signer.old_thumbprint,
                "x5t#S256": signer.thumbprint,
                "both": {**signer.thumbprint, **signer.old_thumbprint},
                "padded": {"x5t": signer.old_thumbprint["x5t"] + "="},
            }[named]
            claims = signer.claims(START)
            assertion = signed_token(signer.key, claims, algorithm=algorithm, kid=None, **names)
            token = await made.token(signer.form(assertion))
            assert (token.appid, token.appidacr) == (signer.client_id, "2")
            assert token.cid == signer.certificate_id

    run()


@in_loop
async def test_chain_in_the_header_is_passed_over() -> None:
    """`x5c`, as az sends it for subject-name certificates, neither helps nor harms."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        assertion = _sign(signer, x5c=["MIIB" + "A" * 3000])
        assert (await made.token(signer.form(assertion))).appid == signer.client_id


@pytest.mark.parametrize(
    "audience",
    [
        "{base}/{tenant}/oauth2/v2.0/token",
        "{base}/{tenant}/oauth2/token",
        "{base}/{tenant}/v2.0",
        "{base}/organizations/oauth2/v2.0/token",
        "{base}/harbour.example/oauth2/v2.0/token",
        "{base}/Harbour.Example/v2.0",
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_audience_may_be_spelled_as_clients_do(audience: str, *, listed: bool) -> None:
    """The token endpoint by any name of the tenant, or the issuer; alone in a list, too."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            await made.registry.manage("PATCH", "/registry", {"tenant_domain": "harbour.example"})
            signer = await made.certified(key("ES256"))
            text = audience.format(base=BASE, tenant=made.tenant)
            assertion = signer.assertion(START, aud=[text] if listed else text)
            assert (await made.token(signer.form(assertion))).appid == signer.client_id

    run()


@in_loop
async def test_client_id_may_be_left_to_the_assertion() -> None:
    """RFC 7521: the assertion's subject says which client it is."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        form = signer.form(signer.assertion(START))
        del form["client_id"]
        assert (await made.token(form)).appid == signer.client_id


@in_loop
async def test_assertion_may_be_shown_again() -> None:
    """MSAL signs once for ten minutes and asks for several resources with it."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        assertion = signer.assertion(START)
        for scope in (
            "https://management.azure.com/.default",
            "https://graph.microsoft.com/.default",
        ):
            await made.token(signer.form(assertion, scope=scope))


_CLAIMS: dict[str, tuple[dict[str, Any], tuple[int, str, int]]] = {
    "expired": ({"exp": NOW - 301}, EXPIRED),
    "expired long ago": ({"exp": 1}, EXPIRED),
    "no expiry": ({"exp": None}, CLAIMS),
    "expiry as text": ({"exp": "9999999999"}, CLAIMS),
    "expiry as boolean": ({"exp": True}, CLAIMS),
    "expiry negative": ({"exp": -1}, CLAIMS),
    "expiry huge": ({"exp": 10**30}, CLAIMS),
    "lives for two days": ({"exp": NOW + 48 * 3600}, CLAIMS),
    "lives for two days since long ago": ({"iat": NOW - 47 * 3600, "exp": NOW + 3600}, CLAIMS),
    "not yet valid": ({"nbf": NOW + 301}, CLAIMS),
    "made in the future": ({"iat": NOW + 301, "exp": NOW + 900}, CLAIMS),
    "for another endpoint": ({"aud": "https://login.microsoftonline.com/x/v2.0"}, AUDIENCE),
    "for another tenant": ({"aud": f"{BASE}/other.example/oauth2/v2.0/token"}, AUDIENCE),
    "for this endpoint in other letters": ({"aud": f"{BASE}/comm\u03bfn/v2.0"}, AUDIENCE),
    "for two": ({"aud": [f"{BASE}/common/v2.0", "https://b.example"]}, AUDIENCE),
    "for nobody": ({"aud": None}, AUDIENCE),
    "for a number": ({"aud": 7}, AUDIENCE),
    "for a nested list": ({"aud": [[f"{BASE}/common/v2.0"]]}, AUDIENCE),
    "subject is another": ({"sub": "somebody"}, CLAIMS),
    "subject with a blank": ({"sub": " "}, CLAIMS),
    "no subject": ({"sub": None}, MALFORMED),
    "subject as list": ({"sub": ["a"]}, MALFORMED),
    "no issuer": ({"iss": None}, MALFORMED),
    "issuer is an outsider": ({"iss": "https://issuer.example"}, NO_MATCH),
}


@pytest.mark.parametrize("name", _CLAIMS)
def test_claims_are_checked(name: str) -> None:
    """A genuine assertion with a wrong claim is refused; the sentence names the claim."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            signer = await made.certified(key("ES256"))
            claims, told = _CLAIMS[name]
            assert await made.refused(signer.form(signer.assertion(START, **claims))) == told
            answer = await made.ask(signer.form(signer.assertion(START, **claims)))
            told_in_words = json.loads(answer.body)["error_description"]
            assert any(f"`{claim}`" in told_in_words for claim in claims)

    run()


_FORGERIES: dict[str, tuple[Forger, tuple[int, str, int]]] = {
    "alg none": (lambda m: unsigned_token(m.claims(START), "none", "k"), MALFORMED),
    "alg none with a thumbprint": (
        lambda m: _header(m, json.dumps({"alg": "none", **m.thumbprint}).encode()),
        KEY,
    ),
    "alg nOnE": (
        lambda m: _header(m, json.dumps({"alg": "nOnE", **m.thumbprint}).encode()),
        KEY,
    ),
    "HMAC with the certificate": (
        lambda m: hmac_token(m.claims(START), _public_pem(m), "k"),
        MALFORMED,
    ),
    "alg HS256": (lambda m: _sign(m, alg="HS256"), KEY),
    "alg of another kind of key": (lambda m: _sign(m, alg="RS256"), KEY),
    "alg ES384": (lambda m: _sign(m, alg="ES384"), KEY),
    "no alg": (lambda m: _sign(m, alg=None), KEY),
    "alg as list": (lambda m: _sign(m, alg=["ES256"]), KEY),
    "another key": (_by_another_key, KEY),
    "no thumbprint": (lambda m: _sign(m, **{"x5t#S256": None}), MALFORMED),
    "kid in its place": (
        lambda m: _sign(m, **{"x5t#S256": None, "kid": m.thumbprint["x5t#S256"]}),
        MALFORMED,
    ),
    "unknown thumbprint": (lambda m: _sign(m, **{"x5t#S256": encoded(b"0" * 32)}), KEY),
    "thumbprints of two": (lambda m: _sign(m, x5t=encoded(b"0" * 20)), KEY),
    "thumbprint as number": (lambda m: _sign(m, **{"x5t#S256": 7}), MALFORMED),
    "empty thumbprint": (lambda m: _sign(m, **{"x5t#S256": ""}), MALFORMED),
    "embedded jwk": (lambda m: _sign(m, jwk=m.key.jwk()), MALFORMED),
    "jku": (lambda m: _sign(m, jku="https://evil.example/keys"), MALFORMED),
    "x5u": (lambda m: _sign(m, x5u="https://evil.example/c"), MALFORMED),
    "critical extension": (lambda m: _sign(m, crit=["b64"], b64=False), MALFORMED),
    "two payload members of a name": (
        lambda m: _payload(m, json.dumps(m.claims(START)).encode()[:-1] + b',"exp":9999999999}'),
        MALFORMED,
    ),
    "two header members of a name": (
        lambda m: _header(
            m, json.dumps({"alg": "ES256", **m.thumbprint}).encode()[:-1] + b',"alg":"none"}'
        ),
        MALFORMED,
    ),
    "payload is a list": (lambda m: _payload(m, b"[1]"), MALFORMED),
    "payload is no JSON": (lambda m: _payload(m, b"{'a':1}"), MALFORMED),
    "payload is no UTF-8": (lambda m: _payload(m, b'{"iss":"\xff"}'), MALFORMED),
    "payload is nested deeply": (lambda m: _payload(m, b"[" * 9000), MALFORMED),
    "payload has half a character": (
        lambda m: _payload(m, b'{"iss":"\\ud800","sub":"x"}'),
        MALFORMED,
    ),
    "payload has no number": (lambda m: _payload(m, b'{"iss":"a","sub":"a","exp":NaN}'), MALFORMED),
    "payload has an endless number": (
        lambda m: _payload(m, b'{"iss":"a","sub":"a","exp":' + b"9" * 6000 + b"}"),
        MALFORMED,
    ),
    "payload is too long": (
        lambda m: _payload(m, json.dumps({**m.claims(START), "x": "y" * 20_000}).encode()),
        MALFORMED,
    ),
    "two parts": (lambda m: m.assertion(START).rpartition(".")[0], MALFORMED),
    "four parts": (lambda m: m.assertion(START) + ".a", MALFORMED),
    "encrypted": (lambda m: m.assertion(START) + ".a.b", MALFORMED),
    "no signature": (lambda m: m.assertion(START).rpartition(".")[0] + ".", MALFORMED),
    "signature as DER": (
        lambda m: m.assertion(START).rpartition(".")[0] + "." + encoded(b"\x30\x06" + b"1" * 68),
        KEY,
    ),
    "signature of zeros": (
        lambda m: m.assertion(START).rpartition(".")[0] + "." + encoded(bytes(64)),
        KEY,
    ),
    "blanks in it": (lambda m: m.assertion(START).replace(".", ". "), MALFORMED),
    "padding in it": (lambda m: m.assertion(START) + "==", MALFORMED),
    "letters beyond ASCII": (lambda m: m.assertion(START)[:-1] + "é", MALFORMED),
    "nothing but dots": (lambda _: "..", MALFORMED),
    "a signature for other content": (
        lambda m: token_of(
            json.dumps({"alg": "ES256", **m.thumbprint}).encode(),
            json.dumps(m.claims(START, aud=f"{BASE}/common/v2.0")).encode(),
            m.key.signature(b"something else"),
        ),
        KEY,
    ),
}


@pytest.mark.parametrize("name", _FORGERIES)
def test_forgery_is_refused_and_recorded(name: str) -> None:
    """Every attack of the book is a 401 with a sentence and a record, never a token or a 500."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            signer = await made.certified(key("ES256"))
            forge, told = _FORGERIES[name]
            assert await made.refused(signer.form(forge(signer))) == told
            refused = [line for line in made.lines() if line["event"] == "sign-in refused"]
            assert [line["reason"] for line in refused] == ["client-assertion-invalid"]

    run()


async def _rivals(made: Directory) -> tuple[Certified, Certified]:
    return await made.certified(key("ES256")), await made.certified(new_key(""), "rival")


@in_loop
async def test_assertion_of_one_does_not_speak_for_another() -> None:
    """A genuine assertion with another's client id, in the form or inside, proves neither."""
    async with directory() as made:
        signer, rival = await _rivals(made)
        genuine = rival.assertion(START)
        assert await made.refused(signer.form(genuine)) == NO_MATCH
        claims = {"iss": signer.client_id, "sub": signer.client_id}
        assert await made.refused(signer.form(rival.assertion(START, **claims))) == KEY


@in_loop
async def test_certificate_shared_by_two_proves_the_one_that_signs() -> None:
    """Two applications may have one certificate; whose assertion it is, its claims say."""
    async with directory() as made:
        first = await made.certified(key("ES256"))
        second = await made.certified(key("ES256"), "second")
        assert (await made.token(second.form(second.assertion(START)))).appid == second.client_id
        assert (
            await made.refused(first.form(first.assertion(START, sub=second.client_id))) == CLAIMS
        )


@in_loop
async def test_expired_certificate_proves_nothing() -> None:
    """Once a certificate has expired, fresh assertions by its key are refused."""
    async with directory() as made:
        signer = await made.certified(key("ES256"), days=2)
        made.registry.clock.advance(timedelta(days=2))
        assertion = signer.assertion(made.registry.clock())
        assert await made.refused(signer.form(assertion)) == KEY


@in_loop
async def test_removed_certificate_and_disabled_application_are_refused() -> None:
    """Both count with the next request, within the same second."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        form = signer.form(signer.assertion(START))
        await made.token(form)
        await made.registry.manage("POST", "/service-principals/signer/disable")
        assert await made.refused(form) == (401, "unauthorized_client", 7000112)
        await made.registry.manage("POST", "/service-principals/signer/enable")
        await made.token(form)
        await made.registry.manage(
            "DELETE", f"/service-principals/signer/certificates/{signer.certificate_id}"
        )
        assert await made.refused(form) == KEY


@in_loop
async def test_unknown_client_and_unknown_type_are_refused() -> None:
    """An assertion for nobody, and one that is announced as something else."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        nobody = "6d2f2c3e-0000-4000-8000-000000000000"
        assertion = signer.assertion(START, iss=nobody, sub=nobody)
        assert await made.refused(signer.form(assertion, client_id=nobody)) == NOBODY
        saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
        form = signer.form(signer.assertion(START), client_assertion_type=saml)
        assert await made.refused(form) == (400, "invalid_request", 9000411)


@in_loop
async def test_forging_is_throttled() -> None:
    """Five assertions by a wrong key, and the source must wait."""
    async with directory() as made:
        signer = await made.certified(key("ES256"))
        forged = signer.form(_by_another_key(signer))
        statuses = [(await made.ask(forged)).status for _ in range(6)]
        assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "no certificate in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate in PEM"),
        ("x" * 40_000, "at most"),
        ("two", "2 certificates"),
        ("key", "private key"),
        ("P-384", "neither RSA"),
        ("small", "neither RSA"),
        ("expired", "expired"),
    ],
)
def test_certificates_that_cannot_serve_are_not_taken(pem: str, words: str) -> None:
    """One certificate, no key beside it, of a kind that can sign assertions, and not expired."""
    good = _pem(certificate_for(key("ES256"), START, timedelta(days=1)))
    private = key("ES256").private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    special = {
        "two": good + good,
        "key": private.decode() + good,
        "P-384": _pem(certificate_for(new_key("", "ES384"), START, timedelta(days=1))),
        "small": _pem(certificate_for(new_key("", "RS256", bits=1024), START, timedelta(days=1))),
        "expired": _pem(certificate_for(key("ES256"), START - timedelta(3), timedelta(days=1))),
    }

    @in_loop
    async def run() -> None:
        async with directory() as made:
            content = {"name": "x", "certificate": special.get(pem, pem)}
            answer = await made.registry.ask(
                "POST",
                "/api/v1/service-principals",
                headers={"content-type": "application/json"},
                body=json.dumps(content).encode(),
                inside=True,
            )
            assert answer.status == 400
            assert words in json.loads(answer.body)["errors"][0]["message"]

    run()


def _pem(certificate: Any) -> str:
    text: bytes = certificate.public_bytes(serialization.Encoding.PEM)
    return text.decode()
