"""Requests to a data folder, answered in this process for whoever owns the folder."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from urllib.parse import urlencode

from pratique.assembly import is_prepared, open_registry
from pratique.cli.failures import Failed
from pratique.cli.serve_options import checked_hosts
from pratique.cli.session import Call, Reply, problem_of
from pratique.cli.storage_failures import storage_failures_told
from pratique.http.wire.messages import HeadersOfOne, Request, Response
from pratique.observability import LineLog
from pratique.registry import ContentError
from pratique.settings import Places

# What no client calls the home registry; it stands in answers only where that has no login server
# of its own.
_HOST = "localhost"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._content:
            yield self._content


class InProcess:
    """A transport to a registry in a folder; works beside a server that serves it.

    Args:
        places: where it is kept.
        registry: the name of one of the registries that are kept there; None for the home registry.

    Raises:
        Failed: there is no registry in it, or none of that name, or it cannot be read.
    """

    def __init__(self, places: Places, registry: str | None = None) -> None:
        try:
            with storage_failures_told(places.of_rows):
                if not is_prepared(places):
                    raise Failed(
                        f"there is no registry in {places.of_rows}; make one with "
                        f"`pratique init --data {places.data}`"
                    )
                # Whoever owns the folder asks from this machine what they could ask without us.
                self._opened = open_registry(
                    places,
                    LineLog(None),
                    allow_private_issuers=True,
                    import_from=checked_hosts(os.environ.get("PRATIQUE_IMPORT_FROM", "").split()),
                )
        except OSError as error:
            raise Failed(f"{places.of_rows} cannot be used: {error}") from error
        self._places = places
        self._runner = asyncio.Runner()
        self._host = _HOST
        if registry is not None:
            try:
                self._host = self._login_server(registry)
            except Failed:
                self.close()
                raise

    def send(self, call: Call) -> Reply:
        """The answer; nobody is asked who they are, since the folder is theirs.

        Raises:
            Failed: the disk is full or fails.
        """
        headers = {"content-type": call.content_type} if call.content_type else {}
        request = Request(
            method=call.method,
            path=call.path,
            query=urlencode(call.query),
            headers=HeadersOfOne(headers),
            scheme="http",
            host=self._host,
            client="",
            body=_Body(call.content),
        )
        try:
            response = self._runner.run(self._answer(request))
        except (ContentError, OSError) as error:
            raise Failed(f"{self._places.of_rows} cannot be used: {error}") from error
        link = next((value for name, value in response.headers if name == "link"), None)
        return Reply(response.status, response.body, link)

    def close(self) -> None:
        """Close the folder."""
        self._runner.close()
        self._opened.close()

    def _login_server(self, name: str) -> str:
        """By which requests are for the registry of that name.

        Raises:
            Failed: there is none.
        """
        reply = self.send(Call("GET", "/api/v1/registries"))
        if reply.status != 200:
            raise Failed(problem_of(reply, f"the folder {self._places.of_rows}")[1])
        found = json.loads(reply.content)
        for registry in found:
            if str(registry["name"]).casefold() == name.casefold():
                return str(registry["login_server"] or _HOST)
        names = ", ".join(f"`{registry['name']}`" for registry in found)
        raise Failed(f"there is no registry `{name}` in {self._places.of_rows}; there is {names}")

    async def _answer(self, request: Request) -> Response:
        return await self._opened.as_folder_owner(request)
