"""How each client asks a realm for a token, byte for byte, and what it makes of the answer."""

from __future__ import annotations

import base64
import json
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.core.conftest import Way
from tests.diagnosis.core.in_memory import Answering
from tests.diagnosis.core.loopback import QuickClock, Talk, response, saying

from pratique.diagnosis.facts.conversation import Challenge, Failed, Sent
from pratique.diagnosis.facts.credentials import Client, Credential
from pratique.diagnosis.network.connections import Connector
from pratique.diagnosis.network.requests import Requests
from pratique.diagnosis.protocol.tokens import Given, Realm
from pratique.diagnosis.secret import Secret

HOST = "auth.example.com"
REALM = f"http://{HOST}/token"
SERVICE = "h.example.com"
PULL = "repository:team/app:pull"
OTHER = "repository:team/base:pull"
PAIR = Credential("dev", Secret("pass word"))
TOKEN = Credential("", Secret(""), Secret("refresh+token"))
_BASIC = "Authorization: Basic " + base64.b64encode(b"dev:pass word").decode()
_BY_TOKEN = "Authorization: Basic " + base64.b64encode(b":refresh+token").decode()
_SCOPE = "repository%3Ateam%2Fapp%3Apull"
_OTHER = "repository%3Ateam%2Fbase%3Apull"
_FORM = "Content-Type: application/x-www-form-urlencoded"


def _realm(
    way: Way,
    client: Client,
    *,
    realm: str = REALM,
    service: str = SERVICE,
    secure: bool = False,
) -> Realm:
    parameters = {"realm": realm, "service": service}
    return Realm(
        way.requests(),
        way.clock,
        Challenge("bearer", parameters),
        client,
        registry_is_secure=secure,
        repository="team/app",
    )


def _serve(way: Way, server: Talk) -> Talk:
    way.wires.put(HOST, 80, way.servers.serve(server))
    return server


def _request(*lines: str, body: str = "") -> bytes:
    head, *others = lines
    length = [f"Content-Length: {len(body)}"] if body else []
    fixed = [f"Host: {HOST}", "User-Agent: pratique-doctor"]
    return "\r\n".join([head, *fixed, *others, *length, "", body]).encode()


@pytest.mark.parametrize("client", list(Client))
def test_without_a_credential(way: Way, client: Client) -> None:
    """Nobody asks with `service` and `scope` alone."""
    server = _serve(way, saying(response(body=b'{"token":"t"}')))
    _realm(way, client).ask((PULL,), None)
    assert server.asked == [_request(f"GET /token?scope={_SCOPE}&service={SERVICE} HTTP/1.1")]


@pytest.mark.parametrize("client", [Client.DOCKER, Client.PODMAN])
def test_a_pair_as_docker_and_podman_send_it(way: Way, client: Client) -> None:
    """Docker and podman name the account, repeat `scope`, and send the pair as Basic."""
    server = _serve(way, saying(response(body=b'{"token":"t"}')))
    _realm(way, client).ask((PULL, OTHER), PAIR)
    assert server.asked == [
        _request(
            f"GET /token?account=dev&scope={_SCOPE}&scope={_OTHER}&service={SERVICE} HTTP/1.1",
            _BASIC,
        )
    ]


def test_a_login_as_docker_does_it(way: Way) -> None:
    """`docker login` asks without a scope, for a token that lasts."""
    server = _serve(way, saying(response(body=b'{"token":"t"}')))
    _realm(way, Client.DOCKER).ask((), PAIR)
    assert server.asked == [
        _request(
            "GET /token?account=dev&client_id=docker&offline_token=true"
            f"&service={SERVICE} HTTP/1.1",
            _BASIC,
        )
    ]


def test_an_identity_token_as_docker_sends_it(way: Way) -> None:
    """Docker sends an identity token as a refresh token, and a scope in any case."""
    server = _serve(way, saying(response(body=b'{"access_token":"t"}')))
    realm = _realm(way, Client.DOCKER)
    realm.ask((PULL, OTHER), TOKEN)
    realm.ask((), TOKEN)
    begin = "client_id=docker&grant_type=refresh_token&refresh_token=refresh%2Btoken&scope="
    assert server.asked == [
        _request("POST /token HTTP/1.1", _FORM, body=f"{begin}{scope}&service={SERVICE}")
        for scope in (f"{_SCOPE}+{_OTHER}", "")
    ]


