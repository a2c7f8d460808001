"""Objects by what a path or a filter of Graph says."""

from __future__ import annotations

from collections.abc import Iterable

from pratique.admission import NotFound, Snapshot
from pratique.admission.changes import managed_identities
from pratique.http.arm.filters import Clause
from pratique.http.arm.visit import Visit
from pratique.identity import Application
from pratique.naming.errors import printable


def applications(snapshot: Snapshot, clauses: Iterable[Clause]) -> list[Application]:
    """Applications and managed identities that fulfil all clauses, by name."""
    wanted = tuple(clauses)
    found = (
        a
        for a in snapshot.directory.applications.values()
        if all(clause.fits(_field(a, clause)) for clause in wanted)
    )
    return sorted(found, key=lambda a: (a.display_name, a.client_id))


def application_of(visit: Visit, *, managed: bool) -> Application:
    """The application of a path.

    Args:
        visit: the request.
        managed: whether it may be a managed identity too.

    Raises:
        NotFound: there is none of that object id.
    """
    reference = visit.parts["principal"]
    found = visit.snapshot.directory.by_object_id.get(reference.casefold())
    if not isinstance(found, Application) or (managed_identities.is_managed(found) and not managed):
        raise NotFound(f"Resource `{printable(reference)}` does not exist")
    return found


def _field(application: Application, clause: Clause) -> str:
    return application.display_name if clause.field == "displayName" else application.client_id
