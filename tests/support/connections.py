"""A client that knows nothing but HTTP, for tests of connections themselves."""

from __future__ import annotations

import base64
import hashlib
from http.client import HTTPConnection, HTTPResponse

DEADLINE_SECONDS = 30.0


class Client:
    """One connection of somebody who may do everything."""

    def __init__(self, host: str, user: tuple[str, str]) -> None:
        name, _, port = host.partition(":")
        self.http = HTTPConnection(name, int(port), timeout=DEADLINE_SECONDS)
        secret = base64.b64encode(":".join(user).encode()).decode()
        self._who = {"authorization": f"Basic {secret}"}

    def ask(self, method: str, address: str, body: bytes = b"", **fields: str) -> HTTPResponse:
        """The answer; its body is there to be read."""
        headers = {**self._who, **{k.replace("_", "-"): v for k, v in fields.items()}}
        self.http.request(method, address, body or None, headers)
        return self.http.getresponse()

    def answered(self, method: str, address: str, body: bytes = b"", **fields: str) -> int:
        """The status of an answer that was read to its end."""
        answer = self.ask(method, address, body, **fields)
        answer.read()
        return answer.status

    def upload_address(self, content: bytes) -> str:
        """Where `content` can be put in one request."""
        answer = self.ask("POST", "/v2/team/app/blobs/uploads/")
        answer.read()
        location = answer.getheader("location") or ""
        path = location[location.index("/v2/") :]
        return f"{path}{'&' if '?' in path else '?'}digest={digest(content)}"

    def begin_put(self, address: str, first: bytes, length: int) -> None:
        """Send the head of a PUT and a part of its body."""
        self.http.putrequest("PUT", address)
        for name, value in {**self._who, "content-length": str(length)}.items():
            self.http.putheader(name, value)
        self.http.endheaders()
        self.http.send(first)


def digest(content: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
