"""Manifests, the choice of a platform, and blobs with their redirects."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.core.conftest import Way
from tests.diagnosis.core.in_memory import Answering
from tests.diagnosis.core.loopback import QuickClock, Talk, response, saying

from pratique.diagnosis.facts.conversation import Answer, Sent
from pratique.diagnosis.network.connections import Connector
from pratique.diagnosis.network.requests import Request, Requests
from pratique.diagnosis.protocol.manifests import (
    ACCEPTED,
    Repository,
    image_for,
    smallest_blob,
)

HOST = "h.example.com"
URL = f"http://{HOST}"
BEARER = Request("GET", "", "Bearer canary", Sent.BEARER)
_INDEX = "application/vnd.oci.image.index.v1+json"


def _digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _index(*platforms: str) -> Answer:
    """An index whose entries have the digests of their platforms' names."""
    entries = []
    for shown in platforms:
        system, architecture, *variant = shown.split("/")
        platform = {"os": system, "architecture": architecture}
        entries.append(
            {
                "digest": _digest(shown),
                "platform": platform | ({"variant": variant[0]} if variant else {}),
            }
        )
    return Answer(200, (), json.dumps({"manifests": entries}).encode())


@pytest.mark.parametrize(
    ("wanted", "platforms", "chosen"),
    [
        ("linux/amd64", ["linux/arm64/v8", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["windows/amd64", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/arm64"], ""),
        ("linux/amd64", ["unknown/unknown"], ""),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/amd64/v3"], ""),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/amd64", ["linux/386"], "linux/386"),
        ("linux/amd64", ["linux/386", "linux/amd64"], "linux/amd64"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/arm64", ["linux/arm64/v8"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm/v7", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v7", ["linux/arm"], "linux/arm"),
        ("linux/arm/v6", ["linux/arm/v7"], ""),
        ("linux/arm/v6", ["linux/arm"], ""),
        ("linux/arm/v7", ["linux/arm64"], ""),
        ("linux/386", ["linux/amd64"], ""),
        ("linux/s390x", ["linux/amd64", "linux/s390x"], "linux/s390x"),
        ("linux/riscv64/x", ["linux/riscv64"], ""),
        ("windows/amd64", ["linux/amd64", "windows/amd64"], "windows/amd64"),
    ],
)
def test_the_platform_is_chosen_as_by_clients(
    wanted: str, platforms: list[str], chosen: str
) -> None:
    """The very platform comes first, then what also runs there, in containerd's order."""
    system, architecture, variant = [*wanted.split("/"), ""][:3]
    found = image_for(_index(*platforms), (system, architecture, variant))
    assert found == (_digest(chosen) if chosen else "")


def _layers(*layers: Mapping[str, Any], config: object = None) -> Answer:
    return Answer(200, (), json.dumps({"layers": layers, "config": config}).encode())


def test_the_smallest_blob() -> None:
    """What is tried costs the least, and is kept by the registry itself."""
    big = {"digest": _digest("big"), "size": 900}
    small = {"digest": _digest("small"), "size": 90}
    away = {"digest": _digest("away"), "size": 1, "urls": ["https://elsewhere.example.com/x"]}
    assert smallest_blob(_layers(big, small, away)) == _digest("small")
    assert smallest_blob(_layers(big, config=small)) == _digest("small")
    assert smallest_blob(_layers(away)) == ""
    assert smallest_blob(Answer(200, (), b"{}")) == ""


def _repository(way: Way, server: Talk) -> Repository:
    way.wires.put(HOST, 80, way.servers.serve(server))
    return Repository(way.requests(), URL, "team/app")


def test_a_manifest_is_asked_for(way: Way) -> None:
    """The request names every kind that clients take, and has the token with it."""
    server = saying(response(body=b"{}"))
    _repository(way, server).manifest("GET", "v1", BEARER)
    assert server.asked[0].startswith(b"GET /v2/team/app/manifests/v1 HTTP/1.1\r\n")
    assert f"\r\nAccept: {ACCEPTED}\r\n".encode() in server.asked[0]
    assert b"\r\nAuthorization: Bearer canary\r\n" in server.asked[0]


def test_what_an_index_says(way: Way) -> None:
    """Kind and platforms of an index are read; attestations are no platforms."""
    body = _index("linux/amd64", "linux/arm64/v8", "unknown/unknown").body
    server = saying(response("200 OK", f"Content-Type: {_INDEX}; charset=utf-8", body=body))
    found = _repository(way, server).manifest("GET", "v1", BEARER)
    assert (found.media_type, found.platforms) == (_INDEX, ("linux/amd64", "linux/arm64/v8"))


def test_where_layers_are_kept(way: Way) -> None:
    """Hosts of layers that are not with the registry are named once each."""
    layers = [
        {"urls": ["https://a.example.com/x?sig=canary", "https://a.example.com:443/y"]},
        {"urls": ["http://b.example.com:8080/z", "nonsense", 1, "https://[/"]},
        {"urls": "https://no.example.com"},
    ]
    server = saying(response(body=json.dumps({"layers": layers, "mediaType": "m"}).encode()))
    found = _repository(way, server).manifest("GET", "v1", BEARER)
    assert found.foreign_hosts == ("https://a.example.com:443", "http://b.example.com:8080")
    assert found.media_type == "m"


_BODY = b'{"schemaVersion":2}'
_SHA256 = f"sha256:{hashlib.sha256(_BODY).hexdigest()}"
_SHA512 = f"sha512:{hashlib.sha512(_BODY).hexdigest()}"


@pytest.mark.parametrize(
    ("reference", "announced", "matches"),
    [
        ("v1", "", None),
        ("v1", _SHA256, True),
        ("v1", _SHA512, True),
        ("v1", _digest("other"), False),
        ("v1", "md5:abc", None),
        ("v1", "nonsense", None),
        (_SHA256, "", True),
        (_SHA256, _digest("other"), True),
        (_digest("other"), _SHA256, False),
        (_SHA512, "", True),
    ],
)
def test_digests_are_compared(
    way: Way, reference: str, announced: str, *, matches: bool | None
) -> None:
    """Bytes are held against the digest that was asked for, else against the announced one."""
    headers = [f"Docker-Content-Digest: {announced}"] if announced else []
    repository = _repository(way, saying(response("200 OK", *headers, body=_BODY)))
    assert repository.manifest("GET", reference, BEARER).digest_matches is matches


def test_a_head_says_little(way: Way) -> None:
    """A HEAD has no bytes to compare."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nDocker-Content-Digest: sha256:a\r\n\r\n"
    found = _repository(way, saying(head)).manifest("HEAD", "v1", BEARER)
    assert (found.exchange.status, found.digest_matches) == (200, None)


def test_a_refused_manifest_says_nothing(way: Way) -> None:
    """The body of a refusal is no manifest."""
    server = saying(response("404 Not Found", body=_index("linux/amd64").body))
    found = _repository(way, server).manifest("GET", "v1", BEARER)
    assert (found.platforms, found.media_type, found.digest_matches) == ((), "", None)


_BLOB = _digest("blob")


def _authorized(server: Talk) -> list[bool]:
    return [b"canary" in request for request in server.asked]


@pytest.mark.parametrize(
    ("place", "follows"),
    [
        ("https://other.example.com/x", False),
        ("http://other.example.com/x", False),
        ("//other.example.com/x", False),
        (f"http://{HOST}:8080/x", False),
        (f"https://{HOST}/x", False),
        (f"http://{HOST}.evil.example.com/x", False),
        (f"http://{HOST}@other.example.com/x", False),
        (f"http://{HOST}/x", True),
        (f"http://{HOST.upper()}:80/x", True),
        ("/x", True),
        ("x", True),
        ("?a=b", True),
    ],
)
def test_the_token_goes_to_the_registry_alone(way: Way, place: str, *, follows: bool) -> None:
    """A redirect to another host, port or scheme gets no token; one to the same place does."""
    own = Talk(
        lambda request: response(
            "307 Temporary Redirect" if b"/blobs/" in request.split(b"\r\n")[0] else "206 x",
            *([f"Location: {place}"] if request.count(b"a=b") == 0 else []),
        )
    )
    others = saying(response("206 Partial Content"))
    port = way.servers.serve(others)
    for host, at in (("other.example.com", 80), (f"{HOST}.evil.example.com", 80)):
        way.wires.put(host, at, port)
    repository = _repository(way, own)
    way.wires.put(HOST, 8080, port)
    context = way.trusted.context(Shown((HOST, "other.example.com")))
    secure = way.servers.serve(others, context)
    way.wires.put(HOST, 443, secure)
    way.wires.put("other.example.com", 443, secure)
    found = repository.blob(_BLOB, BEARER)
    assert found.redirected
    assert own.asked[0].startswith(f"GET /v2/team/app/blobs/{_BLOB} HTTP/1.1\r\n".encode())
    assert _authorized(own)[0]
    assert b"\r\nRange: bytes=0-0\r\n" in own.asked[0]
    assert found.redirected[0].sent is (Sent.BEARER if follows else Sent.NOTHING)
    assert _authorized(own)[1:] == ([True] * len(found.redirected) if follows else [])
    assert _authorized(others) == ([] if follows else [False])


def test_a_token_does_not_come_back(way: Way) -> None:
    """Who was sent away once has no token any more, not even back at the registry (as in Go)."""
    own = Talk(
        lambda request: (
            response("307 x", "Location: http://other.example.com/away")
            if b"/blobs/" in request
            else response("206 x")
        )
    )
    other = saying(response("302 x", f"Location: {URL}/back"))
    way.wires.put("other.example.com", 80, way.servers.serve(other))
    found = _repository(way, own).blob(_BLOB, BEARER)
    assert [each.sent for each in found.redirected] == [Sent.NOTHING, Sent.NOTHING]
    assert (_authorized(own), _authorized(other)) == ([True, False], [False])
    assert found.last.status == 206


def test_redirects_end(way: Way) -> None:
    """A server that redirects for ever is followed three times."""
    server = saying(response("307 Temporary Redirect", "Location: /again"))
    found = _repository(way, server).blob(_BLOB, BEARER)
    assert (len(found.redirected), found.last.status) == (3, 307)


@pytest.mark.parametrize("place", ["", "https://[::1/", "ftp://h/x", "file:///etc/passwd", "#"])
def test_redirects_to_nowhere(way: Way, place: str) -> None:
    """A redirect to what cannot be asked ends there, without a connection."""
    server = saying(response("307 Temporary Redirect", f"Location: {place}"))
    _repository(way, server).blob(_BLOB, BEARER)
    assert {address for address, _ in way.wires.dialled} == {"192.0.2.1"}


@pytest.mark.parametrize(
    ("place", "given_up"),
    [
        ("/v2/team/app/blobs/uploads/1?state=a", True),
        (f"{URL}/v2/team/app/blobs/uploads/1?state=a", True),
        ("http://other.example.com/upload", False),
        ("https://[::1/", False),
        ("", False),
    ],
)
def test_an_upload_is_given_up(way: Way, place: str, *, given_up: bool) -> None:
    """An upload that could begin is ended where it began, and with no other host."""
    server = saying(response("202 Accepted", f"Location: {place}"))
    begun = _repository(way, server).begin_upload(BEARER)
    lines = [request.split(b"\r\n")[0] for request in server.asked]
    end = b"DELETE /v2/team/app/blobs/uploads/1?state=a HTTP/1.1"
    assert begun.status == 202
    assert lines == [b"POST /v2/team/app/blobs/uploads/ HTTP/1.1", *([end] if given_up else [])]
    assert {address for address, _ in way.wires.dialled} == {"192.0.2.1"}


_NAMES = st.sampled_from(
    [
        "manifests",
        "layers",
        "config",
        "platform",
        "digest",
        "size",
        "urls",
        "mediaType",
        "os",
        "architecture",
        "variant",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=30,
)


@given(st.one_of(_VALUES.map(json.dumps).map(str.encode), st.binary(max_size=60)))
def test_no_manifest_is_too_strange(body: bytes) -> None:
    """Members of every type are read for what they are worth."""
    answer = Answer(200, (), body)
    for wanted in (("linux", "amd64", ""), ("linux", "arm", "v7"), ("", "", "")):
        assert isinstance(image_for(answer, wanted), str)
    assert isinstance(smallest_blob(answer), str)
    network = Answering(lambda _: response(body=body), frozenset())
    connector = Connector(network, {}, lambda *_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    requests = Requests(connector, QuickClock(), "pratique-doctor")
    found = Repository(requests, URL, "team/app").manifest("GET", "v1", BEARER)
    requests.close()
    assert found.exchange.status == 200
    assert all(isinstance(each, str) for each in (*found.platforms, *found.foreign_hosts))
