"""What a pull's access token costs a worker that has seen it: whose is it, and does it stand?"""

from __future__ import annotations

import asyncio
import statistics
import time

from pratique.admission import Gate, Snapshots
from pratique.admission.gate import Caller
from pratique.identity import PasswordHasher, UserPasswords
from pratique.identity.credentials import BearerToken
from pratique.storage.metadata.memory.attempts import MemorySignInAttempts
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory

ROUNDS, EACH = 15, 2000


def microseconds() -> tuple[float, float]:
    """Processor time of one verification: the middle of all rounds, and the fastest round."""
    return asyncio.run(_measure())


async def _measure() -> tuple[float, float]:
    registry = await RegistryInMemory.start()
    try:
        token = BearerToken(await registry.token(OWNER, "repository:team/app:pull"))
        gate = Gate(
            Snapshots(registry.ledger),
            MemorySignInAttempts(),
            UserPasswords(PasswordHasher(registry.executor, bytes)),
            registry.clock,
        )
        audiences, snapshot = frozenset({registry.host}), gate.snapshot()

        async def verify() -> Caller:
            return await gate.authenticate(snapshot, token, source="192.0.2.1", audiences=audiences)

        await verify()
        taken = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(EACH):
                await verify()
            taken.append((time.process_time() - started) / EACH * 1e6)
        return statistics.median(taken), min(taken)
    finally:
        registry.stop()
