"""Causes of measure: clocks that disagree, tokens that are not believed, too many requests."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from pratique.diagnosis.facts.conversation import Answer, Exchange
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    credential,
    everything,
    host,
    origin,
    pulls,
    shown,
)

_MOST_SKEW_SECONDS = 60


def token_distrusted(seen: Examination) -> Iterator[Finding]:
    """The registry does not accept what its own realm gives."""
    given = seen.identified or seen.anonymous
    errors = {each.error for each in seen.refusal_challenges}
    if given is None or not given.token or "invalid_token" not in errors:
        return
    claims = given.grant.claims if given.grant else {}
    service = next((each.service for each in seen.challenges if each.service), "")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    mismatch = audience is not None and service not in audiences
    if not mismatch and list(clock_skew(seen)):
        return
    yield certain(
        "registry-distrusts-its-token",
        f"The realm of `{host(seen)}` gave a token, and the registry does not accept it"
        + (
            f": it is made for `{audience}`, the registry calls itself `{service}`."
            if mismatch
            else ": their keys, or the issuer's name, do not fit together."
        ),
        evidence=[shown(seen.manifests[-1].exchange), f"iss `{claims.get('iss', '')}`"],
        advice="Both sides must have the same certificate, issuer and service name: tell whoever "
        "runs the registry.",
    )


def clock_skew(seen: Examination) -> Iterator[Finding]:
    """The clocks here and there are too far apart for a token's life."""
    apart = {
        origin(each.url): seconds
        for each in everything(seen)
        if (seconds := _apart(each)) is not None
    }
    wrong = {place: each for place, each in apart.items() if abs(each) > _MOST_SKEW_SECONDS}
    if not wrong or pulls(seen):
        yield from _token_out_of_time(seen)
        return
    place, seconds = max(wrong.items(), key=lambda each: abs(each[1]))
    behind = "behind" if seconds > 0 else "ahead of"
    elsewhere = len(wrong) < len(apart)
    yield certain(
        "clock-skew",
        f"This machine's clock is {abs(seconds):.0f} seconds {behind} that of `{place}`"
        + (", which disagrees with the other server too." if elsewhere else "."),
        *([] if elsewhere else ["sudo timedatectl set-ntp true"]),
        evidence=[f"it is {seen.place.now:%Y-%m-%d %H:%M:%S} UTC by this machine's clock"],
        advice="It is that server's clock that is wrong: tell whoever runs it."
        if elsewhere
        else "Set the clock; in WSL and virtual machines it stops while they sleep.",
    )


def _token_out_of_time(seen: Examination) -> Iterator[Finding]:
    given = seen.identified or seen.anonymous
    if given is None or not given.token or given.grant is None or pulls(seen):
        return
    server = _server_time(given.last)
    if server is None or "invalid_token" not in {each.error for each in seen.refusal_challenges}:
        return
    begins = given.grant.moment("nbf") or given.grant.moment("iat")
    ends = given.grant.moment("exp")
    early = begins is not None and begins > server
    late = ends is not None and ends <= server
    if early or late:
        yield certain(
            "clock-skew",
            "The clocks of the registry and of its realm disagree: the token that was just given "
            + ("is not valid yet." if early else "has expired already."),
            evidence=[f"the realm's Date is {server:.0f}, the token's life {begins} to {ends}"],
            advice="Set the clocks of the token server and the registry: tell whoever runs them.",
        )


def throttled(seen: Examination) -> Iterator[Finding]:
    """Too many requests."""
    limited = next((each for each in everything(seen) if each.status == 429), None)
    if limited is None or limited.answer is None:
        return
    answer = limited.answer
    if kind_of(seen) is Kind.DOCKER_HUB:
        counted = answer.header("docker-ratelimit-source")
        yield certain(
            "docker-hub-rate-limit",
            "Docker Hub's limit is used up for "
            + (f"`{counted}`" if counted else "this address")
            + ("." if credential(seen) else ", which is counted because nobody is logged in."),
            "docker login",
            evidence=[shown(limited), *_limits(answer)],
            advice="Log in, so that your own account is counted, or pull through a cache.",
        )
        return
    wait = answer.header("retry-after")
    azure = kind_of(seen) is Kind.ACR
    yield certain(
        "acr-throttled" if azure else "too-many-requests",
        f"`{host(seen)}` has had too many requests"
        + (f"; it asks to wait {wait} seconds." if wait else "."),
        evidence=[shown(limited)],
        advice="Wait as told. Identities of their own for each workload are counted apart; all "
        "that is anonymous, or uses one account, is counted together.",
    )


def _limits(answer: Answer) -> list[str]:
    names = ("ratelimit-limit", "ratelimit-remaining", "retry-after")
    return [f"{name}: {answer.header(name)}" for name in names if answer.header(name)]


def _apart(exchange: Exchange) -> float | None:
    server = _server_time(exchange)
    return None if server is None else server - exchange.at.timestamp()


def _server_time(exchange: Exchange) -> float | None:
    if exchange.answer is None:
        return None
    try:
        return parsedate_to_datetime(exchange.answer.header("date")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


RULES: tuple[Rule, ...] = (token_distrusted, clock_skew, throttled)
