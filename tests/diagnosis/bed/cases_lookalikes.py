"""What looks like a cause and is another one, or none: unusual registries, mostly."""

from __future__ import annotations

import json
import ssl
from datetime import timedelta

from tests.diagnosis.bed.cases_limits import ACR, azure
from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, pull, registry_at
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.servers import Asked, Reply, Site
from tests.diagnosis.bed.signing import signed
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import Words, errors, page

from pratique.assembly import now

_ELSEWHERE = "region.example.net"
_NO_REQUEST = Asked("GET", "", {}, {}, {})


def _public(stage: Stage) -> Registry:
    registry = registry_at(stage, HOST)
    registry.public = {IMAGE: {"pull"}}
    return registry


def _moved(stage: Stage, pattern: str, status: int) -> Question:
    """A registry without logins that sends clients to another for what fits the pattern."""
    target = registry_at(stage, _ELSEWHERE, open_ping=True)
    target.public = {IMAGE: {"pull"}}
    front = Registry(HOST, open_ping=True, hidden=stage.hide)

    def elsewhere(asked: Asked) -> Reply | None:
        moved = on(pattern, Reply(status))(asked)
        place = ("Location", f"https://{_ELSEWHERE}{asked.path}")
        return moved.with_headers(place) if moved else None

    front.bends.append(elsewhere)
    stage.serve(HOST, front.site())
    return pull()


def _manifests_elsewhere(stage: Stage) -> Question:
    return _moved(stage, "/v2/.+/(manifests|blobs)/.*", 307)


def _all_moved(stage: Stage) -> Question:
    return _moved(stage, "/v2/.*", 301)


def _led_away(stage: Stage, client: Client) -> Question:
    """A registry with a login, whose `/v2/` sends clients to another, which wants that login."""
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, team__app="pull")
    registry_at(stage, _ELSEWHERE)
    place = ("Location", f"https://{_ELSEWHERE}/v2/")
    registry.bends.append(on("/v2/", Reply(307).with_headers(place)))
    return pull(client=client)


def _led_away_by_docker(stage: Stage) -> Question:
    return _led_away(stage, Client.DOCKER)


def _nothing_at_the_new_place(stage: Stage) -> Question:
    _moved(stage, "/v2/.+/manifests/.*", 307)
    return pull(tag="2")


