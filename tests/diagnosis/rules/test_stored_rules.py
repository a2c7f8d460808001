"""Rules about stored logins, where the bed cannot go: offline, other users' files, other forms."""

from __future__ import annotations

import pytest
from tests.diagnosis.rules.examinations import (
    FILE,
    HOST,
    challenged,
    chosen,
    credentials,
    examination,
    exchange,
    found,
    login,
    pair,
    source,
    told,
)

from pratique.diagnosis.facts.conversation import Sent
from pratique.diagnosis.facts.credentials import (
    Client,
    Entry,
    HelperOutcome,
    HelperRun,
    Holding,
    Origin,
    Source,
)
from pratique.diagnosis.facts.examination import Examination, ManifestRequest, Outcome

_HUB_KEY = "https://index.docker.io/v1/"
_OFFLINE = Outcome.UNTESTED
_ROOT = source(login(), name="/root/.docker/config.json", owner="root", read=False)
_OTHER = source(login("ghcr.io"))
_TWO = source(login(HOST, "old"), login(f"https://{HOST}/v1/"))


def _run(outcome: HelperOutcome, name: str = "desktop", said: str = "") -> HelperRun:
    given = pair("old", "another") if outcome is HelperOutcome.FOUND else None
    return HelperRun(name, FILE, HOST, outcome, given, said, 1)


def _store(name: str = "desktop") -> Source:
    return source(login(), Entry("", Holding.STORE, helper=name))


@pytest.mark.parametrize(
    ("outcome", "certain"), [(Outcome.REFUSED, True), (Outcome.NO_TOKEN, True), (_OFFLINE, False)]
)
def test_a_login_of_another_user_is_proven_by_a_refusal_alone(
    outcome: Outcome, *, certain: bool
) -> None:
    """Offline nobody has refused, so that it is only suspected."""
    read = credentials(elsewhere=[(_ROOT, login())])
    status = 0 if outcome is _OFFLINE else 401
    seen = examination(outcome=outcome, credentials=read, status=status)
    if outcome is Outcome.NO_TOKEN:
        seen.manifests = (ManifestRequest("1", exchange(401)),)
    assert told(seen) == {"wrong-user-home": certain}


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome.GRANTED,
        Outcome.UNREACHABLE,
        Outcome.MISSING,
        Outcome.NO_PLATFORM,
        Outcome.BROKEN,
        Outcome.NOT_A_REGISTRY,
        Outcome.THROTTLED,
    ],
)
def test_nothing_is_said_of_logins_where_no_login_was_refused(outcome: Outcome) -> None:
    """What is stored does not explain an end that has nothing to do with it."""
    broken = source(fault="it is empty", fault_kind="corrupt")
    empty = source(Entry(HOST, Holding.NOTHING, fault="it holds no credential"), name="/other")
    read = credentials(
        broken,
        empty,
        near=[(broken, login(f"{HOST}:5000"))],
        elsewhere=[(_ROOT, login())],
        helpers=[_run(HelperOutcome.MISSING), _run(HelperOutcome.FAILED, "pass")],
    )
    assert told(examination(outcome=outcome, credentials=read, status=0)) == {}


def test_nothing_is_said_of_logins_where_the_door_is_shut_to_all() -> None:
    """A 403 at `/v2/` itself, before any credential, is a firewall's."""
    seen = examination(credentials=credentials(elsewhere=[(_ROOT, login())]), status=0)
    seen.ping = exchange(403, sent=Sent.NOTHING)
    assert told(seen) == {}


def test_an_unreadable_file_of_ones_own_is_another_users() -> None:
    """Docker's file that `sudo docker login` has made is not for the user to read."""
    own = source(fault="it is not readable for this user", fault_kind="forbidden")
    seen = examination(credentials=credentials(own))
    finding = found(seen)["wrong-user-home"]
    assert finding.commands == (f"sudo chown ann {FILE}",)


