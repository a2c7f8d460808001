"""Causes of a push that fails where a pull would not."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    credential,
    credential_refused,
    host,
    login_for,
    pulls,
    quoted,
    repository,
    shown,
)

_SHORT_SECONDS = 300


def mount_refused(seen: Examination) -> Iterator[Finding]:
    """The scopes of a mount are refused together, and the push alone is not."""
    together, alone = seen.together, seen.alone
    if together is None or alone is None or together.token or not alone.token:
        return
    yield certain(
        "cross-repository-mount-scope",
        f"A push that takes layers from `{seen.wish.mount_from}` asks for both repositories at "
        f"once, and `{host(seen)}` refuses that; for `{repository(seen)}` alone it gives a token.",
        evidence=[shown(together.last), f"scopes: {' '.join(together.scopes)}"],
        advice=f"Give the pusher the right to pull `{seen.wish.mount_from}`, or use BuildKit 0.23 "
        "or containerd 2.1, which ask for one at a time.",
    )


def push_without_pull(seen: Examination) -> Iterator[Finding]:
    """The identity may write and not read, and a push reads as well."""
    grant = seen.alone.grant if seen.alone else None
    if grant is None or grant.actions is None or "push" not in grant.actions:
        return
    if "pull" in grant.actions:
        return
    command = f"az acr scope-map update -n MAP -r {azure_name(seen)} --add-repository "
    yield certain(
        "push-without-pull",
        f"The login may push to `{repository(seen)}` and not pull from it; a client looks whether "
        "layers are there before it pushes them, so it needs both.",
        *(
            [f"{command}{quoted(repository(seen))} content/read content/write"]
            if kind_of(seen) is Kind.ACR
            else []
        ),
        evidence=[f"the token allows {', '.join(sorted(grant.actions))}"],
        advice="Grant both.",
    )


def push_refused(seen: Examination) -> Iterator[Finding]:
    """The push is refused, whatever becomes of pulls."""
    if not seen.wish.push or credential_refused(seen) or list(push_without_pull(seen)):
        return
    asked = seen.push if seen.push is not None else (seen.alone.last if seen.alone else None)
    if asked is None or asked.status not in {401, 403, 405}:
        return
    nobody = credential(seen) is None
    if nobody and not pulls(seen):
        # Why there is no login is told by others; what it would be good for is not known.
        return
    allowed = seen.alone.grant.actions if seen.alone and seen.alone.grant else None
    shown_actions = "" if allowed is None else ", ".join(sorted(allowed)) or "nothing"
    yield certain(
        "push-not-allowed",
        f"Nobody is logged in at `{host(seen)}`, and only pulls need no login there."
        if nobody
        else f"The login may not push to `{repository(seen)}` at `{host(seen)}`.",
        *([login_for(seen)] if nobody else []),
        evidence=[
            shown(asked),
            *([f"the token allows {shown_actions}"] if shown_actions else []),
        ],
        advice=""
        if nobody
        else "Have the owner of the registry grant it; the role AcrPush, or `push` in the "
        "registry's own words.",
    )


def token_too_short(seen: Examination) -> Iterator[Finding]:
    """Large layers may take longer than the token lives."""
    life = seen.alone.life if seen.alone else None
    if life is not None and 0 < life <= _SHORT_SECONDS and seen.alone and seen.alone.token:
        yield suspected(
            "long-push-outlives-token",
            f"Tokens of `{host(seen)}` live for {life:.0f} seconds; a push whose layers take "
            "longer fails at its end with clients that do not ask for another.",
            evidence=[f"expires_in is {life:.0f}"],
            advice="Have the token's life made longer on the server, or use a newer client.",
        )


RULES: tuple[Rule, ...] = (mount_refused, push_without_pull, push_refused, token_too_short)
