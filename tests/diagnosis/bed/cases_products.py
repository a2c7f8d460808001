"""What is particular to products that people run: Harbor, Gitea, Quay, Nexus, Artifactory."""

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
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.servers import Asked, Reply
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import (
    GiteaWords,
    HarborWords,
    QuayWords,
    Words,
    errors,
)

_HARBOR = "harbor.example.com"
_GITEA = "git.example.com"
_QUAY = "quay.io"
_NEXUS = "nexus.example.com"
_ARTIFACTORY = "acme.jfrog.io"


def _harbor(stage: Stage) -> Registry:
    registry = registry_at(stage, _HARBOR, HarborWords(), realm=f"https://{_HARBOR}/service/token")
    registry.service = "harbor-registry"
    return registry


def _no_member(stage: Stage) -> Question:
    logged_in(stage, _harbor(stage), "robot$ci", other__app="pull")
    return pull(_HARBOR)


def _member(stage: Stage) -> Question:
    logged_in(stage, _harbor(stage), "robot$ci", team__app="pull")
    return pull(_HARBOR)


def _member_wrong_tag(stage: Stage) -> Question:
    logged_in(stage, _harbor(stage), "robot$ci", team__app="pull")
    return pull(_HARBOR, tag="2")


def _harbor_for_nobody(stage: Stage) -> Question:
    _harbor(stage)
    return pull(_HARBOR)


def _harbor_public_with_stale_robot(stage: Stage) -> Question:
    registry = _harbor(stage)
    registry.public = {IMAGE: {"pull"}}
    wrongly_logged_in(stage, registry, "robot$ci", team__app="pull")
    return pull(_HARBOR)


def _robot_with_wrong_secret(stage: Stage) -> Question:
    wrongly_logged_in(stage, _harbor(stage), "robot$ci", team__app="pull")
    return pull(_HARBOR)


def _vulnerable(stage: Stage) -> Question:
    registry = _harbor(stage)
    logged_in(stage, registry, "robot$ci", team__app="pull")
    text = (
        'current image with "Critical" status of vulnerability scanning cannot be pulled due to '
        'configured policy in \'Prevent images with vulnerability severity of "High" or higher '
        "from running.' To continue with pull, please contact your project administrator to "
        "exempt matched vulnerabilities through configuring the CVE allowlist."
    )
    registry.bends.append(on("/v2/.+/manifests/.*", errors(412, "PROJECTPOLICYVIOLATION", text)))
    return pull(_HARBOR)


def _gitea(stage: Stage) -> Registry:
    registry = registry_at(
        stage, _GITEA, GiteaWords(), realm=f"https://{_GITEA}/v2/token", opaque=True
    )
    registry.service = "container_registry"
    return registry


def _no_package_scope(stage: Stage) -> Question:
    logged_in(stage, _gitea(stage))
    return pull(_GITEA)


def _package_scope(stage: Stage) -> Question:
    logged_in(stage, _gitea(stage), team__app="pull")
    return pull(_GITEA)


def _gitea_wrong(stage: Stage) -> Question:
    wrongly_logged_in(stage, _gitea(stage), team__app="pull")
    return pull(_GITEA)


def _quay(stage: Stage, words: QuayWords | None = None) -> Registry:
    return registry_at(stage, _QUAY, words or QuayWords(), realm=f"https://{_QUAY}/v2/auth")


def _robot_unknown(stage: Stage) -> Question:
    _quay(stage)
    stored(stage, _QUAY, "team+ci")
    return pull(_QUAY)


def _robot_disabled(stage: Stage) -> Question:
    words = QuayWords()
    words.robot_text = "This user has been disabled. Please contact your administrator."
    _quay(stage, words)
    stored(stage, _QUAY, "team+ci")
    return pull(_QUAY)


def _robot_without_permission(stage: Stage) -> Question:
    logged_in(stage, _quay(stage), "team+ci")
    return pull(_QUAY)


def _person_without_permission(stage: Stage) -> Question:
    logged_in(stage, _quay(stage), "ana")
    return pull(_QUAY)


def _namespace_disabled(stage: Stage) -> Question:
    registry = _quay(stage)
    logged_in(stage, registry, "team+ci", team__app="pull")
    refusal = errors(405, "DENIED", "This namespace is disabled. Please contact your administrator")
    registry.bends.append(on("/v2/.+/manifests/.*", refusal))
    return pull(_QUAY)


def _robot(stage: Stage) -> Question:
    logged_in(stage, _quay(stage), "team+ci", team__app="pull")
    return pull(_QUAY)


def _quay_person_wrong(stage: Stage) -> Question:
    _quay(stage)
    stored(stage, _QUAY, "ana")
    return pull(_QUAY)


class _Marked(Registry):
    """One whose every answer has a header of its product."""

    mark = ("Server", "Nexus/3.61.0-02 (OSS)")

    def answer(self, asked: Asked) -> Reply:
        """The answer to one request."""
        return super().answer(asked).with_headers(self.mark)


