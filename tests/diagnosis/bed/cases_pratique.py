"""A real Pratique: what its own refusals look like from outside."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from tests.diagnosis.bed.content import Content
from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import IMAGE, pull, push, stored
from tests.diagnosis.bed.real_servers import publish
from tests.diagnosis.bed.stage import Stage
from tests.support.live_server import LiveServer, live_server


@dataclass(frozen=True)
class _Principal:
    name: str
    secret: str


@dataclass(frozen=True)
class _Port:
    """A Pratique with an image, and whom it knows.

    Attributes:
        puller: may pull everything.
        stranger: may do nothing.
        dismissed: is disabled, and could pull before.
    """

    server: LiveServer
    puller: _Principal
    stranger: _Principal
    dismissed: _Principal


def _manage(server: LiveServer, method: str, address: str, content: object = None) -> Any:
    # Over HTTP, since a command of its own for each step would take most of the bed's time.
    answer = httpx.request(
        method, f"{server.url}/api/v1{address}", json=content, auth=server.owner, timeout=30
    )
    return answer.raise_for_status().json()


@contextmanager
def _port(folder: Path) -> Iterator[object]:
    with live_server(folder / "data", workers=1) as server:
        content = Content()
        content.add_image("1")
        pair = base64.b64encode(":".join(server.owner).encode()).decode()
        publish(server.url, f"Basic {pair}", IMAGE, content)
        puller, stranger, dismissed = (_made(server, name) for name in ("p", "s", "d"))
        for each in (puller, dismissed):
            role = {"role": "AcrPull", "principal": each.name}
            _manage(server, "POST", "/role-assignments", role)
        _manage(server, "POST", f"/service-principals/{dismissed.name}/disable")
        yield _Port(server, puller, stranger, dismissed)


def _made(server: LiveServer, name: str) -> _Principal:
    made = _manage(server, "POST", "/service-principals", {"name": name})
    return _Principal(made["client_id"], made["secret"])


def _at(stage: Stage) -> _Port:
    port = cast("_Port", stage.shared.keep("pratique", _port))
    number = int(port.server.host.rpartition(":")[2])
    stage.network.real["127.0.0.1", number] = number
    return port


def _logged_in(stage: Stage, who: Callable[[_Port], _Principal]) -> str:
    port = _at(stage)
    principal = who(port)
    stage.docker_login(port.server.host, principal.name, stage.hide(principal.secret))
    return port.server.host


def _puller(port: _Port) -> _Principal:
    return port.puller


def _stranger(port: _Port) -> _Principal:
    return port.stranger


def _dismissed(port: _Port) -> _Principal:
    return port.dismissed


def _well(stage: Stage) -> Question:
    return pull(_logged_in(stage, _puller))


def _nobody(stage: Stage) -> Question:
    return pull(_at(stage).server.host)


def _wrong(stage: Stage) -> Question:
    port = _at(stage)
    stored(stage, port.server.host, port.puller.name)
    return pull(port.server.host)


def _no_role(stage: Stage) -> Question:
    return pull(_logged_in(stage, _stranger))


def _disabled(stage: Stage) -> Question:
    return pull(_logged_in(stage, _dismissed))


def _no_such_tag(stage: Stage) -> Question:
    return pull(_logged_in(stage, _puller), tag="2")


def _no_such_repository(stage: Stage) -> Question:
    return pull(_logged_in(stage, _puller), repository="team/ap")


def _no_role_and_no_such_repository(stage: Stage) -> Question:
    return pull(_logged_in(stage, _stranger), repository="team/ap")


def _pull_only(stage: Stage) -> Question:
    return push(_logged_in(stage, _puller))


def _open_to_all(stage: Stage) -> _Port:
    port = _at(stage)

    def let_all(*, pull: bool) -> None:
        _manage(port.server, "PATCH", "/registry", {"anonymous_pull": pull})

    let_all(pull=True)
    stage.afterwards.append(lambda: let_all(pull=False))
    return port


def _stale_where_all_may(stage: Stage) -> Question:
    port = _open_to_all(stage)
    stored(stage, port.server.host, port.puller.name)
    return pull(port.server.host)


def _nobody_where_all_may(stage: Stage) -> Question:
    return pull(_open_to_all(stage).server.host)


@contextmanager
def _guarded(folder: Path) -> Iterator[object]:
    with live_server(folder / "data", workers=1) as server:
        _manage(server, "PATCH", "/network-rules", {"default_action": "deny"})
        yield server


def _from_elsewhere(stage: Stage) -> Question:
    server = cast("LiveServer", stage.shared.keep("guarded pratique", _guarded))
    number = int(server.host.rpartition(":")[2])
    stage.network.real["127.0.0.1", number] = number
    return pull(server.host)


def _closed(stage: Stage) -> Question:
    port = _at(stage)
    _manage(port.server, "PATCH", "/network-rules", {"public_access": False})
    back = {"public_access": True}
    stage.afterwards.append(lambda: _manage(port.server, "PATCH", "/network-rules", back))
    return pull(port.server.host)


def _let_in(stage: Stage) -> Question:
    port = _at(stage)
    rules = ("PATCH", "/network-rules")
    _manage(port.server, *rules, {"default_action": "deny", "add": ["127.0.0.1"]})
    back = {"default_action": "allow", "remove": ["127.0.0.1"]}
    stage.afterwards.append(lambda: _manage(port.server, *rules, back))
    return _well(stage)


CASES: tuple[Case, ...] = (
    case("Pratique: address refused", _from_elsewhere, Verdict.PROVEN, "pratique-address-refused"),
    case("Pratique: public access off", _closed, Verdict.PROVEN, "pratique-address-refused"),
    twin("Pratique: address let in", _let_in, Verdict.WELL, of="pratique-address-refused"),
    twin("Pratique: well", _well, Verdict.WELL, of="pratique-refusal"),
    case("Pratique: nobody", _nobody, Verdict.PROVEN, "no-credential-for-host"),
    case("Pratique: wrong password", _wrong, Verdict.PROVEN, "wrong-password"),
    case("Pratique: disabled", _disabled, Verdict.PROVEN, "pratique-refusal"),
    case("Pratique: no role", _no_role, Verdict.PROVEN, "pratique-refusal"),
    case(
        "Pratique: no role, no repository",
        _no_role_and_no_such_repository,
        Verdict.PROVEN,
        "pratique-refusal",
    ),
    case("Pratique: no such tag", _no_such_tag, Verdict.PROVEN, "tag-missing"),
    case("Pratique: no repository", _no_such_repository, Verdict.PROVEN, "repository-missing"),
    case("Pratique: push with pull only", _pull_only, Verdict.PROVEN, "push-not-allowed"),
    case(
        "Pratique: stale login, anonymous pull",
        _stale_where_all_may,
        Verdict.PROVEN,
        "stale-credential-breaks-public-pull",
    ),
    twin(
        "Pratique: nobody, anonymous pull",
        _nobody_where_all_may,
        Verdict.WELL,
        of="no-credential-for-host",
    ),
)
