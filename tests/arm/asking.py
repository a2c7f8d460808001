"""Who asks the resource manager of a registry in memory, and how."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tests.wire.governing import Robot

from pratique.testing.registry_in_memory import RegistryInMemory, bearer

ARM: Final = "https://management.azure.com/"
GRAPH: Final = "https://graph.microsoft.com/"
ACR: Final = "https://containerregistry.azure.net"
VERSION: Final = "api-version=2022-04-01"


@dataclass(frozen=True)
class Answer:
    """A status and the JSON that came with it; None for nothing."""

    status: int
    content: Any
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """The first value of a header; None when it is not there."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def code(self) -> str:
        """The code of a failure."""
        return str(self.content["error"]["code"])

    @property
    def message(self) -> str:
        """The words of a failure."""
        return str(self.content["error"]["message"])


@dataclass(frozen=True)
class Asking:
    """Somebody with a token for one resource."""

    registry: RegistryInMemory
    token: str

    async def __call__(self, method: str, address: str, content: Any = None) -> Answer:
        """The answer to a request; a version is added where the address has no query."""
        if "?" not in address and not address.startswith("/v1.0/"):
            address = f"{address}?{VERSION}"
        headers = {"authorization": bearer(self.token), "content-type": "application/json"}
        body = b"" if content is None else json.dumps(content).encode()
        response = await self.registry.ask(method, address, headers=headers, body=body)
        content = json.loads(response.body) if response.body else None
        return Answer(response.status, content, tuple(response.headers))


async def tenant_of(registry: RegistryInMemory) -> str:
    """The directory's id."""
    return str((await registry.manage("GET", "/registry"))["tenant_id"])


async def scope_of(registry: RegistryInMemory) -> str:
    """The registry's resource id."""
    return str((await registry.manage("GET", "/registry"))["id"])


async def token_of(registry: RegistryInMemory, robot: Robot, resource: str) -> str:
    """A token of the directory for a resource."""
    form = {
        "grant_type": "client_credentials",
        "client_id": robot.client_id,
        "client_secret": robot.secret,
        "scope": f"{resource}/.default",
    }
    response = await registry.ask(
        "POST",
        f"/{await tenant_of(registry)}/oauth2/v2.0/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )
    assert response.status == 200, response.body
    return str(json.loads(response.body)["access_token"])


async def asking(registry: RegistryInMemory, robot: Robot, resource: str = ARM) -> Asking:
    """A service principal that asks with a token of its own."""
    return Asking(registry, await token_of(registry, robot, resource))


async def owner_of_all(registry: RegistryInMemory, resource: str = ARM) -> Asking:
    """A service principal with the role Owner at `/`."""
    robot = await Robot.make(registry, f"boss for {resource}")
    await robot.given("Owner", scope="/")
    return await asking(registry, robot, resource)
