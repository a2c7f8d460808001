"""Which user stands behind a connection, as the kernel knows it.

Over a Unix socket the kernel notes who connected (`SO_PEERCRED`, unix(7)). Over TCP inside one
host it lists both ends of a connection with the user who made each (`/proc/net/tcp`, proc(5)).
Whatever it does not say for certain counts as nobody.
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import socket
import struct
import sys
from asyncio.trsock import TransportSocket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
# A row may be passed over while others come and go.
_READINGS = 3
_ESTABLISHED = "01"
# Not in the socket module (asm-generic/socket.h); the groups of whoever connected.
_SO_PEERGROUPS = 59
_GROUP_BYTES = 4
_MOST_GROUPS = 256
_USUAL_UNMAPPED = 65534

Socket = socket.socket | TransportSocket


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end.

    Attributes:
        user: a user id; None when it is not known, for whatever reason.
    """

    user: int | None = None
    groups: frozenset[int] = frozenset()


UNKNOWN: Final = Peer()


def unmapped_id(kind: str) -> int:
    """The id that the kernel gives for users (or groups) that have none here (user_namespaces(7)).

    It proves nobody: processes of any foreign namespace show it.

    Args:
        kind: `users`, or anything else for groups.
    """
    name = "overflowuid" if kind == "users" else "overflowgid"
    try:
        return int(Path(f"/proc/sys/kernel/{name}").read_text("ascii"))
    except (OSError, ValueError):
        return _USUAL_UNMAPPED


def peer_of(connection: Socket) -> Peer:
    """Who made a connection that was accepted.

    Reads files and the host's user database: not for the event loop.
    """
    try:
        found = _unix_peer(connection) if _is_unix(connection) else _tcp_peer(connection)
    except (OSError, ValueError, struct.error):
        return UNKNOWN
    if found.user is None or found.user == unmapped_id("users"):
        return UNKNOWN
    return Peer(found.user, found.groups - {unmapped_id("groups")})


def _is_unix(connection: Socket) -> bool:
    return connection.family == socket.AF_UNIX


def _unix_peer(connection: Socket) -> Peer:
    form = "iII"
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
    _, user, group = struct.unpack(form, told)
    groups = {group}
    # Without the call, or with more groups than fit, the first group alone counts.
    with suppress(OSError):
        told = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUP_BYTES * _MOST_GROUPS)
        groups.update(struct.unpack(f"{len(told) // _GROUP_BYTES}I", told))
    return Peer(user, frozenset(groups))


def _tcp_peer(connection: Socket) -> Peer:
    here, there = _endpoint(connection.getsockname()), _endpoint(connection.getpeername())
    for _ in range(_READINGS):
        for user in _users(there, here):
            return Peer(user, _groups_of(user))
    return UNKNOWN


def _groups_of(user: int) -> frozenset[int]:
    """The groups of a user in the host's database; none for a user who is not in it."""
    try:
        entry = pwd.getpwuid(user)
        return frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    except (KeyError, OSError):
        return frozenset()


def _endpoint(name: tuple[object, ...]) -> tuple[ipaddress.IPv6Address, int]:
    address, port = str(name[0]).partition("%")[0], int(str(name[1]))
    return _as_six(ipaddress.ip_address(address)), port


def _as_six(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """Addresses of both families in one: a client may speak IPv4 through an IPv6 socket."""
    if isinstance(address, ipaddress.IPv4Address):
        return ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    return address


def _users(
    local: tuple[ipaddress.IPv6Address, int], remote: tuple[ipaddress.IPv6Address, int]
) -> Iterator[int]:
    """The user of the socket whose own end is `local` and whose other end is `remote`."""
    ports = (f":{local[1]:04X}", f":{remote[1]:04X}")
    for table in _TABLES:
        if not table.exists():
            continue
        with table.open(encoding="ascii") as rows:
            next(rows)
            for row in rows:
                fields = row.split()
                if not (fields[1].endswith(ports[0]) and fields[2].endswith(ports[1])):
                    continue
                # INVARIANT: a socket that its process has closed is listed as root's, without an
                # inode and in another state; only an open, established one tells its user.
                if fields[3] != _ESTABLISHED or fields[9] == "0":
                    continue
                if _written(fields[1]) == local[0] and _written(fields[2]) == remote[0]:
                    yield int(fields[7])


def _written(field: str) -> ipaddress.IPv6Address:
    """An address of the table: words of 32 bits, each in the machine's own byte order."""
    digits = bytes.fromhex(field.partition(":")[0])
    words = struct.unpack(f">{len(digits) // 4}I", digits)
    order = "<" if sys.byteorder == "little" else ">"
    return _as_six(ipaddress.ip_address(struct.pack(f"{order}{len(words)}I", *words)))
