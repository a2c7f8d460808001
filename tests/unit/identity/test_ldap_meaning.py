"""What is asked of an LDAP server, and what its answers mean, without a server."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.identity.ldap import (
    DEFAULTS,
    LdapEntry,
    LdapKind,
    LdapSetup,
    comparable,
    filters,
    read_group,
    read_url,
    read_user,
)

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_PLAIN = frozenset(string.ascii_letters + string.digits + "-_.@ ")


def setup(kind: LdapKind) -> LdapSetup:
    """The usual setup for a kind of server."""
    known = DEFAULTS[kind]
    return LdapSetup(
        url="ldaps://dc.example.org",
        kind=kind,
        name_attribute=known.name_attribute,
        user_base="dc=example",
        user_filter=known.user_filter,
        group_base="dc=example",
        group_filter=known.group_filter,
        created_at=AT,
    )


AD, OPENLDAP = setup(LdapKind.ACTIVE_DIRECTORY), setup(LdapKind.OPENLDAP)


def entry(name: str = "cn=a,dc=example", **attributes: bytes) -> LdapEntry:
    """An entry with one value for each attribute."""
    return LdapEntry(name, {key.lower(): (value,) for key, value in attributes.items()})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("alice", "alice"),
        ("*", r"\2a"),
        ("*)(uid=*", r"\2a\29\28uid\3d\2a"),
        ("a\\b", r"a\5cb"),
        ("a\0b", r"a\00b"),
        ("Müller", r"M\c3\bcller"),
        ("a|b&c!d<e>f~g/h", r"a\7cb\26c\21d\3ce\3ef\7eg\2fh"),
        ("", ""),
    ],
)
def test_value_in_a_filter_means_itself(value: str, written: str) -> None:
    """The characters of RFC 4515 section 3, and all others that are not plain, are written out."""
    assert filters.escaped(value) == written


@given(st.text())
def test_no_value_leaves_its_place_in_a_filter(value: str) -> None:
    """Whatever is typed: nothing of it is syntax, and reading it backwards gives it again."""
    written = filters.escaped(value)
    assert not set(written) & set("()*&|!=<>~\0")
    octets, rest = bytearray(), written
    while rest:
        if rest[0] == "\\":
            octets += bytes.fromhex(rest[1:3])
            rest = rest[3:]
        else:
            assert rest[0] in _PLAIN
            octets += rest[0].encode()
            rest = rest[1:]
    assert octets.decode() == value


def test_filters_find_one_or_all() -> None:
    """The same filter, with the name or with anything in its place."""
    template = "(&(objectClass=person)(|(uid={name})(mail={name})))"
    assert filters.for_name(template, "a*") == (r"(&(objectClass=person)(|(uid=a\2a)(mail=a\2a)))")
    assert filters.for_everybody(template) == "(&(objectClass=person)(|(uid=*)(mail=*)))"


@pytest.mark.parametrize(
    "text",
    [
        *("", "uid=a", "(uid=a", "uid=a)", "(a=b)(c=d)", ")(", "(a=b\n)"),
        *("(" * 40 + ")" * 40, "(a=" + "b" * 3000 + ")"),
    ],
)
def test_what_is_no_filter_is_seen(text: str) -> None:
    """Before it is sent to any server."""
    with pytest.raises(ValueError, match="it "):
        filters.check(text)


@pytest.mark.parametrize("kind", LdapKind)
def test_usual_filters_are_filters(kind: LdapKind) -> None:
    """With the name's place in that for users."""
    known = DEFAULTS[kind]
    filters.check(known.user_filter)
    filters.check(known.group_filter)
    assert filters.NAME in known.user_filter


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ann,DC=Example", "cn=ann,dc=example"),
        ("cn=ann, dc=example", "cn=ann,dc=example"),
        ("cn = ann ,dc= example", "cn=ann,dc=example"),
        (r"cn=Doe\, Ann,dc=example", r"cn=Doe\2c Ann,dc=example"),
        (r"cn=M\c3\bcller,dc=example", "cn=müller,dc=example"),
        ("cn=a+sn=b,dc=example", "sn=b+cn=a,dc=example"),
        (r"cn=a\+b,dc=example", r"cn=a\2Bb,dc=example"),
        ("cn=a;dc=example", "cn=a,dc=example"),
    ],
)
def test_spellings_of_one_name_compare_equal(one: str, other: str) -> None:
    """As RFC 4514 and its predecessor allow them."""
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=ann,dc=example", "cn=ann,dc=example,dc=org"),
        (r"cn=a\,dc=example", "cn=a,dc=example"),
        (r"cn=a\+sn=b,dc=example", "cn=a+sn=b,dc=example"),
        (r"cn=a\ ,dc=example", "cn=a,dc=example"),
        ("cn=ann,dc=example", "uid=ann,dc=example"),
        (r"cn=a\5c,dc=example", "cn=a,dc=example"),
        (r"cn=a\5c,dc=example", r"cn=a\,dc=example"),
    ],
)
def test_different_names_compare_different(one: str, other: str) -> None:
    """An escaped separator separates nothing."""
    assert comparable(one) != comparable(other)


