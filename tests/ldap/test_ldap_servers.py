"""The way to an LDAP server: TLS, binds, whole answers, and words for everything that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.certificates import Authority
from tests.support.live_server import free_port
from tests.support.slapd import (
    ADMIN,
    ADMIN_PASSWORD,
    BASE,
    GROUPS,
    PEOPLE,
    READER,
    Slapd,
    group,
    person,
    slapd,
)

from pratique.identity.ldap import (
    DEFAULTS,
    Finding,
    LdapKind,
    LdapSetup,
    LdapUnavailable,
)
from pratique.outgoing import LdapServers
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import START

ALICE = f"uid=alice,{PEOPLE}"


@pytest.fixture(scope="module")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Three people and two groups, whom no test here changes."""
    with slapd(tmp_path_factory.mktemp("servers") / "slapd") as server:
        server.add(
            person("alice", "alice's password", displayName="Alice Liddell")
            + person("bob", "bob's password")
            + group("developers", ALICE, f"uid=bob,{PEOPLE}")
        )
        yield server


@pytest.fixture
def servers() -> Iterator[LdapServers]:
    """What asks."""
    asks = LdapServers()
    yield asks
    asks.close()


def setup(ldap: Slapd, **more: object) -> LdapSetup:
    """The setup for a server; what is given last wins."""
    known = DEFAULTS[LdapKind.OPENLDAP]
    usual = LdapSetup(
        url=ldap.url,
        kind=LdapKind.OPENLDAP,
        name_attribute="uid",
        user_base=PEOPLE,
        user_filter=known.user_filter.replace("{attribute}", "uid"),
        group_base=GROUPS,
        group_filter=known.group_filter,
        created_at=START,
        bind_dn=READER,
        bind_password_file=str(ldap.password_file),
        ca_file=str(ldap.ca_file),
    )
    return msgspec.convert({**msgspec.structs.asdict(usual), **more}, LdapSetup)


async def last(servers: LdapServers, tried: LdapSetup) -> Finding:
    """The last step of a trial."""
    return (await servers.examine(tried, None, None, START))[-1]


@in_loop
async def test_each_way_to_speak_finds_the_same(ldap: Slapd, servers: LdapServers) -> None:
    """TLS from the beginning, StartTLS, and neither where the operator says so."""
    plain = ldap.start_tls_url.replace("localhost", "127.0.0.1")
    ways = [
        setup(ldap),
        setup(ldap, url=ldap.start_tls_url),
        setup(ldap, url=plain, plain=True),
    ]
    contents = [await servers.read(way, START) for way in ways]
    assert contents[0] == contents[1] == contents[2]
    alice, bob = contents[0].users
    assert (alice.user_name, alice.display_name) == ("alice", "Alice Liddell")
    assert (bob.display_name, bob.enabled) == ("bob", True)
    for way in ways:
        assert await servers.password_is_right(way, ALICE, "alice's password")
        assert not await servers.password_is_right(way, ALICE, "bob's password")
        assert not await servers.password_is_right(way, f"uid=eve,{PEOPLE}", "alice's password")
        assert not await servers.password_is_right(way, "no name", "alice's password")


@in_loop
async def test_groups_are_left_alone_without_a_base(ldap: Slapd, servers: LdapServers) -> None:
    """Not read as none."""
    assert (await servers.read(setup(ldap, group_base=""), START)).groups is None


@pytest.mark.parametrize("url", ["ldaps://127.0.0.1:{tls}", "ldap://127.0.0.1:{port}"])
@in_loop
async def test_certificate_of_another_name_is_refused(
    ldap: Slapd, servers: LdapServers, url: str
) -> None:
    """With both ways to TLS; nothing is sent before."""
    tried = setup(ldap, url=url.format(tls=ldap.tls_port, port=ldap.port))
    finding = await last(servers, tried)
    assert (finding.step, finding.good) == ("connection", False)
    assert "is not trusted" in finding.found
    with pytest.raises(LdapUnavailable, match="is not trusted"):
        await servers.password_is_right(tried, ALICE, "alice's password")


