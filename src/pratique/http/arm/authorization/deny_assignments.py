"""Deny assignments (acr-access 4.6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pratique.access import EVERYONE
from pratique.admission import Demand, NotFound, Snapshot, Unacceptable
from pratique.admission.changes import denials
from pratique.admission.changes.denials import find_denial
from pratique.admission.records import DenyRecord, PermissionsRecord
from pratique.http.arm.answers import Listed, Shown, ShownAsGone, ShownAsMade
from pratique.http.arm.authorization.scopes import Around
from pratique.http.arm.errors import ArmError
from pratique.http.arm.filters import filter_of
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.naming import ResourceScope

_EVERYONE = "00000000-0000-0000-0000-000000000000"
_KNOWN = frozenset({("atScope", ""), ("eq", "denyAssignmentName")})


class Refused(msgspec.Struct, frozen=True, rename="camel"):
    """One set of permissions that are refused."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str | None = None


class Named(msgspec.Struct, frozen=True):
    """Somebody; the nil GUID is everybody."""

    id: str


class DenyProperties(msgspec.Struct, frozen=True, rename="camel"):
    """A deny assignment as it shall stand."""

    deny_assignment_name: str
    permissions: tuple[Refused, ...]
    principals: tuple[Named, ...]
    exclude_principals: tuple[Named, ...] = ()
    description: str | None = None
    do_not_apply_to_child_scopes: bool | None = None
    is_system_protected: bool | None = None

    def wanted(self, scope: ResourceScope) -> denials.WantedDenial:
        """What is asked for.

        Raises:
            Unacceptable: it has not exactly one set of permissions, or wants Azure's protection.
        """
        if len(self.permissions) != 1:
            raise Unacceptable(
                "a deny assignment has one set of permissions here; give exactly one"
            )
        if self.is_system_protected:
            raise Unacceptable("only Azure itself protects deny assignments; leave it out")
        held = self.permissions[0]
        return denials.WantedDenial(
            self.deny_assignment_name,
            self.description or "",
            PermissionsRecord(
                held.actions,
                held.not_actions,
                held.data_actions,
                held.not_data_actions,
                held.condition or None,
            ),
            scope,
            _ids(each for each in self.principals if each.id != _EVERYONE),
            any(each.id == _EVERYONE for each in self.principals),
            _ids(self.exclude_principals),
            not self.do_not_apply_to_child_scopes,
        )


class DenyContent(msgspec.Struct, frozen=True):
    """The body of a deny assignment."""

    properties: DenyProperties


async def list_deny_assignments(visit: Visit) -> Listed:
    """Those at the scope, above it and, unless `atScope()` is asked for, below it."""
    clauses = filter_of(visit.request, _KNOWN)
    snapshot = visit.snapshot
    around = Around(snapshot.law, visit.scope)
    above_only = any(clause.form == "atScope" for clause in clauses)
    names = [clause for clause in clauses if clause.form == "eq"]
    return listed(
        visit,
        (
            _shown(record, snapshot)
            for record in sorted(snapshot.of_kind(DenyRecord), key=lambda d: d.name)
            if all(clause.fits(record.name) for clause in names)
            and around.concerns(ResourceScope(record.scope), above_only=above_only)
        ),
    )


async def show_deny_assignment(visit: Visit) -> Shown:
    """One deny assignment."""
    snapshot = visit.snapshot
    record = find_denial(snapshot, visit.parts["deny"])
    if ResourceScope(record.scope).key != visit.scope.key:
        raise ArmError(
            404,
            "DenyAssignmentNotFound",
            f"The deny assignment `{record.deny_id}` is not of the scope `{visit.scope}`",
        )
    return json_response(200, _shown(record, snapshot))


async def put_deny_assignment(visit: Visit, wanted: DenyContent) -> ShownAsMade:
    """Refuse something to somebody, whatever their roles grant; or change what is refused."""
    deny_id = visit.parts["deny"]
    asked = wanted.properties.wanted(visit.scope)
    made = await visit.change(lambda draft: denials.put_denial(draft, deny_id, asked))
    return json_response(201, _shown(made, visit.snapshot))


async def delete_deny_assignment(visit: Visit) -> ShownAsGone:
    """Refuse it no longer."""
    before, reference = visit.snapshot, visit.parts["deny"]

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        found = ResourceScope(find_denial(snapshot, reference).scope)
        if found.key != visit.scope.key:
            raise NotFound(f"there is no deny assignment `{reference}` at `{visit.scope}`")
        return (Demand(found),)

    try:
        gone = await visit.change(lambda draft: denials.delete_denial(draft, reference), demands)
    except NotFound:
        return Response(204)
    return json_response(200, _shown(gone, before))


def _ids(named: Iterable[Named]) -> tuple[str, ...]:
    return tuple(each.id for each in named)


def _shown(record: DenyRecord, snapshot: Snapshot) -> dict[str, Any]:
    scope, held = "" if record.scope == "/" else record.scope, record.permissions
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{record.deny_id}",
        "name": record.deny_id,
        "type": "Microsoft.Authorization/denyAssignments",
        "properties": {
            "denyAssignmentName": record.name,
            "description": record.description,
            "scope": record.scope,
            "doNotApplyToChildScopes": not record.reaches_below,
            "permissions": [
                {
                    "actions": list(held.actions),
                    "notActions": list(held.not_actions),
                    "dataActions": list(held.data_actions),
                    "notDataActions": list(held.not_data_actions),
                    "condition": held.condition,
                }
            ],
            "principals": [_principal(p, snapshot) for p in record.principals],
            "excludePrincipals": [_principal(p, snapshot) for p in record.excluded],
            "isSystemProtected": False,
        },
    }


def _principal(object_id: str, snapshot: Snapshot) -> dict[str, str]:
    if object_id == EVERYONE:
        return {"id": _EVERYONE, "type": "SystemDefined"}
    found = snapshot.law.principals.get(object_id)
    return {"id": object_id, "type": found.kind.value if found else "Unknown"}
