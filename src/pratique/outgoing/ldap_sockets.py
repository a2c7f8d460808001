"""Sockets to LDAP servers: where they may lead, how long they wait, and how much they take."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import Any, Final

from pratique.identity.ldap import LdapAddress, LdapUnavailable
from pratique.outgoing.addresses import AddressPolicy, NotPermitted

AT_ONCE: Final = 65536


class TooMuch(OSError):
    """More came, or it took longer, than an answer may."""


class Metered:
    """A socket whose every wait ends with the deadline, and which takes so many bytes.

    Args:
        inner: connected, with or without TLS.
        deadline: by the monotonic clock.
        limit: bytes to be received in all.
        piece: bytes to be received at once.
    """

    def __init__(
        self, inner: socket.socket, deadline: float, limit: int, piece: int = AT_ONCE
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._left = limit
        self._piece = piece

    def recv(self, size: int) -> bytes:
        """Some bytes.

        Raises:
            OSError: none came in time, or too many.
        """
        self._inner.settimeout(time_left(self._deadline))
        received = self._inner.recv(min(size, self._piece))
        self._left -= len(received)
        if self._left < 0:
            raise TooMuch("the answer is larger than it may be")
        return received

    def sendall(self, content: bytes) -> None:
        """Send all of it.

        Raises:
            OSError: it could not be sent in time.
        """
        self._inner.settimeout(time_left(self._deadline))
        self._inner.sendall(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def connected(address: LdapAddress, deadline: float) -> socket.socket:
    """A socket to the first address that answers.

    Args:
        address: whose host is looked up.
        deadline: by the monotonic clock.

    Raises:
        LdapUnavailable: none does, or one of them may not be asked.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LdapUnavailable(
            f"the host `{address.host}` cannot be looked up: {cause(error)}"
        ) from error
    # Directories are in one's own networks; where a cloud hands out credentials nobody asks.
    policy = AddressPolicy(allow_private=True)
    places = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    failure: Exception | None = None
    for place in places:
        try:
            policy.check(address.host, ipaddress.ip_address(place.partition("%")[0]))
            return socket.create_connection((place, address.port), timeout=time_left(deadline))
        except NotPermitted as error:
            raise LdapUnavailable(str(error)) from error
        except OSError as error:
            failure = error
    raise LdapUnavailable(f"`{address}` cannot be reached: {cause(failure)}") from failure


def time_left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        TooMuch: it is past.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooMuch("it took too long")
    return left


def cause(error: Exception | None) -> str:
    """Why the system failed, in its own words."""
    return str(getattr(error, "strerror", None) or error or "it has no address")
