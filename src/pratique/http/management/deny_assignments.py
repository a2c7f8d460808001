"""Deny assignments."""

from __future__ import annotations

import msgspec

from pratique.admission import Demand, Snapshot
from pratique.admission.changes import denials
from pratique.admission.records import DenyRecord, PermissionsRecord
from pratique.http.management import access_shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.naming import ResourceScope


class NewDenial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is refused to whom; at the registry when no scope is given."""

    name: str
    description: str = ""
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str | None = None
    scope: str | None = None
    everyone: bool = False
    principals: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    applies_to_child_scopes: bool = True

    def wanted(self, registry: ResourceScope) -> denials.WantedDenial:
        """What is asked for.

        Raises:
            InvalidName: the scope is none.
        """
        return denials.WantedDenial(
            self.name,
            self.description,
            PermissionsRecord(
                self.actions,
                self.not_actions,
                self.data_actions,
                self.not_data_actions,
                self.condition,
            ),
            ResourceScope(self.scope) if self.scope else registry,
            self.principals,
            self.everyone,
            self.excluded,
            self.applies_to_child_scopes,
        )


class Exclusions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a deny assignment concerns no longer, and whom it does again."""

    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


async def list_deny_assignments(visit: Visit) -> Given[list[access_shapes.DenyAssignment]]:
    """All of them by name."""
    snapshot = visit.view()
    told = visit.told_of(snapshot)
    records = sorted(snapshot.of_kind(DenyRecord), key=lambda d: d.name)
    shown = [views.denial(r, snapshot) for r in records if told(ResourceScope(r.scope))]
    return Given(shown)


async def create_deny_assignment(
    visit: Visit, wanted: NewDenial
) -> Made[access_shapes.DenyAssignment]:
    """Refuse something to somebody, whatever their roles grant."""
    denial = wanted.wanted(visit.scope)
    made = await visit.change(
        lambda draft: denials.create_denial(draft, denial), lambda _: (Demand(denial.scope),)
    )
    return Made(views.denial(made, visit.snapshot))


async def update_deny_assignment(
    visit: Visit, wanted: Exclusions
) -> Given[access_shapes.DenyAssignment]:
    """Exclude more principals, or some no longer."""
    reference = visit.parts["deny"]
    changed = await visit.change(
        lambda draft: denials.update_denial(draft, reference, wanted.exclude, wanted.include),
        lambda snapshot: _where_it_stands(snapshot, reference),
    )
    return Given(views.denial(changed, visit.snapshot))


async def delete_deny_assignment(visit: Visit) -> Given[access_shapes.DenyAssignment]:
    """Refuse it no longer."""
    reference = visit.parts["deny"]
    before = visit.snapshot
    gone = await visit.change(
        lambda draft: denials.delete_denial(draft, reference),
        lambda snapshot: _where_it_stands(snapshot, reference),
    )
    return Given(views.denial(gone, before))


def _where_it_stands(snapshot: Snapshot, reference: str) -> tuple[Demand, ...]:
    return (Demand(ResourceScope(denials.find_denial(snapshot, reference).scope)),)
