"""Which product or service a registry is, from its host's name and its answers."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.logins import ACR_HOST, ECR_HOST


class Kind(Enum):
    """A registry's kind; the values are their names for people."""

    ACR = "Azure Container Registry"
    DOCKER_HUB = "Docker Hub"
    GHCR = "GitHub's container registry"
    ECR = "Amazon ECR"
    ECR_PUBLIC = "Amazon ECR Public"
    GAR = "Google Artifact Registry"
    GCR = "Google Container Registry"
    GITLAB = "GitLab"
    HARBOR = "Harbor"
    QUAY = "Quay"
    GITEA = "Gitea or Forgejo"
    NEXUS = "Nexus"
    ARTIFACTORY = "Artifactory"
    ZOT = "zot"
    PRATIQUE = "Pratique"
    OTHER = "a registry"


_BY_NAME: Final = (
    (ACR_HOST, Kind.ACR),
    (re.compile(r"(?:docker\.io|registry-1\.docker\.io|index\.docker\.io)"), Kind.DOCKER_HUB),
    (re.compile(r"ghcr\.io|docker\.pkg\.github\.com"), Kind.GHCR),
    (ECR_HOST, Kind.ECR),
    (re.compile(r"public\.ecr\.aws"), Kind.ECR_PUBLIC),
    (re.compile(r"[a-z0-9-]+-docker\.pkg\.dev|docker\.pkg\.dev"), Kind.GAR),
    (re.compile(r"(?:[a-z]+\.)?gcr\.io"), Kind.GCR),
    (re.compile(r"registry\.gitlab\.com"), Kind.GITLAB),
    (re.compile(r"(?:[a-z0-9-]+\.)?quay\.io"), Kind.QUAY),
    (re.compile(r"[a-z0-9-]+\.jfrog\.io"), Kind.ARTIFACTORY),
)


def kind_of(seen: Examination) -> Kind:
    """The kind of the image's registry; `OTHER` when nothing tells."""
    name = seen.reference.name.lower() if seen.reference else ""
    for pattern, kind in _BY_NAME:
        if pattern.fullmatch(name):
            return kind
    return _by_answers(seen)


def azure_name(seen: Examination) -> str:
    """The name of an Azure registry, without its domain; empty for others."""
    if kind_of(seen) is not Kind.ACR or seen.reference is None:
        return ""
    return seen.reference.name.lower().partition(".")[0]


def _by_answers(seen: Examination) -> Kind:
    realm = next((each.realm for each in seen.challenges if each.realm), "")
    service = next((each.service for each in seen.challenges if each.service), "")
    if _is_pratique(seen):
        return Kind.PRATIQUE
    if service == "harbor-registry" or realm == "harbor":
        return Kind.HARBOR
    if realm.endswith("/jwt/auth") or (service == "container_registry" and "/jwt/" in realm):
        return Kind.GITLAB
    if realm.endswith("/v2/auth"):
        return Kind.QUAY
    if service == "container_registry" and realm.endswith("/v2/token"):
        return Kind.GITEA
    return _by_headers(seen, realm)


def _is_pratique(seen: Examination) -> bool:
    refusals = (exchange.answer for exchange in seen.exchanges if exchange.answer is not None)
    return bool(seen.decision_id) or any(
        "/help/authorization" in answer.said for answer in refusals if answer.status >= 400
    )


def _by_headers(seen: Examination, realm: str) -> Kind:
    answered = [exchange.answer for exchange in seen.exchanges if exchange.answer is not None]
    if seen.ping is not None and seen.ping.answer is not None:
        answered.append(seen.ping.answer)
    for answer in answered:
        server = answer.header("server").lower()
        if server.startswith("nexus"):
            return Kind.NEXUS
        if "artifactory" in server or answer.header("x-jfrog-version"):
            return Kind.ARTIFACTORY
        if "artifactory" in answer.header("x-artifactory-id").lower():
            return Kind.ARTIFACTORY
    return Kind.ZOT if realm == "zot" else Kind.OTHER
