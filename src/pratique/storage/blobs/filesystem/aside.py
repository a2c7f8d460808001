"""Blocking work beside the event loop, by threads that no cancellation leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


async def aside(
    pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run `work` in a thread. When cancelled, wait until it has ended, then be cancelled."""
    running = start_aside(pool, work, *args, **kwargs)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await settled(running)
        raise


def start_aside(
    pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> asyncio.Future[T]:
    """Begin `work` in a thread; the caller must wait for it, by `settled` if need be."""
    return asyncio.get_running_loop().run_in_executor(pool, lambda: work(*args, **kwargs))


async def settled(running: asyncio.Future[Any] | None) -> None:
    """Wait until the work has ended, however often this task is cancelled meanwhile.

    What the work raised is dropped: the caller is on its way out with a failure of its own.
    """
    if running is None:
        return
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            # The cancellation that led here is raised again by the caller.
            continue
    if not running.cancelled():
        running.exception()
