"""A server on loopback that answers LDAP requests, one after the other, with what a test wrote.

For what no OpenLDAP server says: Active Directory's parts of attributes, and lies.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Thread

# RFC 4511 section 4: the tags of what a server sends.
BIND, ENTRY, DONE, REFERENCE, EXTENDED = 0x61, 0x64, 0x65, 0x73, 0x78


def element(tag: int, *content: bytes) -> bytes:
    """One element in the basic encoding rules."""
    inside = b"".join(content)
    size = len(inside)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + inside


def octets(value: bytes | str) -> bytes:
    """An octet string."""
    return element(0x04, value.encode() if isinstance(value, str) else value)


def outcome(tag: int, code: int, words: str = "") -> tuple[int, bytes]:
    """A result with a code."""
    return tag, element(0x0A, bytes([code])) + octets("") + octets(words)


def entry(name: str, attributes: Mapping[str, Sequence[str]]) -> tuple[int, bytes]:
    """An entry that was found."""
    lists = [
        element(0x30, octets(key), element(0x31, *map(octets, values)))
        for key, values in attributes.items()
    ]
    return ENTRY, octets(name) + element(0x30, *lists)


def reference(url: str) -> tuple[int, bytes]:
    """Where the search would have to go on."""
    return REFERENCE, octets(url)


Answer = Sequence[tuple[int, bytes]] | bytes


@contextmanager
def scripted(*answers: Answer) -> Iterator[str]:
    """A server for one connection; its URL, without TLS.

    Args:
        answers: one for each request: messages, or bytes to be sent as they are. After the last
            it says nothing, until the client goes away.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_serve, args=(listening, answers))
        thread.start()
        try:
            yield f"ldap://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=15)
            assert not thread.is_alive()


def _serve(listening: socket.socket, answers: Sequence[Answer]) -> None:
    with suppress(OSError):
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(10)
            for answer in answers:
                request = connection.recv(65536)
                if not request:
                    return
                connection.sendall(answer if isinstance(answer, bytes) else _said(request, answer))
            while connection.recv(65536):
                pass


def _said(request: bytes, answer: Sequence[tuple[int, bytes]]) -> bytes:
    # A message is a sequence that begins with its number; the client's are short.
    start = 2 if request[1] < 128 else 2 + (request[1] & 0x7F)
    number = request[start : start + 2 + request[start + 1]]
    return b"".join(element(0x30, number, element(tag, content)) for tag, content in answer)
