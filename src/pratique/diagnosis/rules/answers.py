"""Causes in what a server answers before it judges anybody: headers, realms, clocks, limits."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.conversation import Failed
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain
from pratique.diagnosis.rules.shape import (
    Rule,
    host,
    manifest_exchanges,
    origin,
    pulls,
    shown,
    token_exchanges,
)

_MOST_SKEW_SECONDS = 60


def not_a_registry(seen: Examination) -> Iterator[Finding]:
    """What answers at `/v2/` is something else, or broken."""
    ping = seen.ping
    if ping is None or ping.answer is None or seen.outcome is not Outcome.NOT_A_REGISTRY:
        return
    if seen.manifests:
        last = seen.manifests[-1].exchange
        page = last.answer is not None and last.answer.is_html
        yield certain(
            "not-a-registry",
            f"`{host(seen)}` gives something else where the manifest should be"
            + (": a page for people." if page else "."),
            evidence=[shown(last)],
            advice="A proxy or filter on the way answers in the registry's place.",
        )
        return
    if ping.status >= 500:
        yield certain(
            "server-error",
            f"`{host(seen)}` fails: `/v2/` answers {ping.status}.",
            evidence=[shown(ping)],
            advice="It is the registry's own trouble, or that of a proxy before it: tell whoever "
            "runs it.",
        )
        return
    place = ping.answer.header("location")
    yield certain(
        "not-a-registry",
        f"What answers at `{host(seen)}` is not a container registry: `/v2/` gives {ping.status}"
        + (" and a page for people." if ping.answer.is_html else "."),
        evidence=[shown(ping), *([f"it points to {origin(place)}"] if place else [])],
        advice="Check host and port; a web server that stands before a registry must pass `/v2/` "
        "on to it.",
    )


def server_fails(seen: Examination) -> Iterator[Finding]:
    """The registry or its realm answers that it has failed."""
    failing = [
        each for each in (*token_exchanges(seen), *manifest_exchanges(seen)) if each.status >= 500
    ]
    if pulls(seen) or not failing or _only_post_fails(seen):
        return
    yield certain(
        "server-error",
        f"The server fails: `{failing[-1].url}` answers {failing[-1].status}.",
        evidence=[shown(failing[-1])],
        advice="It is the registry's own trouble: tell whoever runs it, with the time of now.",
    )


def challenge_lost(seen: Examination) -> Iterator[Finding]:
    """A 401 comes without a challenge that can be followed, or with too many."""
    ping = seen.ping
    if ping is None or ping.answer is None or ping.status != 401 or pulls(seen):
        return
    bearers = [each for each in seen.challenges if each.scheme == "bearer"]
    if any(not each.realm for each in bearers):
        yield certain(
            "missing-realm",
            f"The Bearer challenge of `{host(seen)}` names no realm, so no client knows where to "
            "ask for a token.",
            evidence=[f"WWW-Authenticate: {ping.answer.header('www-authenticate')[:200]}"],
            advice='The registry must send `Bearer realm="https://…",service="…"`, and a proxy '
            "before it must not change it.",
        )
        return
    schemes = [each.scheme for each in seen.challenges]
    if not schemes and seen.registry is not None and origin(ping.url) != origin(seen.registry.url):
        what = f"from `{origin(ping.url)}`, to which it redirects, so no login is sent"
    elif not schemes:
        what = "without any challenge"
    elif len(bearers) > 1 or ("basic" in schemes and bearers):
        what = f"with {len(schemes)} challenges ({', '.join(schemes)})"
    elif not bearers and "basic" not in schemes:
        what = f"with a challenge that no client follows ({', '.join(schemes)})"
    else:
        return
    yield certain(
        "reverse-proxy-eats-header",
        f"`{host(seen)}` answers 401 {what}; something before the registry takes the header away "
        "or adds one of its own.",
        evidence=[shown(ping), *ping.answer.every("www-authenticate")[:3]],
        advice="Have the proxy pass `Authorization` and `WWW-Authenticate` through unchanged, and "
        "authenticate in one place only.",
    )


def authorization_lost(seen: Examination) -> Iterator[Finding]:
    """The realm takes the credential, and the registry then asks as if nothing had been sent."""
    if seen.outcome is not Outcome.REFUSED or not seen.manifests:
        return
    last = seen.manifests[-1].exchange
    token = seen.identified
    if token is None or not token.token or last.status != 401 or last.answer is None:
        return
    granted = token.grant.actions if token.grant else None
    asked = [each for each in seen.refusal_challenges if each.scheme == "bearer"]
    if granted and "pull" in granted and not any(each.error for each in asked):
        yield certain(
            "reverse-proxy-eats-header",
            f"The token allows `pull`, yet `{host(seen)}` answers as if none had been sent: "
            "something before the registry drops the `Authorization` header.",
            evidence=[shown(last)],
            advice="nginx: `proxy_set_header Authorization $http_authorization;` and no "
            "`auth_basic` of its own for `/v2/`.",
        )


def two_doors(seen: Examination) -> Iterator[Finding]:
    """A proxy asks for a password of its own, and the registry behind it for a token."""
    first = {each.scheme for each in seen.challenges}
    behind = {each.scheme for each in seen.refusal_challenges}
    if pulls(seen) or first != {"basic"} or "bearer" not in behind:
        return
    yield certain(
        "reverse-proxy-eats-header",
        f"Two doors stand behind `{host(seen)}`: one asks for a password (Basic), and what it lets "
        "through is asked by the registry for a token (Bearer). No client can pass both.",
        evidence=[shown(seen.manifests[-1].exchange)],
        advice="Authenticate in one place: take `auth_basic` away from `/v2/` in the proxy.",
    )


def realm_in_clear(seen: Examination) -> Iterator[Finding]:
    """TLS ends before the registry, which then names a realm without TLS."""
    registry = seen.registry
    if registry is None or not registry.url.startswith("https:") or pulls(seen):
        return
    for challenge in seen.challenges:
        realm = challenge.realm
        doubled = "//" in realm.partition("://")[2]
        if realm.lower().startswith("http:") or doubled:
            kept = seen.identified is not None and (
                (failure := seen.identified.last.failure) is not None
                and failure.why is Failed.CLEAR_TEXT
            )
            yield certain(
                "http-realm-behind-tls",
                f"`{host(seen)}` is reached over TLS and sends for tokens to `{realm}`"
                + (", where a password would travel in clear; it was not sent." if kept else "."),
                evidence=[f'realm="{realm}"'],
                advice="Tell the registry its outside address: Harbor `external_url`, GitLab "
                "`registry_external_url`, distribution `auth.token.realm`; the proxy must send "
                "`X-Forwarded-Proto`.",
            )
            return


def realm_is_a_page(seen: Examination) -> Iterator[Finding]:
    """The realm answers with a page for people."""
    for exchange in token_exchanges(seen):
        if exchange.status == 200 and exchange.answer is not None and exchange.answer.is_html:
            yield certain(
                "reverse-proxy-eats-header",
                f"`{exchange.url}`, where `{host(seen)}` sends for tokens, answers with a page for "
                "people.",
                evidence=[shown(exchange)],
                advice="A proxy or login page stands before the token server: it must let clients "
                "without a browser through.",
            )
            return


def open_ping(seen: Examination) -> Iterator[Finding]:
    """`/v2/` asks nobody to log in, so Docker never does."""
    if seen.wish.client is not Client.DOCKER or seen.unsigned_manifest is None:
        return
    open_door = seen.ping is not None and seen.ping.status == 200
    inside = seen.identified_manifest
    if open_door and seen.unsigned_manifest.status == 401 and inside and inside.status == 200:
        yield certain(
            "open-ping-hides-login",
            f"`/v2/` of `{host(seen)}` answers 200 to everybody, so Docker does not log in, "
            "although the stored credential would open this image.",
            evidence=[shown(seen.unsigned_manifest)],
            advice="The registry should answer 401 with a challenge at `/v2/` and give anonymous "
            "tokens; podman and containerd are not affected.",
        )


def oauth_not_spoken(seen: Examination) -> Iterator[Finding]:
    """The realm does not answer the request that containerd makes."""
    if seen.wish.client is Client.CONTAINERD and _only_post_fails(seen) and not pulls(seen):
        request = seen.identified
        first = request.exchanges[0] if request else None
        yield certain(
            "token-server-oauth-not-spec",
            "The token server does not answer containerd's POST as the specification says"
            + (f" (it answers {first.status})" if first else "")
            + "; Docker, which uses GET, is not affected.",
            evidence=[shown(first)] if first else [],
            advice="Use a newer containerd, or mend the token server: its answer to a POST must "
            "have `access_token`, and 404 or 405 where it knows no POST.",
        )


def _only_post_fails(seen: Examination) -> bool:
    request = seen.identified
    if seen.wish.client is not Client.CONTAINERD or request is None or request.token:
        return False
    last = request.last
    if last.method != "POST" or last.answer is None:
        return False
    # When the token server gives nobody anything, it is not the way of asking.
    if seen.anonymous is not None and seen.anonymous.last.status >= 500:
        return False
    return last.status >= 500 or (last.status == 200 and "token" in last.answer.object())


RULES: tuple[Rule, ...] = (
    not_a_registry,
    server_fails,
    challenge_lost,
    authorization_lost,
    two_doors,
    realm_in_clear,
    realm_is_a_page,
    open_ping,
    oauth_not_spoken,
)
