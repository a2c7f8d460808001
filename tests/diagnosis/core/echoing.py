"""A registry, its realm and its storage that repeat whatever they were sent, in every form."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import parse_qsl, quote, quote_plus

from tests.diagnosis.core.loopback import response
from tests.diagnosis.core.planted import Garden

from pratique.diagnosis.references import DOCKER_HUB, DOCKER_HUB_SERVER

_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    lambda text: base64.b64encode(f"dev:{text}".encode()).decode(),
    lambda text: base64.b64encode(f"de:{text}:x".encode()).decode(),
    lambda text: json.dumps(text)[1:-1],
    repr,
    lambda text: f"{'.' * 285}{text}",
)
_KIND = "application/vnd.oci.image.manifest.v1+json"


class Echo:
    """Answers of one situation.

    Args:
        garden: whose canaries are known to the servers.
    """

    def __init__(self, garden: Garden) -> None:
        self._garden = garden
        self._random: Random = garden.random
        host = DOCKER_HUB_SERVER if garden.host == DOCKER_HUB else garden.host
        self._host = host
        self._open = self._random.random() < 0.1
        self._basic = self._random.random() < 0.2
        self._token_status = self._random.choice((200, 200, 200, 401, 403, 400, 500, 429))
        self._status = self._random.choice((200, 200, 401, 403, 404, 429, 500, 307))
        self._blob_status = self._random.choice((200, 307, 403, 404))
        self._heard: list[str] = []

    def __call__(self, request: bytes) -> bytes:
        """The answer to a request."""
        self._heard += _secrets_of(request)
        line = request.partition(b"\r\n")[0].decode("latin-1")
        method, address, _ = line.split(" ", 2)
        path = "/" + address.partition("://")[2].partition("/")[2] if "://" in address else address
        if method == "CONNECT":
            return response("403 Forbidden", body=self._echo().encode("utf-8", "replace"))
        if path.startswith("/token"):
            return self._token()
        if path == "/v2/":
            return self._say("200 OK" if self._open else "401 x", self._echo())
        if "/manifests/" in path:
            return self._manifest(method)
        if "/blobs/" in path:
            return self._say(f"{self._blob_status} x", self._echo())
        return self._say(f"{self._status} x", self._echo())

    def _echo(self) -> str:
        """Something secret that the servers were sent, or gave; they can know no other."""
        text = self._random.choice(self._heard) if self._heard else "nothing"
        return self._random.choice(_FORMS)(text)

    def _say(self, status: str, text: str) -> bytes:
        """A response whose headers and body hold a text."""
        header = _header(text)
        body: object = {
            "errors": [{"code": "DENIED", "message": f"denied: {text}", "detail": {"a": text}}]
        }
        kind = self._random.randrange(6)
        if kind == 0:
            body = {"details": text, "message": text}
        raw = json.dumps(body).encode()
        if kind == 1:
            raw = f"refused: {text}".encode("utf-8", "replace")
        if kind == 2:
            raw = f"<html><title>{text}</title></html>".encode("utf-8", "replace")
        return response(
            status,
            f"WWW-Authenticate: {self._challenge(header)}",
            f"Location: http://{self._host}/v2/{quote(text)}?sig={quote(text)}",
            f"Server: {header}",
            f"Docker-Content-Digest: {header}",
            f"Retry-After: {header}",
            f"X-Request: {header}",
            "Date: Tue, 01 Jan 2030 00:00:00 GMT",
            body=raw,
        )

    def _challenge(self, header: str) -> str:
        shown = header.replace("\\", "\\\\").replace('"', '\\"')
        if self._basic:
            return f'Basic realm="{shown}"'
        realm = f"http://{self._host}/token"
        if self._random.random() < 0.1:
            realm = f"http://u:{quote(shown)}@{self._host}/token?key={quote(shown)}"
        return f'Bearer realm="{realm}",service="{shown}",error="invalid_token",scope="{shown}"'

    def _token(self) -> bytes:
        if self._token_status != 200:
            return self._say(f"{self._token_status} x", self._echo())
        canary = self._garden.canaries.plain()
        claims = {
            "sub": canary,
            "aud": canary,
            "exp": 1893460000,
            "access": [{"type": "repository", "name": "team/app", "actions": ["pull"]}],
        }
        middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        self._heard.append(canary)
        token = f"e30.{middle}.{canary}" if self._random.random() < 0.5 else canary
        return response(
            body=json.dumps(
                {"token": token, "access_token": token, "refresh_token": canary, "id": canary}
            ).encode()
        )

    def _manifest(self, method: str) -> bytes:
        if self._status != 200:
            return self._say(f"{self._status} x", self._echo())
        text = self._echo()
        body = json.dumps(
            {
                "mediaType": text,
                "layers": [{"digest": f"sha256:{'a' * 64}", "size": 3}],
                "annotations": {"a": text},
            }
        ).encode()
        if method == "HEAD":
            return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return response("200 OK", f"Content-Type: {_KIND}; a={_header(text)}", body=body)


def _header(text: str) -> str:
    """A text as it can stand in a header line."""
    return "".join(letter for letter in text if letter.isprintable())


def _secrets_of(request: bytes) -> Iterator[str]:
    """Secrets that are in a request: in its headers for that, and in its form."""
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        if name in {"Authorization", "Proxy-Authorization"}:
            kind, _, credential = value.partition(" ")
            yield credential
            if kind == "Basic":
                pair = base64.b64decode(credential).decode("utf-8", "replace")
                yield from (pair, pair.partition(":")[2])
    for name, value in parse_qsl(body.decode("latin-1")):
        if name in {"password", "refresh_token"}:
            yield value
