"""Addresses on a network, and ranges of them in CIDR notation (RFC 4632, RFC 4291)."""

from __future__ import annotations

import ipaddress
from typing import Self

from pratique.naming.errors import InvalidName

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LONGEST = 64
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class AddressRange(str):
    """One address or a range of them, as in `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.

    Always valid, and written in one way. IPv4 addresses that are mapped into IPv6 are IPv4. A
    prefix stays where one was given, so that clients find again what they have written.

    Attributes:
        network: what it covers.

    Raises:
        InvalidName: the text is neither, or has bits beyond its prefix.
    """

    __slots__ = ("network",)

    network: Network

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        kind = "network address or range"
        if len(text) > _LONGEST or not text.isascii() or "%" in text:
            raise InvalidName(kind, text, _RULE)
        try:
            found = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise InvalidName(kind, text, _RULE) from error
        if ipaddress.ip_address(text.partition("/")[0]) != found.network_address:
            raise InvalidName(
                kind, text, f"it has bits beyond its prefix; `{found}` is the range around it"
            )
        network = _unmapped(found)
        whole = "/" in text
        made = super().__new__(cls, str(network) if whole else str(network.network_address))
        made.network = network
        return made


_RULE = "write one as in `203.0.113.7`, `203.0.113.0/24` or `2001:db8::/32`"


def address_of(client: str) -> Address | None:
    """The address that a client has; None where what is known of it is no address.

    A zone of IPv6 (`%eth0`) is left out, as it has a meaning on one machine alone.
    """
    try:
        found = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _unmapped(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        within = int(network.network_address) & 0xFFFF_FFFF
        return ipaddress.IPv4Network((within, network.prefixlen - 96))
    return network
