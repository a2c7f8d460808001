"""Tokens of outside issuers: verified against a trust, step by step, or refused with the claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pratique.identity.federation import entra
from pratique.identity.federation.issuer_keys import IssuerKeys, Trust
from pratique.identity.federation.issuers import is_text, kind_of
from pratique.identity.federation.published_keys import PublishedKeys
from pratique.identity.federation.subjects import MAX_LENGTH as MAX_SUBJECT
from pratique.identity.federation.unverified import UnverifiedToken, malformed, take_apart
from pratique.identity.registry_tokens import TokenRejected
from pratique.identity.sign_in import SignInFailure
from pratique.naming.errors import printable

LEEWAY: Final = timedelta(seconds=60)
_MAX_AUDIENCES = 100


@dataclass(frozen=True, slots=True)
class OutsideClaims:
    """What a trusted issuer's token says; everything here is verified.

    Attributes:
        subject: what federated credentials name: `sub`, or for Entra ID `oid`.
        audiences: all that the token names.
        tenant: the claim `tid`; empty when there is none.
        expires_at: seconds since 1970.
        note: what people should know of the token, in a sentence; empty for nothing.
        unsorted: claims of a well-known issuer that this version knows nothing of.
    """

    issuer: str
    subject: str
    audiences: frozenset[str]
    tenant: str
    expires_at: int
    note: str = ""
    unsorted: tuple[str, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def verify(
    unverified: str | UnverifiedToken,
    find_trust: Callable[[str], Trust | None],
    keys: IssuerKeys,
    at: datetime,
) -> OutsideClaims:
    """The claims of an outside token that has force at `at`.

    Args:
        unverified: the compact JWT, or its parts.
        find_trust: gives the trust in an issuer, None when it is not trusted.
        keys: of trusted issuers.
        at: now, with a time zone.

    Raises:
        TokenRejected: the sentence names the claim that is wrong.
        KeysUnavailable: the issuer's keys cannot be had.
    """
    token = take_apart(unverified) if isinstance(unverified, str) else unverified
    issuer = token.issuer
    trust = find_trust(issuer)
    # Issuers are compared exactly: no normal form, no other case (RFC 7519 section 4.1.1).
    if trust is None or trust.issuer != issuer:
        raise _wrong("iss", issuer, "no such issuer is trusted here")
    published = await keys.having(trust, token.key_id)
    if not token.key_id and not _signed(published, token):
        # Without a name, only a signature that fails tells that the key was changed.
        published = await keys.having(trust, token.key_id, others=published)
    if not published.named(token.key_id):
        raise _invalid(
            f"the header's `kid` is `{printable(token.key_id)}`, which is no key of `{issuer}`"
            if token.key_id
            else f"the header names no key (`kid`), and `{issuer}` has several"
        )
    if not _signed(published, token):
        raise _invalid(f"the signature is not one that `{issuer}` made with the key of that `kid`")
    return _checked(trust, token.members, at)


def _signed(published: PublishedKeys, token: UnverifiedToken) -> bool:
    return any(key.signed(token) for key in published.named(token.key_id))


def _checked(trust: Trust, claims: Mapping[str, Any], at: datetime) -> OutsideClaims:
    expires_at = _check_times(claims, at)
    audiences = _audiences(claims.get("aud"))
    if audiences.isdisjoint(trust.audiences):
        wanted = ", ".join(f"`{audience}`" for audience in trust.audiences)
        told = ", ".join(sorted(audiences)[:3])
        raise _wrong("aud", told, f"the trust in `{trust.issuer}` takes tokens for {wanted}")
    kind = kind_of(trust.issuer)
    for name in sorted(kind.required):
        if not is_text(claims.get(name)):
            raise _invalid(f"the claim `{name}`, which {kind.name} always sends, is missing")
    subject = str(claims[kind.subject])
    if len(subject) > MAX_SUBJECT:
        raise _invalid(f"the claim `{kind.subject}` is longer than {MAX_SUBJECT} characters")
    fault = kind.agreement(trust.issuer, claims)
    if fault is not None:
        raise _invalid(fault)
    tenant = claims.get("tid")
    return OutsideClaims(
        issuer=trust.issuer,
        subject=subject,
        audiences=audiences,
        tenant=str(tenant) if is_text(tenant) else "",
        expires_at=expires_at,
        note=entra.groups_told(claims) if kind.subject == "oid" else "",
        unsorted=kind.unsorted(claims),
        members=claims,
    )


def _check_times(claims: Mapping[str, Any], at: datetime) -> int:
    """The second at which the token ends.

    Raises:
        TokenRejected: it has ended, has not begun, or does not say.
    """
    now, leeway = at.timestamp(), LEEWAY.total_seconds()
    expires_at = _second(claims, "exp")
    if expires_at is None:
        raise _invalid("the claim `exp` is missing; a token without an end is not taken")
    if expires_at + leeway <= now:
        raise TokenRejected(
            SignInFailure.TOKEN_EXPIRED, "the token has expired (claim `exp`); ask for a new one"
        )
    for name in ("nbf", "iat"):
        second = _second(claims, name)
        if second is not None and second - leeway > now:
            raise _invalid(f"the token is not valid yet (claim `{name}`); set the clocks right")
    return int(expires_at)


def _second(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # Booleans are numbers to Python; what is beyond year 9999 is no time.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**38:
        raise _invalid(f"the claim `{name}` is no time")
    return value


def _audiences(value: Any) -> frozenset[str]:
    listed = value if isinstance(value, list) else [value]
    if not 0 < len(listed) <= _MAX_AUDIENCES or not all(map(is_text, listed)):
        raise _invalid("the claim `aud` is missing, or neither a text nor a list of texts")
    return frozenset(listed)


def _invalid(sentence: str) -> TokenRejected:
    return TokenRejected(SignInFailure.TOKEN_INVALID, sentence)


def _wrong(claim: str, value: str, remedy: str) -> TokenRejected:
    if not value:
        return malformed(f"the claim `{claim}` is missing")
    return _invalid(f"the claim `{claim}` is `{printable(value, 200)}`; {remedy}")
