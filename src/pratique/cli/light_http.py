"""A transport for programmes that other programmes start for a single request.

It loads in a quarter of the time of `over_http`, whose connection pays off only over several
requests.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pratique.cli.failures import Failed
from pratique.cli.servers import host_of, leads_to_this_machine, trusted, unreachable
from pratique.cli.session import Call, Reply

if TYPE_CHECKING:
    import ssl

TIMEOUT_SECONDS = 15.0
_MAX_ANSWER = 1024 * 1024


class LightHttp:
    """A transport to one server. It follows no redirect: what is sent is for that server alone.

    Args:
        url: `http://HOST` or `https://HOST`.
        ca_file: certificates to trust beside those that the system trusts.
        timeout: seconds without a sign of the server.
        context: what is trusted, in place of all that; None for the above.

    Raises:
        Failed: the file holds no certificates.
    """

    def __init__(
        self,
        url: str,
        ca_file: Path | None = None,
        timeout: float = TIMEOUT_SECONDS,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._host = host_of(url)
        self._timeout = timeout
        # An opener of these parts alone hands back every status as it came.
        self._opener = urllib.request.OpenerDirector()
        if not leads_to_this_machine(url):
            self._opener.add_handler(urllib.request.ProxyHandler())
        if url.startswith("https:"):
            trust = context or trusted(ca_file)
            self._opener.add_handler(urllib.request.HTTPSHandler(context=trust))
        else:
            self._opener.add_handler(urllib.request.HTTPHandler())

    def send(self, call: Call) -> Reply:
        """The server's answer.

        Raises:
            Failed: none came, with what to do about it.
        """
        query = f"?{urlencode(call.query)}" if call.query else ""
        request = urllib.request.Request(  # noqa: S310 - the opener knows no scheme but HTTP's
            f"{self._url}{quote(call.path, safe='/')}{query}",
            data=call.content or None,
            headers={"content-type": call.content_type} if call.content_type else {},
            method=call.method,
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                content = response.read(_MAX_ANSWER)
                headers = response.headers
                link, challenge = headers.get("link"), headers.get("www-authenticate")
                return Reply(response.status, content, link, challenge)
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, TimeoutError):
                raise Failed(
                    f"{self._host} did not answer within {self._timeout:.0f} seconds; try again"
                ) from error
            raise Failed(unreachable(self._host, str(cause))) from error

    def close(self) -> None:
        """Nothing is kept open."""
        self._opener.close()
