"""Real programmes of others: Debian's `docker-registry`, and nginx before it."""

from __future__ import annotations

import base64
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.content import Content
from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, pull, stored
from tests.diagnosis.bed.real_servers import (
    HTPASSWD_PASSWORD,
    Fronts,
    Running,
    Tokens,
    docker_registry,
    nginx,
    publish,
)
from tests.diagnosis.bed.registries import Registry
from tests.diagnosis.bed.signing import signed_by
from tests.diagnosis.bed.stage import Shared, Stage

_REALM_HOST = "auth.example.com"
_REALM = f"https://{_REALM_HOST}/token"


def _image() -> Content:
    content = Content()
    content.add_image("1")
    return content


def _with_htpasswd(shared: Shared) -> Running:
    def make(folder: Path) -> AbstractContextManager[object]:
        return docker_registry(folder, shared.trusted.pair(Shown((HOST,))))

    def fill(_: Path) -> AbstractContextManager[object]:
        pair = base64.b64encode(f"ana:{HTPASSWD_PASSWORD}".encode()).decode()
        return _Filled(running, f"Basic {pair}")

    running = cast("Running", shared.keep("registry-htpasswd", make))
    shared.keep("registry-htpasswd-images", fill)
    return running


def _with_tokens(shared: Shared) -> Running:
    """A registry that believes tokens of the trusted authority."""

    def make(folder: Path) -> AbstractContextManager[object]:
        tokens = Tokens(_REALM, HOST, shared.trusted.file)
        return docker_registry(folder, shared.trusted.pair(Shown((HOST,))), tokens)

    def fill(_: Path) -> AbstractContextManager[object]:
        issuer = Registry(HOST, realm=_REALM, sign=signed_by(shared.trusted))
        actions = ["pull", "push"]
        access: dict[str, object] = {"type": "repository", "name": IMAGE, "actions": actions}
        return _Filled(running, f"Bearer {issuer.issue('bed', [access])}")

    running = cast("Running", shared.keep("registry-tokens", make))
    shared.keep("registry-tokens-images", fill)
    return running


class _Filled(AbstractContextManager[None]):
    """A registry into which the image was pushed, which needs no end."""

    def __init__(self, running: Running, authorization: str) -> None:
        publish(f"https://127.0.0.1:{running.port}", authorization, IMAGE, _image())

    def __exit__(self, *_: object) -> None:
        return None


def _fronts(shared: Shared) -> Fronts:
    behind = _with_tokens(shared)
    return cast("Fronts", shared.keep("nginx", lambda folder: nginx(folder, behind)))


def _at(stage: Stage, port: int) -> None:
    for address in stage.name(HOST):
        stage.network.real[address, 443] = port


def _token_server(stage: Stage, *, trusted: bool = True) -> Registry:
    authority = stage.shared.trusted if trusted else stage.shared.strange
    server = Registry(HOST, realm=_REALM, sign=signed_by(authority), hidden=stage.hide)
    stage.serve(_REALM_HOST, server.site())
    return server


def _htpasswd(stage: Stage, password: str) -> Question:
    _at(stage, _with_htpasswd(stage.shared).port)
    stage.docker_login(HOST, "ana", stage.hide(password))
    return pull()


def _htpasswd_right(stage: Stage) -> Question:
    return _htpasswd(stage, HTPASSWD_PASSWORD)


def _htpasswd_wrong(stage: Stage) -> Question:
    return _htpasswd(stage, f"{HTPASSWD_PASSWORD}s")


def _htpasswd_nothing(stage: Stage) -> Question:
    _at(stage, _with_htpasswd(stage.shared).port)
    return pull()


def _htpasswd_no_such_tag(stage: Stage) -> Question:
    _htpasswd_right(stage)
    return pull(tag="2")


def _htpasswd_no_such_repository(stage: Stage) -> Question:
    _htpasswd_right(stage)
    return pull(repository="team/ap")


