"""Law and directory at one version, and the keeper of the newest such snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pratique.access import (
    Law,
    Principal,
    PrincipalKind,
    RegistryPolicy,
    RegistryToken,
    RoleAssignment,
    ScopeMap,
    ScopeMapRule,
)
from pratique.admission.ledger import Ledger
from pratique.admission.records import (
    AssignmentRecord,
    Record,
    RegistryRecord,
    ScopeMapRecord,
    decode,
)
from pratique.identity import (
    AdminAccount,
    Application,
    Directory,
    Group,
    KeyRing,
    SigningKey,
    TokenAccount,
    User,
)
from pratique.naming import ResourceScope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that admission consults, of one moment.

    Attributes:
        scope_maps: those that somebody made, by name.
    """

    version: int
    registry: RegistryRecord
    law: Law
    directory: Directory
    keys: KeyRing
    scope_maps: Mapping[str, ScopeMapRecord]


class NotPrepared(Exception):
    """The store holds no registry yet; closed by default, nothing can be judged."""


class Snapshots:
    """Gives the newest snapshot, reading only what changed.

    Every request asks for the ledger's version first, so a change made by another worker is in
    force with the next request (rule 5 of the design).
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._records: dict[tuple[str, str], Record] = {}
        self._version = 0
        self._snapshot: Snapshot | None = None

    def current(self) -> Snapshot:
        """The snapshot of now.

        Raises:
            NotPrepared: there is no registry in the store.
        """
        if self._snapshot is None or self._ledger.version() != self._version:
            self._refresh()
        if self._snapshot is None:
            raise NotPrepared("the data folder holds no registry; run `pratique init` first")
        return self._snapshot

    def _refresh(self) -> None:
        version, rows = self._ledger.read(self._version)
        for row in rows:
            if row.body is None:
                self._records.pop((row.kind, row.key), None)
            else:
                self._records[row.kind, row.key] = decode(row.kind, row.body)
        self._version = version
        self._snapshot = build_snapshot(version, tuple(self._records.values()))


def build_snapshot(version: int, records: Iterable[Record]) -> Snapshot | None:
    """The snapshot that `records` make; None without a registry among them."""
    everything = tuple(records)
    registry = next(iter(_of(everything, RegistryRecord)), None)
    if registry is None:
        return None
    scope_maps = _of(everything, ScopeMapRecord)
    users, applications = _of(everything, User), _of(everything, Application)
    groups, tokens = _of(everything, Group), _of(everything, TokenAccount)
    policy = RegistryPolicy(
        name=registry.name,
        scope=registry.scope,
        mode=registry.mode,
        management_groups=registry.management_groups,
        admin_enabled=registry.admin_enabled,
        anonymous_pull=registry.anonymous_pull,
    )
    law = Law.build(
        policy,
        principals=(*map(_user, users), *map(_service, applications), *map(_group, groups)),
        assignments=map(_assignment, _of(everything, AssignmentRecord)),
        tokens=(RegistryToken(t.name, t.scope_map, t.enabled) for t in tokens),
        scope_maps=map(_scope_map, scope_maps),
    )
    directory = Directory.build(
        registry_name=registry.name,
        users=users,
        applications=applications,
        groups=groups,
        tokens=tokens,
        admin=next(iter(_of(everything, AdminAccount)), None),
    )
    return Snapshot(
        version,
        registry,
        law,
        directory,
        KeyRing(_of(everything, SigningKey)),
        {m.name: m for m in scope_maps},
    )


def empty_snapshot(registry: RegistryRecord) -> Snapshot:
    """What stands before the first record of a registry is written."""
    snapshot = build_snapshot(0, (registry,))
    if snapshot is None:
        raise TypeError("a registry record was given, so there is a snapshot")
    return snapshot


def _of(records: Iterable[Record], wanted: type[T]) -> list[T]:
    return [r for r in records if isinstance(r, wanted)]


def _user(user: User) -> Principal:
    return Principal(user.object_id, PrincipalKind.USER, user.display_name, user.enabled)


def _service(application: Application) -> Principal:
    return Principal(
        application.object_id,
        PrincipalKind.SERVICE_PRINCIPAL,
        application.display_name,
        application.enabled,
    )


def _group(group: Group) -> Principal:
    return Principal(
        group.object_id,
        PrincipalKind.GROUP,
        group.display_name,
        members=frozenset(group.members),
    )


def _assignment(record: AssignmentRecord) -> RoleAssignment:
    return RoleAssignment(
        record.assignment_id,
        record.role_id,
        record.principal_id,
        ResourceScope(record.scope),
        record.created_at,
    )


def _scope_map(record: ScopeMapRecord) -> ScopeMap:
    rules = tuple(ScopeMapRule.parse(action) for action in record.actions)
    return ScopeMap(record.name, record.description, rules)
