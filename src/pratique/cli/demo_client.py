"""A client that pushes and pulls as Docker does, and puts refusals into Docker's words.

Which words stand where is the table "Client words" of the documentation, recorded from Docker.
"""

from __future__ import annotations

import re
from typing import Any

import httpx

from pratique.cli.demo_image import MANIFEST_TYPE, Image, digest
from pratique.cli.failures import Failed

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_SAID_BY_DOCKER = "Error response from daemon: "


class Refused(Exception):
    """The registry said no; the message is what Docker would print."""


class DockerLike:
    """One user of a registry, with or without a login.

    Args:
        url: `http://HOST`.
        login: user name and password; None for nobody.
    """

    def __init__(self, url: str, login: tuple[str, str] | None) -> None:
        self._login = login
        self._http = httpx.Client(base_url=url, timeout=10.0, trust_env=False)
        self._tokens: dict[str, str] = {}

    def push(self, repository: str, tag: str, image: Image) -> None:
        """Push blobs, then the manifest.

        Raises:
            Refused, Failed: the registry did not take it.
        """
        for blob in (image.layer, image.config):
            opened = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
            self._expect(opened, 202)
            location = httpx.URL(opened.headers["location"]).copy_add_param("digest", digest(blob))
            self._expect(self._ask("PUT", str(location), content=blob), 201)
        stored = self._ask(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            content=image.manifest,
            headers={"content-type": MANIFEST_TYPE},
        )
        self._expect(stored, 201)

    def pull(self, repository: str, tag: str) -> Image:
        """Pull manifest, config and layer.

        Raises:
            Refused, Failed: the registry did not give it.
        """
        address = f"/v2/{repository}/manifests/{tag}"
        headers = {"accept": MANIFEST_TYPE}
        self._expect(self._ask("HEAD", address, headers=headers), 200)
        manifest = self._ask("GET", address, headers=headers)
        self._expect(manifest, 200)
        parts = manifest.json()
        return Image(
            manifest.content,
            self._blob(repository, parts["config"]["digest"]),
            self._blob(repository, parts["layers"][0]["digest"]),
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _blob(self, repository: str, wanted: str) -> bytes:
        found = self._ask("GET", f"/v2/{repository}/blobs/{wanted}")
        self._expect(found, 200)
        return found.content

    def _ask(self, method: str, address: str, **further: Any) -> httpx.Response:
        """The answer, a token being fetched and shown where the registry wants one."""
        try:
            response = self._http.request(method, address, **further)
            if response.status_code == 401:
                token = self._token(response)
                shown = {**further.pop("headers", {}), "authorization": f"Bearer {token}"}
                response = self._http.request(method, address, headers=shown, **further)
                if response.status_code == 403 and method == "HEAD":
                    # A HEAD has no words; Docker asks again for them.
                    response = self._http.request("GET", address, headers=shown)
        except httpx.HTTPError as error:
            raise Failed(f"{method} {address} got no answer: {error}") from error
        if response.status_code in {401, 403}:
            raise Refused(f"{_SAID_BY_DOCKER}{_words(response)}")
        return response

    def _token(self, challenged: httpx.Response) -> str:
        challenge = dict(_PARAMETER.findall(challenged.headers.get("www-authenticate", "")))
        if "realm" not in challenge:
            raise Failed(f"{challenged.request.url} answered 401 without a challenge")
        scope = challenge.get("scope", "")
        if scope not in self._tokens:
            query = {"service": challenge.get("service", ""), "scope": scope}
            answer = self._http.get(challenge["realm"], params=query, auth=self._login)
            if answer.status_code != 200:
                request = challenged.request
                asked = f'{request.method.capitalize()} "{request.url}"'
                raise Refused(f"{_SAID_BY_DOCKER}{asked}: {_words(answer)}")
            self._tokens[scope] = answer.json()["token"]
        return self._tokens[scope]

    def _expect(self, response: httpx.Response, status: int) -> None:
        if response.status_code != status:
            request = response.request
            raise Failed(
                f"{request.method} {request.url.path} answered {response.status_code}, "
                f"not {status}: {response.text[:200]}"
            )


def _words(refusal: httpx.Response) -> str:
    try:
        error = refusal.json()["errors"][0]
        return f"{error['code'].lower()}: {error['message']}"
    except (ValueError, LookupError, TypeError) as error:
        raise Failed(f"{refusal.request.url} refused without words: {refusal.text}") from error
