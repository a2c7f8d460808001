"""The client's side of a registry: obtain a token, push the sample, check what is served.

Wire: OCI distribution-spec 1.1 (POST then PUT for each blob, PUT of the manifest by tag) and the
Bearer flow of a registry that answers `/v2/` with a challenge.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import BinaryIO

from benchmarks.processes import BenchmarkError
from benchmarks.sample import MANIFEST_TYPE, REPOSITORY, Blob, Sample, digest_of

TIMEOUT_SECONDS = 60.0


def bearer(url: str, username: str, password: str, actions: str) -> dict[str, str]:
    """Log in as a client does and give the header that carries the access token.

    Args:
        url: of the registry, without a path.
        username: for Basic at the token endpoint.
        password: likewise.
        actions: what to ask for on the sample's repository, such as `pull,push`.

    Raises:
        BenchmarkError: the registry did not challenge, or refused.
    """
    challenge = _challenge(url)
    query = urllib.parse.urlencode(
        {"service": challenge["service"], "scope": f"repository:{REPOSITORY}:{actions}"}
    )
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    with _ask("GET", f"{challenge['realm']}?{query}", {"Authorization": f"Basic {basic}"}) as got:
        token = json.load(got)["access_token"]
    return {"Authorization": f"Bearer {token}"}


def push(url: str, sample: Sample, headers: Mapping[str, str]) -> None:
    """Upload the blobs, then the manifest under its tag.

    Raises:
        BenchmarkError: the registry refused one of them.
    """
    for blob in sample.blobs:
        _push_blob(url, blob, headers)
    content = {**headers, "Content-Type": MANIFEST_TYPE}
    _ask("PUT", url + sample.manifest_path, content, sample.manifest).close()


def check(url: str, sample: Sample, headers: Mapping[str, str]) -> None:
    """Read everything once, which also warms the caches of the server and the kernel.

    Raises:
        BenchmarkError: something is missing or differs from the sample.
    """
    pull(url + sample.manifest_path, digest_of(sample.manifest), headers)
    for blob in sample.blobs:
        pull(url + blob.pull_path, blob.digest, headers)


def pull(url: str, digest: str, headers: Mapping[str, str]) -> None:
    """Read one thing over a connection of its own and compare its digest.

    Raises:
        BenchmarkError: it is missing or differs.
    """
    with _ask("GET", url, headers) as got:
        if digest_of(got.read()) != digest:
            raise BenchmarkError(f"`{url}` serves other bytes than were pushed")


def _push_blob(url: str, blob: Blob, headers: Mapping[str, str]) -> None:
    with _ask("POST", f"{url}/v2/{REPOSITORY}/blobs/uploads/", headers, b"") as got:
        location = urllib.parse.urljoin(url, got.headers["Location"])
    separator = "&" if "?" in location else "?"
    target = f"{location}{separator}{urllib.parse.urlencode({'digest': blob.digest})}"
    content = {
        **headers,
        "Content-Type": "application/octet-stream",
        "Content-Length": str(blob.size),
    }
    with blob.path.open("rb") as source:
        _ask("PUT", target, content, source).close()


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
    method: str, url: str, headers: Mapping[str, str], body: bytes | BinaryIO | None = None
) -> HTTPResponse:
    try:
        return _open(method, url, headers, body)
    except urllib.error.HTTPError as refused:
        with refused:
            words = refused.read(500).decode(errors="replace")
        raise BenchmarkError(f"{method} `{url}` was answered {refused.code}: {words}") from refused


def _open(
    method: str, url: str, headers: Mapping[str, str], body: bytes | BinaryIO | None = None
) -> HTTPResponse:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    return answer
