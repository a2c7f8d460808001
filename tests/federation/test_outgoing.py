"""Outgoing requests: only permitted addresses are asked, and only small honest answers taken."""

from __future__ import annotations

import asyncio
import gzip
import json
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.federation.small_servers import Names, SmallServer, certificate_for, small_server

from pratique.identity.federation import KeysUnavailable
from pratique.outgoing import DiscoveredKeys, fetching
from pratique.outgoing.addresses import METADATA, Address, AddressPolicy, NotPermitted, is_inside
from pratique.outgoing.fetching import Fetcher, FetchFailed
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import new_key

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
INSIDE = (
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "240.0.0.1", "255.255.255.255"),
    *("::1", "fc00::1", "fd12:3456::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
    # What stands for an IPv4 address of one's own network in another notation.
    *("64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "2002:7f00:1::"),
    *("::7f00:1", "::a00:1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
)
NEVER = (
    *("0.0.0.0", "::"),  # noqa: S104 - nothing is bound
    *("224.0.0.1", "239.1.1.1", "ff02::1", "169.254.0.1", "fe80::1"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::ffff:0.0.0.0"),
    *map(str, METADATA),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_asked(address: str) -> None:
    """Whatever the setting."""
    for allow in (False, True):
        AddressPolicy(allow).check("issuer.test", ip_address(address))
    assert not is_inside(ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
def test_private_addresses_need_the_setting(address: str) -> None:
    """Private, loopback, shared and reserved ones, in every notation, and the words name it."""
    with pytest.raises(NotPermitted, match="--allow-private-issuers"):
        AddressPolicy(allow_private=False).check("issuer.test", ip_address(address))
    AddressPolicy(allow_private=True).check("issuer.test", ip_address(address))
    assert is_inside(ip_address(address))


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_asked(address: str) -> None:
    """Where clouds give out credentials, and what is no address of a server."""
    for allow in (False, True):
        with pytest.raises(NotPermitted):
            AddressPolicy(allow).check("issuer.test", ip_address(address))


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        *("ftp://issuer.test/", "file:///etc/passwd", "gopher://issuer.test/", "//issuer.test/x"),
        *("https://", "https:///x", "issuer.test", "https://a:b@issuer.test/", "https://[::1/"),
        *("https://issuer.test:99999/", "https://issuer.test/ x", "https://issuer.test/\r\nx: y"),
        *("https://issuer.test\\@evil.test/", "https://іssuer.test/"),  # noqa: RUF001 - a Ukrainian letter
        "https://issuer.test/" + "x" * 2048,
    ],
)
@in_loop
async def test_urls_that_could_be_read_in_two_ways_are_refused(allow: bool, url: str) -> None:  # noqa: FBT001 - a case
    """Before any name is looked up."""
    names = Names(issuer=PUBLIC)
    with pytest.raises(NotPermitted):
        await Fetcher(AddressPolicy(allow), names).get(url)
    assert names.looked_up == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "127.1", "0"]
)
@in_loop
async def test_this_machine_is_refused_by_every_name(host: str) -> None:
    """Also in the notations that only some readers know."""
    with pytest.raises((NotPermitted, FetchFailed)):
        await Fetcher(AddressPolicy(allow_private=False)).get(f"https://{host}/")


@in_loop
async def test_one_forbidden_address_is_enough() -> None:
    """A name that is at a public and at a private address is not asked."""
    names = Names(issuer=(PUBLIC[0], "10.0.0.1"))
    with pytest.raises(NotPermitted, match=r"10\.0\.0\.1"):
        await Fetcher(AddressPolicy(allow_private=False), names).get("https://issuer.test/")


@in_loop
async def test_name_is_looked_up_once_and_its_address_used() -> None:
    """A name that would be elsewhere at a second look gains nothing; the host is still told."""
    async with small_server() as server:
        server.put("/x?y=1", b"{}")
        names = Names(issuer=("127.0.0.1",))
        fetcher = Fetcher(AddressPolicy(allow_private=True), names)
        found = await fetcher.get(f"http://issuer.test:{server.port}/x?y=1#fragment")
        assert (found.content, found.inside) == (b"{}", True)
        assert names.looked_up == ["issuer.test"]
        (head,) = server.asked
        assert f"host: issuer.test:{server.port}\r\n" in head.lower()
        assert "authorization" not in head.lower()
        assert "cookie" not in head.lower()


@in_loop
async def test_next_address_is_tried_when_one_does_not_answer() -> None:
    """All of them were permitted."""
    async with small_server() as server:
        server.put("/", b"{}")
        fetcher = Fetcher(AddressPolicy(allow_private=True), Names(issuer=("::1", "127.0.0.1")))
        assert (await fetcher.get(f"http://issuer.test:{server.port}/")).content == b"{}"


@in_loop
async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was checked is the one that is asked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with small_server() as server:
        server.put("/", b"{}")
        fetcher = Fetcher(AddressPolicy(allow_private=True))
        await fetcher.get(f"http://127.0.0.1:{server.port}/")


@in_loop
async def test_plain_http_is_for_this_machine_alone() -> None:
    """With the setting; without it, for nobody."""
    for allow, address in ((True, "10.0.0.1"), (True, PUBLIC[0]), (False, PUBLIC[0])):
        with pytest.raises(NotPermitted, match="not https"):
            await Fetcher(AddressPolicy(allow), Names(issuer=(address,))).get("http://issuer.test/")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 302 Found\r\nlocation: https://evil.test/\r\n\r\n", "redirect"),
        (b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /x\r\n\r\n", "redirect"),
        (b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n", "status 500"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "status 204"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 262_145, "more than 262144 bytes"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), "encoding"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx", "cannot be had"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be had"),
        (b"", "cannot be had"),
    ],
)
@in_loop
async def test_bad_answers_are_told(answer: bytes, told: str) -> None:
    """Redirects, other statuses, too much, packed, broken off, and no HTTP at all."""
    async with small_server() as server:
        server.pages["/"] = answer
        fetcher = Fetcher(AddressPolicy(allow_private=True))
        with pytest.raises(FetchFailed, match=told):
            await fetcher.get(f"http://127.0.0.1:{server.port}/")


@in_loop
async def test_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it, look-up and all, has its time."""
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.2)
    async with small_server() as server:
        server.silent = True
        fetcher = Fetcher(AddressPolicy(allow_private=True))
        with pytest.raises(FetchFailed, match="did not answer"):
            await fetcher.get(f"http://127.0.0.1:{server.port}/")


@in_loop
async def test_look_up_has_its_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer holds nobody up."""
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.1)

    async def never(_host: str, _port: int) -> list[Address]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(FetchFailed, match="did not answer"):
        await Fetcher(AddressPolicy(allow_private=True), never).get("https://issuer.test/")


