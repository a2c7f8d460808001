"""Changes of the law: what comes and goes, and the law that then stands.

One way leads from any law to the next: a law is built by amending the empty one, kept up to date by
amending the last one, and tried out by amending the present one. So a trial cannot differ from
doing it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.denials import DenyAssignment
from pratique.access.groups import Memberships
from pratique.access.law import Held, Law, RegistryPolicy
from pratique.access.principals import Principal
from pratique.access.roles import RoleAssignment, RoleDefinition
from pratique.access.scope_maps import SYSTEM_SCOPE_MAPS, RegistryToken, ScopeMap

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Amendment:
    """What changes. Keyed parts map a key to what stands under it now, None for nothing.

    Attributes:
        registry: the new policy; None when it stays.
        principals: by object id.
        roles: by role id; built-in ones cannot be changed.
        gone_assignments: as the law holds them; what it does not hold is passed over.
        assignments: new ones, or others in place of those with the same id, holder and scope.
        gone_denials: likewise.
        denials: likewise.
        tokens: by name.
        scope_maps: by name; system-defined ones cannot be changed.
    """

    registry: RegistryPolicy | None = None
    principals: Mapping[str, Principal | None] = field(default_factory=dict)
    roles: Mapping[str, RoleDefinition | None] = field(default_factory=dict)
    gone_assignments: Iterable[RoleAssignment] = ()
    assignments: Iterable[RoleAssignment] = ()
    gone_denials: Iterable[DenyAssignment] = ()
    denials: Iterable[DenyAssignment] = ()
    tokens: Mapping[str, RegistryToken | None] = field(default_factory=dict)
    scope_maps: Mapping[str, ScopeMap | None] = field(default_factory=dict)


def amended(law: Law, amendment: Amendment) -> Law:
    """The law that stands after `amendment`; `law` itself stays as it is.

    The work grows with the amendment and the number of holders, not with that of assignments.
    """
    moved = law if amendment.registry is None else law.at(amendment.registry)
    assigned, where = _assigned(law, amendment.gone_assignments, amendment.assignments)
    return replace(
        moved,
        principals=_put(law.principals, amendment.principals),
        roles=_put(law.roles, amendment.roles, fixed=BUILT_IN_ROLES),
        assigned=assigned,
        where=where,
        denials=_denials(law.denials, amendment.gone_denials, amendment.denials),
        memberships=_memberships(law, amendment.principals),
        tokens=_put(law.tokens, amendment.tokens),
        scope_maps=_put(law.scope_maps, amendment.scope_maps, fixed=SYSTEM_SCOPE_MAPS),
    )


def build_law(
    registry: RegistryPolicy,
    *,
    principals: Iterable[Principal] = (),
    roles: Iterable[RoleDefinition] = (),
    assignments: Iterable[RoleAssignment] = (),
    denials: Iterable[DenyAssignment] = (),
    tokens: Iterable[RegistryToken] = (),
    scope_maps: Iterable[ScopeMap] = (),
) -> Law:
    """The law of these parts; built-in roles and system scope maps are added."""
    parts = Amendment(
        principals={p.object_id: p for p in principals},
        roles={r.role_id: r for r in roles},
        assignments=assignments,
        denials=denials,
        tokens={t.name: t for t in tokens},
        scope_maps={m.name: m for m in scope_maps},
    )
    return amended(Law.empty(registry), parts)


def _put(
    present: Mapping[K, V], changes: Mapping[K, V | None], fixed: Mapping[K, V] | None = None
) -> Mapping[K, V]:
    if not changes:
        return present
    after = dict(present)
    for key, value in changes.items():
        if fixed is not None and key in fixed:
            continue
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after


def _assigned(
    law: Law, gone: Iterable[RoleAssignment], come: Iterable[RoleAssignment]
) -> tuple[Mapping[str, Held], Mapping[str, tuple[str, ...]]]:
    # Levels that were copied already and may be written to; and holders, with what changed there.
    touched: dict[str, dict[str, tuple[RoleAssignment, ...]]] = {}
    moved: dict[str, dict[str, None]] = {}

    def level_of(key: str) -> dict[str, tuple[RoleAssignment, ...]]:
        level = touched.get(key)
        if level is None:
            level = touched[key] = dict(law.assigned.get(key, ()))
        return level

    def scopes_of(holder: str) -> dict[str, None]:
        scopes = moved.get(holder)
        if scopes is None:
            scopes = moved[holder] = dict.fromkeys(law.where.get(holder, ()))
        return scopes

    for assignment in gone:
        key, holder = assignment.scope.key, assignment.principal_id
        level = level_of(key)
        left = _without(level.get(holder, ()), assignment)
        if left:
            level[holder] = left
        else:
            level.pop(holder, None)
            scopes_of(holder).pop(key, None)
    for assignment in come:
        key, holder = assignment.scope.key, assignment.principal_id
        level = level_of(key)
        there = level.get(holder)
        if there is None:
            level[holder] = (assignment,)
            scopes_of(holder)[key] = None
        else:
            both = (*_without(there, assignment), assignment)
            level[holder] = tuple(sorted(both, key=lambda a: a.assignment_id))
    if not touched:
        return law.assigned, law.where
    assigned = {**law.assigned, **touched}
    where = {**law.where, **{holder: tuple(sorted(keys)) for holder, keys in moved.items()}}
    return (
        assigned if all(touched.values()) else {k: level for k, level in assigned.items() if level},
        where if all(moved.values()) else {h: keys for h, keys in where.items() if keys},
    )


def _without(there: tuple[RoleAssignment, ...], gone: RoleAssignment) -> tuple[RoleAssignment, ...]:
    return tuple(a for a in there if a.assignment_id != gone.assignment_id)


def _denials(
    present: Mapping[str, tuple[DenyAssignment, ...]],
    gone: Iterable[DenyAssignment],
    come: Iterable[DenyAssignment],
) -> Mapping[str, tuple[DenyAssignment, ...]]:
    after = dict(present)
    for denial in gone:
        for named in denial.principal_ids:
            left = tuple(d for d in after.get(named, ()) if d.deny_id != denial.deny_id)
            after[named] = left
            if not left:
                del after[named]
    for denial in come:
        for named in denial.principal_ids:
            both = (*after.get(named, ()), denial)
            after[named] = tuple(sorted(both, key=lambda d: d.deny_id))
    return after


def _memberships(law: Law, principals: Mapping[str, Principal | None]) -> Memberships:
    before = [law.principals[key] for key in principals if key in law.principals]
    after = [principal for principal in principals.values() if principal is not None]
    return law.memberships.changed(before, after)
