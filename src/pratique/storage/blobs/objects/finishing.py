"""Work that goes on to its end, however the request that began it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """What `work` gives. When cancelled, wait until it has ended, then be cancelled."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await ended(running)
        raise


async def ended(running: asyncio.Future[Any]) -> None:
    """Wait until `running` has ended, however often this task is cancelled meanwhile.

    What it raised is dropped: the caller is on its way out with a failure of its own.
    """
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            # The cancellation that led here is raised again by the caller.
            continue
    if not running.cancelled():
        running.exception()
