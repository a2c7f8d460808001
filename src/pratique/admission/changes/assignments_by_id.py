"""Role assignments whose id the client chooses, as the resource manager's clients do."""

from __future__ import annotations

from dataclasses import replace

from pratique.access import RoleAssignment
from pratique.admission.changes import roles
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import NotFound, Unacceptable
from pratique.identity.directory import is_guid
from pratique.naming.errors import printable


def put_assignment(
    draft: Draft, assignment_id: str, wanted: roles.WantedAssignment
) -> RoleAssignment:
    """Let the assignment of that id stand as it is wanted.

    Doing it again changes nothing; a present one may get another condition and description, and
    nothing else.

    Raises:
        AlreadyExists: the principal holds this very role at this very scope by another assignment.
        Unacceptable: the id is no GUID, an assignment of that id gives another role, to somebody
            else or elsewhere, or as `roles.assign`.
        NotFound, InvalidCondition: as `roles.assign`.
    """
    if not is_guid(assignment_id):
        raise Unacceptable(
            f"`{printable(assignment_id)}` cannot name a role assignment; use a GUID"
        )
    try:
        present = roles.find_assignment(draft.snapshot, assignment_id)
    except NotFound:
        return roles.assign(draft, replace(wanted, assignment_id=assignment_id.lower()))
    role = roles.find_role(draft.snapshot, wanted.role)
    holder = draft.principal(wanted.principal)
    held = (present.role_id, present.principal_id, present.scope.key)
    if held != (role.role_id, holder.object_id, wanted.scope.key):
        raise Unacceptable(
            f"the role assignment `{present.assignment_id}` is of another role, principal or "
            "scope, and only its condition and description can be changed; delete it, or use "
            "another id"
        )
    return roles.assign(draft, replace(wanted, when_present=roles.WhenPresent.REPLACE))
