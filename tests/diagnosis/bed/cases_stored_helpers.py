"""Credential helpers, as real scripts: missing, failing, slow, retired, in the way."""

from __future__ import annotations

from tests.diagnosis.bed.cases_stored import AMAZON, AZURE, GOOGLE, OWN_FILE, azure, known, private
from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import HOST, logged_in, pull, registry_at, stored
from tests.diagnosis.bed.registries import Registry
from tests.diagnosis.bed.stage import Stage, auth

_NOT_FOUND = "echo 'credentials not found in native keychain'; exit 1"


def _store(stage: Stage, name: str, script: str) -> Question:
    private(stage)
    if script:
        stage.program(f"docker-credential-{name}", script)
    stage.write(OWN_FILE, {"auths": {HOST: {}}, "credsStore": name})
    return pull()


def _store_missing(stage: Stage) -> Question:
    return _store(stage, "desktop", "")


def _helper_missing(stage: Stage) -> Question:
    registry_at(stage, AMAZON, realm="")
    stage.write(OWN_FILE, {"credHelpers": {AMAZON: "ecr-login"}})
    return pull(AMAZON)


def _store_without_entry(stage: Stage) -> Question:
    return _store(stage, "desktop", _NOT_FOUND)


def _store_locked(stage: Stage) -> Question:
    return _store(stage, "pass", "echo 'pass not initialized: exit status 1'; exit 1")


def _store_with_strange_words(stage: Stage) -> Question:
    return _store(stage, "house", "echo 'the gate is shut' >&2; exit 3")


def _amazon_without_metadata(stage: Stage) -> Question:
    registry_at(stage, AMAZON, realm="")
    stage.write(OWN_FILE, {"credHelpers": {AMAZON: "ecr-login"}})
    words = "no EC2 IMDS role found, operation error ec2imds: GetMetadata"
    stage.program("docker-credential-ecr-login", f"echo '{words}' >&2; exit 1")
    return pull(AMAZON)


def _amazon_without_credentials(stage: Stage) -> Question:
    registry_at(stage, AMAZON, realm="")
    stage.write(OWN_FILE, {"credHelpers": {AMAZON: "ecr-login"}})
    stage.program("docker-credential-ecr-login", _NOT_FOUND)
    return pull(AMAZON)


def _store_works(stage: Stage) -> Question:
    stage.helper("desktop", "ana", known(stage, private(stage)), host=HOST)
    stage.write(OWN_FILE, {"auths": {HOST: {}}, "credsStore": "desktop"})
    return pull()


def _store_slow(stage: Stage) -> Question:
    return _store(stage, "slow", "sleep 60")


def _amazon_works(stage: Stage) -> Question:
    registry = registry_at(stage, AMAZON, realm="")
    stage.helper("ecr-login", "AWS", known(stage, registry, "AWS"))
    stage.write(OWN_FILE, {"credHelpers": {AMAZON: "ecr-login"}})
    return pull(AMAZON)


def _two_logins(stage: Stage, of_the_helper: str) -> tuple[Registry, str]:
    registry = private(stage)
    registry.knows("old", stage.secret(), everything="pull")
    stage.helper("house", "old", of_the_helper)
    return registry, known(stage, registry)


def _helper_with_old_login(stage: Stage) -> Question:
    _, right = _two_logins(stage, stage.secret())
    pair = {HOST: {"auth": auth("ana", right)}}
    stage.write(OWN_FILE, {"auths": pair, "credHelpers": {HOST: "house"}})
    return pull()


def _helper_for_another_host(stage: Stage) -> Question:
    _, right = _two_logins(stage, stage.secret())
    pair = {HOST: {"auth": auth("ana", right)}}
    stage.write(OWN_FILE, {"auths": pair, "credHelpers": {"ghcr.io": "house"}})
    return pull()


def _helper_with_nothing(stage: Stage) -> Question:
    right = known(stage, private(stage))
    stage.program("docker-credential-house", _NOT_FOUND)
    pair = {HOST: {"auth": auth("ana", right)}}
    stage.write(OWN_FILE, {"auths": pair, "credsStore": "house"})
    return pull()


def _variable(stage: Stage, user: str, secret: str) -> None:
    entry = f'{{"auths": {{"{HOST}": {{"auth": "{auth(user, secret)}"}}}}}}'
    stage.environment["DOCKER_AUTH_CONFIG"] = stage.hide(entry)


