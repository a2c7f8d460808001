"""Which answer of the server refused a client, read from the server's own log."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from typing import Any

from tests.support.live_server import LiveServer

from pratique.assembly import new_id

_PATIENCE_SECONDS = 30.0
# What tests themselves ask with, while they make a situation.
_TESTS_OWN = ("python-httpx", "Python-urllib")
_TOKEN_ENDPOINT = "token endpoint"
_OF_A_REPOSITORY = re.compile("/v2/.+/(manifests|blobs|tags)/")
_PLACES = (
    (_TOKEN_ENDPOINT, re.compile(r"/oauth2/token")),
    ("`/v2/`", re.compile(r"/v2/?")),
    ("manifest", re.compile(r"/v2/.+/manifests/.+")),
    ("upload", re.compile(r"/v2/.+/blobs/uploads/.*")),
    ("blob", re.compile(r"/v2/.+/blobs/.+")),
    ("tags", re.compile(r"/v2/.+/tags/list")),
)


class Listener:
    """Hears what a server answers from now on.

    Args:
        server: with one worker, so that its lines stand in the order of its answers.
    """

    def __init__(self, server: LiveServer) -> None:
        self._server = server
        self._heard = server.log.stat().st_size

    def refused_by(self, repository: str) -> str:
        """The refusal that counted, for instance `403 HEAD manifest`; empty when nothing refused.

        Requests for other repositories than that one do not count: a daemon may still be at layers
        of a push that was refused, and told, before.

        A refusal of the token endpoint counts before all others, since a client without a token
        goes no further; it counts the first time, since some clients insist. A 401 elsewhere
        counts last: mostly it only says where tokens are to be had.
        """
        refusals = [
            r
            for r in self.requests()
            if r["status"] >= 400 and not _is_of_another(r["path"], repository)
        ]
        if not refusals:
            return ""
        at_token_endpoint = [r for r in refusals if _place(r["path"]) == _TOKEN_ENDPOINT]
        if at_token_endpoint:
            return f"{at_token_endpoint[0]['status']} {_TOKEN_ENDPOINT}"
        heaviest = max(map(_weight, refusals))
        counted = [r for r in refusals if _weight(r) == heaviest][-1]
        return f"{counted['status']} {counted['method']} {_place(counted['path'])}"

    def requests(self) -> list[dict[str, Any]]:
        """The canonical lines of all requests of clients that were answered since.

        Raises:
            AssertionError: the server does not write what it answered.
        """
        last = f"/v2/{new_id()}/tags/list"
        self._ask(last)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            requests = self._written()
            if any(line["path"] == last for line in requests):
                return [line for line in requests if not line["agent"].startswith(_TESTS_OWN)]
            time.sleep(0.05)
        raise AssertionError(f"{self._server.log} has no line of the last request")

    def _ask(self, path: str) -> None:
        # What it answers does not matter: its line comes after all those that are waited for.
        try:
            urllib.request.urlopen(self._server.url + path, timeout=_PATIENCE_SECONDS).close()
        except urllib.error.HTTPError as refused:
            refused.close()

    def _written(self) -> list[dict[str, Any]]:
        with self._server.log.open("rb") as log:
            log.seek(self._heard)
            whole = log.read().rpartition(b"\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        return [line for line in lines if line["event"] == "request"]


def _place(path: str) -> str:
    return next((name for name, pattern in _PLACES if pattern.fullmatch(path)), path)


def _is_of_another(path: str, repository: str) -> bool:
    return _OF_A_REPOSITORY.match(path) is not None and not path.startswith(f"/v2/{repository}/")


def _weight(request: dict[str, Any]) -> int:
    return {401: 0, 403: 2, 405: 2}.get(request["status"], 1)