@pytest.mark.parametrize(("user", "offered"), [("root", True), ("ann", False)])
def test_only_root_is_told_to_use_anothers_file(user: str, *, offered: bool) -> None:
    """A file in the home of somebody else can be read by root, hardly by others."""
    theirs = source(login(), name="/home/bob/.docker/config.json", owner="bob", read=False)
    seen = examination(credentials=credentials(elsewhere=[(theirs, login())]), user=user)
    borrow = f"DOCKER_CONFIG=/home/bob/.docker docker pull {HOST}/team/app:1"
    assert (borrow in found(seen)["wrong-user-home"].commands) is offered


@pytest.mark.parametrize(
    ("outcome", "certain"), [(Outcome.REFUSED, True), (_OFFLINE, True), (Outcome.GRANTED, None)]
)
def test_a_missing_helper_is_proven_without_the_registry(
    outcome: Outcome, *, certain: bool | None
) -> None:
    """It is not on the search path, whether or not anything is asked."""
    seen = examination(
        outcome=outcome,
        credentials=credentials(_store(), helpers=[_run(HelperOutcome.MISSING)]),
    )
    expected = {} if certain is None else {"credential-helper-missing": certain}
    assert told(seen) == expected


def test_the_line_of_a_helper_is_taken_out_where_it_stands() -> None:
    """For one key that is `credHelpers`, otherwise `credsStore`."""
    one = Entry(HOST, Holding.HELPER, helper="desktop")
    for place, member in ((source(one), "credHelpers[$key]"), (_store(), "credsStore")):
        read = credentials(place, helpers=[_run(HelperOutcome.MISSING)])
        commands = found(examination(credentials=read))["credential-helper-missing"].commands
        assert f"del(.{member})" in commands[0]


def test_a_helper_that_works_is_not_blamed() -> None:
    """A login that a helper gives and that is good for nothing is no fault of the helper."""
    run = _run(HelperOutcome.FOUND)
    entry = Entry("", Holding.STORE, helper="desktop")
    place = source(entry)
    read = credentials(place, choice=chosen(entry, place, run), helpers=[run])
    assert told(examination(credentials=read)) == {}


def test_metadata_that_may_be_the_reason_does_not_clear_the_helper() -> None:
    """Words that only hint at the metadata leave it suspected, beside the failing helper."""
    run = _run(HelperOutcome.FAILED, "ecr-login", "NoCredentialProviders: no valid providers")
    named = told(examination(credentials=credentials(_store("ecr-login"), helpers=[run])))
    assert named["helper-fails-or-locked"] is True
    assert named.get("insufficient-node-scope-or-imds-blocked") is not True


def test_an_overridden_login_matters_only_after_a_refusal() -> None:
    """Offline, and where the pull is granted, the one that wins may well be the right one."""
    first, second = source(login(HOST, "old"), name="DOCKER_AUTH_CONFIG"), source(login(), order=1)
    read = credentials(
        first,
        second,
        choice=chosen(first.entries[0], first),
        overridden=[(second, second.entries[0])],
    )
    assert told(examination(credentials=read)) == {"helper-overrides-auths": True}
    assert told(examination(outcome=_OFFLINE, credentials=read)) == {}
    assert told(examination(outcome=Outcome.GRANTED, credentials=read, status=0)) == {}


def test_the_kubelet_is_not_told_that_one_login_beats_another() -> None:
    """It tries them all in turn."""
    one = source(login(HOST, "old"), name="Secret apps/one", origin=Origin.PULL_SECRET)
    two = source(login(), name="Secret apps/two", origin=Origin.PULL_SECRET)
    read = credentials(
        one, two, choice=chosen(one.entries[0], one), overridden=[(two, two.entries[0])]
    )
    assert told(examination(client=Client.CONTAINERD, credentials=read)) == {}


def test_two_keys_matter_only_when_they_differ() -> None:
    """The same login twice is nobody's mistake."""
    same = source(login(), login(f"https://{HOST}/v1/"))
    for place, expected in ((_TWO, {"legacy-url-key-shadows-new": True}), (same, {})):
        read = credentials(
            place,
            choice=chosen(place.entries[0], place),
            overridden=[(place, place.entries[1])],
        )
        assert told(examination(credentials=read)) == expected


