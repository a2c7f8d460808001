"""What a server answers before it judges anybody: challenges, realms, clocks."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, pull, registry_at, wrongly_logged_in
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.servers import Asked, Reply
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import errors, page

_REALM_HOST = "auth.example.com"
_REALM = f"https://{_REALM_HOST}/token"
_REFUSAL = errors(401, "UNAUTHORIZED", "authentication required")


def _usual(stage: Stage, client: Client = Client.DOCKER) -> Question:
    logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull(client=client)


def _usual_by_docker(stage: Stage) -> Question:
    return _usual(stage)


def _usual_by_containerd(stage: Stage) -> Question:
    return _usual(stage, Client.CONTAINERD)


def _realm_without_tls(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.realm = f"http://{HOST}/token"
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_with_doubled_path(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.realm = f"https://{HOST}/v2//service/token"
    registry.bends.append(on("/v2//service/token", page(404, "Not Found")))
    logged_in(stage, registry, everything="pull")
    return pull()


def _plain_registry_with_plain_realm(stage: Stage) -> Question:
    registry = registry_at(stage, f"{HOST}:5000", plain=True)
    logged_in(stage, registry, everything="pull")
    stage.write("/etc/docker/daemon.json", {"insecure-registries": [f"{HOST}:5000"]})
    return pull(f"{HOST}:5000")


def _open_door(stage: Stage, client: Client, realm: str) -> Question:
    registry = registry_at(stage, HOST, realm=realm, open_ping=True)
    logged_in(stage, registry, everything="pull")
    return pull(client=client)


def _open_door_with_basic(stage: Stage) -> Question:
    return _open_door(stage, Client.DOCKER, "")


def _open_door_with_tokens(stage: Stage) -> Question:
    return _open_door(stage, Client.DOCKER, "token")


def _open_door_for_podman(stage: Stage) -> Question:
    return _open_door(stage, Client.PODMAN, "")


def _open_door_wrong_password(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, open_ping=True)
    registry.public = {IMAGE: {"pull"}}
    wrongly_logged_in(stage, registry)
    return pull()


def _challenge_gone(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.bends.append(on("/v2/.*", _REFUSAL))
    logged_in(stage, registry, everything="pull")
    return pull()


def _proxy_asks_as_well(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    both = _REFUSAL.with_headers(
        ("WWW-Authenticate", 'Basic realm="nginx"'),
        ("WWW-Authenticate", f'Bearer realm="https://{HOST}/token",service="{HOST}"'),
    )
    registry.bends.append(on("/v2/.*", both))
    logged_in(stage, registry, everything="pull")
    return pull()


def _authorization_gone(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")

    def without(asked: Asked) -> Reply | None:
        if not asked.path.startswith("/v2/") or not asked.bearer:
            return None
        bare = {name: value for name, value in asked.headers.items() if name != "authorization"}
        return registry.answer(Asked(asked.method, asked.path, asked.query, bare, asked.form))

    registry.bends.append(without)
    return pull()


def _realm_is_a_page(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.bends.append(on("/token", page(200)))
    logged_in(stage, registry, everything="pull")
    return pull()


def _tokens_distrusted(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.trusts_tokens = False
    logged_in(stage, registry, everything="pull")
    return pull()


def _tokens_for_another_audience(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, realm=_REALM)
    server = Registry(HOST, realm=_REALM, service="another", hidden=stage.hide)
    registry.bends.append(lambda asked: server.token(asked) if asked.path == "/token" else None)
    secret = logged_in(stage, registry, everything="pull")
    server.knows("ana", secret, everything="pull")
    return pull()


def _oauth(stage: Stage, client: Client, reply: Reply | None) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")

    def post(asked: Asked) -> Reply | None:
        if asked.method != "POST":
            return None
        if reply is not None:
            return reply
        given = json.loads(registry.token(asked).body)
        del given["access_token"]
        return Reply(200, json.dumps(given).encode(), (("Content-Type", "application/json"),))

    registry.bends.append(post)
    return pull(client=client)


def _oauth_without_access_token(stage: Stage) -> Question:
    return _oauth(stage, Client.CONTAINERD, None)


def _oauth_fails(stage: Stage) -> Question:
    return _oauth(stage, Client.CONTAINERD, page(500, "Internal Server Error"))


def _oauth_fails_for_docker(stage: Stage) -> Question:
    return _oauth(stage, Client.DOCKER, page(500, "Internal Server Error"))


def _oauth_unknown(stage: Stage) -> Question:
    return _oauth(stage, Client.CONTAINERD, page(404, "Not Found"))


def _no_realm(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    bare = _REFUSAL.with_headers(("WWW-Authenticate", f'Bearer service="{HOST}"'))
    registry.bends.append(on("/v2/.*", bare))
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_refuses(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.realm = _REALM
    stage.name(_REALM_HOST)
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_without_address(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.realm = _REALM
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_with_strange_certificate(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.realm = _REALM
    stage.serve(_REALM_HOST, registry.site(), shown=Shown((_REALM_HOST,), trusted=False))
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_elsewhere(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, realm=_REALM), everything="pull")
    return pull()


def _realm_fails(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.bends.append(on("/token", page(500, "Internal Server Error")))
    logged_in(stage, registry, everything="pull")
    return pull()


def _registry_fails(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.bends.append(on("/v2/.+/manifests/.*", errors(500, "UNKNOWN", "unknown error")))
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_clock_ahead(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, token_shift=timedelta(minutes=10))
    logged_in(stage, registry, everything="pull")
    return pull()


def _realm_clock_behind(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, token_shift=-timedelta(hours=2))
    logged_in(stage, registry, everything="pull")
    return pull()


def _registry_clock_behind(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, realm=_REALM)
    registry.shift = -timedelta(minutes=10)
    stage.serve(_REALM_HOST, registry.site()).clock = stage.clock.now
    logged_in(stage, registry, everything="pull")
    return pull()


def _clock_a_little_off(stage: Stage) -> Question:
    stage.clock.shift = timedelta(seconds=25)
    registry = registry_at(stage, HOST, token_shift=timedelta(seconds=20))
    logged_in(stage, registry, everything="pull")
    return pull()


def _own_clock_off_and_refused(stage: Stage) -> Question:
    stage.clock.shift = timedelta(minutes=10)
    wrongly_logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull()


def _own_clock_a_little_off_and_refused(stage: Stage) -> Question:
    stage.clock.shift = timedelta(seconds=25)
    wrongly_logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull()


def _own_clock_off_and_well(stage: Stage) -> Question:
    stage.clock.shift = timedelta(minutes=10)
    logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull()


CASES: tuple[Case, ...] = (
    case("34: realm without TLS", _realm_without_tls, Verdict.PROVEN, "http-realm-behind-tls"),
    case("34: doubled path", _realm_with_doubled_path, Verdict.PROVEN, "http-realm-behind-tls"),
    twin("34: realm with TLS", _usual_by_docker, Verdict.WELL, of="http-realm-behind-tls"),
    twin(
        "34: all in clear on purpose",
        _plain_registry_with_plain_realm,
        Verdict.WELL,
        of="http-realm-behind-tls",
    ),
    case("55: Basic behind", _open_door_with_basic, Verdict.PROVEN, "open-ping-hides-login"),
    case("55: tokens behind", _open_door_with_tokens, Verdict.PROVEN, "open-ping-hides-login"),
    twin("55: podman", _open_door_for_podman, Verdict.WELL, of="open-ping-hides-login"),
    twin(
        "55: public image behind it",
        _open_door_wrong_password,
        Verdict.WELL,
        of="open-ping-hides-login",
    ),
    case("57: challenge gone", _challenge_gone, Verdict.PROVEN, "reverse-proxy-eats-header"),
    case("57: proxy asks too", _proxy_asks_as_well, Verdict.PROVEN, "reverse-proxy-eats-header"),
    case(
        "57: Authorization gone",
        _authorization_gone,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
    ),
    case("57: realm is a page", _realm_is_a_page, Verdict.PROVEN, "reverse-proxy-eats-header"),
    twin("57: headers pass", _usual_by_docker, Verdict.WELL, of="reverse-proxy-eats-header"),
    case("58: other key", _tokens_distrusted, Verdict.PROVEN, "registry-distrusts-its-token"),
    case(
        "58: other audience",
        _tokens_for_another_audience,
        Verdict.PROVEN,
        "registry-distrusts-its-token",
    ),
    twin("58: trusted", _realm_elsewhere, Verdict.WELL, of="registry-distrusts-its-token"),
    case(
        "63: no access_token",
        _oauth_without_access_token,
        Verdict.PROVEN,
        "token-server-oauth-not-spec",
    ),
    case("63: POST fails", _oauth_fails, Verdict.PROVEN, "token-server-oauth-not-spec"),
    twin("63: docker", _oauth_fails_for_docker, Verdict.WELL, of="token-server-oauth-not-spec"),
    twin("63: POST unknown", _oauth_unknown, Verdict.WELL, of="token-server-oauth-not-spec"),
    twin("63: POST works", _usual_by_containerd, Verdict.WELL, of="token-server-oauth-not-spec"),
    case("88: no realm", _no_realm, Verdict.PROVEN, "missing-realm"),
    twin("88: a realm", _usual_by_docker, Verdict.WELL, of="missing-realm"),
    twin(
        "88: no challenge at all",
        _challenge_gone,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
        of="missing-realm",
    ),
    case("realm-unreachable: refused", _realm_refuses, Verdict.PROVEN, "realm-unreachable"),
    case("realm-unreachable: no name", _realm_without_address, Verdict.PROVEN, "realm-unreachable"),
    case(
        "realm-unreachable: strange certificate",
        _realm_with_strange_certificate,
        Verdict.PROVEN,
        "realm-unreachable",
    ),
    twin("realm-unreachable: it is there", _realm_elsewhere, Verdict.WELL, of="realm-unreachable"),
    case("server-error: realm", _realm_fails, Verdict.PROVEN, "server-error"),
    case("server-error: registry", _registry_fails, Verdict.PROVEN, "server-error"),
    case("52: realm's clock ahead", _realm_clock_ahead, Verdict.PROVEN, "clock-skew"),
    case("52: realm's clock behind", _realm_clock_behind, Verdict.PROVEN, "clock-skew"),
    case("52: registry's clock behind", _registry_clock_behind, Verdict.PROVEN, "clock-skew"),
    case(
        "52: own clock, and a wrong password",
        _own_clock_off_and_refused,
        Verdict.PROVEN,
        "clock-skew",
        "wrong-password",
    ),
    twin(
        "52: own clock a little, and a wrong password",
        _own_clock_a_little_off_and_refused,
        Verdict.PROVEN,
        "wrong-password",
        of="clock-skew",
    ),
    twin("52: within the leeway", _clock_a_little_off, Verdict.WELL, of="clock-skew"),
    twin("52: own clock, no harm", _own_clock_off_and_well, Verdict.WELL, of="clock-skew"),
)
