"""A foreign OpenID Connect provider in a process of its own, and the way to a token of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from tests.support.live_server import end, free_port

START_DEADLINE_SECONDS = 30.0
CLIENT = "registry"
_BACK = "http://127.0.0.1:1/back"


@contextmanager
def foreign_provider() -> Iterator[str]:
    """A provider on loopback; its name as an issuer."""
    issuer = f"http://127.0.0.1:{free_port()}"
    provider = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", issuer.rpartition(":")[2]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while not _answers(issuer):
            assert provider.poll() is None, "the provider ended"
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.1)
        yield issuer
    finally:
        end(provider)


def id_token(issuer: str, subject: str) -> str:
    """The id token that the provider gives `subject`, by the authorization code flow."""
    asked = {"client_id": CLIENT, "redirect_uri": _BACK, "response_type": "code", "scope": "openid"}
    signed_in = httpx.post(f"{issuer}/oauth2/authorize", params=asked, data={"sub": subject})
    code = httpx.URL(signed_in.headers["location"]).params["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}
    answer = httpx.post(f"{issuer}/oauth2/token", data=form, auth=(CLIENT, "any"))
    token: str = answer.json()["id_token"]
    return token


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration").status_code == 200
    except httpx.TransportError:
        return False
