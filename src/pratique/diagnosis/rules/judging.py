"""All rules together: what each found, without what another explains better, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pratique.diagnosis.causes import CAUSES
from pratique.diagnosis.causes_az import AZ
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, suspected
from pratique.diagnosis.rules import (
    answers,
    azure_cli,
    client_files,
    clusters,
    content,
    limits,
    pushing,
    reaching,
    refused_credentials,
    rights,
    stored,
    vendors,
)
from pratique.diagnosis.rules.shape import Rule, host, image, refusing, shown
from pratique.diagnosis.verdict import is_well

RULES: Final[tuple[Rule, ...]] = (
    *stored.RULES,
    *clusters.RULES,
    *client_files.RULES,
    *azure_cli.RULES,
    *reaching.RULES,
    *answers.RULES,
    *limits.RULES,
    *refused_credentials.RULES,
    *vendors.RULES,
    *rights.RULES,
    *content.RULES,
    *pushing.RULES,
)

_AZ: Final = frozenset(cause.id for cause in AZ)
# A cause on the left is not named beside a certain one on the right, which says why it is so.
_EXPLAINED_BY: Final[Mapping[str, frozenset[str]]] = {
    "no-credential-for-host": frozenset(
        {
            "docker-hub-default-host",
            "wrong-user-home",
            "credential-helper-missing",
            "helper-fails-or-locked",
            "credential-helper-slow",
            "docker-hub-key-wrong",
            "gar-helper-host-not-configured",
            "ecr-wrong-region-or-account",
            "containerd-not-docker-config",
            "podman-auth-file-elsewhere",
            "compose-or-build-uses-other-config",
            "port-in-host-key",
            "uppercase-host-or-repository",
            "corrupt-config-file",
            "docker-credential-email-only-entry",
            "identity-token-without-refresh",
            "retired-acr-helper",
            "k8s-pull-secret-not-referenced",
            "k8s-secret-wrong-server-key",
            "k8s-secret-wrong-namespace",
            "k8s-secret-malformed",
            "k8s-secret-after-pod",
            "kubelet-credential-provider-missing",
            "insufficient-node-scope-or-imds-blocked",
            "helper-overrides-auths",
            *_AZ,
        }
    ),
    "wrong-password": frozenset(
        {
            "expired-registry-token",
            "ecr-token-in-static-secret",
            "stale-credential-breaks-public-pull",
            "expired-service-principal-secret",
            "acr-application-not-registered",
            "acr-arm-token-refused",
            "shell-expanded-dollar",
            "docker-hub-pat-required",
            "email-as-username",
            "login-with-wrong-username-for-token",
            "quay-robot-disabled-or-no-permission",
            "gitlab-token-scope",
            "conditional-access-blocks",
            "legacy-url-key-shadows-new",
            "reverse-proxy-eats-header",
            "helper-overrides-auths",
            "identity-token-without-refresh",
            "pratique-refusal",
        }
    ),
    "expired-registry-token": frozenset({"ecr-token-in-static-secret"}),
    "known-but-not-allowed": frozenset(
        {
            "pratique-refusal",
            "tag-or-repository-missing-shown-as-unauthorized",
            "acr-role-propagation-delay",
            "acr-scope-map-lacks-repository",
            "ghcr-token-scope",
            "actions-token-not-linked",
            "gar-missing-reader",
            "gitlab-token-scope",
            "gitea-token-scope",
            "harbor-project-not-member",
            "harbor-policy-blocks-pull",
            "quay-robot-disabled-or-no-permission",
            "acr-image-locked-or-quarantined",
            "ecr-wrong-region-or-account",
            "registry-distrusts-its-token",
            "push-without-pull",
        }
    ),
    "acr-role-without-pull-action-or-at-wrong-scope": frozenset({"acr-role-propagation-delay"}),
    "acr-abac-mode-ignores-acrpull": frozenset({"acr-role-propagation-delay"}),
    "ghcr-token-scope": frozenset({"actions-token-not-linked"}),
    "tag-missing": frozenset({"geo-replica-behind"}),
    "repository-missing": frozenset({"geo-replica-behind"}),
    "gitlab-token-scope": frozenset({"login-with-wrong-username-for-token"}),
    "realm-unreachable": frozenset({"http-realm-behind-tls", "proxy-for-daemon"}),
    "registry-distrusts-its-token": frozenset({"clock-skew"}),
    "server-error": frozenset({"token-server-oauth-not-spec"}),
    "connection-refused": frozenset({"proxy-for-daemon", "acr-private-endpoint-dns"}),
    "connection-timed-out": frozenset({"proxy-for-daemon", "acr-private-endpoint-dns"}),
    "host-not-found": frozenset({"proxy-for-daemon"}),
    "push-not-allowed": frozenset({"pratique-refusal"}),
}
_ORDER: Final = {cause: place for place, cause in enumerate(CAUSES)}


def findings_of(seen: Examination) -> tuple[Finding, ...]:
    """What is wrong, the certain first, then the commoner; something, whenever something is."""
    found = [finding for rule in RULES for finding in rule(seen)]
    kept = _without_what_is_explained(_each_once(found))
    if not kept and not is_well(seen) and seen.outcome is not Outcome.UNTESTED:
        kept = [_unexplained(seen)]
    return tuple(sorted(kept, key=lambda each: (not each.certain, _ORDER[each.cause.id])))


def _each_once(found: Iterable[Finding]) -> list[Finding]:
    kept: dict[str, Finding] = {}
    for finding in found:
        known = kept.get(finding.cause.id)
        if known is None or (finding.certain and not known.certain):
            kept[finding.cause.id] = finding
    return list(kept.values())


def _without_what_is_explained(found: list[Finding]) -> list[Finding]:
    proven = {finding.cause.id for finding in found if finding.certain}
    return [
        finding
        for finding in found
        if not proven & _EXPLAINED_BY.get(finding.cause.id, frozenset())
    ]


def _unexplained(seen: Examination) -> Finding:
    asked = refusing(seen)
    return suspected(
        "unexplained",
        f"`{image(seen)}` cannot be had from `{host(seen)}`, and nothing that is known here "
        "explains it.",
        evidence=[shown(asked)] if asked else [],
        advice="Show this report to whoever runs the registry.",
    )
