"""Resource groups: where registries stand, and what role assignments reach them all by."""

from __future__ import annotations

from typing import Final

from pratique.admission.changes.draft import Draft
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.records import ResourceGroupRecord
from pratique.admission.snapshot import Snapshot
from pratique.admission.translation import assignment_record
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

MAX_GROUPS: Final = 1000


def names(snapshot: Snapshot) -> dict[str, str]:
    """Names of all resource groups by their lower-cased form: made ones, and those of registries.

    The home registry's comes first, the others by name.
    """
    home = snapshot.at("").registry.resource_group
    made = [group.name for group in snapshot.of_kind(ResourceGroupRecord)]
    used = [seen.registry.resource_group for seen in snapshot.each()]
    every = [home, *sorted({*made, *used}, key=str.casefold)]
    found: dict[str, str] = {}
    for name in every:
        found.setdefault(name.casefold(), name)
    return found


def scope_of(snapshot: Snapshot, name: str) -> ResourceScope:
    """Where a group stands, be it there or not.

    Raises:
        InvalidName: the name is no group's.
    """
    subscription = snapshot.at("").registry.scope.ancestors_within_subscription()[-1]
    return ResourceScope(f"{subscription}/resourceGroups/{name}")


def create(draft: Draft, name: str) -> str:
    """A group of this name; the one that is there keeps its spelling.

    Raises:
        InvalidName: the name is no group's.
        Unacceptable: there are too many.
    """
    present = names(draft.snapshot)
    known = present.get(name.casefold())
    if known is not None:
        return known
    if len(present) >= MAX_GROUPS:
        raise Unacceptable(f"there are {MAX_GROUPS} resource groups, and more are not allowed")
    scope_of(draft.snapshot, name)
    draft.put(ResourceGroupRecord(name, draft.at))
    return name


def delete(draft: Draft, name: str) -> str:
    """Take away an empty group, with the role assignments at it.

    Raises:
        NotFound: there is none of that name.
        Unacceptable: registries stand in it.
    """
    snapshot = draft.snapshot
    known = names(snapshot).get(name.casefold())
    if known is None:
        raise NotFound(f"there is no resource group `{printable(name)}`")
    for seen in snapshot.each():
        if seen.registry.resource_group.casefold() == known.casefold():
            raise Unacceptable(
                f"the registry `{seen.registry.name}` stands in the resource group `{known}`; "
                "delete it first"
            )
    draft.delete(ResourceGroupRecord(known, draft.at))
    for held in snapshot.law.assigned.get(scope_of(snapshot, known).key, {}).values():
        for assignment in held:
            draft.delete(assignment_record(assignment))
    return known
