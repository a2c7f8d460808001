"""The registry itself: its birth, its policy, its admin user and its signing keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from pratique.access import OWNER_ROLE_ID, RoleMode
from pratique.admission.changes.draft import Draft
from pratique.admission.changes.names import ensure_free, ensure_no_registry_answers
from pratique.admission.changes.network_rules import NetworkChange
from pratique.admission.changes.people import check_user_name
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.holdings import HOME, as_seen
from pratique.admission.records import (
    AssignmentRecord,
    FurtherRegistryRecord,
    RegistryRecord,
)
from pratique.identity import AdminAccount, SigningKey, User, new_signing_key
from pratique.naming.errors import printable

ADMIN_PASSWORDS = ("password", "password2")
LONGEST_KEPT_DAYS = 3650
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
)


def found(
    draft: Draft, registry: RegistryRecord, owner_name: str, owner_password_hash: str
) -> User:
    """Write the first records: the registry, a signing key, and its owner with Owner at `/`.

    Raises:
        Unacceptable: the owner's name cannot be a user name.
        AlreadyExists: it is the registry's, and so the admin user's.
    """
    check_user_name(owner_name)
    ensure_free(draft, owner_name)
    owner = User(
        object_id=draft.new_id(),
        user_name=owner_name,
        display_name=owner_name,
        password_id=draft.new_id(),
        password_hash=owner_password_hash,
        created_at=draft.at,
    )
    draft.put(registry)
    draft.put(owner)
    draft.put(AssignmentRecord(draft.new_id(), OWNER_ROLE_ID, owner.object_id, "/", draft.at))
    draft.put(new_signing_key(draft.new_id(), draft.at))
    return owner


def update(  # noqa: PLR0913 - one for each setting
    draft: Draft,
    *,
    mode: RoleMode | None = None,
    anonymous_pull: bool | None = None,
    login_server: str | None = None,
    help_page: str | None = None,
    tenant_domain: str | None = None,
    accepts_arm_tokens: bool | None = None,
    password_grant: bool | None = None,
    refusals_kept_days: int | None = None,
    admin_user: bool | None = None,
    network: NetworkChange | None = None,
) -> RegistryRecord:
    """Change what is given and leave the rest; an empty text takes a setting away.

    Returns:
        The settings of the registry that the draft is seen from.

    Raises:
        Unacceptable: a setting cannot be that, or is the home registry's for all.
        AlreadyExists: the login server is another registry's, or a network rule is there already.
        NotFound: a network rule that shall go is not there.
    """
    if help_page and not help_page.startswith(("https://", "http://")):
        raise Unacceptable(f"`{help_page}` is not a URL; begin with https:// or http://")
    if tenant_domain and _DOMAIN.fullmatch(tenant_domain) is None:
        raise Unacceptable(
            f"`{printable(tenant_domain)}` is not a domain in lower case, as in `example.org`"
        )
    if refusals_kept_days is not None and not 1 <= refusals_kept_days <= LONGEST_KEPT_DAYS:
        raise Unacceptable(f"refusals are kept for 1 to {LONGEST_KEPT_DAYS} days")
    if login_server is not None:
        _check_login_server(draft, login_server)
    present = _stored(draft)
    given: dict[str, Any] = {
        "mode": mode,
        "anonymous_pull": anonymous_pull,
        "accepts_arm_tokens": accepts_arm_tokens,
        "admin_enabled": admin_user,
        "network": None if network is None else network.applied_to(present.network),
    }
    of_all = {
        "tenant_domain": tenant_domain,
        "password_grant": password_grant,
        "refusals_kept_days": refusals_kept_days,
    }
    for name, value in of_all.items():
        if value is not None and not isinstance(present, RegistryRecord):
            raise Unacceptable(
                f"`{name}` is the same for all registries of this server; change it at the home "
                f"registry, `{draft.snapshot.at(HOME).registry.name}`"
            )
    changes = {k: value for k, value in {**given, **of_all}.items() if value is not None}
    for name, text in (("login_server", login_server), ("help_page", help_page)):
        if text is not None:
            changes[name] = text or None
    if admin_user:
        _first_passwords(draft)
    changed = msgspec.structs.replace(present, **changes)
    draft.put(changed)
    return as_seen(draft.snapshot.registry, changed)


def _stored(draft: Draft) -> RegistryRecord | FurtherRegistryRecord:
    """The record of the registry that the draft is seen from."""
    snapshot = draft.snapshot
    settings = snapshot.holdings[snapshot.registry_id].settings
    if isinstance(settings, FurtherRegistryRecord):
        return settings
    return snapshot.registry


def _check_login_server(draft: Draft, login_server: str) -> None:
    """Refuse a login server by which registries could not be told apart.

    Raises:
        Unacceptable: there is none.
        AlreadyExists: another registry has it.
    """
    if not login_server and not draft.snapshot.at(HOME).alone:
        raise Unacceptable(
            "a registry of a server that keeps several needs a login server: by that they are told "
            "apart"
        )
    ensure_no_registry_answers(draft, login_server, but=draft.snapshot.registry_id)


@dataclass(frozen=True, slots=True)
class AdminPasswords:
    """The admin user's name and those passwords that were made just now."""

    user_name: str
    enabled: bool
    made: dict[str, str]


