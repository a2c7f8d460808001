"""Every row of this provider; each stands at any scope."""

from __future__ import annotations

from pratique.http.arm.authorization import (
    deny_assignments,
    permissions,
    role_assignments,
    role_definitions,
)
from pratique.http.arm.routes import ANYWHERE, Route, row

_AUTHORIZATION = "Microsoft.Authorization"
_ASSIGNMENTS, _ASSIGNMENT = "roleAssignments", f"{ANYWHERE}/roleAssignments/<assignment>"
_DEFINITIONS, _DEFINITION = "roleDefinitions", f"{ANYWHERE}/roleDefinitions/<role>"
_DENIALS = "denyAssignments"

ROWS: tuple[Route, ...] = (
    row(
        "GET",
        f"{ANYWHERE}/{_ASSIGNMENTS}",
        f"{_AUTHORIZATION}/{_ASSIGNMENTS}/read",
        role_assignments.list_role_assignments,
    ),
    row(
        "GET",
        _ASSIGNMENT,
        f"{_AUTHORIZATION}/{_ASSIGNMENTS}/read",
        role_assignments.show_role_assignment,
    ),
    row(
        "PUT",
        _ASSIGNMENT,
        f"{_AUTHORIZATION}/{_ASSIGNMENTS}/write",
        role_assignments.put_role_assignment,
        conditional=True,
    ),
    row(
        "DELETE",
        _ASSIGNMENT,
        f"{_AUTHORIZATION}/{_ASSIGNMENTS}/delete",
        role_assignments.delete_role_assignment,
        conditional=True,
    ),
    row(
        "GET",
        f"{ANYWHERE}/{_DEFINITIONS}",
        f"{_AUTHORIZATION}/{_DEFINITIONS}/read",
        role_definitions.list_role_definitions,
    ),
    row(
        "GET",
        _DEFINITION,
        f"{_AUTHORIZATION}/{_DEFINITIONS}/read",
        role_definitions.show_role_definition,
    ),
    row(
        "PUT",
        _DEFINITION,
        f"{_AUTHORIZATION}/{_DEFINITIONS}/write",
        role_definitions.put_role_definition,
    ),
    row(
        "DELETE",
        _DEFINITION,
        f"{_AUTHORIZATION}/{_DEFINITIONS}/delete",
        role_definitions.delete_role_definition,
    ),
    row(
        "GET",
        f"{ANYWHERE}/{_DENIALS}",
        f"{_AUTHORIZATION}/{_DENIALS}/read",
        deny_assignments.list_deny_assignments,
    ),
    row(
        "GET",
        f"{ANYWHERE}/{_DENIALS}/<deny>",
        f"{_AUTHORIZATION}/{_DENIALS}/read",
        deny_assignments.show_deny_assignment,
    ),
    row(
        "PUT",
        f"{ANYWHERE}/{_DENIALS}/<deny>",
        f"{_AUTHORIZATION}/{_DENIALS}/write",
        deny_assignments.put_deny_assignment,
    ),
    row(
        "DELETE",
        f"{ANYWHERE}/{_DENIALS}/<deny>",
        f"{_AUTHORIZATION}/{_DENIALS}/delete",
        deny_assignments.delete_deny_assignment,
    ),
    row("GET", f"{ANYWHERE}/permissions", "", permissions.list_permissions),
)
