"""Sources that mean ill: what they say is bounded, checked, and leads nowhere else."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from tests.importing.other_registry import (
    IMAGE,
    INDEX,
    OtherRegistry,
    Says,
    descriptor,
    digest_of,
    image_of,
    index_of,
    other_registry,
)
from tests.importing.test_imports import ask, get, tags, words, world

from pratique.naming import InvalidName
from pratique.naming.hosts import AllowedHosts, HostRule
from pratique.outgoing import RemoteRegistries
from pratique.outgoing import connections as connections_module
from pratique.outgoing.addresses import Address
from pratique.outgoing.challenges import read_challenge
from pratique.outgoing.fetching import Resolve
from pratique.registry.importing import gathering
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory

LAYER = b"layer"
CONFIG = b"{}"
PAIR = {"username": "robot", "password": "s3cret-of-the-source"}
SHOWN = "Basic " + base64.b64encode(b"robot:s3cret-of-the-source").decode()


def blob_path(content: bytes) -> str:
    """Where a blob is asked for."""
    return f"/v2/team/app/blobs/{digest_of(content)}"


async def fails(registry: RegistryInMemory, other: OtherRegistry, said: str, **more: Any) -> str:
    """An import does not succeed, says why, and leaves nothing; the words."""
    status, content = await ask(registry, source=f"{other.host}/team/app:v1", **more)
    assert 400 <= status < 500, content
    told = words(content)
    assert said in told
    assert await tags(registry, "team/app") == []
    assert (await get(registry, "/v2/_catalog"))[1] == b'{"repositories":[]}'
    assert "s3cret" not in told
    return told


@in_loop
async def test_nothing_is_asked_that_the_operator_did_not_allow() -> None:
    """The refusal names the option; nobody was connected to, nor looked up."""
    async with other_registry() as other:
        looked_up = []

        async def resolve(host: str, _: int) -> list[Address]:
            looked_up.append(host)
            return [ipaddress.ip_address("127.0.0.1")]

        for rules in ((), ("else.test",), (f"http://localhost:{other.port}",), (other.host,)):
            hosts = AllowedHosts.parse(rules)
            registry = await RegistryInMemory.start(sources=RemoteRegistries(hosts, resolve))
            try:
                if rules != (other.host,):
                    host = other.host
                    told = await fails(registry, other, "nothing is imported from")
                    assert f"pratique serve --import-from {host}" in told
            finally:
                registry.stop()
        assert (looked_up, other.asked) == ([], [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # Other bytes of the same length, fewer, more, and without end.
        (Says(200, b"LAYER"), "has the digest"),
        (Says(200, b"lay"), "another number of bytes"),
        (Says(200, b"layer and more"), "another number of bytes"),
        (Says(200, b"layer and more", length=-1), "sends more"),
        (Says(200, b"lay", length=5), "broke off"),
        (Says(200, b"lay", length=-1), "broke off"),
        (Says(200, LAYER, (("content-encoding", "gzip"),)), "in an encoding not asked for"),
        (Says(404), "has not the blob"),
        (Says(403), "does not let anonymous callers pull"),
        (Says(500), "answers with status 500"),
        (Says(206, LAYER), "answers with status 206"),
        (Says(302, b"", (("location", ""),)), "redirects without end"),
        (Says(302, b"", (("location", "ftp://127.0.0.1/x"),)), "is not an https URL"),
        (Says(302, b"", (("location", "file:///etc/passwd"),)), "is not an https URL"),
        (Says(302, b"", (("location", "http://u:p@127.0.0.1/x"),)), "holds credentials"),
    ],
)
@in_loop
async def test_a_blob_that_is_not_what_it_should_be(change: Says, said: str) -> None:
    """Nothing of the image is served, and no other blob of it is reachable."""
    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        other.answers[blob_path(LAYER)] = change
        await fails(registry, other, said)


@in_loop
async def test_an_endless_body_ends() -> None:
    """As soon as it is longer than it may be, whatever is announced; for manifests too."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 -\r\ncontent-type: " + IMAGE.encode() + b"\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        other.answers[blob_path(LAYER)] = endless
        await fails(registry, other, "sends more")
        other.answers["/v2/team/app/manifests/v1"] = endless
        await fails(registry, other, "more than 4194304 bytes")
        other.answers["/v2/team/app/manifests/v1"] = Says(
            401, b"", (("www-authenticate", f'Bearer realm="{other.rule}/token"'),)
        )
        other.answers["/token?scope=repository%3Ateam%2Fapp%3Apull"] = endless
        await fails(registry, other, "more than 262144 bytes")


