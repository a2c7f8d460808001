"""Whose password is checked where; no server is asked here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pratique.identity import (
    LdapOrigin,
    PasswordHasher,
    SignInFailure,
    SignInRefused,
    User,
    UserPasswords,
)
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import START


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    """Checks what is kept here."""
    with ThreadPoolExecutor(1) as executor:
        yield PasswordHasher(executor, secrets.token_bytes)


def user(password_hash: str, ldap: LdapOrigin | None = None) -> User:
    """Somebody with a password here, there, or both."""
    return User("id", "alice", "Alice", "password", password_hash, START, ldap=ldap)


@in_loop
async def test_local_password_is_checked_here(hasher: PasswordHasher) -> None:
    """Also when there is no LDAP server; nobody has none."""
    passwords = UserPasswords(hasher)
    alice = user(await hasher.hash("a password"))
    assert await passwords.right(alice, "a password", None)
    assert not await passwords.right(alice, "another", None)
    assert not await passwords.right(None, "a password", None)
    assert not await passwords.right(user(""), "", None)


@in_loop
async def test_ldap_user_is_never_let_in_by_a_hash(hasher: PasswordHasher) -> None:
    """A server that is not set up cannot be asked, and nothing else is."""
    passwords = UserPasswords(hasher)
    origin = LdapOrigin("uid=alice", "id")
    alice = user(await hasher.hash("a password"), origin)
    with pytest.raises(SignInRefused) as refused:
        await passwords.right(alice, "a password", None)
    assert refused.value.reason is SignInFailure.LDAP_UNAVAILABLE


@pytest.mark.parametrize("password", ["", "\0", "a\0", "a" * 1025, "\ud800"])
@in_loop
async def test_password_that_proves_nothing_is_wrong_before_anything_is_asked(
    hasher: PasswordHasher, password: str
) -> None:
    """It is no question of whether the server can be asked."""
    alice = user("", LdapOrigin("uid=alice", "id"))
    assert not await UserPasswords(hasher).right(alice, password, None)


@in_loop
async def test_user_without_a_name_there_is_never_let_in(hasher: PasswordHasher) -> None:
    """A bind without a name succeeds for everybody."""
    alice = user("", LdapOrigin("", "id"))
    assert not await UserPasswords(hasher).right(alice, "a password", None)
