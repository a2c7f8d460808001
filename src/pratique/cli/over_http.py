"""Requests to a running registry over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx

from pratique.cli.failures import Failed
from pratique.cli.logins import Login
from pratique.cli.servers import (
    NULL_GUID,
    host_of,
    leads_to_this_machine,
    trusted,
    unreachable,
)
from pratique.cli.session import Call, Reply

TIMEOUT_SECONDS = 60.0
MOST_BYTES = 64 * 1024 * 1024


class OverHttp:
    """A transport to one server.

    Args:
        url: `http://HOST` or `https://HOST`.
        credentials: user name and password for every request; None for none.
        ca_file: certificates to trust beside those that the system trusts.

    Raises:
        Failed: the file holds no certificates.
    """

    def __init__(
        self, url: str, credentials: tuple[str, str] | None = None, ca_file: Path | None = None
    ) -> None:
        self._url = url
        self._host = host_of(url)
        # Loading the system's certificates takes longer than a request; plain HTTP needs none.
        verified_by = trusted(ca_file) if url.startswith("https:") else False
        self._client = httpx.Client(
            auth=credentials,
            verify=verified_by,
            timeout=TIMEOUT_SECONDS,
            # A proxy of the environment does not lead back to this machine.
            trust_env=not leads_to_this_machine(url),
        )

    def send(self, call: Call) -> Reply:
        """The server's answer.

        Raises:
            Failed: none came, with what to do about it.
        """
        query = f"?{urlencode(call.query)}" if call.query else ""
        # Asked for as it is: what unpacks to more than it may is not unpacked at all.
        headers = {"accept-encoding": "identity"}
        if call.content_type:
            headers["content-type"] = call.content_type
        try:
            with self._client.stream(
                call.method,
                f"{self._url}{quote(call.path, safe='/')}{query}",
                headers=headers,
                content=call.content or None,
            ) as response:
                content = self._content(response)
        except httpx.TimeoutException as error:
            raise Failed(
                f"{self._host} did not answer within {TIMEOUT_SECONDS:.0f} seconds; try again"
            ) from error
        except httpx.HTTPError as error:
            raise Failed(unreachable(self._host, str(error))) from error
        return Reply(response.status_code, content, response.headers.get("link"))

    def _content(self, response: httpx.Response) -> bytes:
        end = time.monotonic() + TIMEOUT_SECONDS
        received = bytearray()
        for piece in response.iter_raw():
            received += piece
            if len(received) > MOST_BYTES or time.monotonic() > end:
                raise Failed(f"the answer of {self._host} is too large or takes too long")
        return bytes(received)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def logged_in(login: Login) -> OverHttp:
    """A transport that shows what the login keeps."""
    return OverHttp(login.url, login.shown(NULL_GUID), login.trusts)
