"""What belongs to one registry of a server and to no other: settings, admin user, tokens, maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec

from pratique.access import SYSTEM_SCOPE_MAPS, RegistryToken, ScopeMap
from pratique.admission import translation
from pratique.admission.records import (
    FurtherRegistryRecord,
    RegistryRecord,
    RegistrySettings,
    ScopeMapRecord,
)
from pratique.identity import AdminAccount, TokenAccount

T = TypeVar("T")
HOME = ""
"""Under this id the home registry's part is kept, as older stores have it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One registry's part of the records.

    Attributes:
        settings: None when what names this registry is there without it: nothing is reached by it.
        accounts: its tokens, by lower-cased name.
        tokens: the same for the law, by name.
        scope_maps: by name, the system's included, which every registry has.
    """

    settings: RegistrySettings | None = None
    admin: AdminAccount | None = None
    accounts: Mapping[str, TokenAccount] = field(default_factory=dict)
    tokens: Mapping[str, RegistryToken] = field(default_factory=dict)
    scope_maps: Mapping[str, ScopeMap] = field(default_factory=lambda: SYSTEM_SCOPE_MAPS)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of it."""
        return self.settings is None and self.admin is None and not self.accounts

    def changed(self, gone: Iterable[object], come: Iterable[object]) -> Holding:
        """What stands once `come` do and `gone` do no more; all are of this registry."""
        left, arrived = tuple(gone), tuple(come)
        tokens, maps = _of(arrived, TokenAccount), _of(arrived, ScopeMapRecord)
        former = _of(left, TokenAccount)
        former_maps = _of(left, ScopeMapRecord)
        settings = None if _of(left, RegistrySettings) else self.settings
        admin = None if _of(left, AdminAccount) else self.admin
        for record in _of(arrived, RegistrySettings):
            # What names no place has no meaning, and that must come out now, not at a request.
            _ = record.scope
        return replace(
            self,
            settings=next(iter(_of(arrived, RegistrySettings)), settings),
            admin=next(iter(_of(arrived, AdminAccount)), admin),
            accounts=_put(
                self.accounts,
                [t.name.casefold() for t in former],
                {t.name.casefold(): t for t in tokens},
            ),
            tokens=_put(
                self.tokens,
                [t.name for t in former],
                {t.name: RegistryToken(t.name, t.scope_map, t.enabled) for t in tokens},
            ),
            scope_maps=_put(
                self.scope_maps,
                [m.name for m in former_maps if m.name not in SYSTEM_SCOPE_MAPS],
                {m.name: translation.scope_map(m) for m in maps if m.name not in SYSTEM_SCOPE_MAPS},
            ),
        )


Holdings = Mapping[str, Holding]


def changed(holdings: Holdings, gone: Iterable[object], come: Iterable[object]) -> Holdings:
    """The parts of all registries, by registry id, once `come` stand and `gone` do no more.

    What belongs to no registry alone is passed over.
    """
    left, arrived = _by_registry(gone), _by_registry(come)
    if not left and not arrived:
        return holdings
    after = dict(holdings)
    for registry_id in left.keys() | arrived.keys():
        before = after.pop(registry_id, Holding())
        part = before.changed(left.get(registry_id, ()), arrived.get(registry_id, ()))
        if not part.empty or registry_id == HOME:
            after[registry_id] = part
    return after


def by_host(holdings: Holdings) -> Mapping[str, str]:
    """Ids of further registries by their login servers, in lower case."""
    return {
        part.settings.login_server.lower(): registry_id
        for registry_id, part in holdings.items()
        if registry_id != HOME and part.settings is not None and part.settings.login_server
    }


def by_scope(holdings: Holdings) -> Mapping[str, str]:
    """Ids of further registries by the keys of their scopes."""
    return {
        part.settings.scope.key: registry_id
        for registry_id, part in holdings.items()
        if registry_id != HOME and part.settings is not None
    }


def as_seen(home: RegistryRecord, settings: RegistrySettings) -> RegistryRecord:
    """A registry with what there is but once on a server, which is the home registry's."""
    if isinstance(settings, RegistryRecord):
        return settings
    own = {name: getattr(settings, name) for name in RegistrySettings.__struct_fields__}
    return msgspec.structs.replace(home, **own)


def _by_registry(records: Iterable[object]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for record in records:
        match record:
            case RegistryRecord():
                found.setdefault(HOME, []).append(record)
            case FurtherRegistryRecord():
                found.setdefault(record.registry_id, []).append(record)
            case TokenAccount() | AdminAccount() | ScopeMapRecord():
                found.setdefault(record.registry, []).append(record)
    return found


def _of(records: Iterable[Any], wanted: type[T]) -> list[T]:
    return [r for r in records if isinstance(r, wanted)]


def _put(present: Mapping[str, T], gone: Iterable[str], come: Mapping[str, T]) -> Mapping[str, T]:
    left = tuple(gone)
    if not left and not come:
        return present
    after = dict(present)
    for key in left:
        after.pop(key, None)
    after.update(come)
    return after