def _only_access_token(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")

    def renamed(asked: Asked) -> Reply | None:
        if asked.path != "/token":
            return None
        given = json.loads(registry.token(asked).body)
        content = {"access_token": given["token"]}
        return Reply(200, json.dumps(content).encode(), (("Content-Type", "application/json"),))

    registry.bends.append(renamed)
    return pull()


def _older_arm(stage: Stage) -> Question:
    stage.architecture, stage.variant = "arm", "v7"
    _public(stage).holds(IMAGE).add_index("many", ["linux/amd64", "linux/arm/v6"])
    return pull(tag="many")


def _newer_arm_only(stage: Stage) -> Question:
    stage.architecture, stage.variant = "arm", "v6"
    _public(stage).holds(IMAGE).add_index("many", ["linux/amd64", "linux/arm/v7"])
    return pull(tag="many")


def _older_intel(stage: Stage) -> Question:
    _public(stage).holds(IMAGE).add_index("many", ["linux/386", "linux/arm64/v8"])
    return pull(tag="many")


def _arm_without_variant(stage: Stage) -> Question:
    stage.architecture, stage.variant = "arm64", "v8"
    _public(stage).holds(IMAGE).add_index("many", ["linux/amd64", "linux/arm64"])
    return pull(tag="many")


def _with_attestations(stage: Stage) -> Question:
    _public(stage).holds(IMAGE).add_index("many", ["linux/amd64", "unknown/unknown"])
    return pull(tag="many")


def _page_in_place_of_the_manifest(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    registry.bends.append(on("/v2/.+/manifests/.*", page(200, "Welcome")))
    return pull()


def _token_server_fails_altogether(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    registry.bends.append(on("/token", page(500, "Internal Server Error")))
    return pull(client=Client.CONTAINERD)


class _BareWords(Words):
    """Of a registry that never says `error=`."""

    def forbidden(self, registry: object, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        del registry, asked
        text = "access to the resource is not authorized"
        challenge = f'Bearer realm="https://{HOST}/token",service="{HOST}"'
        scope = f',scope="repository:{name}:{action}"'
        return errors(401, "UNAUTHORIZED", text, None, ("WWW-Authenticate", challenge + scope))


def _bare_refusal(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, _BareWords()), other__app="pull")
    return pull()


def _bare_refusal_of_an_opaque_token(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, _BareWords(), opaque=True), other__app="pull")
    return pull()


def _private_and_firewalled(stage: Stage) -> Question:
    stage.name(ACR, "10.20.0.4")
    stage.name("contoso.privatelink.azurecr.io", "10.20.0.4")
    registry = azure(stage)
    text = "client with IP '10.1.0.9' is not allowed access. Refer https://aka.ms/acr/firewall to "
    registry.bends.append(on(".*", errors(403, "DENIED", f"{text}grant access.")))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _storage_needs_nothing(stage: Stage) -> Question:
    """A storage that refuses whoever sends it the registry's token."""
    registry = _public(stage)
    registry.blob_location = lambda digest: f"https://{_ELSEWHERE}/{digest}?sig=x"

    def give(asked: Asked) -> Reply:
        if "authorization" in asked.headers:
            return Reply(400, b"Only one auth mechanism allowed")
        return Reply(206, b"a", (("Content-Range", "bytes 0-0/18"),))

    stage.serve(_ELSEWHERE, Site(give))
    return pull()


def _blob_by_way_of_itself(stage: Stage) -> Question:
    """A registry that redirects a blob to another of its own addresses."""
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")

    def around(asked: Asked) -> Reply | None:
        if "/blobs/" not in asked.path or asked.query.get("again"):
            return None
        return Reply(307, b"", (("Location", f"{asked.path}?again=1"),))

    registry.bends.append(around)
    return pull()


def _wildcard_certificate(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, shown=Shown(("*.example.com",)))
    registry.public = {IMAGE: {"pull"}}
    return pull()


def _upper_case_challenge(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    odd = f'BEARER Realm = "https://{HOST}/token" , Service="{HOST}"'
    refusal = errors(401, "UNAUTHORIZED", "authentication required")
    registry.bends.append(
        lambda asked: (
            None
            if asked.bearer or asked.path == "/token"
            else refusal.with_headers(("www-authenticate", odd))
        )
    )
    return pull()


def _past_its_end_and_accepted(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    ended = int((now() - timedelta(minutes=5)).timestamp())
    token = stage.hide(signed({"sub": "ana", "exp": ended}, b"a key"))
    registry.knows("ana", token, everything="pull")
    stage.docker_login(HOST, "ana", token)
    return pull()


def _no_tag_written(stage: Stage) -> Question:
    _public(stage)
    return Question(Wish(f"{HOST}/{IMAGE}"))


def _no_tag_and_no_list(stage: Stage) -> Question:
    registry = azure(stage, refuses_scopes=False)
    logged_in(stage, registry, "puller", everything="pull")
    lacking = registry.words.forbidden(registry, _NO_REQUEST, IMAGE, "metadata_read")
    registry.bends.append(on("/v2/.+/tags/list", lacking))
    return pull(ACR, tag="2")


def _no_head(stage: Stage) -> Question:
    _public(stage).bends.append(on("/v2/.+/manifests/.*", Reply(405), "HEAD"))
    return pull()


def _wants_a_client_certificate(stage: Stage) -> Question:
    site = stage.serve(HOST, registry_at(stage, HOST).site())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stage.shared.trusted.pair(Shown((HOST,))))
    context.load_verify_locations(stage.shared.trusted.file)
    context.verify_mode = ssl.CERT_REQUIRED
    # TLS 1.3 refuses only after the client has begun to send, which may hide the refusal.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    site.tls = context
    return pull()


def _filter_before_the_manifest(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    registry.bends.append(on("/v2/.+/manifests/.*", page(403, "Blocked by policy")))
    return pull()


def _filter_before_the_token_server(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    registry.bends.append(on("/token", page(403, "Blocked by policy")))
    return pull()


def _offline(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, everything="pull")
    return Question(Wish(f"{HOST}/{IMAGE}:1", offline=True))


CASES: tuple[Case, ...] = (
    twin("like: manifests at another host", _manifests_elsewhere, Verdict.WELL, of="server-error"),
    case(
        "like: led away with a login",
        _led_away_by_docker,
        Verdict.PROVEN,
        "reverse-proxy-eats-header",
    ),
    twin("like: all of it moved", _all_moved, Verdict.WELL, of="not-a-registry"),
    case(
        "like: nothing at the other host",
        _nothing_at_the_new_place,
        Verdict.PROVEN,
        "tag-missing",
    ),
    twin("like: access_token alone", _only_access_token, Verdict.WELL, of="server-error"),
    twin("like: an older ARM will do", _older_arm, Verdict.WELL, of="platform-not-in-index"),
    case("like: a newer ARM will not", _newer_arm_only, Verdict.PROVEN, "platform-not-in-index"),
    twin("like: 386 will do", _older_intel, Verdict.WELL, of="platform-not-in-index"),
    twin("like: no variant", _arm_without_variant, Verdict.WELL, of="platform-not-in-index"),
    twin("like: attestations", _with_attestations, Verdict.WELL, of="platform-not-in-index"),
    case(
        "like: a page in place of the manifest",
        _page_in_place_of_the_manifest,
        Verdict.PROVEN,
        "not-a-registry",
    ),
    twin(
        "like: the token server fails altogether",
        _token_server_fails_altogether,
        Verdict.PROVEN,
        "server-error",
        of="token-server-oauth-not-spec",
    ),
    twin(
        "like: a bare refusal",
        _bare_refusal,
        Verdict.PROVEN,
        "known-but-not-allowed",
        of="reverse-proxy-eats-header",
    ),
    twin(
        "like: a bare refusal of an opaque token",
        _bare_refusal_of_an_opaque_token,
        Verdict.PROVEN,
        "known-but-not-allowed",
        of="reverse-proxy-eats-header",
    ),
    twin(
        "like: private and firewalled",
        _private_and_firewalled,
        Verdict.PROVEN,
        "acr-ip-not-allowed",
        of="acr-private-endpoint-dns",
    ),
    twin(
        "like: storage with a signed address",
        _storage_needs_nothing,
        Verdict.WELL,
        of="redirect-carries-authorization",
    ),
    twin("like: blob by way of itself", _blob_by_way_of_itself, Verdict.WELL, of="layer-missing"),
    twin("like: wildcard", _wildcard_certificate, Verdict.WELL, of="tls-name-mismatch"),
    twin("like: odd challenge", _upper_case_challenge, Verdict.WELL, of="missing-realm"),
    twin(
        "like: past its end, and accepted",
        _past_its_end_and_accepted,
        Verdict.WELL,
        of="expired-registry-token",
    ),
    case("like: no tag written, and no `latest`", _no_tag_written, Verdict.PROVEN, "tag-missing"),
    case(
        "like: no such tag, and no right to list them",
        _no_tag_and_no_list,
        Verdict.PROVEN,
        "tag-missing",
    ),
    twin("like: no HEAD", _no_head, Verdict.WELL, of="server-error"),
    case(
        "like: a client's certificate is wanted",
        _wants_a_client_certificate,
        Verdict.PROVEN,
        "tls-failed",
    ),
    case(
        "like: a filter before the manifest",
        _filter_before_the_manifest,
        Verdict.SUSPECTED,
        "restricted-by-desktop-policy-or-egress-filter",
    ),
    case(
        "like: a filter before the token server",
        _filter_before_the_token_server,
        Verdict.SUSPECTED,
        "restricted-by-desktop-policy-or-egress-filter",
    ),
    twin("like: offline", _offline, Verdict.WELL, of="no-credential-for-host"),
)
