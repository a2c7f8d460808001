"""Law and directory at one version, and the keeper of the newest such snapshot."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from pratique.access import Law, RoleAssignment
from pratique.access.amendments import Amendment, amended
from pratique.access.law import MOST_REMEMBERED
from pratique.admission import translation
from pratique.admission.audit.outbox import KIND as ACCOUNT
from pratique.admission.errors import NotFound
from pratique.admission.holdings import HOME, Holding, Holdings, as_seen, by_host, by_scope
from pratique.admission.holdings import changed as changed_holdings
from pratique.admission.kept import (
    Kept,
    Records,
    accounts_among,
    apart,
    of_type,
    principals_touched,
    put_records,
)
from pratique.admission.ledger import Ledger, Row
from pratique.admission.records import (
    AssignmentRecord,
    DenyRecord,
    RegistryRecord,
    RoleRecord,
    ScopeMapRecord,
    decode,
    kind_and_key,
)
from pratique.identity import (
    Application,
    Directory,
    Group,
    KeyRing,
    SigningKey,
    User,
)
from pratique.identity.ldap import LdapSetup
from pratique.naming import InvalidName, ResourceScope
from pratique.naming.errors import printable

T = TypeVar("T")
_LEAST_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that admission consults, of one moment.

    It is seen from one registry of the server, the home registry unless `at` or `at_host` says
    another: `registry`, the law's policy, its tokens and scope maps, the directory's tokens and
    admin user are that registry's; all else is the same from each.

    Attributes:
        registry: settings of the registry from which it is seen.
        records: what is stored, by kind and key, except role assignments: the law holds those, and
            a second copy of each would double its size.
        registry_id: of the registry from which it is seen; empty for the home registry.
        holdings: what belongs to each registry alone, by registry id.
        hosts: ids of further registries by their login servers, in lower case.
        places: ids of further registries by the keys of their scopes.
    """

    version: int
    registry: RegistryRecord
    law: Law
    directory: Directory
    keys: KeyRing
    records: Records
    registry_id: str = HOME
    holdings: Holdings = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    # Made once for each registry: what is remembered for a snapshot is remembered by its identity.
    _views: dict[str, Snapshot] = field(default_factory=dict, init=False, compare=False, repr=False)

    def at_host(self, host: str) -> Snapshot:
        """As seen from the registry whose login server that is; the home registry for any other.

        Args:
            host: in lower case, with a port where the client sends one.
        """
        registry_id = self.hosts.get(host)
        return self if registry_id is None else self.at(registry_id)

    def at(self, registry_id: str) -> Snapshot:
        """As seen from the registry of that id; the same object each time.

        Raises:
            NotFound: there is no such registry, or none any more.
        """
        if registry_id == self.registry_id:
            return self
        known = self._views.get(registry_id)
        if known is None:
            holding = self.holdings.get(registry_id)
            if holding is None or holding.settings is None:
                raise NotFound("this registry has been deleted")
            known = self._views[registry_id] = self._seen_from(registry_id, holding)
        return known

    def at_scope(self, scope: ResourceScope) -> Snapshot | None:
        """As seen from the registry that stands at that very scope; None where none does."""
        registry_id = self.places.get(scope.key)
        if registry_id is not None:
            return self.at(registry_id)
        home = self.at(HOME)
        return home if home.registry.scope.key == scope.key else None

    def named(self, name: str) -> Snapshot:
        """As seen from the registry of that name, whatever its case.

        Raises:
            NotFound: there is none.
        """
        for registry_id, holding in self.holdings.items():
            settings = holding.settings
            if settings is not None and settings.name.casefold() == name.casefold():
                return self.at(registry_id)
        raise NotFound(
            f"there is no registry `{printable(name)}`; `pratique registry list` shows them"
        )

    def each(self) -> Iterator[Snapshot]:
        """As seen from each registry; the home registry first, then by name."""
        known = [(k, h.settings) for k, h in self.holdings.items() if h.settings is not None]
        for registry_id, _ in sorted(known, key=lambda r: (r[0] != HOME, r[1].name.casefold())):
            yield self.at(registry_id)

    @property
    def alone(self) -> bool:
        """Whether the home registry is the only one of this server."""
        return not self.hosts

    def _seen_from(self, registry_id: str, holding: Holding) -> Snapshot:
        home, settings = self.holdings[HOME].settings, holding.settings
        # INVARIANT: a snapshot begins with the home registry, and `at` asks for no registry that
        # is not there.
        if not isinstance(home, RegistryRecord) or settings is None:
            raise NotFound("this registry has been deleted")
        registry = as_seen(home, settings)
        return replace(
            self,
            registry=registry,
            registry_id=registry_id,
            law=self.law.seen_from(
                translation.policy(registry),
                holding.tokens,
                holding.scope_maps,
                # All views together remember as much as one law does.
                max(_LEAST_REMEMBERED, MOST_REMEMBERED // len(self.holdings)),
            ),
            directory=self.directory.seen_from(registry.name, holding.admin, holding.accounts),
        )

    def changed(self, version: int, gone: Iterable[Kept], come: Iterable[Kept]) -> Snapshot:
        """The snapshot once `come` stand and `gone` do no more, seen from the same registry.

        Args:
            version: of the ledger that says so.
            gone: what was deleted, as it stood.
            come: what stands now, new or changed.

        Raises:
            NotFound: that registry is what went.
        """
        if self.registry_id != HOME:
            return self.at(HOME).changed(version, gone, come).at(self.registry_id)
        put, kept = apart(come)
        deleted, lost = apart(gone)
        replaced = [self.records[k] for k in map(kind_and_key, kept) if k in self.records]
        before = [*lost, *replaced]
        registry = next(iter(of_type(kept, RegistryRecord)), self.registry)
        holdings = changed_holdings(self.holdings, before, kept)
        own = holdings[HOME]
        directory = self.directory.changed(accounts_among(before), accounts_among(kept)).seen_from(
            registry.name, own.admin, own.accounts
        )
        records = put_records(self.records, lost, kept)
        amendment = Amendment(
            registry=None if registry is self.registry else translation.policy(registry),
            principals=principals_touched((*before, *kept), directory, records),
            roles={
                **{r.role_id: None for r in of_type(before, RoleRecord)},
                **{r.role_id: translation.role(r) for r in of_type(kept, RoleRecord)},
            },
            gone_assignments=deleted,
            assignments=put,
            gone_denials=map(translation.denial, of_type(before, DenyRecord)),
            denials=map(translation.denial, of_type(kept, DenyRecord)),
        )
        same_keys = not of_type((*before, *kept), SigningKey)
        keys = self.keys if same_keys else KeyRing(of_type(records.values(), SigningKey))
        law = amended(self.law, amendment)
        if own.tokens is not law.tokens or own.scope_maps is not law.scope_maps:
            law = law.seen_from(law.registry, own.tokens, own.scope_maps)
        same = holdings is self.holdings
        return Snapshot(
            version,
            registry,
            law,
            directory,
            keys,
            records,
            holdings=holdings,
            hosts=self.hosts if same else by_host(holdings),
            places=self.places if same else by_scope(holdings),
        )

    def find_principal(self, reference: str) -> User | Application | Group:
        """Whom `reference` means: an object id, client id, user, group or application name.

        Raises:
            NotFound: nobody answers to it, or several do.
        """
        found = self.directory.principal(reference)
        if found is None:
            several = len(self.directory.called(reference))
            raise NotFound(
                f"{several} groups and service principals are called `{printable(reference)}`; "
                "give the object id, which `pratique sp list` and `group list` show"
                if several
                else f"no user, group or service principal answers to `{printable(reference)}`; "
                "`pratique sp list`, `user list` and `group list` show who is there"
            )
        return found

    @property
    def ldap(self) -> LdapSetup | None:
        """The LDAP server that is set up; None for none."""
        found = self.records.get(("ldap", ""))
        return found if isinstance(found, LdapSetup) else None

    def scope_map_record(self, name: str) -> ScopeMapRecord:
        """The record of a scope map that somebody made in this registry.

        Raises:
            KeyError: there is none of that name.
        """
        own = f"{self.registry_id}/" if self.registry_id else ""
        found = self.records["scope-map", f"{own}{name.casefold()}"]
        if not isinstance(found, ScopeMapRecord):
            raise KeyError(name)
        return found

    def of_kind(self, wanted: type[T]) -> list[T]:
        """All records of that type; none of role assignments, which the law holds."""
        return of_type(self.records.values(), wanted)


def empty_snapshot(registry: RegistryRecord) -> Snapshot:
    """What stands before the first record of a registry is written."""
    law = Law.empty(translation.policy(registry))
    return Snapshot(
        0,
        registry,
        law,
        Directory.empty(registry.name),
        KeyRing(()),
        {},
        holdings={HOME: Holding(registry)},
    )


class NotPrepared(Exception):
    """The store holds no registry yet; closed by default, nothing can be judged."""


class LawUnreadable(Exception):
    """The store holds what this version cannot read; closed by default, nothing is judged."""


class Snapshots:
    """Gives the newest snapshot, reading only what changed.

    Every request asks for the ledger's version first, so a change made by another worker is in
    force with the next request (rule 5 of the design).

    Attributes:
        behind: whether `catch_up` is due before a request is judged; the ledger's own, as every
            request asks.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.behind = ledger.behind
        self._version = 0
        self._snapshot: Snapshot | None = None
        # A deleted row tells its key only; where in the law the assignment stands is found here.
        self._assignments: dict[str, RoleAssignment] = {}

    def current(self) -> Snapshot:
        """The snapshot of now.

        Raises:
            NotPrepared: there is no registry in the store.
            LawUnreadable: a record makes no sense to this version.
        """
        if self._snapshot is None or self._ledger.version() != self._version:
            self._refresh()
        if self._snapshot is None:
            raise NotPrepared("the data folder holds no registry; run `pratique init` first")
        return self._snapshot

    async def catch_up(self) -> None:
        """Let `current` give what stood when this was called, or later.

        Raises:
            LawNotConfirmed: it cannot be found out whether the law has changed.
        """
        await self._ledger.catch_up()

    def _refresh(self) -> None:
        # Nothing that is made here is garbage, and to search a large law for some takes longer
        # than to read it.
        searching = gc.isenabled()
        gc.disable()
        try:
            self._read_changes()
        except InvalidName as error:
            raise LawUnreadable(
                f"a record makes no sense to this version of pratique ({error}); nothing is "
                "judged by half a law"
            ) from error
        finally:
            if searching:
                gc.enable()

    def _read_changes(self) -> None:
        if self._ledger.version() < self._version:
            # Somebody put an older store in its place: what was read before is no more.
            self._snapshot, self._version, self._assignments = None, 0, {}
        version, rows = self._ledger.read(self._version)
        come: list[Kept] = []
        gone: list[Kept] = []
        for row in rows:
            if row.kind == ACCOUNT:
                continue
            if row.body is not None:
                come.append(_kept(row.kind, row.key, row.body))
            else:
                gone += self._stood(row)
        before = self._snapshot
        if before is None:
            registry = next(iter(of_type(come, RegistryRecord)), None)
            if registry is None:
                return
            before = empty_snapshot(registry)
        after = before.changed(version, gone, come)
        for assignment in of_type(gone, RoleAssignment):
            del self._assignments[assignment.assignment_id]
        self._assignments.update((a.assignment_id, a) for a in of_type(come, RoleAssignment))
        self._snapshot, self._version = after, version

    def _stood(self, row: Row) -> Iterator[Kept]:
        """What a deleted row held; nothing when it was made and deleted since the last look."""
        if row.kind == "assignment":
            assignment = self._assignments.get(row.key)
            if assignment is not None:
                yield assignment
        elif self._snapshot is not None and (row.kind, row.key) in self._snapshot.records:
            yield self._snapshot.records[row.kind, row.key]


def _kept(kind: str, key: str, body: bytes) -> Kept:
    try:
        record = decode(kind, body)
    except (KeyError, msgspec.MsgspecError) as error:
        raise LawUnreadable(
            f"the record `{kind}/{key}` cannot be read by this version of pratique ({error}); "
            "nothing is judged by half a law"
        ) from error
    return translation.assignment(record) if isinstance(record, AssignmentRecord) else record
