"""Which proxy a client written in Go uses for a host (golang.org/x/net/http/httpproxy)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pratique.diagnosis.secret import Secret

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Attributes:
        url: without user and password.
        kind: its scheme; only `http` is spoken.
        login: user and password joined by a colon, None when there is none.
    """

    url: str
    kind: str
    host: str
    port: int
    login: Secret | None = None


def proxy_for(scheme: str, host: str, port: int, settings: Mapping[str, str]) -> Proxy | None:
    """The proxy for a request; None when it goes directly.

    Args:
        scheme: of the request.
        host: of the request.
        port: of the request.
        settings: values of `https`, `http` and `no`.
    """
    value = settings.get(scheme, "")
    if not value or _goes_directly(host, port, settings.get("no", "")):
        return None
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        known = parts.port or _PORTS.get(parts.scheme, 1080)
    except ValueError:
        return Proxy("an address that cannot be read", "unreadable", "", 0)
    login = None
    if parts.username is not None:
        login = Secret(f"{unquote(parts.username)}:{unquote(parts.password or '')}")
    name = parts.hostname or ""
    shown = f"[{name}]" if ":" in name else name
    return Proxy(f"{parts.scheme}://{shown}:{known}", parts.scheme, name, known, login)


def _goes_directly(host: str, port: int, exceptions: str) -> bool:
    name = host.lower()
    address = _address(name)
    if name == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(
        _excepts(entry.strip().lower(), name, port, address) for entry in exceptions.split(",")
    )


def _excepts(
    entry: str, name: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
) -> bool:
    if entry == "*":
        return True
    network = _network(entry)
    if network is not None:
        return address is not None and address in network
    wanted, wanted_port = _split(entry)
    if not wanted or wanted_port not in {"", str(port)}:
        return False
    if address is not None:
        return _address(wanted) == address
    wanted = wanted[1:] if wanted.startswith("*.") else wanted
    return name.endswith(wanted) if wanted.startswith(".") else _is_or_below(name, wanted)


def _split(entry: str) -> tuple[str, str]:
    """Host and port as Go's `net.SplitHostPort` has them; the whole where it finds no port."""
    name, colon, port = entry.rpartition(":")
    if not colon or "]" in port:
        return entry, ""
    if name.startswith("[") and name.endswith("]"):
        return name[1:-1], port
    return (entry, "") if ":" in name else (name, port)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not entry.partition("/")[2].isdecimal():
        return None
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _is_or_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
