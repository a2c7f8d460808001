"""Causes in the image itself and in the way to its layers."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.shape import (
    Rule,
    host,
    image,
    origin,
    quoted,
    repository,
    shown,
)

_TWO_WAYS_IN = (
    "Only one auth mechanism allowed",
    "Authentication information is not given in the correct format",
    "InvalidAuthenticationInfo",
)


def no_platform(seen: Examination) -> Iterator[Finding]:
    """The index has no image for the platform."""
    if seen.outcome is not Outcome.NO_PLATFORM or not seen.manifests:
        return
    offered = seen.manifests[-1].platforms
    place = seen.place
    wanted = seen.wish.platform or f"{place.system}/{place.architecture}" + (
        f"/{place.variant}" if place.variant else ""
    )
    other = f"{seen.wish.client.value} pull --platform {quoted(offered[0])} {quoted(image(seen))}"
    yield certain(
        "platform-not-in-index",
        f"`{image(seen)}` is there for {', '.join(offered)}, and not for {wanted}.",
        *([other] if offered else []),
        evidence=[f"the index has {len(offered)} platforms"],
        advice="Have it built for this platform: `docker buildx build --platform …`.",
    )


def another_digest(seen: Examination) -> Iterator[Finding]:
    """What came is not what its digest says."""
    for manifest in seen.manifests:
        if manifest.digest_matches is False:
            yield certain(
                "digest-mismatch",
                f"The manifest of `{image(seen)}` that arrives is another than its digest says.",
                evidence=[shown(manifest.exchange)],
                advice="A proxy or cache on the way changes answers, or the registry's storage is "
                "damaged.",
            )
            return


def layer_missing(seen: Examination) -> Iterator[Finding]:
    """The registry itself does not give a layer that its manifest names."""
    for blob in seen.blobs:
        if blob.redirected or blob.exchange.status in {200, 206}:
            continue
        failed = blob.exchange.status >= 500
        yield certain(
            "server-error" if failed else "layer-missing",
            f"The manifest of `{image(seen)}` is there, and `{host(seen)}` does not give one of "
            "its layers.",
            evidence=[shown(blob.exchange)],
            advice="The registry's storage is damaged or incomplete: have the image pushed again.",
        )


def authorization_forwarded(seen: Examination) -> Iterator[Finding]:
    """Something on the way adds a credential to a storage's own."""
    for blob in seen.blobs:
        for exchange in blob.redirected:
            text = exchange.answer.text if exchange.answer else ""
            if exchange.status in {400, 401, 403} and any(words in text for words in _TWO_WAYS_IN):
                yield certain(
                    "redirect-carries-authorization",
                    f"The storage `{origin(exchange.url)}` is sent a credential beside the one in "
                    "its address, although the doctor sent none: something on the way adds it.",
                    evidence=[
                        f"{exchange.method} {origin(exchange.url)} answered {exchange.status}"
                    ],
                    advice="A proxy before the registry must drop `Authorization` on redirects: "
                    'nginx `proxy_set_header Authorization "";` for the storage\'s location.',
                )
                return


def foreign_layers(seen: Examination) -> Iterator[Finding]:
    """Layers of the image are kept by somebody else."""
    hosts = sorted({host for manifest in seen.manifests for host in manifest.foreign_hosts})
    if hosts:
        yield suspected(
            "foreign-layer",
            f"`{image(seen)}` has layers that `{repository(seen)}` does not hold: they come from "
            f"{', '.join(hosts)}, which a firewall may block.",
            evidence=[f"layers with `urls`: {', '.join(hosts)}"],
            advice="Allow those hosts, or push with `allow-nondistributable-artifacts`.",
        )


RULES: tuple[Rule, ...] = (
    no_platform,
    another_digest,
    layer_missing,
    authorization_forwarded,
    foreign_layers,
)
