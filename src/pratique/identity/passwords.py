"""Passwords that people choose: argon2id, off the event loop, remembered for a short while.

Parameters are those of the OWASP password storage guide for argon2id: 19 MiB, two passes, one lane.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_LENGTH = 12
MAX_LENGTH = 1024
_REMEMBERED = 4096
# Each check holds 19 MiB; four at once bound the memory that a flood of sign-ins can take.
_AT_ONCE = 4


class PasswordHasher:
    """Hashes and checks passwords on an executor.

    A password that was right is remembered by a keyed hash, so that clients which send Basic with
    every request pay for argon2 once per process. What is remembered is bound to the stored hash:
    a changed password is forgotten at once.

    Args:
        executor: runs the slow function; it releases the interpreter lock.
        random_bytes: makes the key of the memory and the hash that unknown names are checked
            against, so that they take as long as known ones.
    """

    def __init__(self, executor: Executor, random_bytes: Callable[[int], bytes]) -> None:
        self._argon2 = Argon2(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._executor = executor
        self._key = random_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._decoy_password = random_bytes(16).hex()
        self._decoy: str | None = None

    def hash_now(self, password: str) -> str:
        """The argon2id hash of `password` with a new salt; blocks for some 30 ms."""
        return self._argon2.hash(password)

    async def hash(self, password: str) -> str:
        """As `hash_now`, off the loop."""
        async with self._slots:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, self.hash_now, password
            )

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether `stored` was made of `password`; None stands for an account that is not there.

        False takes as long for a missing account as for a wrong password.
        """
        if len(password) > MAX_LENGTH:
            return False
        mark = hmac.digest(
            self._key, f"{stored}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256
        )
        if mark in self._right:
            return True
        async with self._slots:
            right = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._verify, password, stored
            )
        if right and stored is not None:
            self._right[mark] = None
            if len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)
            return True
        return False

    def _verify(self, password: str, stored: str | None) -> bool:
        if stored is None:
            if self._decoy is None:
                self._decoy = self._argon2.hash(self._decoy_password)
            stored = self._decoy
        try:
            return self._argon2.verify(stored, password)
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False
