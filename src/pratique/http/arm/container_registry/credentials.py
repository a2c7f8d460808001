"""Passwords of the admin user and of tokens.

They are kept as hashes, so they are shown when they are made and never again: `listCredentials`
says so instead of giving what could not be right.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from pratique.admission.changes import registry as changes
from pratique.admission.changes import tokens
from pratique.http.arm.answers import Told
from pratique.http.arm.errors import ArmError
from pratique.http.arm.visit import Visit
from pratique.http.arm.wording import instant, last_part
from pratique.http.wire.messages import json_response

_NAMES: Final = tokens.TOKEN_PASSWORDS


class CredentialToRenew(msgspec.Struct, frozen=True):
    """Which of the admin user's two passwords."""

    name: str


class CredentialsToMake(msgspec.Struct, frozen=True, rename="camel"):
    """Of which token, which of its two passwords (both when none is named), and until when."""

    token_id: str
    name: str | None = None
    expiry: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


async def list_credentials(visit: Visit) -> Told:
    """Why the admin user's passwords cannot be shown."""
    registry = visit.registry()
    raise ArmError(
        409,
        "AdminPasswordsNotKept" if registry.admin_enabled else "AdminUserDisabled",
        "the passwords of the admin user are kept as hashes and cannot be shown again; "
        f"`az acr credential renew -n {registry.name} --password-name password` makes one anew "
        "and shows it this once"
        if registry.admin_enabled
        else "the admin user is disabled; run "
        f"`az acr update -n {registry.name} --admin-enabled true`",
    )


async def regenerate_credential(visit: Visit, wanted: CredentialToRenew) -> Told:
    """Make one of the admin user's passwords anew; it is in the answer, the other is not."""
    visit.registry()
    made = await visit.change(lambda draft: changes.regenerate_admin_password(draft, wanted.name))
    passwords = [{"name": n, "value": made.made.get(n)} for n in changes.ADMIN_PASSWORDS]
    return json_response(200, {"username": made.user_name, "passwords": passwords})


async def generate_credentials(visit: Visit, wanted: CredentialsToMake) -> Told:
    """Make a token's passwords anew; they are in the answer."""
    visit.registry()
    names = _NAMES if wanted.name is None else (wanted.name,)
    token, made = await visit.change(
        lambda draft: tokens.generate_passwords(
            draft, last_part(wanted.token_id), names, wanted.expiry
        )
    )
    passwords = [
        {
            "name": stored.name,
            "creationTime": instant(stored.created_at),
            "expiry": stored.expires_at and instant(stored.expires_at),
            "value": made[stored.name],
        }
        for stored in token.passwords
        if stored.name in made
    ]
    return json_response(200, {"username": token.name, "passwords": passwords})
