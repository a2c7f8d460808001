"""Which process of a server answers on a connection, read from Linux's own tables."""

from __future__ import annotations

import re
from pathlib import Path

_SOCKET = re.compile(r"socket:\[(\d+)\]")


def workers_of(process_id: int) -> tuple[int, ...]:
    """The children of a process."""
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text("ascii")
    return tuple(map(int, text.split()))


def served_by(workers: tuple[int, ...], server_port: int, client_port: int) -> int | None:
    """The worker that holds the server's end of a connection on loopback; None for none of them.

    A connection that nobody has accepted yet belongs to none.
    """
    inode = _inode(server_port, client_port)
    return next((worker for worker in workers if inode in _sockets(worker)), None)


def _inode(server_port: int, client_port: int) -> str:
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        ports = [int(address.rpartition(":")[2], 16) for address in fields[1:3]]
        if ports == [server_port, client_port]:
            return fields[9]
    return ""


def _sockets(process_id: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{process_id}/fd").iterdir():
        try:
            match = _SOCKET.fullmatch(str(handle.readlink()))
        except FileNotFoundError:
            # Closed while we looked.
            continue
        if match is not None:
            found.add(match.group(1))
    return found
