"""Who is at the other end of a connection, and when nobody can tell."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.agent.local_users import NOBODY, OTHER_USER, needs_root

from pratique.agent.peers import UNKNOWN, Peer, peer_of

_THIS = os.geteuid()
_FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@contextmanager
def _listening(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(_FAMILIES[address]) as server:
        try:
            server.bind((address, 0))
        except OSError:
            pytest.skip(f"this host has no address {address}")
        server.listen()
        yield server


def test_unix_socket_tells_user_and_groups() -> None:
    """The kernel noted them when the connection was made."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        found = peer_of(ours)
    assert found.user == _THIS
    assert {os.getegid(), *os.getgroups()} == found.groups


@pytest.mark.parametrize(
    ("server", "client"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::ffff:127.0.0.1")],
)
def test_tcp_tells_the_user(server: str, client: str) -> None:
    """Over both families, and from an IPv6 socket that speaks IPv4."""
    with _listening(server) as listener:
        family = socket.AF_INET6 if ":" in client else socket.AF_INET
        with socket.socket(family) as connection:
            connection.connect((client, listener.getsockname()[1]))
            accepted, _ = listener.accept()
            with accepted:
                found = peer_of(accepted)
    assert found.user == _THIS
    assert os.getegid() in found.groups


def test_a_connection_that_its_user_closed_tells_nobody() -> None:
    """The kernel lists what is left of it as root's: it must not count as root."""
    with _listening() as listener, socket.create_connection(listener.getsockname()) as connection:
        accepted, _ = listener.accept()
        with accepted:
            connection.send(b"GET")
            connection.close()
            assert peer_of(accepted) == UNKNOWN


def test_a_connection_that_is_half_closed_tells_nobody() -> None:
    """Only an established connection counts."""
    with _listening() as listener, socket.create_connection(listener.getsockname()) as connection:
        accepted, _ = listener.accept()
        with accepted:
            connection.shutdown(socket.SHUT_WR)
            assert peer_of(accepted) == UNKNOWN


def test_a_socket_without_another_end_tells_nobody() -> None:
    """What cannot be asked for is not guessed."""
    with socket.socket() as lonely:
        assert peer_of(lonely) == UNKNOWN


@needs_root
def test_another_users_connection_is_told_from_ours() -> None:
    """Two connections with the same ports at both ends, from two addresses, are kept apart."""
    with _listening() as listener, socket.socket() as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.bind(("127.0.0.1", 0))
        ours.connect(listener.getsockname())
        of_ours, _ = listener.accept()
        port = ours.getsockname()[1]
        with of_ours, OTHER_USER.connected(listener.getsockname(), ("127.0.0.2", port)):
            of_theirs, _ = listener.accept()
            with of_theirs:
                found = peer_of(of_ours), peer_of(of_theirs)
    assert found[0].user == 0
    assert found[1] == Peer(OTHER_USER.user)


@needs_root
def test_nobody_in_particular_is_nobody() -> None:
    """The number that stands for all users of foreign namespaces proves no user."""
    with _listening() as listener, NOBODY.connected(listener.getsockname(), ("127.0.0.1", 0)):
        accepted, _ = listener.accept()
        with accepted:
            assert peer_of(accepted) == UNKNOWN
