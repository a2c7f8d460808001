"""Callers of a registry in memory, the questions they ask, and commands typed as API calls."""

from __future__ import annotations

import json
import shlex
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pratique.http.wire.messages import Response
from pratique.testing.registry_in_memory import RegistryInMemory, basic, bearer

REGISTRIES = "Microsoft.ContainerRegistry/registries/"
REPOSITORY_NAME = f"@Request[{REGISTRIES}repositories:name]"
READER = "Container Registry Repository Reader"
ADMITTED = 404
# The narrowest roles that let somebody pull, one for each mode of a registry.
PULLS = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    READER: "b93aa761-3e63-49ed-ac28-beffa264f7ac",
}
_INDEX = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'


@asynccontextmanager
async def running() -> AsyncIterator[RegistryInMemory]:
    """A registry in memory, stopped afterwards."""
    registry = await RegistryInMemory.start()
    try:
        yield registry
    finally:
        registry.stop()


@dataclass(frozen=True)
class Robot:
    """A service principal with its secret."""

    registry: RegistryInMemory
    name: str
    client_id: str
    object_id: str
    secret: str

    @classmethod
    async def make(cls, registry: RegistryInMemory, name: str, *held: str) -> Robot:
        """A new one that holds these roles at the registry."""
        made = await registry.manage("POST", "/service-principals", {"name": name})
        robot = cls(registry, name, made["client_id"], made["object_id"], made["secret"])
        for role in held:
            await robot.given(role)
        return robot

    async def given(self, role: str, **wanted: Any) -> dict[str, Any]:
        """Give it a role, at the registry unless a scope is given; the assignment."""
        content = {"role": role, "principal": self.object_id, **wanted}
        made: dict[str, Any] = await self.registry.manage("POST", "/role-assignments", content)
        return made

    async def may(self, *permissions: str) -> None:
        """Give it a custom role with these actions, at the registry."""
        name = f"role of {self.name}"
        content = {"name": name, "actions": list(permissions)}
        await self.registry.manage("POST", "/role-definitions", content)
        await self.given(name)

    @property
    def headers(self) -> dict[str, str]:
        """What it sends with each request."""
        return {"authorization": basic(self.client_id, self.secret)}

    async def bearer(self, repository: str, actions: str = "pull") -> dict[str, str]:
        """What it sends with each request once it has got a token for this."""
        credentials = (self.client_id, self.secret)
        scope = f"repository:{repository}:{actions}"
        return {"authorization": bearer(await self.registry.token(credentials, scope))}

    async def calls(
        self, method: str, address: str, content: Any = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a call of the management API."""
        body = b"" if content is None else json.dumps(content).encode()
        headers = {**self.headers, "content-type": "application/json"}
        answer = await self.registry.ask(method, f"/api/v1{address}", headers=headers, body=body)
        return answer.status, json.loads(answer.body)

    async def pulls(self, repository: str, headers: dict[str, str] | None = None) -> int:
        """The status of a pull of what is not there: `ADMITTED` for those who may."""
        return (await manifest_of(self.registry, repository, headers or self.headers)).status


async def manifest_of(
    registry: RegistryInMemory, repository: str, headers: dict[str, str]
) -> Response:
    """The answer to a pull of a tag that is not there."""
    return await registry.ask("GET", f"/v2/{repository}/manifests/absent", headers=headers)


async def push(registry: RegistryInMemory, repository: str) -> None:
    """Let the repository exist."""
    headers = {"content-type": "application/vnd.oci.image.index.v1+json"}
    address = f"/v2/{repository}/manifests/v1"
    answer = await registry.ask("PUT", address, headers=headers, body=_INDEX, inside=True)
    assert answer.status == 201


async def check(
    registry: RegistryInMemory, principal: str, action: str, resource: str
) -> dict[str, Any]:
    """The verdict, asked by the owner of the folder."""
    wanted = {"principal": principal, "action": action, "resource": resource}
    found: dict[str, Any] = await registry.manage("POST", "/access/check", wanted)
    return found


async def who_can(registry: RegistryInMemory, action: str, resource: str) -> list[dict[str, Any]]:
    """Everybody who may, asked by the owner of the folder."""
    wanted = {"action": action, "resource": resource}
    found: list[dict[str, Any]] = (await registry.manage("POST", "/access/who-can", wanted))[
        "holders"
    ]
    return found


async def type_in(registry: RegistryInMemory, commands: Iterable[str]) -> None:
    """Do what the commands would do, as the owner of the folder.

    Raises:
        AssertionError: a command is unknown here, or fails.
    """
    for line in commands:
        for command in line.split(" && "):
            await registry.manage(*_call(shlex.split(command)))


def _call(  # noqa: C901, PLR0911, PLR0912 - one for each command
    words: list[str],
) -> tuple[str, str, Any]:
    """Method, address and JSON of the call that a command makes."""
    plain, options = _split(words)
    first: dict[str, Any] = {
        name.removeprefix("--"): values[0] for name, values in options.items() if values
    }
    at: dict[str, Any] = {name: first[name] for name in ("scope", "condition") if name in first}
    match plain:
        case ["pratique", "role", "assign", role]:
            for word in ("replace", "also"):
                if f"--{word}" in options:
                    at["when_present"] = word
            at |= {"repositories": options.get("--repository", [])}
            return "POST", "/role-assignments", {"role": role, "principal": first["to"], **at}
        case ["pratique", "role", "unassign"]:
            return "DELETE", f"/role-assignments/{first['id']}", None
        case ["pratique", "role", "unassign", role]:
            query = urlencode({"role": role, "principal": first["from"], **at})
            return "DELETE", f"/role-assignments?{query}", None
        case ["pratique", "sp" | "user" | "token" as kind, "enable", name]:
            place = {"sp": "service-principals", "user": "users", "token": "tokens"}[kind]
            return "POST", f"/{place}/{name}/enable", None
        case ["pratique", "token", "update", name]:
            return "PATCH", f"/tokens/{name}", {"scope_map": first["scope-map"]}
        case ["pratique", "deny", "update", name]:
            return "PATCH", f"/deny-assignments/{quote(name)}", {"exclude": options["--exclude"]}
        case ["pratique", "scope-map", "create", name]:
            return "POST", "/scope-maps", {"name": name, "actions": _rules(options)}
        case ["pratique", "scope-map", "update", name]:
            return "PATCH", f"/scope-maps/{name}", {"add": _rules(options)}
        case ["pratique", "anonymous-pull", "on"]:
            return "PATCH", "/registry", {"anonymous_pull": True}
        case ["pratique", "admin-user", "enable"]:
            return "POST", "/admin-user/enable", None
        case _:
            raise AssertionError(f"no such command is known here: {words}")


def _split(words: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Words that are no option, and the values of each option; none for a switch."""
    plain: list[str] = []
    options: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            plain.append(word)
        elif word in {"--replace", "--also"}:
            options[word] = []
        else:
            options.setdefault(word, []).append(rest.pop(0))
    return plain, options


def _rules(options: dict[str, list[str]]) -> list[str]:
    return [f"repositories/{name.replace(':', '/', 1)}" for name in options["--allow"]]