@pytest.mark.parametrize(("name", "taken"), [("issuer.test", True), ("other.test", False)])
@in_loop
async def test_certificate_is_that_of_the_name(
    name: str,
    taken: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Although the connection goes to an address; SSL_CERT_FILE names further authorities."""
    context = certificate_for(name, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with small_server(context) as server:
        server.put("/", b"{}")
        fetcher = Fetcher(AddressPolicy(allow_private=True), Names(issuer=("127.0.0.1",)))
        url = f"https://issuer.test:{server.port}/"
        if taken:
            assert (await fetcher.get(url)).content == b"{}"
        else:
            with pytest.raises(FetchFailed, match="certificate"):
                await fetcher.get(url)


@in_loop
async def test_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    """A server that signed its own certificate proves nothing."""
    async with small_server(certificate_for("issuer.test", tmp_path)) as server:
        fetcher = Fetcher(AddressPolicy(allow_private=True), Names(issuer=("127.0.0.1",)))
        with pytest.raises(FetchFailed, match="certificate"):
            await fetcher.get(f"https://issuer.test:{server.port}/")


def _metadata(server: SmallServer, **changed: object) -> str:
    """Put up the metadata of an issuer; its name."""
    issuer = f"http://127.0.0.1:{server.port}/realms/a"
    document = {"issuer": issuer, "jwks_uri": f"{issuer}/keys", **changed}
    path = "/realms/a/.well-known/openid-configuration"
    server.put(path, json.dumps(document).encode())
    server.put("/realms/a/keys", json.dumps({"keys": [new_key("k").jwk()]}).encode())
    return issuer


@in_loop
async def test_keys_are_found_by_discovery() -> None:
    """Below the issuer's own path, and from where its metadata says."""
    async with small_server() as server:
        issuer = _metadata(server)
        found = await DiscoveredKeys(allow_private=True).fetch(issuer)
        assert found.metadata_url == f"{issuer}/.well-known/openid-configuration"
        assert found.keys_url == f"{issuer}/keys"
        assert found.inside
        assert '"kid": "k"' in found.keys
        with pytest.raises(KeysUnavailable, match="--allow-private-issuers"):
            await DiscoveredKeys(allow_private=False).fetch(issuer)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": "https://evil.test"}, "speaks for the issuer `https://evil.test`"),
        ({"issuer": None}, "speaks for the issuer"),
        ({"issuer": ["x"]}, "speaks for the issuer"),
        ({"jwks_uri": None}, "`jwks_uri`"),
        ({"jwks_uri": "keys"}, "not an https URL"),
        ({"jwks_uri": "file:///etc/passwd"}, "not an https URL"),
        ({"jwks_uri": "http://169.254.169.254/latest"}, "hands out credentials"),
        ({"jwks_uri": "http://[::ffff:169.254.169.254]/"}, "hands out credentials"),
        ({"jwks_uri": "http://10.0.0.1/keys"}, "not https"),
        ({"jwks_uri": "https://user:password@127.0.0.1/"}, "credentials"),
    ],
)
@in_loop
async def test_metadata_that_leads_elsewhere_is_refused(
    changed: dict[str, object], told: str
) -> None:
    """The issuer must be the one that was asked, and its keys at a place that may be asked."""
    async with small_server() as server:
        issuer = _metadata(server, **changed)
        with pytest.raises(KeysUnavailable, match=told):
            await DiscoveredKeys(allow_private=True).fetch(issuer)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{", b'{"issuer":1,"issuer":2}'])
@in_loop
async def test_metadata_that_is_no_document_is_refused(content: bytes) -> None:
    """With the address of what is of no use."""
    async with small_server() as server:
        issuer = f"http://127.0.0.1:{server.port}"
        server.put("/.well-known/openid-configuration", content)
        with pytest.raises(KeysUnavailable, match="is of no use"):
            await DiscoveredKeys(allow_private=True).fetch(issuer)


@in_loop
async def test_host_that_is_nowhere_is_told() -> None:
    """With its name."""
    with pytest.raises(KeysUnavailable, match=r"`issuer\.test` cannot be looked up"):
        await DiscoveredKeys(allow_private=False, resolve=Names()).fetch("https://issuer.test")