def test_a_variable_that_cannot_be_used_is_told_beside_a_refused_login() -> None:
    """The login of the file is sent because that of the variable is lost."""
    lost = source(
        name="DOCKER_AUTH_CONFIG",
        origin=Origin.DOCKER_ENVIRONMENT,
        fault="it is no JSON",
        fault_kind="corrupt",
    )
    place = source(login(), order=1)
    read = credentials(lost, place, choice=chosen(place.entries[0], place))
    finding = found(examination(credentials=read))["corrupt-config-file"]
    assert finding.commands[0] == "unset DOCKER_AUTH_CONFIG"


def test_a_broken_file_behind_the_one_that_counts_is_not_told() -> None:
    """Podman never came as far as that file."""
    place = source(login())
    behind = source(name="/other.json", fault="it is empty", fault_kind="corrupt", order=1)
    read = credentials(place, behind, choice=chosen(place.entries[0], place))
    assert told(examination(client=Client.PODMAN, credentials=read)) == {}


def test_what_a_broken_file_does_is_told_for_each_client() -> None:
    """Docker passes over it, podman does not, and a kubelet's file is not made by a login."""
    fault, kind = "it is empty", "corrupt"
    own = source(fault=fault, fault_kind=kind)
    nodes = source(
        name="/var/lib/kubelet/config.json",
        origin=Origin.KUBELET_FILE,
        fault=fault,
        fault_kind=kind,
    )
    docker = found(examination(credentials=credentials(own)))["corrupt-config-file"]
    assert "goes on" in docker.words
    assert docker.commands == (f"mv {FILE} {FILE}.broken", f"docker login {HOST}")
    read = credentials(own)
    podman = found(examination(client=Client.PODMAN, credentials=read))["corrupt-config-file"]
    assert "podman stops" in podman.words
    seen = examination(client=Client.CONTAINERD, credentials=credentials(nodes))
    assert len(found(seen)["corrupt-config-file"].commands) == 1


def test_the_password_of_an_identity_token_is_empty_for_the_kubelet() -> None:
    """The pair that it sends beside the token is refused for the token's sake."""
    entry = Entry(HOST, Holding.PAIR, pair("00000000", ""), fault="it holds an identity token")
    place = source(entry, name="Secret apps/one", origin=Origin.PULL_SECRET)
    read = credentials(place, choice=chosen(entry, place))
    seen = examination(client=Client.CONTAINERD, credentials=read, login_refused=True)
    assert told(seen) == {"identity-token-without-refresh": True}


def _as_user(image: str, user: str, secret: str, *, offline: bool = False) -> Examination:
    place = source(login(image.partition("/")[0], user, secret))
    read = credentials(place, choice=chosen(place.entries[0], place))
    outcome = _OFFLINE if offline else Outcome.REFUSED
    return examination(image, outcome=outcome, credentials=read, login_refused=not offline)


@pytest.mark.parametrize(
    ("image", "user", "secret", "certain"),
    [
        ("one.azurecr.io/app", "ana", "eyJh.eyJi.c", True),
        ("one.azurecr.io/app", "ana", "a-password", None),
        ("one.azurecr.io/app", "00000000-0000-0000-0000-000000000000", "eyJh.eyJi.c", None),
        ("registry.gitlab.com/g/app", "ana", "glcbt-64_x", True),
        ("registry.gitlab.com/g/app", "gitlab-ci-token", "glcbt-64_x", None),
        ("registry.gitlab.com/g/app", "ana", "glpat-x", None),
        ("quay.io/o/app", "robot", "A1" * 32, False),
        ("quay.io/o/app", "o+robot", "A1" * 32, None),
        ("gcr.io/p/app", "ana", '{"type": "service_account"}', True),
        ("gcr.io/p/app", "_json_key", '{"type": "service_account"}', None),
        ("ghcr.io/o/app", "anybody", "ghp_x", None),
    ],
)
@pytest.mark.parametrize("offline", [False, True])
def test_the_user_goes_with_the_form_of_the_secret(
    image: str, user: str, secret: str, *, certain: bool | None, offline: bool
) -> None:
    """What the registry wants is known from its host, so nobody has to be asked."""
    named = told(_as_user(image, user, secret, offline=offline))
    assert named.get("login-with-wrong-username-for-token") is certain


