"""Collection beside the serving of requests, one worker of a machine at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from pratique.assembly import OpenRegistry
from pratique.observability import LineLog, Meter, names
from pratique.registry import Collected, ContentError, Policy

FIRST_LOOK_SECONDS: Final = 60.0
LOOK_EVERY_SECONDS: Final = 600.0
# A step is followed by a rest of four times its length, so a fifth of one core is used at most.
REST_FACTOR: Final = 4.0
LEAST_REST_SECONDS: Final = 0.02


async def collect_for_ever(
    opened: OpenRegistry,
    policy: Policy,
    every: timedelta,
    log: LineLog,
    now: Callable[[], datetime],
    meter: Meter,
) -> None:
    """Collect whenever the last time is long enough ago, until cancelled.

    A store that fails is written to the log, and asked again at the next look.
    """
    await asyncio.sleep(FIRST_LOOK_SECONDS)
    while True:
        try:
            done = await collect_in_turn(opened, policy, every, now)
        except ContentError as error:
            meter.count(names.COLLECTIONS, "failed")
            log.write({"event": "collection failed", "why": str(error)}, at_once=True)
        else:
            if done is not None:
                gone = facts(done)
                log.write({"event": "collection", **gone}, at_once=True)
                meter.collected(gone, gone.pop("blob_bytes"))
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def collect_in_turn(
    opened: OpenRegistry, policy: Policy, every: timedelta, now: Callable[[], datetime]
) -> Collected | None:
    """Collect once, unless another process does or has done so lately: then None.

    Raises:
        ContentError: a store failed.
    """
    async with _aside(opened.collection_turn.taken(now(), every)) as ours:
        if not ours:
            return None
        done = Collected()
        begun = time.monotonic()
        async for step in opened.collection.run(policy):
            done = step
            taken = time.monotonic() - begun
            await asyncio.sleep(max(LEAST_REST_SECONDS, taken * REST_FACTOR))
            begun = time.monotonic()
        return done


@asynccontextmanager
async def _aside(turn: AbstractContextManager[bool]) -> AsyncIterator[bool]:
    """The turn, taken and given back in a thread: that may take the time of several answers."""
    ours = await asyncio.to_thread(turn.__enter__)
    try:
        yield ours
    except BaseException as error:
        await asyncio.to_thread(turn.__exit__, type(error), error, error.__traceback__)
        raise
    await asyncio.to_thread(turn.__exit__, None, None, None)


def facts(done: Collected) -> dict[str, Any]:
    """What has gone, for programs."""
    found = asdict(done)
    del found["finished"]
    return found
