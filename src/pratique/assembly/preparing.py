"""Making a registry, and telling whether there is one."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pratique.admission import (
    AlreadyExists,
    Draft,
    LedgerMoved,
    RegistryRecord,
    Row,
    Unacceptable,
)
from pratique.admission.changes.registry import found
from pratique.admission.snapshot import empty_snapshot
from pratique.assembly.sources import new_id, now
from pratique.assembly.stores import foundation
from pratique.http.wire.challenges import is_host
from pratique.identity import PasswordHasher
from pratique.naming import RegistryName
from pratique.settings import Places

OWNER_NAME = "owner"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A registry that was just made; the password is shown this once."""

    registry: RegistryRecord
    owner_name: str
    owner_password: str


def is_prepared(places: Places) -> bool:
    """Whether there is a registry; `StorageFailed` while it is being restored."""
    with foundation(places, lay=False) as rows:
        return rows is not None and rows.version() > 0


def prepare(
    places: Places, *, name: RegistryName, login_server: str | None, owner_name: str = OWNER_NAME
) -> Prepared:
    """Make a registry with one user, who owns it.

    Raises:
        AlreadyExists: there is one already, or the owner would have the registry's name; nothing
            was changed.
        Unacceptable: the owner's name cannot be a user name, or the server's is no host.
        StorageFull, StorageFailed: a store cannot be written.
    """
    if login_server is not None and not is_host(login_server):
        raise Unacceptable(f"`{login_server}` is not a host name, nor one with a port")
    with foundation(places, lay=True) as rows:
        if rows is None or rows.version() > 0:
            raise AlreadyExists(
                f"there is a registry in {places.of_rows} already; `pratique serve` it"
            )
        password = secrets.token_urlsafe(18)
        with ThreadPoolExecutor(1) as executor:
            password_hash = PasswordHasher(executor, secrets.token_bytes).hash_now(password)
        registry = RegistryRecord(
            name=str(name),
            subscription_id=new_id(),
            resource_group="pratique",
            created_at=now(),
            login_server=login_server,
            tenant_id=new_id(),
        )
        try:
            rows.append(first_records(registry, owner_name, password_hash))
        except LedgerMoved as error:
            raise AlreadyExists(
                f"another process made a registry in {places.of_rows} just now"
            ) from error
    return Prepared(registry, owner_name, password)


def first_records(
    registry: RegistryRecord, owner_name: str, owner_password_hash: str
) -> tuple[Row, ...]:
    """What stands in a ledger from the beginning: the registry, its owner, a signing key."""
    draft = Draft(empty_snapshot(registry), registry.created_at, new_id, secrets.token_bytes)
    found(draft, registry, owner_name, owner_password_hash)
    return draft.rows
