"""Who sends a request that comes through a proxy.

Anybody can write anything into `X-Forwarded-For`, so it is read only when the peer is a proxy that
the operator trusts, and only as far as trusted proxies wrote it: each of them adds, at the end, the
address that it was reached from. Read from the end, the first address that is no trusted proxy's is
the client's; what stands before it is the client's own word.

`Forwarded` (RFC 7239) is not read: proxies that do not know it let a client's through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from pratique.http.wire.messages import Headers

MAX_HOPS: Final = 32
_REMEMBERED: Final = 1024
_FIELD: Final = "x-forwarded-for"
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """Finds the client behind proxies.

    Args:
        networks: where trusted proxies stand, as in `10.0.0.0/8` or `::1`.

    Raises:
        ValueError: one of them is no network.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[_Network, ...] = tuple(map(ipaddress.ip_network, networks))
        self._trusted: dict[str, bool] = {}

    def client(self, peer: str, headers: Headers) -> str:
        """The address of whoever sends a request.

        Where a trusted proxy wrote no address that can be read, the last one that can be: that
        proxy's own, so all that come through it count as one. None (an empty text) where the
        client itself made the proxy's word unreadable.

        Args:
            peer: the address at the other end of the connection.
            headers: of the request.
        """
        trusted = self._trusted.get(peer)
        if trusted is None:
            address = _address(peer)
            trusted = address is not None and self._trusts(address)
            if len(self._trusted) >= _REMEMBERED:
                self._trusted.clear()
            self._trusted[peer] = trusted
        return self._behind(peer, headers) if trusted else peer

    def _behind(self, peer: str, headers: Headers) -> str:
        found, values = peer, headers.get_all(_FIELD)
        hops = ",".join(values).rsplit(",", MAX_HOPS)[-MAX_HOPS:] if values else []
        for hop in reversed(hops):
            address = _address(hop.strip())
            if address is None:
                return found
            found = str(address)
            if not self._trusts(address):
                return found
        # What is not ASCII cannot be read at all, with whatever a proxy added to the same field.
        hidden = _FIELD in headers and headers.get(_FIELD) is None
        return "" if hidden else found

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> _Address | None:
    """An address, with or without a port; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
