"""Public images at the services, for nobody: nothing may be named anywhere."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.bed.cases_limits import hub
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case
from tests.diagnosis.bed.hosting import IMAGE, pull, registry_at
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import (
    AzureWords,
    GitHubWords,
    GitLabWords,
    HarborWords,
    QuayWords,
    Words,
)

_SERVICES: tuple[tuple[str, Words, str, str, bool], ...] = (
    ("contoso.azurecr.io", AzureWords(), "https://contoso.azurecr.io/oauth2/token", "", False),
    ("ghcr.io", GitHubWords(), "https://ghcr.io/token", "", True),
    ("quay.io", QuayWords(), "https://quay.io/v2/auth", "", False),
    ("public.ecr.aws", Words(), "https://public.ecr.aws/token/", "", True),
    ("europe-docker.pkg.dev", Words(), "https://europe-docker.pkg.dev/v2/token", "", True),
    (
        "registry.gitlab.com",
        GitLabWords(),
        "https://gitlab.com/jwt/auth",
        "container_registry",
        False,
    ),
    (
        "harbor.example.com",
        HarborWords(),
        "https://harbor.example.com/service/token",
        "harbor-registry",
        False,
    ),
)


def _at(
    host: str, words: Words, realm: str, service: str, *, opaque: bool, client: Client
) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        registry = registry_at(stage, host, words, realm=realm, opaque=opaque, refuses_scopes=True)
        registry.service = service or host
        registry.public = {IMAGE: {"pull"}}
        return pull(host, client)

    return arrange


def _without_logins(stage: Stage) -> Question:
    registry = registry_at(stage, "mcr.microsoft.com", open_ping=True)
    registry.public = {IMAGE: {"pull"}}
    return pull("mcr.microsoft.com")


def _hub(client: Client) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        hub(stage)
        return Question(Wish("docker.io/library/alpine:3", client))

    return arrange


CASES: tuple[Case, ...] = (
    *(
        case(
            f"well: {host} by {client.value}",
            _at(host, words, realm, service, opaque=opaque, client=client),
            Verdict.WELL,
        )
        for host, words, realm, service, opaque in _SERVICES
        for client in Client
    ),
    *(case(f"well: Docker Hub by {each.value}", _hub(each), Verdict.WELL) for each in Client),
    case("well: a registry without logins", _without_logins, Verdict.WELL),
)
