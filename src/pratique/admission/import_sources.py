"""Sources of imports that are registries of this server: which one, and who may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from pratique.admission.decisions import DecisionRecord
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.import_requests import WantedImport
from pratique.admission.reaching import address_refused
from pratique.admission.snapshot import Snapshot
from pratique.naming import InvalidName, ResourceScope
from pratique.naming.errors import printable
from pratique.registry.importing import ImageSource


def own_registry(snapshot: Snapshot, wanted: WantedImport, server: str) -> Snapshot | None:
    """As seen from the registry of this server that is the source; None for another server's.

    Args:
        snapshot: seen from the registry into which the image comes.
        wanted: the import.
        server: the name by which that registry was addressed; the source may be called so too.

    Raises:
        NotFound: a resource id names none of this server.
    """
    if wanted.scope:
        try:
            found = snapshot.at_scope(ResourceScope(wanted.scope))
        except InvalidName as error:
            raise Unacceptable(str(error)) from error
        if found is None:
            raise NotFound(
                f"the registry `{printable(wanted.scope, 300)}` is not of this server; name its "
                "login server instead"
            )
        return found
    host = wanted.host.lower()
    for seen in snapshot.each():
        own = seen.registry.login_server
        if own is not None and own.lower() == host:
            return seen
    return snapshot if host == server.lower() else None


def source_refused(
    own: Snapshot, client: str, *, decision_id: str, at: datetime
) -> DecisionRecord | None:
    """The refusal of a client that the source's network rules do not let in; None for no refusal.

    Args:
        own: seen from the registry that is the source.
        client: the address of whoever asks for the import.
        decision_id: of the refusal, if it is one.
        at: now, with a time zone.
    """
    rules = own.law.registry.network
    reason = None if rules is None else rules.refusal(client)
    if reason is None:
        return None
    return address_refused(own, client, reason, decision_id=decision_id, at=at)


@asynccontextmanager
async def as_opened(source: ImageSource) -> AsyncIterator[ImageSource]:
    """A source that is there without being opened."""
    yield source