def test_an_identity_token_as_podman_sends_it(way: Way) -> None:
    """Podman does as docker, under its own name."""
    server = _serve(way, saying(response(body=b'{"access_token":"t"}')))
    _realm(way, Client.PODMAN).ask((PULL,), TOKEN)
    assert server.asked == [
        _request(
            "POST /token HTTP/1.1",
            _FORM,
            body="client_id=containers%2Fimage&grant_type=refresh_token"
            f"&refresh_token=refresh%2Btoken&scope={_SCOPE}&service={SERVICE}",
        )
    ]


def test_a_pair_as_containerd_sends_it(way: Way) -> None:
    """Containerd sends the pair in a form."""
    server = _serve(way, saying(response(body=b'{"access_token":"t"}')))
    _realm(way, Client.CONTAINERD).ask((PULL,), PAIR)
    assert server.asked == [
        _request(
            "POST /token HTTP/1.1",
            f"{_FORM}; charset=utf-8",
            body="client_id=containerd-client&grant_type=password&password=pass+word"
            f"&scope={_SCOPE}&service={SERVICE}&username=dev",
        )
    ]


@pytest.mark.parametrize(
    ("status", "credential", "again"),
    [
        (400, PAIR, True),
        (401, PAIR, True),
        (404, PAIR, True),
        (405, PAIR, True),
        (403, PAIR, False),
        (429, PAIR, False),
        (500, PAIR, False),
        (401, TOKEN, True),
        (404, TOKEN, True),
        (405, TOKEN, False),
    ],
)
def test_containerd_asks_again(
    way: Way, status: int, credential: Credential, *, again: bool
) -> None:
    """After a POST that is not understood, containerd asks with GET and Basic, and no account."""

    def answer(request: bytes) -> bytes:
        refused = request.startswith(b"POST")
        return response(f"{status} x") if refused else response(body=b'{"token":"t"}')

    server = _serve(way, Talk(answer))
    given = _realm(way, Client.CONTAINERD).ask((PULL,), credential)
    methods = [request.split()[0] for request in server.asked]
    assert methods == ([b"POST", b"GET"] if again else [b"POST"])
    assert given.request.token is again
    if again:
        assert server.asked[1] == _request(
            f"GET /token?scope={_SCOPE}&service={SERVICE} HTTP/1.1",
            _BASIC if credential is PAIR else _BY_TOKEN,
        )


def test_a_realm_with_a_query(way: Way) -> None:
    """What stands in the realm's own query stays in it."""
    server = _serve(way, saying(response()))
    realm = _realm(way, Client.DOCKER, realm=f"{REALM}?b=1&z=%26&empty=#part", service="")
    realm.ask((PULL,), None)
    assert server.asked == [_request(f"GET /token?b=1&empty=&scope={_SCOPE}&z=%26 HTTP/1.1")]


@pytest.mark.parametrize(
    ("client", "credential", "body", "token"),
    [
        (Client.DOCKER, PAIR, b'{"token":"a","access_token":"b"}', "a"),
        (Client.DOCKER, PAIR, b'{"access_token":"b"}', "b"),
        (Client.PODMAN, PAIR, b'{"token":"a"}', "a"),
        (Client.CONTAINERD, None, b'{"token":"a"}', "a"),
        (Client.CONTAINERD, PAIR, b'{"token":"a","access_token":"b"}', "b"),
        (Client.CONTAINERD, PAIR, b'{"token":"a"}', None),
        (Client.DOCKER, PAIR, b'{"token":""}', None),
        (Client.DOCKER, PAIR, b'{"token":1}', None),
        (Client.DOCKER, PAIR, b'{"token":null,"access_token":"b"}', "b"),
        (Client.DOCKER, PAIR, b"[]", None),
        (Client.DOCKER, PAIR, b"token", None),
        (Client.DOCKER, PAIR, b"", None),
    ],
)
def test_what_is_taken_for_a_token(
    way: Way, client: Client, credential: Credential | None, body: bytes, token: str | None
) -> None:
    """Each client takes the member that it takes, and nothing else."""
    _serve(way, saying(response(body=body)))
    given = _realm(way, client).ask((PULL,), credential)
    assert (given.token.reveal() if given.token else None) == token
    assert given.request.token is (token is not None)


