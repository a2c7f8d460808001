"""Where nothing is wrong: no cause may be named."""

from __future__ import annotations

from tests.diagnosis.bed.content import INDEX
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case
from tests.diagnosis.bed.hosting import IMAGE, registry_at
from tests.diagnosis.bed.stage import Stage

_HOST = "registry.example.com"


def _logged_in(stage: Stage, client: Client) -> Question:
    registry = registry_at(stage, _HOST)
    secret = stage.secret()
    registry.knows("ana", secret, team__app="pull")
    stage.docker_login(_HOST, "ana", secret)
    return Question(Wish(f"{_HOST}/{IMAGE}:1", client))


def _docker(stage: Stage) -> Question:
    return _logged_in(stage, Client.DOCKER)


def _podman(stage: Stage) -> Question:
    return _logged_in(stage, Client.PODMAN)


def _public(stage: Stage) -> Question:
    registry = registry_at(stage, _HOST)
    registry.public = {IMAGE: {"pull"}}
    return Question(Wish(f"{_HOST}/{IMAGE}:1"))


def _basic(stage: Stage) -> Question:
    registry = registry_at(stage, f"{_HOST}:5000", realm="")
    secret = stage.secret()
    registry.knows("ana", secret, everything="pull,push")
    stage.docker_login(f"{_HOST}:5000", "ana", secret)
    return Question(Wish(f"{_HOST}:5000/{IMAGE}:1", push=True))


def _index(stage: Stage) -> Question:
    registry = registry_at(stage, _HOST)
    registry.public = {IMAGE: {"pull"}}
    digest = registry.holds(IMAGE).add_index("many", ["linux/arm64/v8", "linux/amd64"])
    assert registry.repositories[IMAGE].manifests[digest][0] == INDEX
    return Question(Wish(f"{_HOST}/{IMAGE}:many@{digest}"))


def _push(stage: Stage) -> Question:
    registry = registry_at(stage, _HOST)
    secret = stage.secret()
    registry.knows("ana", secret, team__app="pull,push", base="pull")
    stage.docker_login(_HOST, "ana", secret)
    return Question(Wish(f"{_HOST}/{IMAGE}:1", push=True, mount_from="base"))


CASES: tuple[Case, ...] = (
    case("well: docker, logged in", _docker, Verdict.WELL),
    case("well: podman with docker's login", _podman, Verdict.WELL),
    case("well: public image", _public, Verdict.WELL),
    case("well: Basic, pull and push", _basic, Verdict.WELL),
    case("well: index by tag and digest", _index, Verdict.WELL),
    case("well: push with a mount", _push, Verdict.WELL),
)
