"""A real registry behind TLS that a test governs, and the exchange as clients use it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.clients.images import Image, build_image
from tests.clients.registry_clients import Account, Reference
from tests.clients.stage import put_image
from tests.support.live_server import NULL_GUID, LiveServer, live_server

SCOPE = "https://containerregistry.azure.net/.default"
_REPOSITORY, _TAG = "ways/app", "v1"


class NotAdmitted(Exception):
    """The exchange gave no token; the message is what it said."""


@dataclass(frozen=True)
class Governed:
    """A server with one image, and its owner at the management API.

    Attributes:
        tenant: of the directory.
        issuer: an outside issuer that the server can reach, and does not trust by itself.
        http: a client that trusts the server's certificate.
        image: what `reference` leads to.
    """

    server: LiveServer
    tenant: str
    issuer: str
    http: httpx.Client
    image: Image
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def host(self) -> str:
        """As it stands in an image's name."""
        return self.server.host

    @property
    def reference(self) -> Reference:
        """The image's name."""
        return Reference(self.host, _REPOSITORY, _TAG)

    @property
    def authority(self) -> dict[str, Any]:
        """What every credential of azure-identity is told."""
        return {
            "authority": self.server.url,
            "disable_instance_discovery": True,
            "connection_verify": str(self.server.certificate),
        }

    def new_name(self, kind: str) -> str:
        """A name that nobody has yet."""
        return f"{kind}-{next(self._numbers)}"

    def manage(self, method: str, address: str, content: Any = None, **query: str) -> Any:
        """The JSON of a call of the management API that succeeds."""
        answer = self.http.request(
            method, f"/api/v1{address}", json=content, params=query, auth=self.server.owner
        )
        assert answer.is_success, (method, address, answer.text)
        return answer.json()

    def exchange(self, token: str) -> Account:
        """What a client logs in with, for a token of the directory or of an outside issuer.

        Raises:
            NotAdmitted: the token or its owner was refused.
        """
        form = {"grant_type": "access_token", "service": self.host, "access_token": token}
        answer = self.http.post("/oauth2/exchange", data=form)
        if not answer.is_success:
            raise NotAdmitted(answer.text)
        return Account("", NULL_GUID, answer.json()["refresh_token"])

    def push(self) -> None:
        """Put the image into the registry, as the owner."""
        put_image(self.http, self.reference, self.image, self.server.owner)


@contextmanager
def governed(folder: Path, issuer: str) -> Iterator[Governed]:
    """Serve a new registry with one image.

    Args:
        folder: an empty folder.
        issuer: of an outside provider on loopback.
    """
    with live_server(folder / "data", tls=True, options=("--allow-private-issuers",)) as server:
        trusted = ssl.create_default_context(cafile=server.certificate)
        with httpx.Client(base_url=server.url, verify=trusted, timeout=60) as http:
            tenant = server.pratique("registry", "show")["tenant_id"]
            registry = Governed(server, tenant, issuer, http, build_image("every way in"))
            registry.push()
            yield registry
