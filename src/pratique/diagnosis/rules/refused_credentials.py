"""Causes in the credential: there is none, it is wrong, expired, stale, or of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    anonymous_works,
    choice,
    credential,
    credential_refused,
    host,
    image,
    login_for,
    logout_command,
    pulls,
    quoted,
    refused,
    refusing,
    said,
    shown,
)
from pratique.diagnosis.rules.tokens import claims_of, expiry_of

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NOBODY_IN_AZURE = "00000000-0000-0000-0000-000000000000"


def no_credential(seen: Examination) -> Iterator[Finding]:
    """Nothing is stored for the host, and nobody may pull without a login."""
    if credential(seen) is not None or seen.credentials is None or not _needs_login(seen):
        return
    read = [source.name for source in seen.credentials.sources if source.read]
    yield certain(
        "no-credential-for-host",
        f"{seen.wish.client.value} has no login for `{host(seen)}`, and `{image(seen)}` is not "
        "given to those who are not logged in.",
        login_for(seen),
        evidence=[
            f"looked for `{seen.credentials.key}` in {', '.join(read) or 'no file: none is there'}",
            *([shown(asked)] if (asked := refusing(seen)) else []),
        ],
    )


def expired(seen: Examination) -> Iterator[Finding]:
    """The stored credential says itself that its time is over."""
    chosen, used = choice(seen), credential(seen)
    if chosen is None or used is None or pulls(seen):
        return
    end = expiry_of(used)
    if end is None or end > seen.place.now.timestamp():
        return
    at = datetime.fromtimestamp(end, UTC)
    yield certain(
        "expired-registry-token",
        f"The login for `{host(seen)}` in {chosen.source.name} ended at {at:%Y-%m-%d %H:%M} UTC.",
        login_for(seen),
        evidence=[f"the stored token's own end is {at:%Y-%m-%d %H:%M:%S} UTC"],
        advice="Log in again, or use a credential helper, which renews.",
    )


def stale_breaks_public(seen: Examination) -> Iterator[Finding]:
    """Without the login the image would be given."""
    if credential(seen) is None or pulls(seen) or not anonymous_works(seen):
        return
    if not credential_refused(seen):
        return
    yield certain(
        "stale-credential-breaks-public-pull",
        f"`{image(seen)}` is given to everybody, but the stored login for `{host(seen)}` is no "
        "longer accepted, and clients do not try without it.",
        logout_command(seen),
        evidence=[shown(seen.unsigned_manifest)] if seen.unsigned_manifest else [],
    )


def wrong_password(seen: Examination) -> Iterator[Finding]:
    """The pair is not accepted, whatever it is for."""
    chosen, used = choice(seen), credential(seen)
    if chosen is None or used is None or not credential_refused(seen):
        return
    asked = seen.login.last if seen.login else seen.greeting
    if asked is None or used.identity_token is not None:
        return
    who = f"user `{used.username}`"
    yield certain(
        "wrong-password",
        f"`{host(seen)}` does not accept {who} with the password stored in {chosen.source.name}.",
        logout_command(seen),
        login_for(seen),
        evidence=[shown(asked)],
    )


def dead_identity_token(seen: Examination) -> Iterator[Finding]:
    """The identity token is not accepted; its own end does not say why."""
    chosen, used = choice(seen), credential(seen)
    if chosen is None or used is None or used.identity_token is None:
        return
    if not credential_refused(seen) or list(expired(seen)):
        return
    yield certain(
        "expired-registry-token",
        f"`{host(seen)}` no longer accepts the identity token stored in {chosen.source.name}: it "
        "has been revoked, or its user has been changed.",
        login_for(seen),
        evidence=[shown(seen.login.last)] if seen.login else [],
    )


def azure_credentials(seen: Examination) -> Iterator[Finding]:
    """Kinds of users of an Azure registry, told by their names."""
    used = credential(seen)
    if kind_of(seen) is not Kind.ACR or used is None or not credential_refused(seen):
        return
    name, words = azure_name(seen), said(seen.login.last if seen.login else None)
    if used.username.lower() == name:
        yield suspected(
            "acr-admin-disabled",
            f"`{used.username}` is the admin user of this registry: it is off, or its password "
            "was made anew.",
            f"az acr show -n {name} --query adminUserEnabled",
            f"az acr update -n {name} --admin-enabled true",
            evidence=["the user name is the registry's name"],
            advice="Better: an identity of its own with the role AcrPull.",
        )
    elif "AADSTS7000222" in words:
        yield certain(
            "expired-service-principal-secret",
            f"The secret of the service principal `{used.username}` has expired.",
            f"az ad sp credential reset --id {quoted(used.username)}",
            evidence=[words],
        )
    elif _GUID.fullmatch(used.username) and used.username != _NOBODY_IN_AZURE:
        if "not registered" in words:
            return
        yield suspected(
            "expired-service-principal-secret",
            f"`{used.username}` looks like a service principal: its secret has expired (after a "
            "year by default), or is another.",
            f"az ad sp credential list --id {quoted(used.username)} --query '[].endDateTime'",
            f"az ad sp credential reset --id {quoted(used.username)}",
            evidence=["the user name is a GUID", words],
        )


def azure_resource_manager_token(seen: Examination) -> Iterator[Finding]:
    """The password is a token for another audience than the registry's."""
    used = credential(seen)
    if used is None or pulls(seen) or kind_of(seen) is not Kind.ACR:
        return
    claims = claims_of(used)
    audience = str(claims.get("aud", ""))
    if audience.rstrip("/") in {
        "https://management.azure.com",
        "https://management.core.windows.net",
    }:
        yield certain(
            "acr-arm-token-refused",
            f"The stored token is for `{audience}`, and this registry takes only tokens that are "
            "made for container registries.",
            "az login --scope https://containerregistry.azure.net/.default",
            f"az acr login -n {azure_name(seen)}",
            evidence=[f"aud is `{audience}`"],
        )


def _needs_login(seen: Examination) -> bool:
    if seen.wish.offline:
        return False
    if seen.wish.login_only:
        return seen.outcome is Outcome.NO_TOKEN
    asked = refusing(seen)
    # A 403 of `/v2/` itself comes before anybody is asked who they are.
    turned_away = seen.ping is not None and seen.ping.status == 403
    return refused(seen) and not turned_away and asked is not None and asked.status in {401, 403}


RULES: tuple[Rule, ...] = (
    no_credential,
    expired,
    stale_breaks_public,
    wrong_password,
    dead_identity_token,
    azure_credentials,
    azure_resource_manager_token,
)