@in_loop
async def test_certificate_of_another_authority_is_refused(
    ldap: Slapd, servers: LdapServers, tmp_path: Path
) -> None:
    """A file that names the wrong one, one that names none, and the machine's own."""
    other = tmp_path / "other.pem"
    other.write_bytes(Authority.new().pem)
    assert "is not trusted" in (await last(servers, setup(ldap, ca_file=str(other)))).found
    assert "is not trusted" in (await last(servers, setup(ldap, ca_file=""))).found
    other.write_text("nothing")
    assert "holds no certificate" in (await last(servers, setup(ldap, ca_file=str(other)))).found
    absent = setup(ldap, ca_file=str(tmp_path / "absent"))
    assert "holds no certificate" in (await last(servers, absent)).found


@in_loop
async def test_tls_where_none_is_spoken(ldap: Slapd, servers: LdapServers) -> None:
    """Is no reason to go on without."""
    tried = setup(ldap, url=f"ldaps://localhost:{ldap.port}")
    assert "does not speak TLS" in (await last(servers, tried)).found


@in_loop
async def test_nobody_at_the_address(ldap: Slapd, servers: LdapServers) -> None:
    """No server, no such host, and where a cloud hands out credentials."""
    for url, told in (
        (f"ldaps://localhost:{free_port()}", "cannot be reached"),
        ("ldaps://directory.invalid", "cannot be looked up"),
        ("ldap://169.254.169.254", "hands out credentials"),
    ):
        finding = await last(servers, setup(ldap, url=url))
        assert (finding.step, finding.good, told in finding.found) == ("connection", False, True)


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (b"wrong", 0o600, "does not take"),
        (b"", 0o600, "does not hold one password"),
        (b"one\ntwo\n", 0o600, "does not hold one password"),
        (b"a" * 2000, 0o600, "does not hold one password"),
        (b"\xff\xfe", 0o600, "in UTF-8"),
        (b"the reader's password", 0o640, "chmod 600"),
        (b"the reader's password", 0o604, "chmod 600"),
        (b"the reader's password\r\n", 0o400, ""),
    ],
)
@in_loop
async def test_password_file_is_one_line_of_its_owner(
    ldap: Slapd, servers: LdapServers, tmp_path: Path, content: bytes, mode: int, told: str
) -> None:
    """What is wrong is told without a word of what it holds."""
    file = tmp_path / "password"
    file.write_bytes(content)
    file.chmod(mode)
    finding = await last(servers, setup(ldap, bind_password_file=str(file)))
    assert finding.good == (told == "")
    assert told in finding.found
    assert "reader's" not in finding.found
    if told:
        assert finding.step == "bind"