@pytest.mark.parametrize(
    ("service", "offline", "certain"),
    [("harbor-registry", False, True), ("another", False, False), ("", True, False)],
)
def test_a_robot_without_a_name_is_certain_at_harbor_alone(
    service: str, *, offline: bool, certain: bool
) -> None:
    """Elsewhere somebody may really be called `robot`."""
    seen = _as_user(f"{HOST}/p/app", "robot", "x", offline=offline)
    if service:
        seen = challenged(seen, f"https://{HOST}/service/token", service)
    assert told(seen) == {"shell-expanded-dollar": certain}


def test_a_robot_whom_the_registry_knows_is_called_so() -> None:
    """A login that is accepted has the name that it should have."""
    place = source(login(HOST, "robot"))
    read = credentials(place, choice=chosen(place.entries[0], place))
    assert told(examination(credentials=read)) == {}


@pytest.mark.parametrize(
    ("image", "certain"),
    [("app", True), ("ghcr/app", True), ("team/app", False), (f"{HOST}/app", None)],
)
def test_a_bare_name_is_certain_where_it_can_be_nothing_else(
    image: str, *, certain: bool | None
) -> None:
    """An official image needs no login, and an owner like a registry's name is that registry."""
    named = told(examination(image, credentials=credentials(_OTHER, key=_HUB_KEY)))
    assert named.get("docker-hub-default-host") is certain
    offline = told(
        examination(image, outcome=_OFFLINE, credentials=credentials(_OTHER, key=_HUB_KEY))
    )
    assert offline.get("docker-hub-default-host") is (None if certain is None else False)


def test_the_command_for_a_bare_name_has_every_registry_that_may_be_meant() -> None:
    """With the repository as it was typed, and its digest."""
    digest = "sha256:" + "a" * 64
    place = source(login("ghcr.io"), login(f"https://{HOST}/v1/"))
    seen = examination(f"app:1@{digest}", credentials=credentials(place, key=_HUB_KEY))
    assert found(seen)["docker-hub-default-host"].commands == (
        f"docker pull ghcr.io/app:1@{digest}",
        f"docker pull {HOST}/app:1@{digest}",
    )


@pytest.mark.parametrize("key", ["docker.io", "hub.docker.com", "registry-1.docker.io"])
def test_a_wrong_key_of_docker_hub_explains_its_limit_for_nobody(key: str) -> None:
    """With the login under the wrong key the quota that counts is that of the address."""
    place = source(login(key))
    read = credentials(place, near=[(place, place.entries[0])], key=_HUB_KEY)
    seen = examination("team/app:1", outcome=Outcome.THROTTLED, credentials=read, status=429)
    assert told(seen) == {"docker-hub-key-wrong": True}


def test_a_text_that_is_no_image_says_what_one_is() -> None:
    """Where nothing of it can be kept there is no command, but the form."""
    finding = found(examination(f"{HOST}/team//app"))["invalid-reference"]
    assert finding.commands == ()
    assert "HOST[:PORT]/REPOSITORY" in finding.advice


def test_googles_helper_is_asked_about_only_under_sudo() -> None:
    """Root by itself has one account of gcloud; under sudo there is that of the caller too."""
    image, key = "europe-docker.pkg.dev/p/r/app", "europe-docker.pkg.dev"
    run = HelperRun("gcloud", FILE, key, HelperOutcome.FOUND, pair("oauth2accesstoken", "ya29.x"))
    entry = Entry(key, Holding.HELPER, helper="gcloud")
    place = source(entry)
    read = credentials(place, choice=chosen(entry, place, run), helpers=[run], key=key)
    expected: dict[str, dict[str, bool]] = {"bob": {"root-vs-user-gcloud": False}, "": {}}
    for caller, causes in expected.items():
        assert told(examination(image, credentials=read, user="root", sudo_user=caller)) == causes
