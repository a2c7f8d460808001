"""Wrong sign-ins cost time: how much, for whom, and never for the rightful one elsewhere.

Counted are wrong attempts of a source on an account, of a source on any account, and on an account
from any source. A source that has signed in to an account before is exempt from the two wide
counts, so neither spraying through a shared address nor a crowd against one account locks out
those who belong. Counts fade after a quarter of an hour of quiet.
"""

from __future__ import annotations

import ipaddress
from asyncio import Lock
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol
from weakref import WeakValueDictionary

from pratique.identity import SignInFailure, SignInRefused

FADE = timedelta(minutes=15)
LONGEST_WAIT_SECONDS = 60
_FREE_FOR_PAIR = 5
_FREE_FOR_SOURCE = 50
_FREE_FOR_ACCOUNT = 200


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong attempts that have not faded, and when the last one was."""

    failures: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a source and an account before a sign-in.

    Attributes:
        known: whether this source has signed in to this account before.
    """

    pair: Count = Count()
    source: Count = Count()
    account: Count = Count()
    known: bool = False


class SignInAttempts(Protocol):
    """Remembers attempts, shared by all workers. Forgetting them all in a crash is acceptable."""

    async def standing(self, source: str, account: str, at: datetime) -> Standing:
        """The counts that have not faded at `at`."""
        ...

    async def failed(self, source: str, account: str, at: datetime) -> None:
        """Count one wrong attempt three times over."""
        ...

    async def succeeded(self, source: str, account: str, at: datetime) -> None:
        """Remember that this source belongs to this account, and clear their common count."""
        ...


class Turns:
    """Lets a source try one account once at a time, in this process.

    Checking a password takes a while; whoever sent many at once would have all of them checked
    before the first one counted.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], Lock] = WeakValueDictionary()

    def of(self, source: str, account: str) -> Lock:
        """What must be held while `source` tries `account`."""
        lock = self._locks.get((source, account))
        if lock is None:
            lock = self._locks[source, account] = Lock()
        return lock


def seconds_to_wait(standing: Standing, at: datetime) -> int:
    """How long this source must wait before it may try this account again; 0 for not at all."""
    waits = [_wait(standing.pair, _FREE_FOR_PAIR, at)]
    if not standing.known:
        waits.append(_wait(standing.source, _FREE_FOR_SOURCE, at))
        waits.append(_wait(standing.account, _FREE_FOR_ACCOUNT, at))
    return max(waits)


async def check_patience(attempts: SignInAttempts, source: str, account: str, at: datetime) -> None:
    """Refuse a source that must wait before it may try this account again.

    Raises:
        SignInRefused: it must wait.
    """
    wait = seconds_to_wait(await attempts.standing(source, account, at), at)
    if wait:
        raise SignInRefused(
            SignInFailure.TOO_MANY,
            f"too many wrong sign-ins from this address; try again in {wait} seconds",
            retry_after_seconds=wait,
        )


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """The counted part of a client's address: all of IPv4, the first 64 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def _wait(count: Count, free: int, at: datetime) -> int:
    over = count.failures - free
    if over < 0 or count.last_at is None:
        return 0
    # Doubling from one second; the exponent is bounded before it is used.
    penalty = min(2 ** min(over, 10), LONGEST_WAIT_SECONDS)
    left = penalty - (at - count.last_at).total_seconds()
    return max(0, -int(-left // 1))
