"""Identities, roles and images of Azure's registries."""

from __future__ import annotations

from datetime import timedelta

from tests.diagnosis.bed.cases_limits import ACR, azure
from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import IMAGE, logged_in, pull, stored, wrongly_logged_in
from tests.diagnosis.bed.registries import on
from tests.diagnosis.bed.servers import Asked, Reply
from tests.diagnosis.bed.signing import signed
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import AzureWords, errors

from pratique.assembly import now

_APPLICATION = "7f3a1c52-64d2-4f6b-9a55-0c1d2e3f4a5b"
_NOBODY = "00000000-0000-0000-0000-000000000000"


def _role_arrives(stage: Stage) -> Question:
    registry = azure(stage)
    logged_in(stage, registry, _APPLICATION)
    account = registry.accounts[_APPLICATION]
    stage.clock.on_sleep = lambda: account.grants.update({IMAGE: {"pull"}})
    return pull(ACR)


def _role_arrives_in_tokens(stage: Stage) -> Question:
    registry = azure(stage, refuses_scopes=False)
    logged_in(stage, registry, _APPLICATION)
    account = registry.accounts[_APPLICATION]
    stage.clock.on_sleep = lambda: account.grants.update({IMAGE: {"pull"}})
    return pull(ACR)


def _no_role(stage: Stage) -> Question:
    logged_in(stage, azure(stage), _APPLICATION, other__app="pull")
    return pull(ACR)


def _token_without_access(stage: Stage) -> Question:
    logged_in(stage, azure(stage, refuses_scopes=False), _APPLICATION)
    return pull(ACR)


def _role(stage: Stage) -> Question:
    logged_in(stage, azure(stage), _APPLICATION, everything="pull")
    return pull(ACR)


def _expired_secret_named(stage: Stage) -> Question:
    registry = azure(stage)
    words = AzureWords()
    words.login_text = (
        "AADSTS7000222: The provided client secret keys for app "
        f"'{_APPLICATION}' are expired. Visit the Azure portal to create new keys for your app."
    )
    registry.words = words
    wrongly_logged_in(stage, registry, _APPLICATION, everything="pull")
    return pull(ACR)


def _principal_refused(stage: Stage) -> Question:
    registry = azure(stage)
    words = AzureWords()
    words.login_text = "Invalid clientid or client secret."
    registry.words = words
    wrongly_logged_in(stage, registry, _APPLICATION, everything="pull")
    return pull(ACR)


def _token_user_refused(stage: Stage) -> Question:
    wrongly_logged_in(stage, azure(stage), "puller", everything="pull")
    return pull(ACR)


def _unregistered(stage: Stage) -> Question:
    registry = azure(stage)
    words = AzureWords()
    words.login_text = "Application not registered with AAD."
    registry.words = words
    stored(stage, ACR, _APPLICATION)
    return pull(ACR)


def _admin_off(stage: Stage) -> Question:
    azure(stage)
    stored(stage, ACR, "contoso")
    return pull(ACR)


def _admin_on(stage: Stage) -> Question:
    logged_in(stage, azure(stage), "contoso", everything="pull,push")
    return pull(ACR)


def _scope_map_lacks(stage: Stage) -> Question:
    logged_in(stage, azure(stage, refuses_scopes=False), "puller", other__app="pull")
    return pull(ACR)


def _scope_map_has(stage: Stage) -> Question:
    logged_in(stage, azure(stage, refuses_scopes=False), "puller", team__app="pull")
    return pull(ACR)


def _token_of(stage: Stage, audience: str) -> str:
    ends = int((now() + timedelta(hours=1)).timestamp())
    claims: dict[str, object] = {"aud": audience, "exp": ends, "tid": "a tenant"}
    return stage.hide(signed(claims, b"a key of Entra"))


def _management_token(stage: Stage) -> Question:
    azure(stage).knows(_NOBODY, stage.secret(), everything="pull")
    stage.docker_login(ACR, _NOBODY, _token_of(stage, "https://management.azure.com/"))
    return pull(ACR)


def _registry_token(stage: Stage) -> Question:
    token = _token_of(stage, ACR)
    azure(stage).knows(_NOBODY, token, everything="pull")
    stage.docker_login(ACR, _NOBODY, token)
    return pull(ACR)


def _registry_token_refused(stage: Stage) -> Question:
    azure(stage).knows(_NOBODY, stage.secret(), everything="pull")
    stage.docker_login(ACR, _NOBODY, _token_of(stage, ACR))
    return pull(ACR)


def _locked(stage: Stage) -> Question:
    registry = azure(stage)
    logged_in(stage, registry, everything="pull")
    text = (
        "The operation is disallowed on this registry, repository or image. View troubleshooting "
        "steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-"
        "operation"
    )
    refusal = errors(405, "REGISTRY_DISALLOWED_OPERATION", text, {})
    registry.bends.append(on("/v2/.+/manifests/.*", refusal))
    return pull(ACR)


