"""Which addresses may be asked: the public ones, and by a setting those of one's own networks."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds hand out credentials to whoever asks from inside; one of them is a public address.
METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in (
        *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
        *("fd00:ec2::254", "fd20:ce::254"),
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED_LOCALLY = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")


class NotPermitted(Exception):
    """A server may not be asked; the sentence says why."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses may be asked.

    Attributes:
        allow_private: whether private and loopback addresses may, which is the operator's choice.
    """

    allow_private: bool

    def check(self, host: str, address: Address) -> None:
        """Refuse an address that may not be asked.

        Raises:
            NotPermitted: with the reason.
        """
        reached = reached_by(address)
        where = f"`{host}` is at {address}"
        if reached in METADATA:
            raise NotPermitted(f"{where}, where a cloud hands out credentials; nobody asks there")
        if reached.is_multicast or reached.is_link_local or reached.is_unspecified:
            raise NotPermitted(f"{where}, which is no address of a server")
        if is_inside(address) and not self.allow_private:
            raise NotPermitted(
                f"{where}, which is not public; serve with --allow-private-issuers if tokens of "
                "your own networks shall be taken"
            )


def is_inside(address: Address) -> bool:
    """Whether the public cannot reach it: private, loopback, shared or reserved."""
    reached = reached_by(address)
    return not reached.is_global or reached.is_reserved


def reached_by(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for in one of the known ways; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    # `::` and `::1` are themselves; what else is below 2**32 stands for IPv4.
    compatible = address in _COMPATIBLE and int(address) > 0xFFFF
    if address in _TRANSLATED or address in _TRANSLATED_LOCALLY or compatible:
        return last
    return address
