"""LDAP servers, asked beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

from pratique.identity.ldap import (
    Finding,
    LdapContent,
    LdapSetup,
    LdapUnavailable,
    filters,
    group_attributes,
    read_group,
    read_user,
    user_attributes,
)
from pratique.naming.errors import printable
from pratique.outgoing.ldap_connection import SUCCESS, Connection

T = TypeVar("T")
SIGN_IN_SECONDS: Final = 5.0
READ_SECONDS: Final = 45.0
MAX_ENTRIES: Final = 50_000
_AT_ONCE: Final = 8
_MOST_WAITING: Final = 64
_READS_AT_ONCE: Final = 2
_SIGN_IN_BYTES: Final = 256 * 1024
_READ_BYTES: Final = 512 * 1024 * 1024
# RFC 4511 appendix A: what says "not with this name and password", the account's state included.
# inappropriateAuthentication, invalidCredentials, insufficientAccessRights, unwillingToPerform,
# constraintViolation; and, of a name that is no more, noSuchObject and invalidDNSyntax.
_NOT_RIGHT: Final = frozenset({48, 49, 50, 53, 19, 32, 34})


class LdapServers:
    """Asks LDAP servers; at most so many at once, and each answer is waited for so long."""

    def __init__(self) -> None:
        self._binding = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ldap-bind")
        self._reading = ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="ldap-read")
        self._waiting = 0
        self._reads = 0

    def close(self) -> None:
        """Wait for no one any more."""
        self._binding.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)

    async def password_is_right(
        self, setup: LdapSetup, distinguished_name: str, password: str
    ) -> bool:
        """Whether the server takes this password for that entry, by a bind of its own connection.

        Raises:
            LdapUnavailable: it could not be asked.
        """
        if self._waiting >= _MOST_WAITING:
            raise LdapUnavailable("too many sign-ins wait for the LDAP server already")
        self._waiting += 1
        try:
            return await _within(
                SIGN_IN_SECONDS, self._binding, lambda: _bound(setup, distinguished_name, password)
            )
        finally:
            self._waiting -= 1

    async def read(self, setup: LdapSetup, at: datetime) -> LdapContent:
        """All users and groups.

        Raises:
            LdapUnavailable: they cannot be had, or not all of them.
        """
        with self._one_read():
            return await _within(READ_SECONDS + 5, self._reading, lambda: _read(setup, at))

    async def examine(
        self, setup: LdapSetup, user_name: str | None, password: str | None, at: datetime
    ) -> tuple[Finding, ...]:
        """Ask step by step, and say what was found."""
        findings: list[Finding] = []
        try:
            with self._one_read():
                await _within(
                    READ_SECONDS + 5,
                    self._reading,
                    lambda: findings.extend(_examined(setup, user_name, password, at)),
                )
        except LdapUnavailable as error:
            findings.append(Finding("time", good=False, found=str(error)))
        return tuple(findings)

    @contextmanager
    def _one_read(self) -> Iterator[None]:
        if self._reads >= _READS_AT_ONCE:
            raise LdapUnavailable("others are reading from the LDAP server; try again in a moment")
        self._reads += 1
        try:
            yield
        finally:
            self._reads -= 1


async def _within(seconds: float, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(executor, work)
    except TimeoutError as error:
        raise LdapUnavailable(f"no answer came within {seconds:.0f} seconds") from error


def _bound(setup: LdapSetup, distinguished_name: str, password: str) -> bool:
    with Connection(setup, seconds=SIGN_IN_SECONDS, limit=_SIGN_IN_BYTES) as connection:
        return _is_right(connection.bind(distinguished_name, password))


def _is_right(code: int) -> bool:
    if code == SUCCESS:
        return True
    if code in _NOT_RIGHT:
        return False
    raise LdapUnavailable(f"the server answers a bind with result {code}")


def _reader(setup: LdapSetup) -> Connection:
    return Connection(setup, seconds=READ_SECONDS, limit=_READ_BYTES)


def _read(setup: LdapSetup, at: datetime) -> LdapContent:
    with _reader(setup) as connection:
        connection.bind_as_reader()
        everybody = connection.search(
            setup.user_base,
            filters.for_everybody(setup.user_filter),
            user_attributes(setup),
            most=MAX_ENTRIES,
        )
        users = tuple(read_user(entry, setup, at) for entry in everybody)
        if not setup.group_base:
            return LdapContent(users, None)
        found = connection.search(
            setup.group_base,
            setup.group_filter,
            group_attributes(setup),
            most=max(1, MAX_ENTRIES - len(users)),
        )
        return LdapContent(users, tuple(read_group(entry, setup) for entry in found))


def _examined(
    setup: LdapSetup, user_name: str | None, password: str | None, at: datetime
) -> list[Finding]:
    findings: list[Finding] = []
    try:
        with _reader(setup) as connection:
            findings.append(Finding("connection", good=True, found=f"`{connection.address}`"))
            tls = f"{connection.tls}, and the certificate is trusted" if connection.tls else "none"
            findings.append(Finding("TLS", good=True, found=tls))
            connection.bind_as_reader()
            reader = f"as `{setup.bind_dn}`" if setup.bind_dn else "as nobody"
            findings.append(Finding("bind", good=True, found=reader))
            if user_name is None:
                findings += _counted(connection, setup, at)
            else:
                findings += _looked_up(connection, setup, user_name, password, at)
    except LdapUnavailable as error:
        steps = ("connection", "bind", "users", "groups")
        done = {finding.step for finding in findings}
        step = next((s for s in steps if s not in done), "search")
        findings.append(Finding(step, good=False, found=str(error)))
    return findings


def _counted(connection: Connection, setup: LdapSetup, at: datetime) -> Iterator[Finding]:
    everybody = connection.search(
        setup.user_base,
        filters.for_everybody(setup.user_filter),
        user_attributes(setup),
        most=MAX_ENTRIES,
    )
    states = [read_user(entry, setup, at).enabled for entry in everybody]
    told = f"{len(states)} below `{setup.user_base}`, {states.count(False)} of them disabled"
    yield Finding("users", good=bool(states), found=told)
    if not states or not setup.group_base:
        return
    groups = connection.search(
        setup.group_base, setup.group_filter, group_attributes(setup), most=MAX_ENTRIES
    )
    yield Finding("groups", good=True, found=f"{sum(1 for _ in groups)} below `{setup.group_base}`")


def _looked_up(
    connection: Connection, setup: LdapSetup, user_name: str, password: str | None, at: datetime
) -> Iterator[Finding]:
    wanted = filters.for_name(setup.user_filter, user_name)
    found = list(
        connection.search(setup.user_base, wanted, user_attributes(setup), most=MAX_ENTRIES)
    )
    if len(found) != 1:
        several = f"{len(found)} entries have" if found else "no entry has"
        told = f"{several} the user name `{printable(user_name, 100)}` below `{setup.user_base}`"
        yield Finding("user", good=False, found=told)
        return
    user = read_user(found[0], setup, at)
    state = "enabled" if user.enabled else "disabled"
    yield Finding("user", good=True, found=f"`{user.distinguished_name}`, {state}")
    if setup.group_base:
        of_user = {user.distinguished_name.casefold(), user.user_name.casefold()}
        groups = connection.search(
            setup.group_base, setup.group_filter, group_attributes(setup), most=MAX_ENTRIES
        )
        names = sorted(
            group.name
            for group in (read_group(entry, setup) for entry in groups)
            if of_user & {member.casefold() for member in (*group.members, *group.member_names)}
        )
        told = ", ".join(f"`{name}`" for name in names[:20]) or "in none directly"
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        yield Finding("groups", good=True, found=f"{told}{more}")
    if password is not None:
        yield _tried(setup, user.distinguished_name, password)


def _tried(setup: LdapSetup, distinguished_name: str, password: str) -> Finding:
    if not password or "\0" in password:
        return Finding(
            "password", good=False, found="an empty one proves nothing, and was not tried"
        )
    try:
        right = _bound(setup, distinguished_name, password)
    except LdapUnavailable as error:
        return Finding("password", good=False, found=str(error))
    return Finding("password", good=right, found="right" if right else "not taken by the server")