@in_loop
async def test_password_file_that_is_none(
    ldap: Slapd, servers: LdapServers, tmp_path: Path
) -> None:
    """Absent, a folder, or a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name, told in (("absent", "cannot be read"), ("pipe", "one password"), ("folder", "read")):
        finding = await last(servers, setup(ldap, bind_password_file=str(tmp_path / name)))
        assert (finding.step, finding.good, told in finding.found) == ("bind", False, True)


@pytest.mark.parametrize(("name", "password"), [("", "a"), (ALICE, ""), ("", "")])
@in_loop
async def test_bind_without_proof_is_never_sent(
    ldap: Slapd, servers: LdapServers, name: str, password: str
) -> None:
    """The server would take it for a success."""
    with pytest.raises(LdapUnavailable, match="proves nothing"):
        await servers.password_is_right(setup(ldap), name, password)


@in_loop
async def test_filter_that_is_none_is_told(ldap: Slapd, servers: LdapServers) -> None:
    """And a base that is not there, and one that its reader may not see."""
    finding = await last(servers, setup(ldap, user_filter="(&(uid={name})(=))"))
    assert (finding.step, finding.good) == ("users", False)
    assert "there is no entry" in (await last(servers, setup(ldap, user_base="dc=org"))).found
    nobody = setup(ldap, bind_dn="", bind_password_file="")
    assert not (await last(servers, nobody)).good


@in_loop
async def test_trial_tries_a_password(ldap: Slapd, servers: LdapServers) -> None:
    """And tells groups; an empty password is not tried."""
    for password, told in (
        ("alice's password", "right"),
        ("wrong", "not taken"),
        ("", "proves nothing"),
    ):
        findings = await servers.examine(setup(ldap), "alice", password, START)
        assert [f.step for f in findings][-3:] == ["user", "groups", "password"]
        assert findings[-2].found == "`developers`"
        assert told in findings[-1].found


@in_loop
async def test_more_entries_than_a_page_come_whole(tmp_path: Path) -> None:
    """Page by page; an answer that the server cuts off is none."""
    people = "".join(person(f"user{n}", "some password") for n in range(1200))
    with slapd(tmp_path / "slapd", size_limit="size.pr=unlimited size.prtotal=unlimited") as ldap:
        servers = LdapServers()
        ldap.add(people)
        content = await servers.read(setup(ldap), START)
        assert {user.user_name for user in content.users} == {f"user{n}" for n in range(1200)}
        servers.close()
    with slapd(tmp_path / "small", size_limit="700") as ldap:
        servers = LdapServers()
        ldap.add(people)
        with pytest.raises(LdapUnavailable, match="not whole"):
            await servers.read(setup(ldap), START)
        servers.close()


@in_loop
async def test_attributes_of_active_directory(tmp_path: Path, servers: LdapServers) -> None:
    """As they come over the wire: ids as octets, flags and times as numbers."""
    with slapd(tmp_path / "slapd") as ldap:
        ldap.add(
            _account("Ann", "AQIDBAUGBwgJCgsMDQ4PEA==", 512, 0)
            + _account("Ben", "AQIDBAUGBwgJCgsMDQ4PEQ==", 514, 0)
            + _account("Cas", "AQIDBAUGBwgJCgsMDQ4PEg==", 512, 131_000_000_000_000_000)
            + _account("Dot", "AQIDBAUGBwgJCgsMDQ4PEw==", 512, 9_223_372_036_854_775_807)
            + f"dn: cn=Staff,{GROUPS}\nobjectClass: group\ncn: Staff\nsAMAccountName: staff\n"
            f"objectCategory: group\nmember: cn=Ann,{PEOPLE}\n\n"
        )
        known = DEFAULTS[LdapKind.ACTIVE_DIRECTORY]
        tried = setup(
            ldap,
            kind="active-directory",
            name_attribute=known.name_attribute,
            user_filter=known.user_filter.replace("{attribute}", known.name_attribute),
            group_filter=known.group_filter,
        )
        content = await servers.read(tried, START)
        assert await servers.password_is_right(tried, f"cn=Ann,{PEOPLE}", "a password")
    assert {u.user_name: u.enabled for u in content.users} == {
        "ann": True,
        "ben": False,
        "cas": False,
        "dot": True,
    }
    ann = content.users[0]
    assert (ann.entry_id, ann.password_changed) == (bytes(range(1, 17)).hex(), "133")
    assert content.groups is not None
    assert [(g.name, g.members) for g in content.groups] == [("staff", (f"cn=Ann,{PEOPLE}",))]


def test_missing_library_is_told_with_what_to_install() -> None:
    """By an interpreter that cannot find it; nothing else of the product needs it."""
    script = (
        "import sys; sys.modules['ldap3'] = None\n"
        "import pratique.assembly\n"
        "from pratique.outgoing.ldap_connection import library\n"
        "try: library()\n"
        "except Exception as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install 'pratique[ldap]'" in done.stdout


def test_library_is_loaded_when_a_server_is_asked_only() -> None:
    """Who has no LDAP server pays nothing for it."""
    script = "import sys, pratique.assembly; print('ldap3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@in_loop
async def test_secrets_are_not_in_what_is_told(ldap: Slapd, servers: LdapServers) -> None:
    """Nor in what goes wrong."""
    tried = setup(ldap, bind_dn=ADMIN)
    finding = await last(servers, tried)
    assert (finding.good, ADMIN in finding.found) == (False, True)
    assert ADMIN_PASSWORD not in finding.found
    assert BASE in finding.found


def _account(name: str, guid: str, control: int, expires: int) -> str:
    return (
        f"dn: cn={name},{PEOPLE}\nobjectClass: user\ncn: {name}\nsn: {name}\n"
        f"sAMAccountName: {name.lower()}\nobjectGUID:: {guid}\nobjectCategory: person\n"
        f"userAccountControl: {control}\naccountExpires: {expires}\npwdLastSet: 133\n"
        "userPassword: a password\n\n"
    )
