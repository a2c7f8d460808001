"""What is particular to GitHub's, Google's and GitLab's registries."""

from __future__ import annotations

from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import (
    IMAGE,
    logged_in,
    pull,
    registry_at,
    stored,
    wrongly_logged_in,
)
from tests.diagnosis.bed.registries import Registry
from tests.diagnosis.bed.servers import Asked, Reply
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import (
    GitHubWords,
    GitLabWords,
    Words,
    errors,
)

_GHCR = "ghcr.io"
_GAR = "europe-docker.pkg.dev"
_GITLAB = "registry.gitlab.com"


def _github(stage: Stage, *, refuses_scopes: bool = False) -> Registry:
    registry = registry_at(stage, _GHCR, GitHubWords(), opaque=True, refuses_scopes=refuses_scopes)
    registry.service = "ghcr.io"
    return registry


def _github_token(stage: Stage, before: str, **grants: str) -> Question:
    logged_in(stage, _github(stage), "octocat", before=before, **grants)
    return pull(_GHCR)


def _classic_without_scope(stage: Stage) -> Question:
    return _github_token(stage, "ghp_")


def _fine_grained(stage: Stage) -> Question:
    return _github_token(stage, "github_pat_")


def _classic_refused_at_the_token(stage: Stage) -> Question:
    logged_in(stage, _github(stage, refuses_scopes=True), "octocat", before="ghp_")
    return pull(_GHCR)


def _classic(stage: Stage) -> Question:
    return _github_token(stage, "ghp_", team__app="pull")


def _classic_revoked(stage: Stage) -> Question:
    wrongly_logged_in(stage, _github(stage), "octocat", before="ghp_", team__app="pull")
    return pull(_GHCR)


def _package_private(stage: Stage) -> Question:
    _github(stage, refuses_scopes=True)
    return pull(_GHCR)


def _package_public(stage: Stage) -> Question:
    _github(stage, refuses_scopes=True).public = {IMAGE: {"pull"}}
    return pull(_GHCR)


def _job_not_linked(stage: Stage) -> Question:
    stage.environment.update({"GITHUB_ACTIONS": "true", "CI": "true"})
    return _github_token(stage, "ghs_")


def _job_linked(stage: Stage) -> Question:
    stage.environment.update({"GITHUB_ACTIONS": "true", "CI": "true"})
    return _github_token(stage, "ghs_", team__app="pull")


def _person_in_a_job(stage: Stage) -> Question:
    stage.environment.update({"GITHUB_ACTIONS": "true", "CI": "true"})
    return _github_token(stage, "ghp_")


def _app_outside_a_job(stage: Stage) -> Question:
    return _github_token(stage, "ghs_")


class _GoogleWords(Words):
    where = "projects/acme/locations/europe/repositories/team"

    def forbidden(self, registry: object, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        del registry, asked, name, action
        text = (
            'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource '
            f'"{self.where}" (or it may not exist)'
        )
        return errors(403, "DENIED", text)


def _google(stage: Stage) -> Registry:
    return registry_at(stage, _GAR, _GoogleWords(), realm=f"https://{_GAR}/v2/token", opaque=True)


def _no_reader(stage: Stage) -> Question:
    logged_in(stage, _google(stage), "oauth2accesstoken", before="ya29.")
    return pull(_GAR)


def _reader(stage: Stage) -> Question:
    logged_in(stage, _google(stage), "oauth2accesstoken", before="ya29.", team__app="pull")
    return pull(_GAR)


def _gitlab(stage: Stage) -> Registry:
    registry = registry_at(
        stage,
        _GITLAB,
        GitLabWords(),
        realm="https://gitlab.com/jwt/auth",
        refuses_scopes=True,
    )
    registry.service = "container_registry"
    return registry


def _job_is_over(stage: Stage) -> Question:
    _gitlab(stage)
    stored(stage, _GITLAB, "gitlab-ci-token", before="glcbt-")
    return pull(_GITLAB)


def _deploy_token_without_scope(stage: Stage) -> Question:
    logged_in(stage, _gitlab(stage), "gitlab+deploy-token-7", before="gldt-")
    return pull(_GITLAB)


def _deploy_token(stage: Stage) -> Question:
    logged_in(stage, _gitlab(stage), "gitlab+deploy-token-7", before="gldt-", team__app="pull")
    return pull(_GITLAB)


def _in_a_job(stage: Stage) -> Question:
    stage.environment.update({"GITLAB_CI": "true", "CI": "true"})
    logged_in(stage, _gitlab(stage), "gitlab-ci-token", before="glcbt-", team__app="pull")
    return pull(_GITLAB)


def _in_a_job_of_another_project(stage: Stage) -> Question:
    stage.environment.update({"GITLAB_CI": "true", "CI": "true"})
    logged_in(stage, _gitlab(stage), "gitlab-ci-token", before="glcbt-", other__app="pull")
    return pull(_GITLAB)


CASES: tuple[Case, ...] = (
    case("22: classic token", _classic_without_scope, Verdict.PROVEN, "ghcr-token-scope"),
    case(
        "22: no token for it",
        _classic_refused_at_the_token,
        Verdict.PROVEN,
        "ghcr-token-scope",
    ),
    case("22: fine-grained token", _fine_grained, Verdict.PROVEN, "ghcr-token-scope"),
    twin("22: with the scope", _classic, Verdict.WELL, of="ghcr-token-scope"),
    twin("22: revoked", _classic_revoked, Verdict.PROVEN, "wrong-password", of="ghcr-token-scope"),
    case(
        "23: private package",
        _package_private,
        Verdict.PROVEN,
        "no-credential-for-host",
        "ghcr-package-private",
    ),
    twin("23: public package", _package_public, Verdict.WELL, of="ghcr-package-private"),
    case("25: not linked", _job_not_linked, Verdict.PROVEN, "actions-token-not-linked"),
    twin("25: linked", _job_linked, Verdict.WELL, of="actions-token-not-linked"),
    twin(
        "25: no job",
        _app_outside_a_job,
        Verdict.PROVEN,
        "ghcr-token-scope",
        of="actions-token-not-linked",
    ),
    twin(
        "25: a person's token in a job",
        _person_in_a_job,
        Verdict.PROVEN,
        "ghcr-token-scope",
        of="actions-token-not-linked",
    ),
    case("31: no reader", _no_reader, Verdict.PROVEN, "gar-missing-reader"),
    twin("31: reader", _reader, Verdict.WELL, of="gar-missing-reader"),
    case("45: job is over", _job_is_over, Verdict.PROVEN, "gitlab-token-scope"),
    case(
        "45: no read_registry",
        _deploy_token_without_scope,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "gitlab-token-scope",
    ),
    case(
        "45: job of another project",
        _in_a_job_of_another_project,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "gitlab-token-scope",
    ),
    twin("45: read_registry", _deploy_token, Verdict.WELL, of="gitlab-token-scope"),
    twin("45: in a job", _in_a_job, Verdict.WELL, of="gitlab-token-scope"),
)