@given(st.text(), st.text())
def test_escaped_values_are_told_apart(one: str, other: str) -> None:
    """Two names compare equal only when their values do, without case and spaces around."""
    names = [
        "cn=" + "".join(f"\\{octet:02x}" for octet in value.encode()) for value in (one, other)
    ]
    same = one.casefold() == other.casefold()
    assert (comparable(names[0]) == comparable(names[1])) == same


@given(st.text(st.characters(exclude_characters=r"\,+;", exclude_categories=["Cs"])))
def test_plain_and_escaped_spelling_are_one(value: str) -> None:
    """However the server writes it at one place and at the other."""
    plain = value.strip(" ")
    escaped = "".join(f"\\{octet:02x}" for octet in plain.encode())
    assert comparable(f"CN= {plain} ,dc=a") == comparable(f"cn={escaped},DC=a")


@pytest.mark.parametrize(
    ("url", "host", "port", "tls_first"),
    [
        ("ldaps://dc.example.org", "dc.example.org", 636, True),
        ("ldap://dc.example.org/", "dc.example.org", 389, False),
        ("ldaps://dc.example.org:3269", "dc.example.org", 3269, True),
        ("ldap://[::1]:1389", "::1", 1389, False),
    ],
)
def test_address_is_read(url: str, host: str, port: int, tls_first: bool) -> None:  # noqa: FBT001
    """With the usual port of its scheme where it names none."""
    address = read_url(url)
    assert (address.host, address.port, address.tls_first) == (host, port, tls_first)
    assert address.here == (host == "::1")


@pytest.mark.parametrize(
    ("kind", "attributes", "enabled"),
    [
        (AD, {"userAccountControl": b"512"}, True),
        (AD, {"userAccountControl": b"514"}, False),
        (AD, {"userAccountControl": b"66050"}, False),
        (AD, {"userAccountControl": b"not a number"}, True),
        (AD, {}, True),
        (AD, {"accountExpires": b"0"}, True),
        (AD, {"accountExpires": b"9223372036854775807"}, True),
        (AD, {"accountExpires": b"131000000000000000"}, False),
        (OPENLDAP, {"pwdAccountLockedTime": b"000001010000Z"}, False),
        (OPENLDAP, {"pwdAccountLockedTime": b"20260105080000Z"}, True),
        (OPENLDAP, {"nsAccountLock": b"TRUE"}, False),
        (OPENLDAP, {"nsAccountLock": b"FALSE"}, True),
        (OPENLDAP, {"userAccountControl": b"514"}, True),
    ],
)
def test_who_may_not_sign_in_there_is_disabled(
    kind: LdapSetup,
    attributes: dict[str, bytes],
    enabled: bool,  # noqa: FBT001
) -> None:
    """Each kind of server says it in its own way; a lock that ends by itself is not told."""
    assert read_user(entry("cn=a", **attributes), kind, AT).enabled == enabled


def test_account_ends_to_the_moment() -> None:
    """It may sign in until its last moment, not in it."""
    ticks = (AT - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    ends = entry(accountExpires=str(ticks).encode())
    assert read_user(ends, AD, AT - timedelta(microseconds=1)).enabled
    assert not read_user(ends, AD, AT).enabled


def test_entry_is_known_by_an_id_that_outlives_its_name() -> None:
    """By its name only where the server gives none."""
    assert read_user(entry(objectGUID=b"\x01\xff"), AD, AT).entry_id == "01ff"
    assert read_user(entry(entryUUID=b"AB-cd"), OPENLDAP, AT).entry_id == "ab-cd"
    assert read_group(entry("CN=A, dc=b"), OPENLDAP).entry_id == "dn:cn=a,dc=b"


def test_names_for_people_are_printable_and_short() -> None:
    """Whatever the server sends."""
    user = read_user(entry(uid=b"a", displayName=b"A\x1b[31m\n\xff" + b"b" * 1000), OPENLDAP, AT)
    assert user.display_name.isprintable()
    assert len(user.display_name) == 256
    assert read_user(entry(uid=b"a"), OPENLDAP, AT).display_name == "a"
    assert read_user(entry(uid=b"a", cn=b"Ann"), OPENLDAP, AT).display_name == "Ann"
