"""Further registries of a server: made, and deleted with everything that is theirs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pratique.access import RoleMode
from pratique.admission.changes.draft import Draft
from pratique.admission.changes.names import ensure_no_registry_answers, ensure_nobody_signs_in_as
from pratique.admission.changes.network_rules import NOTHING_ELSE, NetworkChange
from pratique.admission.changes.registry import new_admin_account
from pratique.admission.errors import AlreadyExists, Unacceptable
from pratique.admission.holdings import HOME
from pratique.admission.records import (
    DenyRecord,
    FurtherRegistryRecord,
    NetworkRecord,
    RegistrySettings,
)
from pratique.admission.snapshot import Snapshot
from pratique.admission.translation import assignment_record
from pratique.naming import RegistryName

MAX_REGISTRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class WantedRegistry:
    """A registry as asked for.

    Attributes:
        login_server: a host, with a port where clients have to write one.
        resource_group: None for the home registry's.
    """

    name: str
    login_server: str
    resource_group: str | None = None
    mode: RoleMode = RoleMode.RBAC
    anonymous_pull: bool = False
    accepts_arm_tokens: bool = True
    admin_user: bool = False
    network: NetworkChange = NOTHING_ELSE


def create(draft: Draft, wanted: WantedRegistry) -> FurtherRegistryRecord:
    """A new, empty registry beside the present ones, under the same directory and law.

    Raises:
        AlreadyExists: a registry, or somebody who signs in, has this name; or another registry has
            this login server.
        Unacceptable: the home registry has no login server, or there are too many registries.
        InvalidName: the name is no registry's, or the resource group's is none.
    """
    home = draft.snapshot.at(HOME)
    name = str(RegistryName(wanted.name))
    if home.registry.login_server is None:
        raise Unacceptable(
            f"the registry `{home.registry.name}` answers to every host name, so no other can have "
            "one of its own; give it one first: `pratique registry update --login-server HOST`"
        )
    if len(draft.snapshot.holdings) >= MAX_REGISTRIES:
        raise Unacceptable(f"there are {MAX_REGISTRIES} registries, and more are not allowed")
    for other in draft.snapshot.each():
        if other.registry.name.casefold() == name.casefold():
            raise AlreadyExists(f"there is a registry `{other.registry.name}` already")
    ensure_nobody_signs_in_as(draft, name)
    login_server = wanted.login_server.lower()
    ensure_no_registry_answers(draft, login_server, but=None)
    record = FurtherRegistryRecord(
        name=name,
        subscription_id=home.registry.subscription_id,
        resource_group=wanted.resource_group or home.registry.resource_group,
        created_at=draft.at,
        login_server=login_server,
        mode=wanted.mode,
        admin_enabled=wanted.admin_user,
        anonymous_pull=wanted.anonymous_pull,
        accepts_arm_tokens=wanted.accepts_arm_tokens,
        network=wanted.network.applied_to(NetworkRecord()),
        registry_id=draft.new_id().replace("-", ""),
    )
    # Read once, so that a group's name that is none is refused before it is stored.
    _ = record.scope
    draft.put(record)
    if wanted.admin_user:
        draft.put(new_admin_account(draft, record.registry_id)[0])
    return record


def delete(draft: Draft, name: str) -> RegistrySettings:
    """Take a registry away, with its tokens, scope maps, admin user and assignments.

    As in Azure, role assignments and deny assignments at the registry go with it; those above it
    stay. Its content is out of reach at once, since all of it is kept under the registry's id,
    which no other will have; collection removes it.

    Raises:
        NotFound: there is none of that name.
        Unacceptable: it is the home registry.
    """
    seen = draft.snapshot.named(name)
    settings = seen.holdings[seen.registry_id].settings
    if not isinstance(settings, FurtherRegistryRecord):
        raise Unacceptable(
            f"`{seen.registry.name}` is the home registry of this server, which keeps the "
            "directory and the keys of all registries, and cannot be deleted; stop the server and "
            "remove its folder to delete everything"
        )
    draft.delete(settings)
    _delete_own(draft, seen)
    _delete_assignments(draft, seen)
    return settings


def _delete_own(draft: Draft, seen: Snapshot) -> None:
    own = seen.holdings[seen.registry_id]
    for account in own.accounts.values():
        draft.delete(account)
    for scope_map in own.scope_maps.values():
        if not scope_map.system_defined:
            draft.delete(seen.scope_map_record(scope_map.name))
    if own.admin is not None:
        draft.delete(own.admin)


def _delete_assignments(draft: Draft, seen: Snapshot) -> None:
    key = seen.registry.scope.key
    for held in seen.law.assigned.get(key, {}).values():
        for assignment in held:
            draft.delete(assignment_record(assignment))
    for denial in seen.of_kind(DenyRecord):
        if denial.scope.casefold().rstrip("/") == key:
            draft.delete(denial)