@in_loop
async def test_huge_headers_are_not_taken() -> None:
    """Neither long ones nor many."""

    async def many(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 -\r\n")
        with suppress(ConnectionError):
            for number in range(100_000):
                writer.write(f"x-{number}: {'y' * 1000}\r\n".encode())
                await writer.drain()

    async with world() as (registry, other):
        other.answers["/v2/team/app/manifests/v1"] = many
        await fails(registry, other, "cannot be reached")


@in_loop
async def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that says nothing, or one byte at a time, does not hold an import for ever."""
    monkeypatch.setattr(connections_module, "ANSWER_SECONDS", 0.3)

    async def silent(writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for _ in range(100):
                writer.write(b"H" if not writer.transport.get_write_buffer_size() else b"")
                await asyncio.sleep(0.05)

    async with world() as (registry, other):
        other.answers["/v2/team/app/manifests/v1"] = silent
        await fails(registry, other, "cannot be reached")


@pytest.mark.parametrize(
    "where",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://[::ffff:169.254.169.254]/",
        "https://localhost/",
        "http://2130706433/",
        "https://elsewhere.test/blob",
    ],
)
@in_loop
async def test_redirects_lead_to_allowed_hosts_alone(where: str) -> None:
    """Wherever a blob, a manifest or a token is said to be."""
    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        there = (("location", where),)
        good = other.answers[blob_path(LAYER)]
        other.answers[blob_path(LAYER)] = Says(307, b"", there)
        await fails(registry, other, "nothing is imported from")
        other.answers[blob_path(LAYER)] = good
        manifest = other.answers["/v2/team/app/manifests/v1"]
        other.answers["/v2/team/app/manifests/v1"] = Says(302, b"", there)
        await fails(registry, other, "nothing is imported from")
        other.answers["/v2/team/app/manifests/v1"] = Says(
            401, b"", (("www-authenticate", f'Bearer realm="{where}",service="x"'),)
        )
        await fails(registry, other, "nothing is imported from", **PAIR)
        other.answers["/v2/team/app/manifests/v1"] = manifest
        assert SHOWN not in [each.headers.get("authorization") for each in other.asked]


@pytest.mark.parametrize(
    ("address", "rule", "said"),
    [
        ("169.254.169.254", "https://source.test", "where a cloud hands out credentials"),
        ("168.63.129.16", "https://source.test", "where a cloud hands out credentials"),
        ("::ffff:169.254.169.254", "https://source.test", "where a cloud hands out credentials"),
        ("169.254.1.1", "https://source.test", "no address of a server"),
        ("::", "https://source.test", "no address of a server"),
        ("10.0.0.1", "*.test.example", "which is not public"),
        ("127.0.0.1", "*.test.example", "which is not public"),
        ("::1", "*.test.example", "which is not public"),
        ("fd00::1", "*.test.example", "which is not public"),
        ("64:ff9b::10.0.0.1", "*.test.example", "which is not public"),
    ],
)
@in_loop
async def test_names_that_lead_inside(address: str, rule: str, said: str) -> None:
    """A pattern never does; a host's own name does, but never to where clouds keep secrets."""

    async def resolve(_: str, __: int) -> list[Address]:
        return [ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address(address)]

    sources = RemoteRegistries(AllowedHosts.parse((rule,)), resolve)
    registry = await RegistryInMemory.start(sources=sources)
    host = "source.test" if rule.startswith("https") else "a.test.example"
    try:
        status, content = await ask(registry, source=f"{host}/team/app:v1")
    finally:
        registry.stop()
    assert status == 400
    # One bad address is enough, whatever stands before it.
    assert said in words(content) or "192.0.2.1, which is not public" in words(content)


@in_loop
async def test_credentials_go_to_the_source_and_its_realm_alone() -> None:
    """Not to where blobs are redirected to, and not over a redirect of the token's address."""
    async with other_registry() as other, other_registry() as cdn, other_registry() as realm:
        hosts = AllowedHosts.parse((other.rule, cdn.rule, realm.rule))
        registry = await RegistryInMemory.start(sources=RemoteRegistries(hosts))
        other.image("v1", layer=LAYER)
        other.answers[blob_path(LAYER)] = Says(
            307, b"", (("location", f"{cdn.rule}/blob?signature=x"),)
        )
        cdn.answers["/blob?signature=x"] = Says(200, LAYER)
        challenge = f'Bearer realm="{realm.rule}/token?a=b",service="reg.test"'
        realm.answers["/token?a=b&service=reg.test&scope=repository%3Ateam%2Fapp%3Apull"] = Says(
            200, b'{"token": "t0ken"}'
        )
        plain = dict(other.answers)
        guard(other, plain, challenge)
        status, _ = await ask(registry, source=f"{other.host}/team/app:v1", **PAIR)
        registry.stop()
        assert status == 201
        assert {each.headers.get("authorization") for each in realm.asked} == {SHOWN}
        assert [each.headers.get("authorization") for each in cdn.asked] == [None]
        shown = {each.headers.get("authorization") for each in other.asked}
        assert shown == {None, "Bearer t0ken"}


@pytest.mark.parametrize("challenge", ["Basic", 'Bearer realm="{rule}/token",service="x"'])
@in_loop
async def test_where_a_source_redirects_to_gets_no_login(challenge: str) -> None:
    """The operator names such hosts for their blobs; what they ask for is asked of nobody."""
    async with other_registry() as other, other_registry() as cdn:
        hosts = AllowedHosts.parse((other.rule, cdn.rule))
        registry = await RegistryInMemory.start(sources=RemoteRegistries(hosts))
        other.image("v1", layer=LAYER)
        other.answers[blob_path(LAYER)] = Says(307, b"", (("location", f"{cdn.rule}/blob"),))
        asks = (("www-authenticate", challenge.format(rule=cdn.rule)),)
        cdn.answers["/blob"] = Says(401, b"", asks)
        try:
            await fails(registry, other, "to which the source redirects, asks for a login", **PAIR)
        finally:
            registry.stop()
        shown = [each.headers.get("authorization") for each in (*other.asked, *cdn.asked)]
        assert set(shown) == {None}
        assert cdn.paths() == ["/blob"]


@pytest.mark.parametrize("named", [False, True])
@in_loop
async def test_no_password_goes_to_a_host_that_a_pattern_alone_allows(*, named: bool) -> None:
    """Anybody may rent a name below a domain; without a password it may be asked for a token."""
    asked = []

    async def resolve(host: str, _: int) -> list[Address]:
        asked.append(host)
        raise OSError(0, "no such host")

    async with other_registry() as other:
        rules = ("*.rented.test", *(("auth.rented.test",) if named else ()))
        sources = RemoteRegistries(AllowedHosts.parse((other.rule, *rules)), loopback_or(resolve))
        registry = await RegistryInMemory.start(sources=sources)
        challenge = 'Bearer realm="https://auth.rented.test/token",service="x"'
        other.answers["/v2/team/app/manifests/v1"] = Says(
            401, b"", (("www-authenticate", challenge),)
        )
        try:
            told = await fails(registry, other, "auth.rented.test", **PAIR)
            assert ("no password is sent" in told) is not named
            assert bool(asked) is named
            await fails(registry, other, "cannot be looked up")
        finally:
            registry.stop()


def loopback_or(resolve: Resolve) -> Resolve:
    """Looks up this machine as it is, and all else as told."""

    async def found(host: str, port: int) -> list[Address]:
        if host == "127.0.0.1":
            return [ipaddress.ip_address(host)]
        return await resolve(host, port)

    return found


def guard(other: OtherRegistry, plain: dict[str, Any], challenge: str) -> None:
    """Let everything need the token; asked without, the challenge is the answer."""

    def answering(path: str) -> Callable[[asyncio.StreamWriter], Any]:
        async def answer(writer: asyncio.StreamWriter) -> None:
            asked = other.asked[-1]
            says = plain[path]
            if asked.headers.get("authorization") != "Bearer t0ken":
                says = Says(401, b"", (("www-authenticate", challenge),))
            lines = [f"HTTP/1.1 {says.status} -", *(f"{k}: {v}" for k, v in says.headers)]
            lines += [f"content-length: {len(says.body)}", "connection: close", "", ""]
            writer.write("\r\n".join(lines).encode() + says.body)
            await writer.drain()

        return answer

    for path in plain:
        other.answers[path] = answering(path)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (b"no json", "what is no token"),
        (b'{"token": ""}', "what is no token"),
        (b'{"token": "a b"}', "what is no token"),
        (b'{"token": "a\\r\\nx: y"}', "what is no token"),
        (b'{"token": ["a"]}', "what is no token"),
        (b"[" * 100_000, "what is no token"),
        (json.dumps({"token": "x" * 40_000}).encode(), "what is no token"),
    ],
)
@in_loop
async def test_tokens_that_are_none(token: bytes, said: str) -> None:
    """They are sent nowhere."""
    async with world() as (registry, other):
        other.answers["/v2/team/app/manifests/v1"] = Says(
            401, b"", (("www-authenticate", f'Bearer realm="{other.rule}/t"'),)
        )
        other.answers["/t?scope=repository%3Ateam%2Fapp%3Apull"] = Says(200, token)
        await fails(registry, other, said)


