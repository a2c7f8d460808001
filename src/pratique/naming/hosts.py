"""Hosts that an operator names: one of them, or all below a domain."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from pratique.naming.errors import InvalidName

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a server is asked.

    Attributes:
        scheme: `https` or `http`.
        host: a name or an address, in lower case, an address of IPv6 without brackets.
    """

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host, and port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The same as the beginning of a URL."""
        return f"{self.scheme}://{self.netloc}"


@dataclass(frozen=True, slots=True)
class HostRule:
    """What an operator wrote: `HOST`, `HOST:PORT`, `*.DOMAIN`, or one of them after `http://`.

    Attributes:
        origin: its host is the domain, where all below one are meant.
        below: whether all hosts below that domain are meant, and not itself.
    """

    origin: Origin
    below: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it.

        Raises:
            InvalidName: it is none of these.
        """
        scheme, found, rest = text.strip().rpartition("://")
        name, port = _host_and_port(rest.lower())
        scheme = scheme.lower() if found else "https"
        if scheme not in _PORTS or name is None:
            raise InvalidName("host", text, _RULE)
        below = name.startswith("*.")
        domain = name.removeprefix("*.")
        if below and "." not in domain:
            raise InvalidName("host", text, "all hosts of a top-level domain are too many")
        return cls(Origin(scheme, domain, port or _PORTS[scheme]), below)

    def names(self, origin: Origin) -> bool:
        """Whether an origin is one of those that are meant."""
        own = self.origin
        if (own.scheme, own.port) != (origin.scheme, origin.port):
            return False
        return origin.host.endswith(f".{own.host}") if self.below else origin.host == own.host


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """All that an operator named; nothing else is asked."""

    rules: tuple[HostRule, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read them; several may stand in one text, with commas between them.

        Raises:
            InvalidName: one of them is no host.
        """
        each = (part for text in texts for part in text.split(",") if part.strip())
        return cls(tuple(map(HostRule.parse, each)))

    def rule_for(self, origin: Origin) -> HostRule | None:
        """The rule that names an origin; one that names it alone before one that names more."""
        found = [rule for rule in self.rules if rule.names(origin)]
        return min(found, key=lambda rule: rule.below, default=None)

    def origin_of(self, host: str) -> Origin:
        """Where a registry is asked that is called by its host, and port where it has one.

        That is over TLS, unless the operator named this very one after `http://`.

        Raises:
            InvalidName: it is no host.
        """
        name, port = _host_and_port(host.lower())
        if name is None or name.startswith("*."):
            raise InvalidName("host", host, "write it as in `registry.example.org:5000`")
        plain = Origin("http", name, port or _PORTS["http"])
        found = self.rule_for(plain)
        if found is not None and not found.below:
            return plain
        return Origin("https", name, port or _PORTS["https"])


_RULE: Final = "write it as in `registry.example.org`, `*.example.org` or `http://127.0.0.1:5000`"


def _host_and_port(text: str) -> tuple[str | None, int | None]:
    """Both; None for what is no host, and for a port that is not there."""
    if len(text) > _LONGEST:
        return None, None
    found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]/@]+)(?::([0-9]{1,5}))?", text, re.ASCII)
    if found is None:
        return None, None
    name, port = found[1], int(found[2]) if found[2] else None
    if port is not None and not 0 < port < 65536:
        return None, None
    if name.startswith("["):
        try:
            return str(ipaddress.IPv6Address(name[1:-1])), port
        except ValueError:
            return None, None
    return (name if _NAME.fullmatch(name) else None), port