def _tokens(stage: Stage, *, trusted: bool = True, grants: str = "pull") -> Question:
    _at(stage, _with_tokens(stage.shared).port)
    logged_in(stage, _token_server(stage, trusted=trusted), team__app=grants)
    return pull()


def _tokens_trusted(stage: Stage) -> Question:
    return _tokens(stage)


def _tokens_distrusted(stage: Stage) -> Question:
    return _tokens(stage, trusted=False)


def _tokens_for_another_service(stage: Stage) -> Question:
    _at(stage, _with_tokens(stage.shared).port)
    server = _token_server(stage)
    server.service = "another"
    logged_in(stage, server, team__app="pull")
    return pull()


def _tokens_that_allow_nothing(stage: Stage) -> Question:
    _at(stage, _with_tokens(stage.shared).port)
    logged_in(stage, _token_server(stage), other__app="pull")
    return pull()


def _tokens_wrong_password(stage: Stage) -> Question:
    _at(stage, _with_tokens(stage.shared).port)
    _token_server(stage).knows("ana", stage.secret(), team__app="pull")
    stored(stage, HOST, "ana")
    return pull()


def _behind(stage: Stage, port: int) -> Question:
    _at(stage, port)
    logged_in(stage, _token_server(stage), team__app="pull")
    return pull()


def _nginx_passes(stage: Stage) -> Question:
    return _behind(stage, _fronts(stage.shared).faithful)


def _nginx_drops_authorization(stage: Stage) -> Question:
    return _behind(stage, _fronts(stage.shared).drops_authorization)


def _nginx_drops_challenge(stage: Stage) -> Question:
    return _behind(stage, _fronts(stage.shared).drops_challenge)


def _nginx_asks_itself(stage: Stage) -> Question:
    _at(stage, _fronts(stage.shared).asks_itself)
    stage.docker_login(HOST, "ana", stage.hide(HTPASSWD_PASSWORD))
    return pull()


def _nginx_serves_pages(stage: Stage) -> Question:
    return _behind(stage, _fronts(stage.shared).serves_pages)


CASES: tuple[Case, ...] = (
    twin("htpasswd: right", _htpasswd_right, Verdict.WELL, of="wrong-password"),
    case("htpasswd: wrong", _htpasswd_wrong, Verdict.PROVEN, "wrong-password"),
    case("htpasswd: nothing", _htpasswd_nothing, Verdict.PROVEN, "no-credential-for-host"),
    case("htpasswd: no such tag", _htpasswd_no_such_tag, Verdict.PROVEN, "tag-missing"),
    case(
        "htpasswd: no such repository",
        _htpasswd_no_such_repository,
        Verdict.PROVEN,
        "repository-missing",
    ),
    twin("tokens: trusted", _tokens_trusted, Verdict.WELL, of="registry-distrusts-its-token"),
    case("tokens: other key", _tokens_distrusted, Verdict.PROVEN, "registry-distrusts-its-token"),
    case(
        "tokens: other service",
        _tokens_for_another_service,
        Verdict.PROVEN,
        "registry-distrusts-its-token",
    ),
    case(
        "tokens: allow nothing",
        _tokens_that_allow_nothing,
        Verdict.PROVEN,
        "known-but-not-allowed",
    ),
    case("tokens: wrong password", _tokens_wrong_password, Verdict.PROVEN, "wrong-password"),
    twin("nginx: passes", _nginx_passes, Verdict.WELL, of="reverse-proxy-eats-header"),
    case(
        "nginx: drops Authorization",
        _nginx_drops_authorization,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
    ),
    case(
        "nginx: drops the challenge",
        _nginx_drops_challenge,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
    ),
    case(
        "nginx: asks itself",
        _nginx_asks_itself,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
    ),
    case("nginx: serves pages", _nginx_serves_pages, Verdict.PROVEN, "not-a-registry"),
)