@in_loop
async def test_a_login_that_is_never_good_enough_ends() -> None:
    """Neither Basic nor Bearer is tried without end."""
    async with world() as (registry, other):
        for challenge in ("Basic realm=x", f'Bearer realm="{other.rule}/t"', "Negotiate", ""):
            other.asked.clear()
            other.answers["/v2/team/app/manifests/v1"] = Says(
                401, b"", (("www-authenticate", challenge),)
            )
            other.answers["/t?scope=repository%3Ateam%2Fapp%3Apull"] = Says(200, b'{"token": "t"}')
            status, _ = await ask(registry, source=f"{other.host}/team/app:v1", **PAIR)
            assert status == 400
            assert len(other.asked) <= 3


@in_loop
async def test_indexes_without_end() -> None:
    """Neither deep nor broad ones, nor those of many bytes, are followed for ever."""
    async with world() as (registry, other):
        content = other.image()
        for _ in range(gathering.DEEPEST):
            content = index_of(content, media_type=INDEX)
            other.manifest(content, INDEX, "v1")
        await fails(registry, other, "levels of indexes")
        many = [
            {"mediaType": IMAGE, "digest": f"sha256:{n:064x}", "size": 1} for n in range(20_000)
        ]
        broad = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": many}).encode()
        other.manifest(broad, INDEX, "v1")
        await fails(registry, other, "has not")
        assert len(other.asked) < 20


