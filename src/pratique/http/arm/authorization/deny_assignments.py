"""Deny assignments, to read; they are made with `pratique deny` (acr-access 4.6)."""

from __future__ import annotations

from typing import Any

from pratique.access import EVERYONE
from pratique.admission import Snapshot
from pratique.admission.changes.denials import find_denial
from pratique.admission.records import DenyRecord
from pratique.http.arm.answers import Listed, Shown
from pratique.http.arm.authorization.scopes import Around
from pratique.http.arm.errors import ArmError
from pratique.http.arm.filters import filter_of
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import json_response
from pratique.naming import ResourceScope

_KNOWN = frozenset({("atScope", ""), ("eq", "denyAssignmentName")})


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
        return {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
    found = snapshot.law.principals.get(object_id)
    return {"id": object_id, "type": found.kind.value if found else "Unknown"}