def enable_admin_user(draft: Draft) -> AdminPasswords:
    """Switch the admin user on; both passwords are made the first time."""
    made = _first_passwords(draft)
    draft.put(msgspec.structs.replace(_stored(draft), admin_enabled=True))
    return AdminPasswords(draft.snapshot.registry.name, enabled=True, made=made)


def _first_passwords(draft: Draft) -> dict[str, str]:
    """Both passwords of the admin user by name; none when it has them already."""
    if draft.snapshot.directory.admin is not None:
        return {}
    account, made = new_admin_account(draft, draft.snapshot.registry_id)
    draft.put(account)
    return made


def new_admin_account(draft: Draft, registry_id: str) -> tuple[AdminAccount, dict[str, str]]:
    """The account of an admin user, and its new passwords by name."""
    stored, made = [], {}
    for name in ADMIN_PASSWORDS:
        secret, made[name] = draft.secret(name, None)
        stored.append(secret)
    return AdminAccount(tuple(stored), registry_id), made


def disable_admin_user(draft: Draft) -> AdminPasswords:
    """Switch the admin user off; its passwords wait for the day it is switched on again."""
    draft.put(msgspec.structs.replace(_stored(draft), admin_enabled=False))
    return AdminPasswords(draft.snapshot.registry.name, enabled=False, made={})


def regenerate_admin_password(draft: Draft, name: str) -> AdminPasswords:
    """Make one of the two passwords anew; the other stays.

    Raises:
        NotFound: there are no passwords yet, or none of that name.
    """
    account = draft.snapshot.directory.admin
    if account is None:
        raise NotFound("the admin user has never been enabled; run `pratique admin-user enable`")
    if name not in ADMIN_PASSWORDS:
        raise NotFound(f"the admin user has no password `{name}`; it is `password` or `password2`")
    secret, text = draft.secret(name, None)
    kept = tuple(secret if s.name == name else s for s in account.passwords)
    draft.put(AdminAccount(kept, account.registry))
    registry = draft.snapshot.registry
    return AdminPasswords(registry.name, registry.admin_enabled, {name: text})


def rotate_signing_key(draft: Draft, *, at_once: bool) -> SigningKey:
    """Sign with a new key from now on.

    Args:
        draft: receives the records.
        at_once: forget the former keys, so that every token made so far dies. Otherwise they
            verify until the last token they made has expired.
    """
    keys = draft.snapshot.keys
    for record in keys.records:
        if at_once or not keys.verifies(record.key_id, draft.at):
            draft.delete(record)
        elif record.retired_at is None:
            draft.put(msgspec.structs.replace(record, retired_at=draft.at))
    key = new_signing_key(draft.new_id(), draft.at)
    draft.put(key)
    return key