@in_loop
async def test_many_blobs_are_no_crowd() -> None:
    """A manifest may name tens of thousands: they wait as what they are, and not as tasks."""
    async with world() as (registry, other):
        layers = [LAYER, *(b"%d" % number for number in range(3000))]
        other.manifest(image_of(CONFIG, *layers), IMAGE, "v1")
        for content in (CONFIG, *layers):
            other.blob(content)
        seen: list[int] = []

        async def answer(writer: asyncio.StreamWriter) -> None:
            seen.append(len(asyncio.all_tasks()))
            writer.write(b"HTTP/1.1 404 -\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()

        other.answers[blob_path(LAYER)] = answer
        await fails(registry, other, "has not the blob")
        assert seen
        assert max(seen) < 50


@in_loop
async def test_too_many_manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in bytes."""
    async with world() as (registry, other):
        images = [other.image(layer=bytes(n)) for n in range(1, 6)]
        other.manifest(index_of(*images), INDEX, "v1")
        with monkeypatch.context() as patched:
            patched.setattr(gathering, "MOST_MANIFESTS", 3)
            await fails(registry, other, "more than 3 manifests")
        with monkeypatch.context() as patched:
            patched.setattr(gathering, "MOST_MANIFEST_BYTES", 1000)
            await fails(registry, other, "more than 1000 bytes")


@pytest.mark.parametrize(
    ("manifest", "media_type", "said"),
    [
        (b"no json", IMAGE, "is not accepted"),
        (b"{}", IMAGE, "is not accepted"),
        (image_of(CONFIG, LAYER), "text/html", "is not accepted"),
        (image_of(CONFIG, LAYER), "nonsense", "is not a media type"),
        (image_of(CONFIG, LAYER).replace(b"sha256:", b"md5:"), IMAGE, "is not accepted"),
        (b'{"schemaVersion": 1}', IMAGE, "is not accepted"),
        (b"[" * 100_000, IMAGE, "is not accepted"),
    ],
)
@in_loop
async def test_manifests_that_make_no_sense(manifest: bytes, media_type: str, said: str) -> None:
    """They are judged as those that are pushed."""
    async with world() as (registry, other):
        other.manifest(manifest, media_type, "v1")
        await fails(registry, other, said)


@in_loop
async def test_what_is_under_a_digest_has_it() -> None:
    """The image's own manifest, and a child of an index, in size and content."""
    async with world() as (registry, other):
        good = other.image("v1")
        bad = f"/v2/team/app/manifests/{digest_of(good)}"
        other.answers[bad] = Says(200, good + b" ", (("content-type", IMAGE),))
        status, said = await ask(registry, source=f"{other.host}/team/app@{digest_of(good)}")
        assert (status, "has another digest" in words(said)) == (400, True)
        other.manifest(index_of(good), INDEX, "v1")
        await fails(registry, other, "has another digest")
        described = {**descriptor(good, IMAGE), "size": len(good) + 1}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [described]}
        other.manifest(good, IMAGE)
        other.manifest(json.dumps(index).encode(), INDEX, "v1")
        await fails(registry, other, "and its index says")


