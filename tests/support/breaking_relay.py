"""A TCP relay in the running loop that counts what clients ask, is silent, or breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_AT_ONCE = 65536


class BreakingRelay:
    """Relays to a port of this machine.

    Attributes:
        port: at which it listens.
        requests: how often a client sent something.
        silent: whether what clients send is swallowed.
        break_at: connections end when a client sends this; None for never.
        after: whether the server is still given it and has answered by then.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests = 0
        self.silent = False
        self.break_at: bytes | None = None
        self.after = False

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay a connection until one side ends it."""
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        answers = asyncio.create_task(self._answers(there, writer))
        try:
            with suppress(OSError):
                await self._asks(reader, back, answers)
        finally:
            answers.cancel()
            writer.close()
            back.close()
            self._tasks.discard(task)

    async def end(self) -> None:
        """End all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _asks(
        self,
        client: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        answers: asyncio.Task[None],
    ) -> None:
        while data := await client.read(_AT_ONCE):
            self.requests += 1
            if self.silent:
                continue
            if self.break_at is None or self.break_at not in data:
                server.write(data)
                continue
            # Nothing is told to the client any more.
            answers.cancel()
            if self.after:
                server.write(data)
                server.write_eof()
                with suppress(asyncio.CancelledError):
                    await answers
                await asyncio.sleep(0.2)
            return

    async def _answers(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await server.read(_AT_ONCE):
                client.write(data)


@asynccontextmanager
async def breaking_relay_to(target: int) -> AsyncIterator[BreakingRelay]:
    """A relay to a port of this machine, ended on leaving."""
    relay = BreakingRelay(target)
    server = await asyncio.start_server(relay.accepted, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.end()
