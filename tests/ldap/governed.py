"""A registry in memory that takes its users from a real OpenLDAP server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.slapd import GROUPS, PEOPLE, READER, Slapd

from pratique.http.wire.messages import Response
from pratique.testing.registry_in_memory import RegistryInMemory, basic, bearer

SCOPE = "repository:team/app:pull"


@dataclass
class Governed:
    """The registry, and what people do there."""

    registry: RegistryInMemory
    ldap: Slapd

    async def set_up(self, url: str | None = None, **more: Any) -> Any:
        """Take users from the server; what is given last wins."""
        setup = {
            "url": url or self.ldap.url,
            "kind": "openldap",
            "user_base": PEOPLE,
            "group_base": GROUPS,
            "bind_dn": READER,
            "bind_password_file": str(self.ldap.password_file),
            "ca_file": str(self.ldap.ca_file),
            **more,
        }
        return await self.registry.manage("PUT", "/ldap", setup)

    async def sync(self, *, force: bool = False) -> dict[str, list[str]]:
        """What a sync changed, by name."""
        done = await self.registry.manage("POST", "/ldap/sync", {"force": force})
        return {change["name"]: change["changes"] for change in done["changes"]}

    async def left_out(self) -> dict[str, str]:
        """Why entries would stay out of the next sync, by name."""
        done = await self.registry.manage("POST", "/ldap/sync", {"dry_run": True})
        return {conflict["name"]: conflict["reason"] for conflict in done["conflicts"]}

    async def refused(self, method: str, address: str, content: Any = None) -> tuple[int, str]:
        """Status and sentence of a request by the folder's owner that is refused."""
        answer = await self.registry.ask(
            method,
            f"/api/v1{address}",
            headers={"content-type": "application/json"},
            body=b"" if content is None else json.dumps(content).encode(),
            inside=True,
        )
        return answer.status, message(answer)

    async def states(self) -> dict[str, bool]:
        """Whether users are enabled, by name; without the owner."""
        users = await self.registry.manage("GET", "/users")
        return {u["username"]: u["enabled"] for u in users if u["username"] != "owner"}

    async def assign(self, name: str) -> None:
        """Let somebody, or a group, pull."""
        wanted = {"role": "AcrPull", "principal": name}
        await self.registry.manage("POST", "/role-assignments", wanted)

    async def sign_in(self, name: str, password: str) -> Response:
        """The answer to what `docker login` asks."""
        address = f"/oauth2/token?service={self.registry.host}&scope={SCOPE}"
        headers = {"authorization": basic(name, password)}
        return await self.registry.ask("GET", address, headers=headers)

    async def token(self, name: str, password: str) -> str:
        """An access token."""
        return await self.registry.token((name, password), SCOPE)

    async def pull(self, token: str) -> int:
        """The status of a pull; 404 when it is admitted, since there is nothing to pull."""
        headers = {"authorization": bearer(token)}
        answer = await self.registry.ask("GET", "/v2/team/app/manifests/v1", headers=headers)
        return answer.status


@asynccontextmanager
async def governed(ldap: Slapd) -> AsyncIterator[Governed]:
    """A registry with the server set up, and nobody from it yet."""
    registry = await RegistryInMemory.start()
    try:
        scene = Governed(registry, ldap)
        await scene.set_up()
        yield scene
    finally:
        registry.stop()


def message(answer: Response) -> str:
    """The sentence of a refusal."""
    assert isinstance(answer.body, bytes)
    found: str = json.loads(answer.body)["errors"][0]["message"]
    return found
