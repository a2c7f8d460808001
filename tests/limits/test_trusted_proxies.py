"""A client is who the connection comes from, unless a trusted proxy says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.http.edge.proxies import MAX_HOPS, TrustedProxies

NETWORKS = ("10.0.0.0/8", "fd00::/8", "127.0.0.1")


class Fields(dict[str, list[str]]):
    """Header fields, each of them any number of times."""

    def get_all(self, key: str, /) -> list[str]:
        """The values of all fields of that name."""
        return self.get(key, [])


def client(peer: str, *forwarded: str) -> str:
    """Whom a request is from that has these `X-Forwarded-For` fields."""
    fields = Fields({"x-forwarded-for": list(forwarded)} if forwarded else {})
    return TrustedProxies(NETWORKS).client(peer, fields)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "10.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", ["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
        ("127.0.0.1", ["203.0.113.9:51234"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("fd00::1", ["[2001:db8::7]:51234"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
    ],
)
def test_the_client_is_the_last_who_is_no_trusted_proxy(
    peer: str, forwarded: list[str], expected: str
) -> None:
    """Read from its end, the first address that is not trusted is the client's."""
    assert expected == client(peer, *forwarded)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("203.0.113.9", ["10.0.0.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.2, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [",,,"], "10.0.0.1"),
        ("nonsense", ["198.51.100.1"], "nonsense"),
        ("10.0.0.1", ["198.51.100.1" + ", 10.0.0.2" * (MAX_HOPS + 5)], "10.0.0.2"),
    ],
)
def test_what_a_client_writes_itself_is_not_believed(
    peer: str, forwarded: list[str], expected: str
) -> None:
    """Nobody but a trusted proxy changes whom a request counts against."""
    assert expected == client(peer, *forwarded)


class Hidden(Fields):
    """Fields as the server gives them where the first value is not ASCII: without that one."""

    def __contains__(self, key: object, /) -> bool:
        return key == "x-forwarded-for"

    def get_all(self, key: str, /) -> list[str]:
        """The values of all other fields of that name."""
        return super().get(key, [])

    def get(self, key: str, default: Any = None, /) -> Any:
        """No value."""
        del key
        return default


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", [], ""),
        ("10.0.0.1", ["10.0.0.2"], ""),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("203.0.113.9", [], "203.0.113.9"),
    ],
)
def test_who_hides_a_proxys_word_has_no_address(
    peer: str, forwarded: list[str], expected: str
) -> None:
    """A proxy adds to what the client wrote: one byte beyond ASCII must not make it the proxy."""
    fields = Hidden({"x-forwarded-for": forwarded})
    assert expected == TrustedProxies(NETWORKS).client(peer, fields)


def test_what_is_no_network_is_refused() -> None:
    """A network that cannot be read trusts nobody by mistake."""
    with pytest.raises(ValueError, match="does not appear"):
        TrustedProxies(["everybody"])
