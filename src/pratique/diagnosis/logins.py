"""The command that logs in to a host, as whoever runs that host wants it."""

from __future__ import annotations

import re
import shlex
from typing import Final

from pratique.diagnosis.references import split_port

ACR_HOST: Final = re.compile(r"(?P<name>[a-z0-9-]{1,63})\.azurecr\.(?:io|cn|us)")
ECR_HOST: Final = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
)
_GOOGLE_HOST: Final = re.compile(
    r"[a-z0-9-]+-docker\.pkg\.dev|docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io"
)


def login_to(host: str, *, podman: bool) -> str:
    """A line for a shell; what is in it of the host is quoted.

    Args:
        host: with its port, as images name it.
        podman: whether it is podman that is to be logged in.
    """
    name = split_port(host)[0].lower()
    if found := ACR_HOST.fullmatch(name):
        return f"az acr login --name {shlex.quote(found['name'])}"
    if found := ECR_HOST.fullmatch(name):
        return (
            f"aws ecr get-login-password --region {found['region']} | "
            f"docker login --username AWS --password-stdin {shlex.quote(host)}"
        )
    if _GOOGLE_HOST.fullmatch(name):
        return f"gcloud auth configure-docker {shlex.quote(host)}"
    return plain_login_to(host, podman=podman)


def plain_login_to(host: str, *, podman: bool) -> str:
    """The client's own login."""
    return f"{'podman' if podman else 'docker'} login {shlex.quote(host)}"
