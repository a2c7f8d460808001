"""Logins that are stored wrongly: names, keys, and entries."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import (
    HOST,
    IMAGE,
    logged_in,
    pull,
    registry_at,
    stored,
    wrongly_logged_in,
)
from tests.diagnosis.bed.registries import Registry, signed
from tests.diagnosis.bed.stage import Stage, auth
from tests.diagnosis.bed.wording import AzureWords, HubWords

from pratique.assembly import now

HUB = "registry-1.docker.io"
HUB_KEY = "https://index.docker.io/v1/"
AZURE = "myregistry.azurecr.io"
AMAZON = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
_OTHER_AMAZON = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
GOOGLE = "europe-west1-docker.pkg.dev"
OWN_FILE = "/home/dev/.docker/config.json"
NODE_FILE = "/var/lib/kubelet/config.json"


def hub(stage: Stage) -> Registry:
    """Docker Hub, with `team/app:1`, which is private."""
    return registry_at(stage, HUB, HubWords(), realm="https://auth.docker.io/token")


def azure(stage: Stage) -> Registry:
    """An Azure registry with a private image."""
    return registry_at(stage, AZURE, AzureWords(), realm=f"https://{AZURE}/oauth2/token")


def token(stage: Stage) -> str:
    """A JWT that lives for another hour."""
    end = int((now() + timedelta(hours=1)).timestamp())
    return stage.hide(signed({"exp": end, "aud": AZURE}, b"a key of nobody"))


def private(stage: Stage) -> Registry:
    """A registry with a private image, which `ana` may pull."""
    return registry_at(stage, HOST)


def known(stage: Stage, registry: Registry, user: str = "ana") -> str:
    """The registry knows a user; their password, which is stored nowhere yet."""
    secret = stage.secret()
    registry.knows(user, secret, everything="pull")
    return secret


def _bare_name(stage: Stage) -> Question:
    hub(stage)
    stored(stage, HOST, "ana")
    return Question(Wish("app:1"))


def _bare_name_of_an_owner(stage: Stage) -> Question:
    hub(stage)
    stored(stage, AZURE, "ana")
    return Question(Wish("myregistry/app:1"))


def _bare_name_without_logins(stage: Stage) -> Question:
    hub(stage)
    return Question(Wish("app:1"))


def _hub_key(stage: Stage, key: str) -> Question:
    stage.docker_login(key, "ana", known(stage, hub(stage)))
    return Question(Wish(f"{IMAGE}:1"))


def _hub_key_wrong(stage: Stage) -> Question:
    return _hub_key(stage, "registry-1.docker.io")


def _hub_key_right(stage: Stage) -> Question:
    return _hub_key(stage, HUB_KEY)


def _upper_case_repository(stage: Stage) -> Question:
    logged_in(stage, private(stage), everything="pull")
    return pull(repository="Team/App")


def _lower_case(stage: Stage) -> Question:
    logged_in(stage, private(stage), everything="pull")
    return pull()


def _upper_case_host(stage: Stage) -> Question:
    logged_in(stage, private(stage), everything="pull")
    return pull("Registry.Example.com")


def _upper_case_owner(stage: Stage) -> Question:
    hub(stage)
    return Question(Wish("MyTeam/app:1"))


def _with_scheme(stage: Stage) -> Question:
    logged_in(stage, private(stage), everything="pull")
    return pull(f"https://{HOST}")


def _key_without_port(stage: Stage) -> Question:
    registry = registry_at(stage, f"{HOST}:5000")
    stage.docker_login(HOST, "ana", known(stage, registry))
    return pull(f"{HOST}:5000")


def _key_with_port(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, f"{HOST}:5000"), everything="pull")
    return pull(f"{HOST}:5000")


def _two_keys(stage: Stage) -> Question:
    registry = private(stage)
    wrongly_logged_in(stage, registry, "bob", everything="pull")
    stage.docker_login(f"https://{HOST}/v2/", "ana", known(stage, registry))
    return pull()


def _two_equal_keys(stage: Stage) -> Question:
    registry = private(stage)
    registry.knows("bob", stage.secret(), everything="pull")
    secret = stored(stage, HOST, "bob")
    stage.docker_login(f"https://{HOST}/v2/", "bob", secret)
    return pull()


def _google(stage: Stage, configured: str) -> Question:
    secret = known(stage, registry_at(stage, GOOGLE), "oauth2accesstoken")
    stage.helper("gcloud", "oauth2accesstoken", secret)
    stage.write(OWN_FILE, {"credHelpers": {configured: "gcloud"}})
    return pull(GOOGLE)


def _google_elsewhere(stage: Stage) -> Question:
    return _google(stage, "us-docker.pkg.dev")


def _google_here(stage: Stage) -> Question:
    return _google(stage, GOOGLE)


def _amazon(stage: Stage, key: str) -> Question:
    stage.docker_login(key, "AWS", known(stage, registry_at(stage, AMAZON, realm=""), "AWS"))
    return pull(AMAZON)


def _amazon_elsewhere(stage: Stage) -> Question:
    return _amazon(stage, _OTHER_AMAZON)


def _amazon_here(stage: Stage) -> Question:
    return _amazon(stage, AMAZON)


def _empty_file(stage: Stage) -> Question:
    private(stage)
    stage.write(OWN_FILE, "")
    return pull()


def _half_a_file(stage: Stage) -> Question:
    private(stage)
    whole = json.dumps({"auths": {HOST: {"auth": auth("ana", stage.secret())}}})
    stage.write(OWN_FILE, whole[:-4])
    return pull()


def _half_a_file_of_a_public_image(stage: Stage) -> Question:
    private(stage).public = {IMAGE: {"pull"}}
    stage.write(OWN_FILE, "{")
    return pull()


def _entry_with_email(stage: Stage) -> Question:
    private(stage)
    stage.write(OWN_FILE, {"auths": {HOST: {"email": "ana@example.com"}}})
    return pull()


def _entry_with_email_for_another(stage: Stage) -> Question:
    private(stage)
    stage.write(OWN_FILE, {"auths": {"ghcr.io": {"email": "ana@example.com"}}})
    return pull()


def _identity_token_on_a_node(stage: Stage) -> Question:
    azure(stage)
    stage.write(NODE_FILE, {"auths": {AZURE: {"identitytoken": token(stage)}}})
    return pull(AZURE, Client.CONTAINERD)


def _pair_on_a_node(stage: Stage) -> Question:
    pair = auth("ana", known(stage, azure(stage)))
    stage.write(NODE_FILE, {"auths": {AZURE: {"auth": pair}}})
    return pull(AZURE, Client.CONTAINERD)


CASES: tuple[Case, ...] = (
    case("7: name without a host", _bare_name, Verdict.PROVEN, "docker-hub-default-host"),
    case(
        "7: name that begins like a registry",
        _bare_name_of_an_owner,
        Verdict.PROVEN,
        "docker-hub-default-host",
    ),
    twin(
        "7: name without a host, no login at all",
        _bare_name_without_logins,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="docker-hub-default-host",
    ),
    case(
        "26: key that docker never looks up", _hub_key_wrong, Verdict.PROVEN, "docker-hub-key-wrong"
    ),
    twin("26: key of Docker Hub", _hub_key_right, Verdict.WELL, of="docker-hub-key-wrong"),
    case(
        "66: upper case in the repository",
        _upper_case_repository,
        Verdict.PROVEN,
        "uppercase-host-or-repository",
    ),
    case(
        "66: upper case in the host",
        _upper_case_host,
        Verdict.PROVEN,
        "uppercase-host-or-repository",
    ),
    case(
        "66: upper case in an owner",
        _upper_case_owner,
        Verdict.PROVEN,
        "uppercase-host-or-repository",
        "host-not-found",
    ),
    twin("66: all in lower case", _lower_case, Verdict.WELL, of="uppercase-host-or-repository"),
    case("name: image with a scheme", _with_scheme, Verdict.PROVEN, "invalid-reference"),
    twin("name: image without a scheme", _lower_case, Verdict.WELL, of="invalid-reference"),
    case("67: key without the port", _key_without_port, Verdict.PROVEN, "port-in-host-key"),
    twin("67: key with the port", _key_with_port, Verdict.WELL, of="port-in-host-key"),
    case("91: two keys for one host", _two_keys, Verdict.PROVEN, "legacy-url-key-shadows-new"),
    twin(
        "91: two keys with one login",
        _two_equal_keys,
        Verdict.PROVEN,
        "wrong-password",
        of="legacy-url-key-shadows-new",
    ),
    case(
        "30: Google's helper for another host",
        _google_elsewhere,
        Verdict.PROVEN,
        "gar-helper-host-not-configured",
    ),
    twin(
        "30: Google's helper for this host",
        _google_here,
        Verdict.WELL,
        of="gar-helper-host-not-configured",
    ),
    case(
        "32: AWS login for another region",
        _amazon_elsewhere,
        Verdict.PROVEN,
        "ecr-wrong-region-or-account",
    ),
    twin("32: AWS login", _amazon_here, Verdict.WELL, of="ecr-wrong-region-or-account"),
    case("90: empty config.json", _empty_file, Verdict.PROVEN, "corrupt-config-file"),
    case("90: config.json cut off", _half_a_file, Verdict.PROVEN, "corrupt-config-file"),
    twin(
        "90: config.json cut off, public image",
        _half_a_file_of_a_public_image,
        Verdict.WELL,
        of="corrupt-config-file",
    ),
    case(
        "92: entry with an e-mail address alone",
        _entry_with_email,
        Verdict.PROVEN,
        "docker-credential-email-only-entry",
    ),
    twin(
        "92: entry without a credential for another host",
        _entry_with_email_for_another,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="docker-credential-email-only-entry",
    ),
    case(
        "93: identity token for the kubelet",
        _identity_token_on_a_node,
        Verdict.PROVEN,
        "identity-token-without-refresh",
    ),
    twin(
        "93: password for the kubelet",
        _pair_on_a_node,
        Verdict.WELL,
        of="identity-token-without-refresh",
    ),
)
