"""Causes that belong to one product, told by its own answers and the forms of its credentials."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.printed import words_in
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    credential,
    credential_accepted,
    host,
    image,
    pulls,
    quoted,
    refused,
    refusing,
    repository,
    said,
    shown,
)

# Of what a text can tell, that which an answer of a server proves by itself.
_TOLD_BY_SERVERS = frozenset(
    {
        "docker-hub-pat-required",
        "expired-registry-token",
        "expired-service-principal-secret",
        "gar-missing-reader",
        "ghcr-token-scope",
        "gitlab-token-scope",
        "gitea-token-scope",
        "acr-application-not-registered",
        "quay-robot-disabled-or-no-permission",
        "harbor-policy-blocks-pull",
        "conditional-access-blocks",
        "oidc-subject-mismatch",
        "ecr-wrong-region-or-account",
        "acr-image-locked-or-quarantined",
    }
)


def told(seen: Examination) -> Iterator[Finding]:
    """What the words of a refusal say by themselves."""
    if pulls(seen):
        return
    asked = [refusing(seen), seen.login.last if seen.login else None]
    if seen.manifests:
        asked += [each.exchange for each in seen.manifests]
    for exchange in asked:
        if exchange is None or exchange.answer is None or exchange.status < 400:
            continue
        for finding in words_in(" ".join(f"{c} {m}" for c, m in exchange.answer.errors())):
            if finding.cause.id in _TOLD_BY_SERVERS:
                yield finding


def github(seen: Examination) -> Iterator[Finding]:
    """GitHub's registry knows the token, or hides a private package."""
    if kind_of(seen) is not Kind.GHCR or not refused(seen):
        return
    used, asked = credential(seen), refusing(seen)
    if used is None:
        if seen.anonymous is not None and seen.anonymous.last.status in {401, 403}:
            yield certain(
                "ghcr-package-private",
                f"The package `{repository(seen)}` is private or absent: nobody gets a token for "
                "it without a login. It may be private although its source is public.",
                evidence=[shown(seen.anonymous.last)],
                advice="Its owner can make it public in the package's settings.",
            )
        return
    kind = used.secret.reveal().partition("_")[0]
    if asked is None or asked.status not in {401, 403} or not credential_accepted(seen):
        return
    if kind == "ghs" and seen.place.github_actions:
        yield certain(
            "actions-token-not-linked",
            f"The job's own token may not read `{repository(seen)}`: the job lacks "
            "`packages: read`, or the package does not admit this repository.",
            evidence=["GITHUB_ACTIONS is set and the password begins with `ghs_`", shown(asked)],
            advice="Write `permissions: {packages: read}` in the job, and add the repository "
            "under the package's `Manage Actions access`.",
        )
    elif kind in {"ghp", "gho", "github", "ghs"}:
        named = {"ghp": "a classic token", "gho": "the CLI's token", "ghs": "an app's token"}
        yield certain(
            "ghcr-token-scope",
            f"The token of `{used.username}` ({named.get(kind, 'a fine-grained token')}) is "
            "accepted, and does not let it read packages.",
            f'echo "$TOKEN" | docker login ghcr.io -u {quoted(used.username)} --password-stdin',
            evidence=[shown(asked)],
            advice="Make a classic token with the scope `read:packages`.",
        )


def harbor(seen: Examination) -> Iterator[Finding]:
    """Harbor gives a token that allows nothing in this project."""
    if kind_of(seen) is not Kind.HARBOR or seen.identified is None or not seen.identified.token:
        return
    if pulls(seen) or seen.outcome is Outcome.MISSING or _may_pull(seen):
        return
    project = repository(seen).partition("/")[0]
    yield certain(
        "harbor-project-not-member",
        f"The login is accepted, but its user is no member of the project `{project}` (or a robot "
        "without `pull` there), or there is no such project.",
        evidence=[f"the token allows nothing on `{repository(seen)}`"],
        advice="Have the project's administrator add the user, or make a robot with `pull`.",
    )


