"""The registry, its admin user and its signing keys."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET

from pratique.access import RoleMode
from pratique.admission.changes import registry as changes
from pratique.http.management import shapes, views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.answers import Given, Made
from pratique.http.wire.challenges import is_host

_MODES = {"rbac": RoleMode.RBAC, "abac": RoleMode.ABAC}


class RegistryUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed; what is absent stays."""

    role_mode: Literal["rbac", "abac"] | None = None
    anonymous_pull: bool | None = None
    login_server: str | None = None
    help_page: str | None = None
    accepts_arm_tokens: bool | None = None
    tenant_domain: str | None = None
    password_grant: bool | None = None
    refusals_kept_days: int | None = None


class RegenerateAdminPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the two."""

    name: str = "password"


class RotateSigningKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the former keys lose their force at once."""

    at_once: bool = False


async def show_registry(visit: Visit) -> Given[shapes.Registry]:
    """The registry's settings."""
    return Given(views.registry(visit.view().registry))


async def update_registry(visit: Visit, wanted: RegistryUpdate) -> Given[shapes.Registry]:
    """Change settings."""
    if wanted.login_server and not is_host(wanted.login_server):
        raise UnreadableBody(f"`{wanted.login_server[:100]}` is not a host, or a host and port")
    changed = await visit.change(
        lambda draft: changes.update(
            draft,
            mode=_MODES[wanted.role_mode] if wanted.role_mode else None,
            anonymous_pull=wanted.anonymous_pull,
            login_server=wanted.login_server,
            help_page=wanted.help_page,
            accepts_arm_tokens=wanted.accepts_arm_tokens,
            tenant_domain=wanted.tenant_domain,
            password_grant=wanted.password_grant,
            refusals_kept_days=wanted.refusals_kept_days,
        )
    )
    return Given(views.registry(changed))


async def show_admin_user(visit: Visit) -> Given[shapes.AdminUser]:
    """Whether the admin user is enabled, and when its passwords were made."""
    snapshot = visit.view()
    return Given(views.admin_user(snapshot.registry, snapshot.directory.admin))


async def enable_admin_user(visit: Visit) -> Given[shapes.AdminPasswords]:
    """Switch it on; the first time its passwords are in the answer."""
    return _admin_passwords(await visit.change(changes.enable_admin_user))


async def disable_admin_user(visit: Visit) -> Given[shapes.AdminPasswords]:
    """Switch it off."""
    return _admin_passwords(await visit.change(changes.disable_admin_user))


async def regenerate_admin_password(
    visit: Visit, wanted: RegenerateAdminPassword
) -> Given[shapes.AdminPasswords]:
    """Make one password anew; it is in the answer."""
    made = await visit.change(lambda draft: changes.regenerate_admin_password(draft, wanted.name))
    return _admin_passwords(made)


async def list_signing_keys(visit: Visit) -> Given[list[shapes.SigningKey]]:
    """Which keys sign and verify."""
    return Given([views.signing_key(record) for record in visit.view().keys.records])


async def rotate_signing_key(visit: Visit, wanted: RotateSigningKey) -> Made[shapes.SigningKey]:
    """Sign with a new key."""
    key = await visit.change(
        lambda draft: changes.rotate_signing_key(draft, at_once=wanted.at_once)
    )
    return Made(views.signing_key(key))


def _admin_passwords(made: changes.AdminPasswords) -> Given[shapes.AdminPasswords]:
    return Given(
        shapes.AdminPasswords(
            username=made.user_name, enabled=made.enabled, passwords=made.made or UNSET
        )
    )
