"""A conversation with one registry: requests out, parsed JSON or a failure in plain words back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from pratique.cli.defaults import DEFAULT_LISTEN
from pratique.cli.failures import Failed

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# Of one list: a registry that never comes to an end must not hold the programme for ever.
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        path: not encoded, beginning with `/`.
        query: parameters, not encoded.
        content: the body; empty for none.
        content_type: of the body; None for none.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        link: the value of the `Link` header; None when there is no further page.
        challenge: the value of `WWW-Authenticate`; None when there is none.
    """

    status: int
    content: bytes
    link: str | None = None
    challenge: str | None = None


class Transport(Protocol):
    """Carries requests to a registry."""

    def send(self, call: Call) -> Reply:
        """The registry's answer, whatever its status.

        Raises:
            Failed: no answer came.
        """
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """Calls that either succeed or fail with the registry's own words.

    Attributes:
        transport: carries the requests.
        registry: how to name the registry to the user.
        chosen_by: the option by which the user chose the registry, to be repeated in commands
            that are shown; empty when none was needed.
        host: for image names, when it is known without asking.
        login_again: the command that helps when the registry does not know the caller.
    """

    transport: Transport
    registry: str
    chosen_by: str = ""
    host: str | None = None
    login_again: str = "pratique login SERVER"

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The parsed answer; None when it is empty.

        Args:
            method: of HTTP.
            path: not encoded; `address` makes it from names.
            body: sent as JSON; parameters that are None are left out.
            query: parameters.

        Raises:
            Failed: the registry refused, or cannot be reached.
        """
        return self._parsed(self._send(method, path, body, query))

    def every_page(self, path: str, key: str) -> list[Any]:
        """The entries under `key` of all pages of a list.

        Raises:
            Failed: as `call`; also when the registry's pages go in a circle or have no end.
        """
        query: dict[str, str] = {}
        found: list[Any] = []
        for _ in range(MOST_PAGES):
            reply = self._send("GET", path, None, query)
            found += self._parsed(reply)[key]
            if reply.link is None:
                return found
            following = _query_of(reply.link)
            if following == query:
                raise Failed(f"{self.registry} gives the same page of `{path}` again and again")
            query = following
        raise Failed(
            f"{self.registry} gives more than {MOST_PAGES:,} pages of `{path}`; "
            "if it has that many, ask it for them page by page"
        )

    def image_host(self) -> str:
        """The host that stands before a repository in an image's name, as well as it is known."""
        if self.host is not None:
            return self.host
        return str(self.call("GET", address("registry"))["login_server"] or DEFAULT_LISTEN)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
    ) -> Reply:
        content, content_type = b"", None
        if body is not None:
            given = {name: value for name, value in body.items() if value is not None}
            content, content_type = json.dumps(given).encode(), JSON
        reply = self.transport.send(Call(method, path, query or {}, content, content_type))
        if reply.status >= 400:
            raise self._failure(reply)
        return reply

    def _parsed(self, reply: Reply) -> Any:
        if not reply.content:
            return None
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            raise Failed(f"{self.registry} does not answer as a Pratique registry") from error

    def _failure(self, reply: Reply) -> Failed:
        code, message = problem_of(reply, self.registry)
        if reply.status == 401:
            message = f"{message.rstrip('.')}; log in again with `{self.login_again}`"
        return Failed(message, code=code)


def address(*parts: str) -> str:
    """The path of the management API below which `parts` stand.

    Raises:
        Failed: a part cannot stand in a path.
    """
    for part in parts:
        if not part or "/" in part or part in {".", ".."}:
            raise Failed(f"`{part}` cannot be looked up by this name; give the object id instead")
    return "/".join(["/api/v1", *parts])


def problem_of(reply: Reply, registry: str) -> tuple[str, str]:
    """Code and words of a refusal, in the registry's own form wherever it has that form."""
    try:
        first = json.loads(reply.content)["errors"][0]
        return str(first["code"]), str(first["message"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return "UNKNOWN", f"{registry} answered with status {reply.status} and no explanation"


def _query_of(link: str) -> dict[str, str]:
    target = link.partition("<")[2].partition(">")[0]
    return dict(parse_qsl(target.partition("?")[2]))
