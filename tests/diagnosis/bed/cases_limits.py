"""Limits: of requests, and of the life of tokens."""

from __future__ import annotations

from tests.diagnosis.bed.harness import Case, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import IMAGE, logged_in, pull, push, registry_at
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import AzureWords, HubWords, errors

HUB = "registry-1.docker.io"
HUB_REALM = "https://auth.docker.io/token"
ACR = "contoso.azurecr.io"
_LIMITS = (
    ("ratelimit-limit", "100;w=21600"),
    ("ratelimit-remaining", "0;w=21600"),
    ("docker-ratelimit-source", "203.0.113.200"),
)
_HUB_LIMIT = errors(
    429,
    "TOOMANYREQUESTS",
    "You have reached your unauthenticated pull rate limit. "
    "https://www.docker.com/increase-rate-limit",
).with_headers(*_LIMITS)


def hub(stage: Stage) -> Registry:
    """Docker Hub, with the public image `library/alpine:3`."""
    registry = registry_at(stage, HUB, HubWords(), realm=HUB_REALM)
    registry.service = "registry.docker.io"
    registry.holds("library/alpine", "3")
    registry.public = {"library/alpine": {"pull"}}
    return registry


def _hub_limit(stage: Stage) -> Question:
    hub(stage).bends.append(on("/v2/.+/manifests/.*", _HUB_LIMIT))
    return Question(Wish("alpine:3"))


def _hub_limit_not_reached(stage: Stage) -> Question:
    hub(stage)
    return Question(Wish("alpine:3"))


def azure(stage: Stage, host: str = ACR, *, refuses_scopes: bool = True) -> Registry:
    """An Azure registry."""
    return registry_at(
        stage,
        host,
        AzureWords(),
        realm=f"https://{host}/oauth2/token",
        refuses_scopes=refuses_scopes,
    )


def _azure_throttled(stage: Stage) -> Question:
    registry = azure(stage)
    limit = errors(429, "TOOMANYREQUESTS", "too many requests").with_headers(("Retry-After", "5"))
    registry.bends.append(on("/v2/.+/manifests/.*", limit))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _azure_realm_throttled(stage: Stage) -> Question:
    registry = azure(stage)
    limit = errors(429, "TOOMANYREQUESTS", "too many requests").with_headers(("Retry-After", "5"))
    registry.bends.append(on("/oauth2/token", limit))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _another_throttled(stage: Stage) -> Question:
    registry = registry_at(stage, "registry.example.com")
    limit = errors(429, "TOOMANYREQUESTS", "too many requests").with_headers(("Retry-After", "5"))
    registry.bends.append(on("/v2/.+/manifests/.*", limit))
    logged_in(stage, registry, everything="pull")
    return pull("registry.example.com")


def _azure_well(stage: Stage) -> Question:
    logged_in(stage, azure(stage), everything="pull")
    return pull(ACR)


def _short_life(stage: Stage) -> Question:
    registry = registry_at(stage, "gitlab.example.com")
    registry.life = 120
    logged_in(stage, registry, team__app="pull,push")
    return push("gitlab.example.com")


def _short_life_and_pull(stage: Stage) -> Question:
    registry = registry_at(stage, "gitlab.example.com")
    registry.life = 120
    logged_in(stage, registry, team__app="pull,push")
    return pull("gitlab.example.com", repository=IMAGE)


def _long_life(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, "gitlab.example.com"), team__app="pull,push")
    return push("gitlab.example.com")


CASES: tuple[Case, ...] = (
    case("12: used up", _hub_limit, Verdict.PROVEN, "docker-hub-rate-limit"),
    twin("12: not used up", _hub_limit_not_reached, Verdict.WELL, of="docker-hub-rate-limit"),
    twin(
        "12: another registry's limit",
        _azure_throttled,
        Verdict.PROVEN,
        "acr-throttled",
        of="docker-hub-rate-limit",
    ),
    case("74: manifest", _azure_throttled, Verdict.PROVEN, "acr-throttled"),
    case("74: token", _azure_realm_throttled, Verdict.PROVEN, "acr-throttled"),
    case("any registry's limit", _another_throttled, Verdict.PROVEN, "too-many-requests"),
    twin(
        "an Azure registry's limit",
        _azure_throttled,
        Verdict.PROVEN,
        "acr-throttled",
        of="too-many-requests",
    ),
    twin("74: not throttled", _azure_well, Verdict.WELL, of="acr-throttled"),
    case("79: two minutes", _short_life, Verdict.WELL, "long-push-outlives-token"),
    twin("79: no push", _short_life_and_pull, Verdict.WELL, of="long-push-outlives-token"),
    twin("79: an hour", _long_life, Verdict.WELL, of="long-push-outlives-token"),
)
