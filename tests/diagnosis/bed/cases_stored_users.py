"""Logins that are stored under a user name that cannot be right."""

from __future__ import annotations

from tests.diagnosis.bed.cases_stored import (
    AMAZON,
    AZURE,
    GOOGLE,
    HUB_KEY,
    azure,
    hub,
    known,
    token,
)
from tests.diagnosis.bed.harness import Case, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, pull, registry_at, stored
from tests.diagnosis.bed.stage import Stage, auth
from tests.diagnosis.bed.wording import HarborWords


def _harbor(stage: Stage, user: str) -> Question:
    registry = registry_at(stage, HOST, HarborWords(), realm=f"https://{HOST}/service/token")
    registry.service = "harbor-registry"
    registry.knows("robot$ci", stage.secret(), everything="pull")
    stored(stage, HOST, user)
    return pull()


def _robot_without_name(stage: Stage) -> Question:
    return _harbor(stage, "robot")


def _robot_of_a_project_without_name(stage: Stage) -> Question:
    return _harbor(stage, "robot+ci")


def _robot_with_another_secret(stage: Stage) -> Question:
    return _harbor(stage, "robot$ci")


def _hub_user(stage: Stage, user: str) -> Question:
    hub(stage).knows("ana", stage.secret(), everything="pull")
    stage.docker_login(HUB_KEY, user, stage.secret())
    return Question(Wish(f"{IMAGE}:1"))


def _address_at_the_hub(stage: Stage) -> Question:
    return _hub_user(stage, "ana@example.com")


def _name_at_the_hub(stage: Stage) -> Question:
    return _hub_user(stage, "ana")


def _azure_token(stage: Stage, user: str) -> Question:
    registry, secret = azure(stage), token(stage)
    registry.knows("00000000-0000-0000-0000-000000000000", secret, everything="pull")
    stage.docker_login(AZURE, user, secret)
    return pull(AZURE)


def _azure_token_of_ana(stage: Stage) -> Question:
    return _azure_token(stage, "ana")


def _azure_token_of_nobody(stage: Stage) -> Question:
    return _azure_token(stage, "00000000-0000-0000-0000-000000000000")


def _amazon_user(stage: Stage) -> Question:
    registry = registry_at(stage, AMAZON, realm="")
    stage.docker_login(AMAZON, "ana", known(stage, registry, "AWS"))
    return pull(AMAZON)


def _google_user(stage: Stage) -> Question:
    registry_at(stage, GOOGLE)
    stored(stage, GOOGLE, "ana", before="ya29.")
    return pull(GOOGLE)


def _google_key_in_base64(stage: Stage) -> Question:
    registry_at(stage, GOOGLE)
    key = auth('{"type": "service_account", "private_key"', stage.secret() + '"}')
    stage.docker_login(GOOGLE, "_json_key", stage.hide(key))
    return pull(GOOGLE)


CASES: tuple[Case, ...] = (
    case(
        "21: robot without its name", _robot_without_name, Verdict.PROVEN, "shell-expanded-dollar"
    ),
    case(
        "21: robot of a project without its name",
        _robot_of_a_project_without_name,
        Verdict.PROVEN,
        "shell-expanded-dollar",
    ),
    twin(
        "21: robot with its name",
        _robot_with_another_secret,
        Verdict.PROVEN,
        "wrong-password",
        of="shell-expanded-dollar",
    ),
    case(
        "68: e-mail address at Docker Hub", _address_at_the_hub, Verdict.PROVEN, "email-as-username"
    ),
    twin(
        "68: Docker ID with a wrong password",
        _name_at_the_hub,
        Verdict.PROVEN,
        "wrong-password",
        of="email-as-username",
    ),
    case(
        "69: Azure token under another user",
        _azure_token_of_ana,
        Verdict.PROVEN,
        "login-with-wrong-username-for-token",
    ),
    case(
        "69: AWS password under another user",
        _amazon_user,
        Verdict.PROVEN,
        "login-with-wrong-username-for-token",
    ),
    case(
        "69: Google token under another user",
        _google_user,
        Verdict.PROVEN,
        "login-with-wrong-username-for-token",
    ),
    case(
        "69: Google key in base64 under the user of a plain one",
        _google_key_in_base64,
        Verdict.PROVEN,
        "login-with-wrong-username-for-token",
    ),
    twin(
        "69: Azure token under its user",
        _azure_token_of_nobody,
        Verdict.WELL,
        of="login-with-wrong-username-for-token",
    ),
)