def _variable_with_old_login(stage: Stage) -> Question:
    logged_in(stage, private(stage), everything="pull")
    _variable(stage, "old", stage.secret())
    return pull()


def _variable_with_the_same_login(stage: Stage) -> Question:
    registry = private(stage)
    registry.knows("ana", stage.secret(), everything="pull")
    _variable(stage, "ana", stored(stage, HOST, "ana"))
    return pull()


def _retired(stage: Stage) -> Question:
    azure(stage)
    stage.program("docker-credential-acr-linux", "echo 'login has expired' >&2; exit 1")
    stage.write(OWN_FILE, {"credHelpers": {AZURE: "acr-linux"}})
    return pull(AZURE)


def _not_retired(stage: Stage) -> Question:
    stage.helper("acr-env", "ana", known(stage, azure(stage)))
    stage.write(OWN_FILE, {"credHelpers": {AZURE: "acr-env"}})
    return pull(AZURE)


def _google(stage: Stage) -> Question:
    registry = registry_at(stage, GOOGLE)
    secret = stage.secret("ya29.")
    registry.knows("oauth2accesstoken", secret)
    stage.helper("gcloud", "oauth2accesstoken", secret)
    stage.write(f"{stage.home}/.docker/config.json", {"credHelpers": {GOOGLE: "gcloud"}})
    return pull(GOOGLE)


def _google_by_sudo(stage: Stage) -> Question:
    stage.user, stage.home, stage.is_root = "root", "/root", True
    stage.environment["SUDO_USER"] = "dev"
    return _google(stage)


CASES: tuple[Case, ...] = (
    case(
        "11: store that is not installed",
        _store_missing,
        Verdict.PROVEN,
        "credential-helper-missing",
    ),
    case(
        "11: helper that is not installed",
        _helper_missing,
        Verdict.PROVEN,
        "credential-helper-missing",
    ),
    twin(
        "11: store without an entry",
        _store_without_entry,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="credential-helper-missing",
    ),
    case("29: store not initialised", _store_locked, Verdict.PROVEN, "helper-fails-or-locked"),
    case(
        "29: helper with words of its own",
        _store_with_strange_words,
        Verdict.PROVEN,
        "helper-fails-or-locked",
    ),
    case(
        "29: Amazon's helper without credentials of AWS",
        _amazon_without_credentials,
        Verdict.PROVEN,
        "helper-fails-or-locked",
    ),
    twin("29: store that works", _store_works, Verdict.WELL, of="helper-fails-or-locked"),
    case(
        "84: Amazon's helper without instance metadata",
        _amazon_without_metadata,
        Verdict.PROVEN,
        "insufficient-node-scope-or-imds-blocked",
    ),
    twin(
        "84: Amazon's helper that works",
        _amazon_works,
        Verdict.WELL,
        of="insufficient-node-scope-or-imds-blocked",
    ),
    case("helper: store that never answers", _store_slow, Verdict.PROVEN, "credential-helper-slow"),
    twin("helper: store that answers", _store_works, Verdict.WELL, of="credential-helper-slow"),
    case(
        "28: helper with an old login",
        _helper_with_old_login,
        Verdict.PROVEN,
        "helper-overrides-auths",
    ),
    case(
        "28: store with nothing before a login",
        _helper_with_nothing,
        Verdict.PROVEN,
        "helper-overrides-auths",
    ),
    case(
        "28: variable with an old login",
        _variable_with_old_login,
        Verdict.PROVEN,
        "helper-overrides-auths",
    ),
    twin(
        "28: helper for another host",
        _helper_for_another_host,
        Verdict.WELL,
        of="helper-overrides-auths",
    ),
    twin(
        "28: variable and file with one login",
        _variable_with_the_same_login,
        Verdict.PROVEN,
        "wrong-password",
        of="helper-overrides-auths",
    ),
    case("95: retired helper", _retired, Verdict.PROVEN, "retired-acr-helper"),
    twin("95: helper that is not retired", _not_retired, Verdict.WELL, of="retired-acr-helper"),
    case(
        "98: Google's helper as root",
        _google_by_sudo,
        Verdict.PROVEN,
        "root-vs-user-gcloud",
        "known-but-not-allowed",
    ),
    twin(
        "98: Google's helper as the user",
        _google,
        Verdict.PROVEN,
        "known-but-not-allowed",
        of="root-vs-user-gcloud",
    ),
)
