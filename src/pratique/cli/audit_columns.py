"""Entries of the audit log as rows of Azure Monitor's tables.

The columns are those of `ContainerRegistryLoginEvents` and `ContainerRegistryRepositoryEvents` as
Microsoft documents them, except `_BilledSize` and `_IsBillable`: nothing is billed here. What an
entry does not say is an empty text. Azure has no such table for changes of a registry's law; theirs
has columns of the same kind.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, Final, NamedTuple

from pratique.admission.audit import Entry

LOGIN: Final = "ContainerRegistryLoginEvents"
REPOSITORY: Final = "ContainerRegistryRepositoryEvents"
AUDIT: Final = "PratiqueAuditEvents"
TABLES: Final = {"login": LOGIN, "repository": REPOSITORY, "audit": AUDIT}
_TABLE_OF: Final = {"login": LOGIN, "repository": REPOSITORY}


class Origin(NamedTuple):
    """The registry that entries are of which name none; the home registry.

    Attributes:
        resource_id: as Azure writes it.
        tenant_id: of its directory.
        login_server: empty where it has none of its own.
    """

    resource_id: str
    tenant_id: str
    login_server: str


def table_of(entry: Entry) -> str:
    """The name of the table that an entry belongs to."""
    return _TABLE_OF.get(entry.category, AUDIT)


def row_of(entry: Entry, origin: Origin) -> dict[str, Any]:
    """The entry as a row of its table."""
    table = table_of(entry)
    # `/subscriptions/GUID/...`
    resource_id = entry.registry or origin.resource_id
    parts = resource_id.split("/")
    common = {
        "TimeGenerated": entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "Category": table,
        "OperationName": entry.operation,
        "Identity": entry.identity,
        "CallerIpAddress": entry.client,
        "CorrelationId": entry.correlation or entry.entry_id,
        "DurationMs": str(entry.duration_ms),
        "LoginServer": entry.server or origin.login_server,
        "Region": "",
        "ResultType": str(entry.status),
        "ResultDescription": entry.description,
        "SourceSystem": "Pratique",
        "TenantId": origin.tenant_id,
        "Type": table,
        "UserAgent": entry.agent,
        "_ResourceId": resource_id,
        "_SubscriptionId": parts[2] if len(parts) > 2 else "",
    }
    if table == LOGIN:
        return {**common, "JwtId": ""}
    if table == REPOSITORY:
        return {
            **common,
            "ArtifactType": "",
            "Digest": entry.digest,
            "MediaType": entry.media_type,
            "Repository": entry.repository,
            "Size": entry.size,
            "Tag": entry.tag,
            "UserTenantId": origin.tenant_id if entry.caller_kind == "principal" else "",
        }
    return {**common, **_further(entry)}


def line_of(row: dict[str, Any]) -> str:
    """A row as one line of ASCII; what a terminal or a reader of lines might obey is escaped."""
    return json.dumps(row, ensure_ascii=True).replace("\x7f", "\\u007f")


def _further(entry: Entry) -> dict[str, Any]:
    return {
        "LawVersion": entry.law_version,
        "Records": [
            {"Kind": r.kind, "Key": r.key, "Name": r.name, "Before": r.before, "After": r.after}
            for r in entry.records
        ],
        "RecordCount": entry.record_count,
        "Lost": dict(entry.lost),
        "Removed": entry.removed,
    }