@in_loop
async def test_a_blob_that_breaks_off_is_asked_for_again() -> None:
    """A fault of the way is no fault of the image."""
    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        good = other.answers[blob_path(LAYER)]

        async def once(writer: asyncio.StreamWriter) -> None:
            other.answers[blob_path(LAYER)] = good
            writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 5\r\n\r\nla")
            await writer.drain()

        other.answers[blob_path(LAYER)] = once
        status, _ = await ask(registry, source=f"{other.host}/team/app:v1")
        assert status == 201
        assert other.paths().count(blob_path(LAYER)) == 2


@in_loop
async def test_a_right_that_is_taken_away_ends_the_import() -> None:
    """Also when everything has come by then."""
    async with world() as (registry, other):
        other.image("v1", layer=LAYER)
        made = await registry.manage("POST", "/service-principals", {"name": "robot"})
        role = {"role": "Contributor", "principal": "robot"}
        await registry.manage("POST", "/role-assignments", role)
        pair = base64.b64encode(f"{made['client_id']}:{made['secret']}".encode()).decode()
        good = other.answers[blob_path(LAYER)]
        assert isinstance(good, Says)

        async def meanwhile(writer: asyncio.StreamWriter) -> None:
            await registry.manage("POST", "/service-principals/robot/disable")
            writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 5\r\n\r\n" + good.body)
            await writer.drain()

        other.answers[blob_path(LAYER)] = meanwhile
        headers = {"authorization": f"Basic {pair}"}
        status, said = await ask(registry, headers, source=f"{other.host}/team/app:v1")
        assert (status, "was taken away" in words(said)) == (400, True)
        assert await tags(registry, "team/app") == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*.com", "a b", "host:0", "host:65536", "host:", "ftp://host", "user@host"),
        *("host/path", "http://", "*.*.test", "[::1", "[x]", "-a.test", "a..test", "ä.test"),
    ],
)
def test_what_is_no_host(text: str) -> None:
    """An operator's slip allows nothing."""
    with pytest.raises(InvalidName):
        HostRule.parse(text)


@pytest.mark.parametrize(
    ("rule", "host", "allowed"),
    [
        ("reg.test", "reg.test", True),
        ("REG.test", "reg.TEST", True),
        ("reg.test", "reg.test:443", True),
        ("reg.test", "reg.test:5000", False),
        ("reg.test:5000", "reg.test:5000", True),
        ("reg.test:5000", "reg.test", False),
        ("*.cdn.test", "a.cdn.test", True),
        ("*.cdn.test", "a.b.cdn.test", True),
        ("*.cdn.test", "cdn.test", False),
        ("*.cdn.test", "evilcdn.test", False),
        ("*.cdn.test", "cdn.test.evil.test", False),
        ("http://127.0.0.1:5000", "127.0.0.1:5000", True),
        ("[::1]:5000", "[0:0::1]:5000", True),
    ],
)
def test_whom_a_rule_names(rule: str, host: str, *, allowed: bool) -> None:
    """Exactly those, at that port."""
    hosts = AllowedHosts.parse((rule,))
    assert (hosts.rule_for(hosts.origin_of(host)) is not None) == allowed


@pytest.mark.parametrize(
    ("header", "realm"),
    [
        ('Bearer realm="https://a.test/t",service="s"', "https://a.test/t"),
        ('bearer service="s" , realm="https://a.test/t"', "https://a.test/t"),
        ('Bearer realm="a\\"b"', 'a"b'),
        ('Bearer service="s"', None),
        ("Bearer realm=" + "x" * 5000, None),
        ("Digest realm=x", None),
        ("", None),
    ],
)
def test_challenges(header: str, realm: str | None) -> None:
    """Read as far as they are needed."""
    found = read_challenge(header)
    assert (None if found is None else found.realm) == realm
