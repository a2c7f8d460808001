"""A registry of the bed at a name, in one line."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Question
from tests.diagnosis.bed.registries import Registry
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import Words

from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Wish
from pratique.diagnosis.references import split_port

IMAGE = "team/app"
HOST = "registry.example.com"


def registry_at(
    stage: Stage,
    host: str,
    words: Words | None = None,
    *,
    realm: str = "token",
    shown: Shown | None = None,
    plain: bool = False,
    token_shift: timedelta = timedelta(),
    open_ping: bool = False,
    refuses_scopes: bool = False,
    opaque: bool = False,
) -> Registry:
    """A registry that answers at `host`, with `team/app:1` in it, and with nobody who is known.

    Args:
        stage: on whose network it is.
        host: as an image names it, with the port where one is written.
        words: its refusals; distribution's when None.
        realm: where tokens are; empty for `Basic`. A host that is not the registry's own is
            served as well.
        shown: its certificate; a good one when None.
        plain: whether it speaks HTTP without TLS.
        token_shift: by which its token server's clock is wrong.
        open_ping: whether `/v2/` asks for no login.
        refuses_scopes: whether its token server refuses what it cannot grant in full.
        opaque: whether its tokens are no JWT.
    """
    registry = Registry(
        host,
        words or Words(),
        realm=realm,
        token_shift=token_shift,
        open_ping=open_ping,
        refuses_scopes=refuses_scopes,
        opaque=opaque,
        hidden=stage.hide,
    )
    name, port = split_port(host)
    if plain and realm == "token":
        registry.realm = f"http://{host}/token"
    registry.holds(IMAGE, "1")
    site = registry.site()
    stage.serve(name, site, port=port, shown=shown, plain=plain)
    if registry.realm:
        parts = urlsplit(registry.realm)
        if parts.hostname and parts.hostname != name and parts.scheme == "https":
            stage.serve(parts.hostname, registry.site(), port=parts.port)
    return registry


def pull(
    host: str = HOST,
    client: Client = Client.DOCKER,
    *,
    repository: str = IMAGE,
    tag: str = "1",
) -> Question:
    """Can the image be pulled from there?"""
    return Question(Wish(f"{host}/{repository}:{tag}", client))


def push(host: str = HOST, *, mount_from: str = "") -> Question:
    """Can the image be pushed there?"""
    return Question(Wish(f"{host}/{IMAGE}:1", push=True, mount_from=mount_from))


def logged_in(
    stage: Stage, registry: Registry, user: str = "ana", *, before: str = "", **grants: str
) -> str:
    """Somebody has logged in with a password that is right; gives it.

    Args:
        stage: on which machine.
        registry: which knows them.
        user: their name.
        before: what the password begins with.
        grants: as of `Registry.knows`.
    """
    secret = stage.secret(before)
    registry.knows(user, secret, **grants)
    stage.docker_login(registry.host, user, secret)
    return secret


def wrongly_logged_in(
    stage: Stage, registry: Registry, user: str = "ana", *, before: str = "", **grants: str
) -> str:
    """Somebody whom the registry knows has a password stored that is not theirs any more."""
    registry.knows(user, stage.secret("new"), **grants)
    return stored(stage, registry.host, user, before=before)


def stored(stage: Stage, key: str, user: str, *, before: str = "") -> str:
    """A login is stored, whoever it may be good for; gives the password."""
    secret = stage.secret(before)
    stage.docker_login(key, user, secret)
    return secret
