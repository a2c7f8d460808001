"""A server with two registries in memory, for tests that take what one gave to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from pratique.testing.registry_in_memory import HOST, RegistryInMemory

SECOND = "second.test"
THIRD = "third.test:5000"


@asynccontextmanager
async def two(
    external_url: str | None = None,
) -> AsyncIterator[tuple[RegistryInMemory, RegistryInMemory]]:
    """The home registry, and one called `secondregistry` beside it, by its host."""
    home = await RegistryInMemory.start(external_url=external_url)
    try:
        await home.manage("PATCH", "/registry", {"login_server": HOST})
        await make(home, "secondregistry", SECOND)
        yield home, at(home, SECOND)
    finally:
        home.stop()


async def make(home: RegistryInMemory, name: str, login_server: str) -> None:
    """Make a registry."""
    await home.manage("POST", "/registries", {"name": name, "login_server": login_server})


def at(registry: RegistryInMemory, host: str) -> RegistryInMemory:
    """The same server, addressed by another host."""
    return replace(registry, host=host)
