"""The registry, its admin user and its signing keys."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pratique.access import RoleMode
from pratique.admission.changes import registry as changes
from pratique.http.management import views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.challenges import is_host
from pratique.http.wire.messages import Response, json_response

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


async def show_registry(visit: Visit) -> Response:
    """The registry's settings."""
    return json_response(200, views.registry(visit.view().registry))


async def update_registry(visit: Visit) -> Response:
    """Change settings."""
    wanted = await visit.body(RegistryUpdate)
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
    return json_response(200, views.registry(changed))


async def show_admin_user(visit: Visit) -> Response:
    """Whether the admin user is enabled, and when its passwords were made."""
    snapshot = visit.view()
    return json_response(200, views.admin_user(snapshot.registry, snapshot.directory.admin))


async def enable_admin_user(visit: Visit) -> Response:
    """Switch it on; the first time its passwords are in the answer."""
    return _admin_passwords(await visit.change(changes.enable_admin_user))


async def disable_admin_user(visit: Visit) -> Response:
    """Switch it off."""
    return _admin_passwords(await visit.change(changes.disable_admin_user))


async def regenerate_admin_password(visit: Visit) -> Response:
    """Make one password anew; it is in the answer."""
    wanted = await visit.body(RegenerateAdminPassword)
    made = await visit.change(lambda draft: changes.regenerate_admin_password(draft, wanted.name))
    return _admin_passwords(made)


async def list_signing_keys(visit: Visit) -> Response:
    """Which keys sign and verify."""
    return json_response(200, views.signing_keys(visit.view().keys.records))


async def rotate_signing_key(visit: Visit) -> Response:
    """Sign with a new key."""
    wanted = await visit.body(RotateSigningKey)
    key = await visit.change(
        lambda draft: changes.rotate_signing_key(draft, at_once=wanted.at_once)
    )
    return json_response(201, views.signing_keys([key])[0])


def _admin_passwords(made: changes.AdminPasswords) -> Response:
    content: dict[str, Any] = {"username": made.user_name, "enabled": made.enabled}
    if made.made:
        content["passwords"] = made.made
    return json_response(200, content)
