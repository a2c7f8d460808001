"""Causes in the stored user name: it cannot be the right one for this registry or secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pratique.diagnosis.facts.credentials import Credential
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    choice,
    credential,
    host,
    login_command,
    login_for,
    quoted,
)
from pratique.diagnosis.rules.stored_shape import login_refused, sends_in_vain

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ROBOT_WITHOUT_NAME: Final = re.compile(r"robot(?:\$|\+.*)?")
_AZURE_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_JWT: Final = re.compile(r"ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_QUAY_ROBOT: Final = re.compile(r"[A-Z0-9]{64}")
_BASE64_OBJECT: Final = re.compile(r"(?:ew|ey)[A-Za-z0-9+/=\s]+")


def dollar_swallowed(seen: Examination) -> Iterator[Finding]:
    """What is left of `robot$name` when a shell has put in the variable `name`."""
    used = credential(seen)
    if used is None or _ROBOT_WITHOUT_NAME.fullmatch(used.username) is None:
        return
    kind = kind_of(seen)
    if kind not in {Kind.HARBOR, Kind.OTHER} or not (seen.wish.offline or login_refused(seen)):
        return
    tell = certain if kind is Kind.HARBOR else suspected
    yield tell(
        "shell-expanded-dollar",
        f"The stored user is `{used.username}`; Harbor's robots are called `robot$NAME`, and a "
        "shell takes `$NAME` for a variable unless it stands in single quotes.",
        f"{login_command(seen).partition(' ')[0]} login -u 'robot$NAME' {quoted(host(seen))}",
        evidence=[f"the stored user is `{used.username}`"],
        advice="In Compose files and some CI variables the dollar is written twice: `robot$$NAME`.",
    )


def address_as_user(seen: Examination) -> Iterator[Finding]:
    """The user of Docker Hub is an e-mail address."""
    used = credential(seen)
    if used is None or kind_of(seen) is not Kind.DOCKER_HUB:
        return
    if _ADDRESS.fullmatch(used.username) is None:
        return
    if not (seen.wish.offline or sends_in_vain(seen)):
        return
    tell = certain if login_refused(seen) else suspected
    yield tell(
        "email-as-username",
        f"The stored user `{used.username}` is an e-mail address; Docker Hub wants the Docker ID.",
        f"{login_command(seen)} -u DOCKER-ID",
        evidence=[f"the stored user is `{used.username}`"],
    )


def user_does_not_fit(seen: Examination) -> Iterator[Finding]:
    """The registry has one user name for this kind of secret, and it is another."""
    chosen, used = choice(seen), credential(seen)
    if chosen is None or used is None or used.identity_token or used.registry_token:
        return
    if not (seen.wish.offline or login_refused(seen)) or not used.secret:
        return
    wanted = _user_for(kind_of(seen), used)
    if wanted is None or used.username in wanted.names:
        return
    yield (certain if wanted.proven else suspected)(
        "login-with-wrong-username-for-token",
        f"{chosen.source.name} has the user `{used.username}` for `{host(seen)}`; {wanted.what} "
        f"goes with the user {' or '.join(f'`{name}`' for name in wanted.names)}.",
        _command_with(seen, wanted.names[0]),
        evidence=[f"the stored user is `{used.username}`", wanted.seen],
    )


class _Wanted:
    """The user names that go with a secret."""

    def __init__(self, what: str, seen: str, *names: str, proven: bool = True) -> None:
        self.what = what
        self.seen = seen
        self.names = names
        self.proven = proven


def _user_for(kind: Kind, used: Credential) -> _Wanted | None:
    secret = used.secret.reveal().strip()
    if kind is Kind.ACR and _JWT.fullmatch(secret):
        return _Wanted("an Azure token", "the secret is a JWT", _AZURE_NOBODY)
    if kind is Kind.ECR:
        return _Wanted("every password of Amazon's registry", "the host is Amazon's", "AWS")
    if kind in {Kind.GAR, Kind.GCR}:
        return _user_for_google(secret)
    if kind is Kind.GITLAB and secret.startswith("glcbt-"):
        return _Wanted("a job token", "the secret begins with `glcbt-`", "gitlab-ci-token")
    if kind is Kind.QUAY and _QUAY_ROBOT.fullmatch(secret) and "+" not in used.username:
        form = "the secret has the form of a robot's"
        return _Wanted("a robot's token", form, "ORGANISATION+ROBOT", proven=False)
    return None


def _user_for_google(secret: str) -> _Wanted | None:
    if secret.startswith("ya29."):
        form = "the secret begins with `ya29.`"
        return _Wanted("an access token of Google", form, "oauth2accesstoken")
    if secret.startswith("{"):
        return _Wanted("a key file of Google", "the secret is a JSON object", "_json_key")
    if _BASE64_OBJECT.fullmatch(secret):
        form = "the secret is a JSON object in base64"
        return _Wanted("a key file of Google in base64", form, "_json_key_base64")
    return None


def _command_with(seen: Examination, user: str) -> str:
    if kind_of(seen) in {Kind.ACR, Kind.ECR}:
        return login_for(seen)
    return f"{login_command(seen)} -u {quoted(user)} --password-stdin < SECRET-FILE"


RULES: tuple[Rule, ...] = (dollar_swallowed, address_as_user, user_does_not_fit)