def _quarantined(stage: Stage) -> Question:
    registry = azure(stage)
    logged_in(stage, registry, everything="pull")

    def bend(asked: Asked) -> Reply | None:
        if "/manifests/" not in asked.path or not asked.bearer:
            return None
        return errors(404, "MANIFEST_UNKNOWN", 'manifest tagged by "1" is not found', {"Tag": "1"})

    registry.bends.append(bend)
    return pull(ACR)


def _arrives_later(stage: Stage) -> Question:
    registry = azure(stage)
    logged_in(stage, registry, everything="pull")
    content = registry.repositories[IMAGE]

    def arrives() -> None:
        content.add_image("new")

    stage.clock.on_sleep = arrives
    return pull(ACR, tag="new")


def _never_arrives(stage: Stage) -> Question:
    logged_in(stage, azure(stage), everything="pull")
    return pull(ACR, tag="new")


CASES: tuple[Case, ...] = (
    case("17: token refused", _role_arrives, Verdict.PROVEN, "acr-role-propagation-delay"),
    case(
        "17: token for nothing",
        _role_arrives_in_tokens,
        Verdict.PROVEN,
        "acr-role-propagation-delay",
    ),
    twin(
        "17: never arrives",
        _no_role,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "acr-role-without-pull-action-or-at-wrong-scope",
        of="acr-role-propagation-delay",
    ),
    case(
        "19: named by Entra",
        _expired_secret_named,
        Verdict.PROVEN,
        "expired-service-principal-secret",
    ),
    case(
        "19: bare refusal",
        _principal_refused,
        Verdict.PROVEN,
        "wrong-password",
        "expired-service-principal-secret",
    ),
    twin("19: good secret", _role, Verdict.WELL, of="expired-service-principal-secret"),
    twin(
        "19: no principal",
        _token_user_refused,
        Verdict.PROVEN,
        "wrong-password",
        of="expired-service-principal-secret",
    ),
    case(
        "36: admin user off",
        _admin_off,
        Verdict.PROVEN,
        "wrong-password",
        "acr-admin-disabled",
    ),
    twin("36: admin user on", _admin_on, Verdict.WELL, of="acr-admin-disabled"),
    twin(
        "36: another user",
        _token_user_refused,
        Verdict.PROVEN,
        "wrong-password",
        of="acr-admin-disabled",
    ),
    case(
        "38: no role here",
        _no_role,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "acr-role-without-pull-action-or-at-wrong-scope",
    ),
    twin(
        "38: a role",
        _role,
        Verdict.WELL,
        of="acr-role-without-pull-action-or-at-wrong-scope",
    ),
    case(
        "37: token without access",
        _token_without_access,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "acr-role-without-pull-action-or-at-wrong-scope",
        "acr-abac-mode-ignores-acrpull",
    ),
    twin(
        "37: no token",
        _no_role,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "acr-role-without-pull-action-or-at-wrong-scope",
        of="acr-abac-mode-ignores-acrpull",
    ),
    case("39: not named", _scope_map_lacks, Verdict.PROVEN, "acr-scope-map-lacks-repository"),
    twin("39: named", _scope_map_has, Verdict.WELL, of="acr-scope-map-lacks-repository"),
    twin(
        "39: a principal",
        _no_role,
        Verdict.PROVEN,
        "known-but-not-allowed",
        "acr-role-without-pull-action-or-at-wrong-scope",
        of="acr-scope-map-lacks-repository",
    ),
    case("47: management", _management_token, Verdict.PROVEN, "acr-arm-token-refused"),
    twin("47: registry's own", _registry_token, Verdict.WELL, of="acr-arm-token-refused"),
    twin(
        "47: registry's own, refused",
        _registry_token_refused,
        Verdict.PROVEN,
        "wrong-password",
        of="acr-arm-token-refused",
    ),
    case("49: unknown", _unregistered, Verdict.PROVEN, "acr-application-not-registered"),
    twin(
        "49: known, wrong secret",
        _principal_refused,
        Verdict.PROVEN,
        "wrong-password",
        "expired-service-principal-secret",
        of="acr-application-not-registered",
    ),
    case("76: locked", _locked, Verdict.PROVEN, "acr-image-locked-or-quarantined"),
    case(
        "76: in quarantine",
        _quarantined,
        Verdict.SUSPECTED,
        "acr-image-locked-or-quarantined",
    ),
    twin("76: not locked", _role, Verdict.WELL, of="acr-image-locked-or-quarantined"),
    twin(
        "76: not listed",
        _never_arrives,
        Verdict.PROVEN,
        "tag-missing",
        of="acr-image-locked-or-quarantined",
    ),
    case("77: arrives", _arrives_later, Verdict.PROVEN, "geo-replica-behind"),
    twin(
        "77: never arrives",
        _never_arrives,
        Verdict.PROVEN,
        "tag-missing",
        of="geo-replica-behind",
    ),
)
