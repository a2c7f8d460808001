"""The credential: there is none, it is wrong, it has expired, or it is stale."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

from tests.diagnosis.bed.cases_limits import hub
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
from tests.diagnosis.bed.registries import on
from tests.diagnosis.bed.signing import signed
from tests.diagnosis.bed.stage import Stage, auth
from tests.diagnosis.bed.wording import details, errors

from pratique.assembly import now

_ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def _nothing_stored(stage: Stage) -> Question:
    registry_at(stage, HOST, refuses_scopes=True)
    return pull()


def _nothing_stored_for_basic(stage: Stage) -> Question:
    registry_at(stage, f"{HOST}:5000", realm="")
    return pull(f"{HOST}:5000")


def _nothing_stored_narrow_token(stage: Stage) -> Question:
    # The token for nobody allows nothing; the registry then refuses it.
    registry_at(stage, HOST).public = {"other/app": {"pull"}}
    registry = registry_at(stage, HOST)
    registry.public = {"other/app": {"pull"}}
    return pull(client=Client.CONTAINERD)


def _nothing_stored_for_a_login(stage: Stage) -> Question:
    registry_at(stage, HOST)
    return Question(Wish(HOST, login_only=True))


def _nothing_stored_and_public(stage: Stage) -> Question:
    registry_at(stage, HOST, refuses_scopes=True).public = {IMAGE: {"pull"}}
    return pull()


def _nothing_stored_and_no_such_tag(stage: Stage) -> Question:
    registry_at(stage, HOST).public = {IMAGE: {"pull"}}
    return pull(tag="2")


def _token(stage: Stage, ends: timedelta, **more: object) -> str:
    moment = now() + ends
    claims = {"sub": "ana", "iss": HOST, "exp": int(moment.timestamp()), **more}
    return stage.hide(signed(claims, b"the registry's key"))


def _expired_password(stage: Stage) -> Question:
    registry_at(stage, HOST).knows("ana", stage.secret(), everything="pull")
    stage.docker_login(HOST, "ana", _token(stage, -timedelta(hours=2)))
    return pull()


def _expired_identity_token(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.knows("", stage.secret(), everything="pull")
    stage.docker_login(HOST, "ana", "", identitytoken=_token(stage, -timedelta(hours=2)))
    return pull()


def _revoked_identity_token(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.knows("", stage.secret(), everything="pull")
    stage.docker_login(HOST, "ana", "", identitytoken=_token(stage, timedelta(hours=2)))
    return pull()


def _identity_token(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    token = _token(stage, timedelta(hours=2))
    registry.knows("", token, everything="pull")
    stage.docker_login(HOST, "ana", "", identitytoken=token)
    return pull()


def _amazon(stage: Stage, ends: timedelta) -> Question:
    registry = registry_at(stage, _ECR, realm="")
    content = {"payload": stage.secret(), "expiration": int((now() + ends).timestamp())}
    password = stage.hide(base64.b64encode(json.dumps(content).encode()).decode())
    stage.docker_login(_ECR, "AWS", password)
    if ends < timedelta():
        text = "Your authorization token has expired. Reauthenticate and try again."
        registry.bends.append(on("/v2/.+", errors(403, "DENIED", text)))
    else:
        registry.knows("AWS", password, everything="pull")
    return pull(_ECR)


def _amazon_expired(stage: Stage) -> Question:
    return _amazon(stage, -timedelta(hours=1))


def _amazon_fresh(stage: Stage) -> Question:
    return _amazon(stage, timedelta(hours=11))


def _fresh_password(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    token = _token(stage, timedelta(hours=2))
    registry.knows("ana", token, everything="pull")
    stage.docker_login(HOST, "ana", token)
    return pull()


def _stale_login_for_public(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.public = {IMAGE: {"pull"}}
    wrongly_logged_in(stage, registry, everything="pull")
    return pull()


def _stale_login_for_public_with_basic(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, realm="")
    registry.public = {IMAGE: {"pull"}}
    wrongly_logged_in(stage, registry, everything="pull")
    refusal = registry.words.challenge(registry, "", "", "")
    wrong = errors(401, "UNAUTHORIZED", "authentication required").with_headers(refusal)
    registry.bends.append(lambda asked: wrong if asked.pair else None)
    return pull()


def _good_login_for_public(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.public = {IMAGE: {"pull"}}
    logged_in(stage, registry)
    return pull()


def _wrong(stage: Stage) -> Question:
    wrongly_logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull()


def _wrong_for_podman(stage: Stage) -> Question:
    wrongly_logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull(client=Client.PODMAN)


def _wrong_for_containerd(stage: Stage) -> Question:
    stage.is_root, stage.user, stage.home = True, "root", "/root"
    registry = registry_at(stage, HOST)
    registry.knows("ana", stage.secret(), everything="pull")
    auths = {HOST: {"auth": auth("ana", stage.secret())}}
    stage.write("/var/lib/kubelet/config.json", {"auths": auths})
    return pull(client=Client.CONTAINERD)


def _wrong_with_basic(stage: Stage) -> Question:
    wrongly_logged_in(stage, registry_at(stage, f"{HOST}:5000", realm=""), everything="pull")
    return pull(f"{HOST}:5000")


def _wrong_login(stage: Stage) -> Question:
    wrongly_logged_in(stage, registry_at(stage, HOST), everything="pull")
    return Question(Wish(HOST, login_only=True))


def _wrong_login_with_basic(stage: Stage) -> Question:
    wrongly_logged_in(stage, registry_at(stage, HOST, realm=""), everything="pull")
    return Question(Wish(HOST, login_only=True))


def _right(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull()


def _right_login(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST))
    return Question(Wish(HOST, login_only=True))


def _right_login_with_basic(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, realm=""))
    return Question(Wish(HOST, login_only=True))


_HUB_KEY = "https://index.docker.io/v1/"


def _hub_password(stage: Stage) -> Question:
    registry = hub(stage)
    registry.holds("ana/app", "1")
    text = "please use personal access token to login when SSO is enforced"
    registry.bends.append(lambda asked: details(401, text) if asked.pair else None)
    stored(stage, _HUB_KEY, "ana")
    return Question(Wish("ana/app:1"))


def _hub_token(stage: Stage) -> Question:
    registry = hub(stage)
    registry.holds("ana/app", "1")
    secret = stored(stage, _HUB_KEY, "ana", before="dckr_pat_")
    registry.knows("ana", secret, ana__app="pull")
    return Question(Wish("ana/app:1"))


def _hub_private_for_nobody(stage: Stage) -> Question:
    hub(stage).holds("ana/app", "1")
    return Question(Wish("ana/app:1"))


def _hub_private_for_another(stage: Stage) -> Question:
    registry = hub(stage)
    registry.holds("ana/app", "1")
    secret = stored(stage, _HUB_KEY, "ben", before="dckr_pat_")
    registry.knows("ben", secret)
    return Question(Wish("ana/app:1"))


def _hub_wrong(stage: Stage) -> Question:
    registry = hub(stage)
    registry.holds("ana/app", "1")
    stored(stage, _HUB_KEY, "ana")
    registry.knows("ana", stage.secret("new"), ana__app="pull")
    return Question(Wish("ana/app:1"))


CASES: tuple[Case, ...] = (
    case("1: nothing stored", _nothing_stored, Verdict.PROVEN, "no-credential-for-host"),
    case("1: Basic", _nothing_stored_for_basic, Verdict.PROVEN, "no-credential-for-host"),
    case(
        "1: token for nothing",
        _nothing_stored_narrow_token,
        Verdict.PROVEN,
        "no-credential-for-host",
    ),
    case("1: login", _nothing_stored_for_a_login, Verdict.PROVEN, "no-credential-for-host"),
    twin("1: public image", _nothing_stored_and_public, Verdict.WELL, of="no-credential-for-host"),
    twin(
        "1: no such tag of a public image",
        _nothing_stored_and_no_such_tag,
        Verdict.PROVEN,
        "tag-missing",
        of="no-credential-for-host",
    ),
    case("5: password", _expired_password, Verdict.PROVEN, "expired-registry-token"),
    case("5: identity token", _expired_identity_token, Verdict.PROVEN, "expired-registry-token"),
    case("5: revoked", _revoked_identity_token, Verdict.PROVEN, "expired-registry-token"),
    case("5: Amazon's", _amazon_expired, Verdict.PROVEN, "expired-registry-token"),
    twin("5: fresh", _fresh_password, Verdict.WELL, of="expired-registry-token"),
    twin("5: identity token is good", _identity_token, Verdict.WELL, of="expired-registry-token"),
    twin("5: Amazon's is fresh", _amazon_fresh, Verdict.WELL, of="expired-registry-token"),
    case(
        "6: public image",
        _stale_login_for_public,
        Verdict.PROVEN,
        "stale-credential-breaks-public-pull",
    ),
    case(
        "6: Basic",
        _stale_login_for_public_with_basic,
        Verdict.PROVEN,
        "stale-credential-breaks-public-pull",
    ),
    twin(
        "6: good login",
        _good_login_for_public,
        Verdict.WELL,
        of="stale-credential-breaks-public-pull",
    ),
    twin(
        "6: private image",
        _wrong,
        Verdict.PROVEN,
        "wrong-password",
        of="stale-credential-breaks-public-pull",
    ),
    case("13: docker", _wrong, Verdict.PROVEN, "wrong-password"),
    case("13: podman", _wrong_for_podman, Verdict.PROVEN, "wrong-password"),
    case("13: containerd", _wrong_for_containerd, Verdict.PROVEN, "wrong-password"),
    case("13: Basic", _wrong_with_basic, Verdict.PROVEN, "wrong-password"),
    case("13: login", _wrong_login, Verdict.PROVEN, "wrong-password"),
    case("13: login with Basic", _wrong_login_with_basic, Verdict.PROVEN, "wrong-password"),
    twin("13: right", _right, Verdict.WELL, of="wrong-password"),
    twin("13: right login", _right_login, Verdict.WELL, of="wrong-password"),
    twin("13: right login with Basic", _right_login_with_basic, Verdict.WELL, of="wrong-password"),
    case(
        "1: private on Docker Hub",
        _hub_private_for_nobody,
        Verdict.PROVEN,
        "no-credential-for-host",
    ),
    twin(
        "1: somebody else on Docker Hub",
        _hub_private_for_another,
        Verdict.PROVEN,
        "known-but-not-allowed",
        of="no-credential-for-host",
    ),
    case("27: password", _hub_password, Verdict.PROVEN, "docker-hub-pat-required"),
    twin("27: token", _hub_token, Verdict.WELL, of="docker-hub-pat-required"),
    twin(
        "27: wrong password",
        _hub_wrong,
        Verdict.PROVEN,
        "wrong-password",
        of="docker-hub-pat-required",
    ),
)