class _NexusWords(Words):
    basic_realm = "Sonatype Nexus Repository Manager"


def _nexus(stage: Stage) -> Registry:
    registry = _Marked(_NEXUS, _NexusWords(), realm="", hidden=stage.hide)
    registry.holds(IMAGE, "1")
    stage.serve(_NEXUS, registry.site())
    return registry


def _nexus_for_nobody(stage: Stage) -> Question:
    _nexus(stage)
    return pull(_NEXUS)


def _nexus_logged_in(stage: Stage) -> Question:
    logged_in(stage, _nexus(stage), team__app="pull")
    return pull(_NEXUS)


def _basic_for_nobody(stage: Stage) -> Question:
    registry_at(stage, _NEXUS, realm="")
    return pull(_NEXUS)


def _artifactory(stage: Stage) -> Registry:
    realm = f"https://{_ARTIFACTORY}/v2/token"
    registry = _Marked(_ARTIFACTORY, realm=realm, hidden=stage.hide)
    registry.mark = ("X-JFrog-Version", "Artifactory/7.98.9 79809900")
    registry.holds("docker-local/team/app", "1")
    stage.serve(_ARTIFACTORY, registry.site())
    return registry


def _key_left_out(stage: Stage) -> Question:
    logged_in(stage, _artifactory(stage), everything="pull")
    return pull(_ARTIFACTORY)


def _key_there(stage: Stage) -> Question:
    logged_in(stage, _artifactory(stage), everything="pull")
    return pull(_ARTIFACTORY, repository="docker-local/team/app")


CASES: tuple[Case, ...] = (
    case("46: no member", _no_member, Verdict.PROVEN, "harbor-project-not-member"),
    twin("46: member", _member, Verdict.WELL, of="harbor-project-not-member"),
    twin(
        "46: member, no such tag",
        _member_wrong_tag,
        Verdict.PROVEN,
        "tag-missing",
        of="harbor-project-not-member",
    ),
    twin(
        "46: nobody",
        _harbor_for_nobody,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="harbor-project-not-member",
    ),
    twin(
        "46: stale robot, public project",
        _harbor_public_with_stale_robot,
        Verdict.PROVEN,
        "stale-credential-breaks-public-pull",
        of="harbor-project-not-member",
    ),
    twin(
        "46: wrong secret",
        _robot_with_wrong_secret,
        Verdict.PROVEN,
        "wrong-password",
        of="harbor-project-not-member",
    ),
    case("75: vulnerable", _vulnerable, Verdict.PROVEN, "harbor-policy-blocks-pull"),
    twin("75: not held back", _member, Verdict.WELL, of="harbor-policy-blocks-pull"),
    case("56: no scope", _no_package_scope, Verdict.PROVEN, "gitea-token-scope"),
    twin("56: with the scope", _package_scope, Verdict.WELL, of="gitea-token-scope"),
    twin("56: wrong", _gitea_wrong, Verdict.PROVEN, "wrong-password", of="gitea-token-scope"),
    case(
        "70: unknown robot",
        _robot_unknown,
        Verdict.PROVEN,
        "quay-robot-disabled-or-no-permission",
    ),
    case(
        "70: disabled",
        _robot_disabled,
        Verdict.PROVEN,
        "quay-robot-disabled-or-no-permission",
    ),
    case(
        "70: no permission",
        _robot_without_permission,
        Verdict.PROVEN,
        "quay-robot-disabled-or-no-permission",
    ),
    case(
        "70: namespace disabled",
        _namespace_disabled,
        Verdict.PROVEN,
        "quay-robot-disabled-or-no-permission",
    ),
    twin(
        "70: a person without permission",
        _person_without_permission,
        Verdict.PROVEN,
        "known-but-not-allowed",
        of="quay-robot-disabled-or-no-permission",
    ),
    twin("70: permitted", _robot, Verdict.WELL, of="quay-robot-disabled-or-no-permission"),
    twin(
        "70: a person",
        _quay_person_wrong,
        Verdict.PROVEN,
        "wrong-password",
        of="quay-robot-disabled-or-no-permission",
    ),
    case(
        "71: nobody",
        _nexus_for_nobody,
        Verdict.PROVEN,
        "no-credential-for-host",
        "nexus-bearer-realm-off",
    ),
    twin("71: logged in", _nexus_logged_in, Verdict.WELL, of="nexus-bearer-realm-off"),
    twin(
        "71: another product",
        _basic_for_nobody,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="nexus-bearer-realm-off",
    ),
    case(
        "72: key left out",
        _key_left_out,
        Verdict.PROVEN,
        "repository-missing",
        "artifactory-repository-path",
    ),
    twin("72: key there", _key_there, Verdict.WELL, of="artifactory-repository-path"),
)
