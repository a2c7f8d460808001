"""The client's side of a registry, unhurried: obtain a token, push images, check what is served.

Wire: OCI distribution-spec 1.1 (POST then PUT for each blob, PUT of the manifest by tag) and the
Bearer flow of a registry that answers `/v2/` with a challenge.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http.client import HTTPResponse

from benchmarks.content import MANIFEST_TYPE, Blob, Image, digest_of
from benchmarks.peers.server import Server
from benchmarks.processes import BenchmarkError

TIMEOUT_SECONDS = 60.0
BLOCK_BYTES = 1024 * 1024


def bearer(url: str, username: str, password: str, scope: str) -> dict[str, str]:
    """Log in as a client does and give the header that carries the access token.

    Args:
        url: of the registry, without a path.
        username: for Basic at the token endpoint.
        password: likewise.
        scope: what to ask for, such as `repository:bench/app:pull,push`; several with blanks.

    Raises:
        BenchmarkError: the registry did not challenge, or refused.
    """
    challenge = _challenge(url)
    asked = [("service", challenge["service"]), *(("scope", word) for word in scope.split())]
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    target = f"{challenge['realm']}?{urllib.parse.urlencode(asked)}"
    with _ask("GET", target, {"Authorization": f"Basic {basic}"}) as got:
        token = json.load(got)["access_token"]
    return {"Authorization": f"Bearer {token}"}


def push(server: Server, images: Sequence[Image]) -> None:
    """Upload the blobs of each image, then its manifest under its tag.

    Raises:
        BenchmarkError: the registry refused one of them.
    """
    for image in images:
        headers = server.writing(image.repository)
        for blob in image.blobs:
            _push_blob(server.url, image.repository, blob, headers)
        content = {**headers, "Content-Type": MANIFEST_TYPE}
        _ask("PUT", server.url + image.manifest_path, content, image.manifest).close()


def check(server: Server, images: Sequence[Image]) -> None:
    """Read everything once, which also warms the caches of the server and the kernel.

    Raises:
        BenchmarkError: something is missing or differs from the images.
    """
    for image in images:
        headers = server.reading(image.repository)
        pull(server.url + image.manifest_path, digest_of(image.manifest), headers)
        for blob in image.blobs:
            pull(server.url + image.blob_path(blob), blob.digest, headers)


def pull(url: str, digest: str, headers: Mapping[str, str]) -> None:
    """Read one thing over a connection of its own and compare its digest.

    Raises:
        BenchmarkError: it is missing or differs.
    """
    with _ask("GET", url, headers) as got:
        hasher = hashlib.sha256()
        while block := got.read(BLOCK_BYTES):
            hasher.update(block)
        if f"sha256:{hasher.hexdigest()}" != digest:
            raise BenchmarkError(f"`{url}` serves other bytes than were pushed")


def _push_blob(url: str, repository: str, blob: Blob, headers: Mapping[str, str]) -> None:
    with _ask("POST", f"{url}/v2/{repository}/blobs/uploads/", headers, b"") as got:
        location = urllib.parse.urljoin(url, got.headers["Location"])
    separator = "&" if "?" in location else "?"
    target = f"{location}{separator}{urllib.parse.urlencode({'digest': blob.digest})}"
    content = {
        **headers,
        "Content-Type": "application/octet-stream",
        "Content-Length": str(blob.size),
    }
    with blob.path.open("rb") as source:
        # In blocks of our own: the library would send 8 KiB at a time.
        _ask("PUT", target, content, iter(partial(source.read, BLOCK_BYTES), b"")).close()


def _challenge(url: str) -> dict[str, str]:
    try:
        _open("GET", f"{url}/v2/", {}).close()
    except urllib.error.HTTPError as refused:
        with refused:
            words = refused.headers.get("WWW-Authenticate", "")
            found = dict(re.findall(r'(\w+)="([^"]*)"', words))
            if refused.code == 401 and {"realm", "service"} <= found.keys():
                return found
    raise BenchmarkError(f"`{url}/v2/` did not answer with a Bearer challenge")


def _ask(
    method: str, url: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None = None
) -> HTTPResponse:
    try:
        return _open(method, url, headers, body)
    except urllib.error.HTTPError as refused:
        with refused:
            words = refused.read(500).decode(errors="replace")
        raise BenchmarkError(f"{method} `{url}` was answered {refused.code}: {words}") from refused


def _open(
    method: str, url: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None = None
) -> HTTPResponse:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    return answer
