"""Coroutines as tests, and bodies as clients send them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that runs the coroutine function in an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def body_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A body that arrives in these pieces, giving way to other tasks between them."""
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


class ClientGone(OSError):
    """The client closed its connection; like any `OSError` of a socket, not the disk's."""


async def broken_body(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A body whose client goes away after these pieces.

    Raises:
        ClientGone: after the last piece.
    """
    async for piece in body_of(pieces):
        yield piece
    raise ClientGone("the client went away")


async def stalled_body(first: bytes, arrived: asyncio.Event) -> AsyncIterator[bytes]:
    """A body that sends one piece, sets `arrived`, and then nothing more for ever."""
    yield first
    arrived.set()
    await asyncio.Event().wait()
