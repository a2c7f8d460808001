"""Network rules: from which addresses a registry's content may be reached at all.

They stand before the law: whoever comes from elsewhere is refused before anything else of the
request is judged, whoever it may be. Their words are ACR's: `publicNetworkAccess` and
`networkRuleSet` (reference 10.2).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Final

from pratique.naming.addresses import Address, AddressRange, Network, address_of

MAX_RULES: Final = 200
"""As at ACR."""
_REMEMBERED: Final = 1024


class AddressRefusal(StrEnum):
    """Why nobody is let in from an address."""

    NOT_NAMED = "address-not-allowed"
    UNKNOWN = "address-unknown"
    CLOSED = "public-network-access-disabled"

    def command_for(self, client: str) -> str:
        """The command that lets a client in, for the operator; empty where none would.

        Args:
            client: its address.
        """
        match self:
            case AddressRefusal.NOT_NAMED:
                return f"pratique network-rule add {address_of(client)}"
            case AddressRefusal.CLOSED:
                return "pratique network-rule set --public-access on"
            case AddressRefusal.UNKNOWN:
                return ""


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """What stands between a network and a registry's content.

    Attributes:
        public_access: whether anybody is let in over a network at all.
        allow_by_default: whether an address that no rule names is let in.
        allowed: what the rules name.
    """

    public_access: bool = True
    allow_by_default: bool = True
    allowed: tuple[AddressRange, ...] = ()
    _edges: dict[int, tuple[list[int], list[int]]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _known: dict[str, AddressRefusal | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        networks = [rule.network for rule in self.allowed]
        four = [n for n in networks if isinstance(n, IPv4Network)]
        six = [n for n in networks if isinstance(n, IPv6Network)]
        # What overlaps is put together, so that the ranges stand in one order.
        self._edges[4] = _edges(collapse_addresses(four))
        self._edges[6] = _edges(collapse_addresses(six))

    @property
    def open(self) -> bool:
        """Whether they refuse nobody."""
        return self.public_access and self.allow_by_default

    def refusal(self, client: str) -> AddressRefusal | None:
        """Why a client is not let in; None when it is.

        Args:
            client: its address. What is none, as of a client that has none, is refused by
                whatever would refuse some address.
        """
        if client in self._known:
            return self._known[client]
        found = self._judged(address_of(client))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[client] = found
        return found

    def _judged(self, address: Address | None) -> AddressRefusal | None:
        if not self.public_access:
            return AddressRefusal.CLOSED
        if self.allow_by_default:
            return None
        if address is None:
            return AddressRefusal.UNKNOWN
        first, last = self._edges[address.version]
        place = bisect_right(first, int(address)) - 1
        within = place >= 0 and int(address) <= last[place]
        return None if within else AddressRefusal.NOT_NAMED


def _edges(networks: Iterable[Network]) -> tuple[list[int], list[int]]:
    """First and last addresses of ranges that do not overlap."""
    apart = list(networks)
    first = [int(network.network_address) for network in apart]
    return first, [int(network.broadcast_address) for network in apart]
