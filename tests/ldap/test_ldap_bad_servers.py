"""Servers that answer in parts, in other words, too much, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.ldap.scripted_server import (
    BIND,
    DONE,
    EXTENDED,
    Answer,
    element,
    entry,
    octets,
    outcome,
    reference,
    scripted,
)

from pratique.identity.ldap import DEFAULTS, LdapKind, LdapSetup, LdapUnavailable
from pratique.outgoing import LdapServers
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import START

DN = "cn=all,dc=example"
FINE = outcome(DONE, 0)
USERS = [entry("cn=a,dc=example", {"sAMAccountName": ["a"], "objectGUID": ["x"]}), FINE]


@pytest.fixture
def servers() -> Iterator[LdapServers]:
    """What asks."""
    asks = LdapServers()
    yield asks
    asks.close()


def setup(url: str, *, plain: bool = True) -> LdapSetup:
    """Everybody and every group of a server that needs no bind."""
    known = DEFAULTS[LdapKind.ACTIVE_DIRECTORY]
    return LdapSetup(
        url=url,
        kind=LdapKind.ACTIVE_DIRECTORY,
        name_attribute="sAMAccountName",
        user_base="dc=example",
        user_filter="(sAMAccountName={name})",
        group_base="dc=example",
        group_filter=known.group_filter,
        created_at=START,
        plain=plain,
    )


@in_loop
async def test_members_that_come_in_parts_are_put_together(servers: LdapServers) -> None:
    """As Active Directory gives the members of large groups; references are not followed."""
    first = entry(
        DN, {"sAMAccountName": ["all"], "member": [], "member;range=0-1": ["cn=a", "cn=b"]}
    )
    second = entry(DN, {"member;range=2-3": ["cn=c", "cn=d"]})
    third = entry(DN, {"member;range=4-*": ["cn=e"]})
    elsewhere = reference("ldap://127.0.0.1:1/dc=elsewhere")
    with scripted(USERS, [first, elsewhere, FINE], [second, FINE], [third, FINE]) as url:
        content = await servers.read(setup(url), START)
    assert content.groups is not None
    (group,) = content.groups
    assert group.members == ("cn=a", "cn=b", "cn=c", "cn=d", "cn=e")


@pytest.mark.parametrize(
    "following",
    [
        [outcome(DONE, 32)],
        [FINE],
        [entry(DN, {"member;range=2-3": []}), FINE],
        [entry(DN, {"member;range=0-1": ["cn=a", "cn=b"]}), FINE],
        [entry(DN, {"member": ["cn=c"]}), FINE],
    ],
)
@in_loop
async def test_part_that_does_not_come_makes_the_rest_of_no_use(
    servers: LdapServers, following: Answer
) -> None:
    """Or somebody would lose a group without a reason."""
    first = entry(DN, {"sAMAccountName": ["all"], "member;range=0-1": ["cn=a", "cn=b"]})
    with scripted(USERS, [first, FINE], following) as url, pytest.raises(LdapUnavailable):
        await servers.read(setup(url), START)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([outcome(DONE, 10)], "kept by another server"),
        ([outcome(DONE, 4)], "not whole"),
        ([outcome(DONE, 3)], "not whole"),
        ([outcome(DONE, 1, "000004DC: a successful bind must be completed")], "successful bind"),
        ([outcome(BIND, 0)], "127.0.0.1:"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "127.0.0.1:"),
        (b"\x30\x84\xff\xff\xff\xff", "127.0.0.1:"),
        (b"\x30\x80\x02\x01\x01", "127.0.0.1:"),
        (b"\x30\x05\x02\x01\x01\x65\x00", "127.0.0.1:"),
        (
            element(0x30, element(0x02, b"\x63"), element(DONE, b"\x0a\x01\x00" + octets("") * 2)),
            "127.0.0.1:",
        ),
        (b"\x00" * 64, "127.0.0.1:"),
        (b"\xff" * 64, "127.0.0.1:"),
    ],
)
@in_loop
async def test_answer_that_is_none_ends_in_words(
    servers: LdapServers, answer: Answer, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the time that is given, and never as content."""
    monkeypatch.setattr("pratique.outgoing.ldap_directory.READ_SECONDS", 1.0)
    with scripted(answer) as url, pytest.raises(LdapUnavailable, match=told):
        await servers.read(setup(url), START)


@in_loop
async def test_endless_answer_is_cut_off(
    servers: LdapServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its size, long before the time is over."""
    monkeypatch.setattr("pratique.outgoing.ldap_directory._READ_BYTES", 100_000)
    many = [entry(f"cn={n},dc=example", {"sAMAccountName": ["a" * 100]}) for n in range(2000)]
    with (
        scripted([*many, FINE]) as url,
        pytest.raises(LdapUnavailable, match="larger than it may be"),
    ):
        await servers.read(setup(url), START)


@pytest.mark.parametrize("code", [1, 2, 7, 8, 13, 51, 52, 80, 118])
@in_loop
async def test_bind_that_says_nothing_of_the_password_is_no_verdict(
    servers: LdapServers, code: int
) -> None:
    """Neither right nor wrong: the server cannot be asked."""
    with (
        scripted([outcome(BIND, code)]) as url,
        pytest.raises(LdapUnavailable, match=f"result {code}"),
    ):
        await servers.password_is_right(setup(url), DN, "a password")


@pytest.mark.parametrize("code", [19, 32, 34, 48, 49, 50, 53])
@in_loop
async def test_bind_that_is_refused_is_a_wrong_password(servers: LdapServers, code: int) -> None:
    """Of accounts that are locked or gone too."""
    with scripted([outcome(BIND, code)]) as url:
        assert not await servers.password_is_right(setup(url), DN, "a password")


@pytest.mark.parametrize(
    "answer",
    [
        [FINE],
        [outcome(EXTENDED, 0)],
        b"",
        b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
    ],
)
@in_loop
async def test_bind_that_is_answered_by_something_else_lets_nobody_in(
    servers: LdapServers, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success of another kind or of another request is none."""
    monkeypatch.setattr("pratique.outgoing.ldap_directory.SIGN_IN_SECONDS", 1.0)
    with scripted(answer) as url, pytest.raises(LdapUnavailable):
        await servers.password_is_right(setup(url), DN, "a password")


@in_loop
async def test_server_without_start_tls_learns_no_password(servers: LdapServers) -> None:
    """And what comes after its consent without TLS is not taken for an answer."""
    with (
        scripted([outcome(EXTENDED, 2)]) as url,
        pytest.raises(LdapUnavailable, match="does not offer StartTLS"),
    ):
        await servers.password_is_right(setup(url, plain=False), DN, "a password")
    with (
        scripted([outcome(EXTENDED, 0), outcome(BIND, 0)]) as url,
        pytest.raises(LdapUnavailable, match="does not speak TLS"),
    ):
        await servers.password_is_right(setup(url, plain=False), DN, "a password")
