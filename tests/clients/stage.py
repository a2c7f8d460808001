"""A real registry with people on it, as the client tests need them."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass

import httpx
from tests.clients.images import MANIFEST_TYPE, Image, digest_of
from tests.clients.registry_clients import Account, Reference, basic
from tests.support.live_server import LiveServer

TAG = "1.0.0"
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass(frozen=True)
class Stage:
    """A live server and three service principals.

    Attributes:
        publisher: holds AcrPush.
        reader: holds AcrPull.
        stranger: holds no role.
    """

    server: LiveServer
    publisher: Account
    reader: Account
    stranger: Account

    def reference(self, repository: str) -> Reference:
        """The tag that all tests use, of one repository."""
        return Reference(self.server.host, repository, TAG)

    def digest_of(self, reference: Reference) -> str:
        """What the registry itself says a tag points to, asked as the publisher."""
        request = urllib.request.Request(
            f"{self.server.url}/v2/{reference.repository}/manifests/{reference.tag}",
            method="HEAD",
            headers={"Authorization": basic(self.publisher), "Accept": _MANIFESTS},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            digest: str = answer.headers["Docker-Content-Digest"]
            return digest

    def refresh_token(self, account: Account) -> str:
        """A registry refresh token, asked for in the OAuth2 form."""
        form = {
            "grant_type": "password",
            "service": self.server.host,
            "client_id": "tests",
            "access_type": "offline",
            "username": account.user_name,
            "password": account.password,
        }
        body = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(f"{self.server.url}/oauth2/token", data=body)
        with urllib.request.urlopen(request, timeout=10) as answer:
            token: str = json.load(answer)["refresh_token"]
            return token


def new_service_principal(server: LiveServer, name: str) -> Account:
    """A service principal without any role."""
    made = server.pratique("sp", "create", name)
    return Account(name, made["client_id"], made["secret"])


def set_stage(server: LiveServer) -> Stage:
    """Make the three service principals."""
    publisher = new_service_principal(server, "harbour-publisher")
    reader = new_service_principal(server, "harbour-reader")
    stranger = new_service_principal(server, "harbour-stranger")
    server.pratique("role", "assign", "AcrPush", "--to", publisher.user_name)
    server.pratique("role", "assign", "AcrPull", "--to", reader.user_name)
    return Stage(server, publisher, reader, stranger)


def put_image(http: httpx.Client, reference: Reference, image: Image, who: tuple[str, str]) -> None:
    """Put an image into the registry without any client.

    Args:
        http: asks the registry that `reference` names.
        reference: repository and tag.
        image: to put there.
        who: user name and password of somebody who may push.
    """
    repository = f"/v2/{reference.repository}"
    for blob in (*image.blobs, image.config):
        began = http.post(f"{repository}/blobs/uploads/", auth=who)
        assert began.status_code == 202, began.text
        place = httpx.URL(began.headers["location"]).copy_merge_params({"digest": digest_of(blob)})
        put = http.put(place, content=blob, auth=who)
        assert put.status_code == 201, put.text
    put = http.put(
        f"{repository}/manifests/{reference.tag}",
        content=image.manifest,
        headers={"content-type": MANIFEST_TYPE},
        auth=who,
    )
    assert put.status_code == 201, put.text
