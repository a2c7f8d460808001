"""Addresses and ranges: what is one, what is none, and in which way it is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.access import AddressRefusal, NetworkRules
from pratique.naming import AddressRange, InvalidName


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7/32"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::/0", "::/0"),
    ],
)
def test_what_is_one(text: str, written: str) -> None:
    """It is written in one way, the prefix kept where there was one."""
    assert AddressRange(text) == written
    assert AddressRange(written).network == AddressRange(text).network


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "203.0.113", "203.0.113.7/33", "203.0.113.7/-1", "203.0.113.256", "host"),
        *("203.0.113.7 ", "203.0.113.007", "fe80::1%eth0", "::1/129", "[::1]", "203.0.113.7:80"),
        *("203.0.113.7/", "/24", "203.0.113.0/24/8", "٢٠٣.0.113.7", "1" * 65, "3405803783"),
    ],
)
def test_what_is_none(text: str) -> None:
    """Whatever else might be meant by it is not guessed."""
    with pytest.raises(InvalidName, match="is not a network address or range"):
        AddressRange(text)


@pytest.mark.parametrize(
    ("text", "around"),
    [("203.0.113.7/24", "203.0.113.0/24"), ("2001:db8::1/32", "2001:db8::/32")],
)
def test_bits_beyond_the_prefix_are_refused(text: str, around: str) -> None:
    """Nobody is given a range who meant one address of it; the words name the range."""
    with pytest.raises(InvalidName, match=f"`{around}` is the range around it"):
        AddressRange(text)


def rules(*ranges: str, deny: bool = True) -> NetworkRules:
    """Rules with these ranges."""
    return NetworkRules(
        allow_by_default=not deny, allowed=tuple(AddressRange(text) for text in ranges)
    )


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("203.0.113.0", None),
        ("203.0.113.255", None),
        ("203.0.114.0", AddressRefusal.NOT_NAMED),
        ("203.0.112.255", AddressRefusal.NOT_NAMED),
        ("::ffff:203.0.113.9", None),
        ("::ffff:203.0.114.9", AddressRefusal.NOT_NAMED),
        # An address of IPv6 that embeds one of IPv4 in another way is another address.
        ("::203.0.113.9", AddressRefusal.NOT_NAMED),
        ("64:ff9b::203.0.113.9", AddressRefusal.NOT_NAMED),
        ("2001:db8::1%eth0", None),
        ("2001:db9::1", AddressRefusal.NOT_NAMED),
        ("", AddressRefusal.UNKNOWN),
        ("unix:", AddressRefusal.UNKNOWN),
        ("localhost", AddressRefusal.UNKNOWN),
        ("203.0.113.9:4711", AddressRefusal.UNKNOWN),
        ("203.0.113.9, 10.0.0.1", AddressRefusal.UNKNOWN),
    ],
)
def test_who_is_let_in(client: str, expected: AddressRefusal | None) -> None:
    """Those whom a rule names, to the very edge; what is no address never."""
    judged = rules("203.0.113.0/24", "2001:db8::/32")
    assert judged.refusal(client) is expected
    # Asked again it is remembered, and no different.
    assert judged.refusal(client) is expected


def test_rules_without_ranges_let_nobody_in() -> None:
    """To deny by default is to deny, also while there is no rule."""
    assert rules().refusal("127.0.0.1") is AddressRefusal.NOT_NAMED
    assert rules().refusal("::1") is AddressRefusal.NOT_NAMED


def test_closed_is_closed_to_all() -> None:
    """Neither a rule nor the default opens what has no public access."""
    closed = NetworkRules(public_access=False, allowed=(AddressRange("0.0.0.0/0"),))
    assert closed.refusal("203.0.113.7") is AddressRefusal.CLOSED
    assert closed.refusal("") is AddressRefusal.CLOSED
    assert not closed.open


def test_open_is_open_to_all() -> None:
    """While others are let in anyway, ranges and the client's address have no say."""
    assert rules("203.0.113.0/24", deny=False).open
    assert rules("203.0.113.0/24", deny=False).refusal("") is None


def test_what_is_remembered_is_bounded() -> None:
    """A stranger with many addresses does not fill the memory."""
    judged = rules("203.0.113.0/24")
    for number in range(5000):
        judged.refusal(str(IPv6Address(number + 2**96)))
    assert len(judged._known) <= 1024  # noqa: SLF001 - there is no other way to see it


_ADDRESSES = st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.ip_addresses(v=6))


@given(
    client=_ADDRESSES,
    ranges=st.lists(st.tuples(_ADDRESSES, st.integers(0, 128)), max_size=12),
    near=st.integers(-2, 2),
)
def test_it_is_what_ipaddress_says(
    client: IPv4Address | IPv6Address,
    ranges: list[tuple[IPv4Address | IPv6Address, int]],
    near: int,
) -> None:
    """However ranges overlap, an address is let in exactly if one of them holds it."""
    networks = [
        ip_network((address, min(prefix, address.max_prefixlen)), strict=False)
        for address, prefix in ranges
    ]
    if networks and 0 <= int(networks[0].network_address) + near < 2**32:
        client = ip_address(int(networks[0].network_address) + near)
    known = [str(AddressRange(str(network))) for network in networks]
    mapped = client.ipv4_mapped if isinstance(client, IPv6Address) else None
    asked = mapped or client
    held = any(asked in AddressRange(text).network for text in known)
    assert (rules(*known).refusal(str(client)) is None) == held