@pytest.mark.parametrize(
    ("number", "life"),
    [
        ("60", 60.0),
        ("1.5", 1.5),
        ('"60"', None),
        ("true", None),
        ("null", None),
        ("NaN", None),
        ("1e999", None),
        ("1" + "0" * 400, None),
    ],
)
def test_how_long_a_token_lives(way: Way, number: str, life: float | None) -> None:
    """`expires_in` is read where it is a number that means something."""
    _serve(way, saying(response(body=f'{{"token":"t","expires_in":{number}}}'.encode())))
    assert _realm(way, Client.DOCKER).ask((PULL,), None).request.life == life


@pytest.mark.parametrize("credential", [PAIR, TOKEN])
def test_no_credential_in_clear(way: Way, credential: Credential) -> None:
    """A registry behind TLS cannot send a credential to a realm without it."""
    server = _serve(way, saying(response()))
    realm = _realm(way, Client.DOCKER, realm=f"http://u:canary@{HOST}/token?canary", secure=True)
    given = realm.ask((PULL,), credential)
    last = given.request.last
    assert server.asked == []
    assert last.failure is not None
    assert (last.failure.why, last.url) == (Failed.CLEAR_TEXT, REALM)
    assert given.request.sent is (Sent.PAIR if credential is PAIR else Sent.IDENTITY_TOKEN)


def test_nobody_may_ask_in_clear(way: Way) -> None:
    """Without a credential there is nothing to keep back."""
    server = _serve(way, saying(response()))
    _realm(way, Client.DOCKER, secure=True).ask((PULL,), None)
    assert len(server.asked) == 1


def test_a_realm_cannot_add_lines(way: Way) -> None:
    """Line breaks in what the registry says do not become lines of the request."""
    server = _serve(way, saying(response()))
    realm = _realm(
        way,
        Client.DOCKER,
        realm=f"{REALM}\r\nX-Injected: 1",
        service="s\r\nX-Injected: 1",
    )
    realm.ask((PULL,), PAIR)
    assert [request.count(b"\r\n") for request in server.asked] == [5]
    assert all(b"\r\nX-Injected" not in request for request in server.asked)


def test_a_token_is_hidden(way: Way) -> None:
    """What was given is not in a representation of it."""
    _serve(way, saying(response(body=b'{"token":"canary"}')))
    given = _realm(way, Client.DOCKER).ask((PULL,), PAIR)
    assert given.token == Secret("canary")
    assert "canary" not in repr(given.token)


def test_surrogates_in_a_credential(way: Way) -> None:
    """A password that no encoding has is sent as Go would: with what stands for a letter."""
    server = _serve(way, saying(response()))
    strange = Credential("dev\ud800", Secret("a\ud800"), None)
    for client in Client:
        _realm(way, client).ask((PULL,), strange)
    assert len(server.asked) == 3


def _ask(
    realm: str, answer: bytes, client: Client, credential: Credential | None, service: str = ""
) -> Given:
    network = Answering(lambda _: response(body=answer), frozenset())
    connector = Connector(network, {}, lambda *_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    clock = QuickClock()
    requests = Requests(connector, clock, "pratique-doctor")
    challenge = Challenge("bearer", {"realm": realm, "service": service})
    made = Realm(
        requests, clock, challenge, client, registry_is_secure=False, repository="team/app"
    )
    given = made.ask((PULL,), credential)
    requests.close()
    return given


@given(
    st.text(max_size=60) | st.text(max_size=40).map("https://{}".format),
    st.text(max_size=30),
    st.sampled_from(list(Client)),
    st.sampled_from([None, PAIR, TOKEN]),
)
def test_no_realm_is_too_strange(
    realm: str, service: str, client: Client, credential: Credential | None
) -> None:
    """Whatever a challenge says, the request for a token fails in words."""
    given = _ask(realm, b"{}", client, credential, service)
    assert given.token is None
    assert given.request.last.failure is not None


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists),
    st.sampled_from(list(Client)),
)
def test_no_answer_is_too_strange(value: object, client: Client) -> None:
    """Members of every type are a token or none, and a life or none."""
    body = json.dumps({"token": value, "expires_in": value, "access_token": value}).encode()
    given = _ask(REALM, body, client, PAIR)
    assert given.request.token is (isinstance(value, str) and value != "")
