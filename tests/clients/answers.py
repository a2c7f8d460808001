"""Which answer of the server refused a client, read from the server's own log."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

# The server writes its lines at the latest after a fifth of a second.
_WRITTEN_SECONDS = 0.25
# What tests themselves ask with, while they make a situation.
_TESTS_OWN = ("python-httpx", "Python-urllib")
_TOKEN_ENDPOINT = "token endpoint"
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
        log: of the server.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._heard = log.stat().st_size

    def refused_by(self) -> str:
        """The refusal that counted, for instance `403 HEAD manifest`; empty when nothing refused.

        A refusal of the token endpoint counts before all others, since a client without a token
        goes no further; it counts the first time, since some clients insist. A 401 elsewhere
        counts last: mostly it only says where tokens are to be had.
        """
        refusals = [r for r in self.requests() if r["status"] >= 400]
        if not refusals:
            return ""
        at_token_endpoint = [r for r in refusals if _place(r["path"]) == _TOKEN_ENDPOINT]
        if at_token_endpoint:
            return f"{at_token_endpoint[0]['status']} {_TOKEN_ENDPOINT}"
        heaviest = max(map(_weight, refusals))
        counted = [r for r in refusals if _weight(r) == heaviest][-1]
        return f"{counted['status']} {counted['method']} {_place(counted['path'])}"

    def requests(self) -> list[dict[str, Any]]:
        """The canonical lines of all requests of clients that were answered since."""
        time.sleep(_WRITTEN_SECONDS)
        with self._log.open("rb") as log:
            log.seek(self._heard)
            lines = [json.loads(line) for line in log if line.startswith(b"{")]
        requests = [line for line in lines if line["event"] == "request"]
        return [line for line in requests if not line["agent"].startswith(_TESTS_OWN)]


def _place(path: str) -> str:
    return next((name for name, pattern in _PLACES if pattern.fullmatch(path)), path)


def _weight(request: dict[str, Any]) -> int:
    return {401: 0, 403: 2}.get(request["status"], 1)