def gitlab(seen: Examination) -> Iterator[Finding]:
    """A token of GitLab that has no right to read this registry."""
    used = credential(seen)
    if kind_of(seen) is not Kind.GITLAB or used is None or not refused(seen):
        return
    if used.username == "gitlab-ci-token" and not seen.place.gitlab_job:
        yield certain(
            "gitlab-token-scope",
            "The stored login is that of a CI job (`gitlab-ci-token`), which ends with its job.",
            f"docker login {quoted(host(seen))}",
            evidence=["the user is gitlab-ci-token, and this is no job"],
            advice="Use a deploy token with `read_registry`.",
        )
    elif credential_accepted(seen) and not _may_pull(seen):
        yield suspected(
            "gitlab-token-scope",
            f"The login of `{used.username}` is accepted, and does not let it read "
            f"`{repository(seen)}`: `read_registry` is missing, or the project does not admit it.",
            evidence=[said(refusing(seen))],
            advice="Make a deploy token with `read_registry` in this project, or add the calling "
            "project to its job token allowlist.",
        )


def quay(seen: Examination) -> Iterator[Finding]:
    """A robot of Quay that has no permission on the repository."""
    used, asked = credential(seen), refusing(seen)
    if kind_of(seen) is not Kind.QUAY or used is None or "+" not in used.username:
        return
    if credential_accepted(seen) and asked is not None and asked.status in {401, 403}:
        yield certain(
            "quay-robot-disabled-or-no-permission",
            f"The robot `{used.username}` is known, and has no permission on "
            f"`{repository(seen)}`, or there is no such repository.",
            evidence=[shown(asked)],
            advice="Give the robot `Read` in the repository's permissions.",
        )


def nexus(seen: Examination) -> Iterator[Finding]:
    """Nexus asks for a password where Docker wants tokens."""
    if kind_of(seen) is not Kind.NEXUS or not refused(seen):
        return
    if any(each.scheme == "basic" for each in seen.challenges):
        yield suspected(
            "nexus-bearer-realm-off",
            f"`{host(seen)}` is a Nexus whose Docker Bearer Token Realm may be off, or whose "
            "repository has another port.",
            evidence=[shown(seen.ping)] if seen.ping else [],
            advice="Switch the realm on, tick `Allow anonymous docker pull` where that is wanted, "
            "and log in at the port of the repository.",
        )


def artifactory(seen: Examination) -> Iterator[Finding]:
    """Artifactory does not find what lacks its repository key."""
    if kind_of(seen) is Kind.ARTIFACTORY and refused(seen):
        yield suspected(
            "artifactory-repository-path",
            f"`{image(seen)}` may lack the repository key of Artifactory: `HOST/KEY/IMAGE` and "
            "`KEY.HOST/IMAGE` are different names.",
            evidence=[shown(asked)] if (asked := refusing(seen)) else [],
            advice="Use the form that `Set me up` shows.",
        )


def harbor_policy(seen: Examination) -> Iterator[Finding]:
    """A policy of the project forbids this image."""
    asked = refusing(seen)
    if asked is not None and asked.status == 412:
        yield certain(
            "harbor-policy-blocks-pull",
            f"`{image(seen)}` may be pulled by this user, but a policy of its project forbids it: "
            f"{said(asked)}.",
            evidence=[shown(asked)],
            advice="Scan or sign the image, or have it added to the project's allowlist.",
        )


def locked(seen: Examination) -> Iterator[Finding]:
    """An Azure registry lists the tag and does not give its manifest."""
    asked = refusing(seen)
    if kind_of(seen) is not Kind.ACR or asked is None or seen.reference is None or pulls(seen):
        return
    if seen.reference.tag in seen.known_tags or asked.status == 405:
        shown_image = f"{repository(seen)}:{seen.reference.tag}"
        yield suspected(
            "acr-image-locked-or-quarantined",
            f"`{shown_image}` is listed and not given: it is locked against reading, or in "
            "quarantine until it has been scanned.",
            f"az acr repository update -n {azure_name(seen)} --image {quoted(shown_image)} "
            "--read-enabled true",
            evidence=[shown(asked)],
        )


def _may_pull(seen: Examination) -> bool:
    grant = seen.identified.grant if seen.identified else None
    return grant is not None and grant.actions is not None and "pull" in grant.actions


RULES: tuple[Rule, ...] = (
    told,
    github,
    harbor,
    gitlab,
    quay,
    nexus,
    artifactory,
    harbor_policy,
    locked,
)
