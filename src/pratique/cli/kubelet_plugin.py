"""`pratique-kubelet-credentials`: gives the kubelet a credential for each image that it pulls.

It speaks `credentialprovider.kubelet.k8s.io/v1`: a CredentialProviderRequest on standard input, a
CredentialProviderResponse on standard output, words for the kubelet's log on standard error. The
kubelet reads answers strictly, so that a member it does not know makes it refuse them all.

Whoever may start a pod chooses the image's host. Therefore a service account's token or a client
secret goes to the servers of the command line alone, and a login to its own server alone.
"""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from pratique.cli.failures import Failed
from pratique.cli.light_http import LightHttp
from pratique.cli.logins import Logins
from pratique.cli.pull_credentials import (
    Client,
    PullCredential,
    of_client,
    of_login,
    of_service_account,
)
from pratique.cli.servers import base_url, host_of

API_VERSION = "credentialprovider.kubelet.k8s.io/v1"
_REQUEST, _RESPONSE = "CredentialProviderRequest", "CredentialProviderResponse"
_MAX_INPUT = 256 * 1024


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    kind: str
    api_version: str
    image: str
    service_account_token: str = ""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pratique", message="%(prog)s %(version)s")
@click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="HOST",
    help="A registry that may be shown service accounts' tokens and the client secret: HOST, "
    "HOST:PORT or http://HOST. May be repeated.",
)
@click.option(
    "--client-id", envvar="PRATIQUE_CLIENT_ID", help="Of the service principal of this node."
)
@click.option(
    "--client-secret-file",
    envvar="PRATIQUE_CLIENT_SECRET_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where its secret is; not readable by others.",
)
@click.option(
    "--ca-file",
    envvar="PRATIQUE_CA_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Certificates to trust for these servers beside those of the system, PEM.",
)
def answer(
    servers: tuple[str, ...],
    client_id: str | None,
    client_secret_file: Path | None,
    ca_file: Path | None,
) -> None:
    """Answer one request of the kubelet.

    With a service account's token in the request, that token is exchanged. Otherwise the service
    principal of --client-id signs in; without one, the login that `pratique login` keeps for the
    image's registry is used. For an image of another registry the answer holds no credential.
    """
    if (client_id is None) != (client_secret_file is None):
        raise click.UsageError("give --client-id and --client-secret-file together")
    if client_id and not servers:
        raise click.UsageError("give --server HOST: the client secret is shown to no other")
    request = _read(sys.stdin.buffer.read(_MAX_INPUT))
    host = _registry_of(request.image)
    urls = {host_of(url): url for url in map(base_url, servers)}
    if request.service_account_token:
        url = urls.get(host)
        token = request.service_account_token
        found = of_service_account(url, token, LightHttp, ca_file) if url else None
    elif client_id and client_secret_file:
        url = urls.get(host)
        client = Client(client_id, _secret(client_secret_file))
        found = of_client(url, client, LightHttp, ca_file) if url else None
    else:
        found = of_login(host, Logins.of_this_user(), LightHttp)
    click.echo(json.dumps(_response(host, found)))


def _response(host: str, found: PullCredential | None) -> dict[str, Any]:
    response: dict[str, Any] = {
        "kind": _RESPONSE,
        "apiVersion": API_VERSION,
        "cacheKeyType": "Registry",
        "cacheDuration": f"{found.cache_seconds if found else 0}s",
    }
    if found is not None:
        response["auth"] = {host: {"username": found.user, "password": found.secret}}
    return response


def _read(content: bytes) -> _Request:
    try:
        request = msgspec.json.decode(content, type=_Request)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # The library's words may repeat what was given.
        raise Failed(f"standard input holds no {_REQUEST} of the kubelet") from error
    if (request.kind, request.api_version) != (_REQUEST, API_VERSION):
        raise Failed(
            f"`{request.kind[:60]}` of `{request.api_version[:60]}` is not understood; "
            f"write `apiVersion: {API_VERSION}` for this provider"
        )
    return request


def _registry_of(image: str) -> str:
    """The registry's host in an image's name, by the rule of the clients.

    The first part is a host only if it looks like one; all else is of Docker Hub.
    """
    first, slash, _ = image.partition("/")
    looks_like_host = "." in first or ":" in first or first == "localhost"
    return first if slash and looks_like_host else "docker.io"


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Failed(
                f"the file {path} is open to others than its owner; run `chmod 600 {path}`"
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"the client secret in {path} cannot be read: {error}") from error


def main() -> None:
    """Run the programme with the words of the command line, and exit."""
    answer.main(prog_name="pratique-kubelet-credentials")
