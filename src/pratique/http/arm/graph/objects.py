"""Any objects of the directory by their ids: how az finds names for what role lists hold."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from pratique.http.arm.answers import Listed
from pratique.http.arm.directory_permissions import GROUPS_READ, PRINCIPALS_READ, USERS_READ
from pratique.http.arm.graph import views
from pratique.http.arm.graph.applications import NEXT
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import DIRECTORY_SCOPE, Visit
from pratique.identity import Application, Group, User

_READ: Final = {Application: PRINCIPALS_READ, User: USERS_READ, Group: GROUPS_READ}
_NAMES: Final = {Application: "serviceprincipal", User: "user", Group: "group"}
_ASSIGNMENTS_READ: Final = "Microsoft.Authorization/roleAssignments/read"


class Ids(msgspec.Struct, frozen=True):
    """Which objects, and of which kinds; of all kinds when none is named."""

    ids: Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)]
    types: tuple[str, ...] = ()


async def get_by_ids(visit: Visit, wanted: Ids) -> Listed:
    """Those that the caller may know; the others as if they were not there.

    Whoever may read role assignments is shown who holds some, as by the management API.
    """
    snapshot, kinds = visit.snapshot, {t.casefold() for t in wanted.types}
    holders = visit.may(_ASSIGNMENTS_READ, snapshot.registry.scope)
    readable = {kind for kind, right in _READ.items() if visit.may(right, DIRECTORY_SCOPE)}
    found = []
    for object_id in dict.fromkeys(i.casefold() for i in wanted.ids):
        record = snapshot.directory.by_object_id.get(object_id)
        if record is None or (kinds and _NAMES[type(record)] not in kinds):
            continue
        known = (
            type(record) in readable
            or object_id == visit.object_id
            or (holders and snapshot.law.reach(object_id).has_any)
        )
        if known:
            found.append(views.typed(record))
    return listed(visit, found, NEXT)
