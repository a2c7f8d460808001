"""The gate: authenticate, gather the facts, decide once, record. The only live caller of `decide`.

Promises: a caller is judged by the law as it stands when the request comes, whatever its token
says; a change to the law is itself judged, and is on disk when it is acknowledged. Refuses to know:
HTTP, SQL and the content of the registry.
"""

from pratique.admission.attempts import SignInAttempts, Standing, seconds_to_wait
from pratique.admission.changes import Draft
from pratique.admission.control import ControlPlane, Demand, Refused
from pratique.admission.errors import AlreadyExists, ControlError, NotFound, Unacceptable
from pratique.admission.gate import FOLDER_OWNER, NOBODY, Caller, Gate
from pratique.admission.ledger import LawNotConfirmed, Ledger, LedgerMoved, Row
from pratique.admission.records import AssignmentRecord, RegistryRecord, ScopeMapRecord
from pratique.admission.snapshot import Snapshot, Snapshots

__all__ = [
    "FOLDER_OWNER",
    "NOBODY",
    "AlreadyExists",
    "AssignmentRecord",
    "Caller",
    "ControlError",
    "ControlPlane",
    "Demand",
    "Draft",
    "Gate",
    "LawNotConfirmed",
    "Ledger",
    "LedgerMoved",
    "NotFound",
    "Refused",
    "RegistryRecord",
    "Row",
    "ScopeMapRecord",
    "SignInAttempts",
    "Snapshot",
    "Snapshots",
    "Standing",
    "Unacceptable",
    "seconds_to_wait",
]
