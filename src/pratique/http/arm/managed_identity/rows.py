"""Every row of this provider.

An identity is a principal of the directory, so the rights are those on the directory's principals,
not on the resource group that its id names.
"""

from __future__ import annotations

from pratique.http.arm.directory_permissions import (
    PRINCIPALS_DELETE,
    PRINCIPALS_READ,
    PRINCIPALS_WRITE,
)
from pratique.http.arm.managed_identity import identities
from pratique.http.arm.routes import GROUP, SUBSCRIPTION, Route, directory_row

_IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
_IDENTITY = f"{GROUP}/{_IDENTITIES}/<identity>"

ROWS: tuple[Route, ...] = (
    directory_row(
        "GET", f"{SUBSCRIPTION}/{_IDENTITIES}", PRINCIPALS_READ, identities.list_identities
    ),
    directory_row("GET", f"{GROUP}/{_IDENTITIES}", PRINCIPALS_READ, identities.list_identities),
    directory_row("GET", _IDENTITY, PRINCIPALS_READ, identities.show_identity),
    directory_row("PUT", _IDENTITY, PRINCIPALS_WRITE, identities.put_identity),
    directory_row("DELETE", _IDENTITY, PRINCIPALS_DELETE, identities.delete_identity),
)
