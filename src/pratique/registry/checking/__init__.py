"""The check of a whole store: what is wrong in it, and the repair that loses nothing whole.

Promises: nothing that a store says about itself is believed; whatever happens beside a running
server by itself is no fault; a repair decides in the transaction that it changes, and deletes no
byte: what is damaged is moved aside.
"""

from pratique.registry.checking.check import Check
from pratique.registry.checking.findings import Finding, Kind, Outcome
from pratique.registry.checking.ports import BlobFiles, Mending, RowsAsTheyAre, Structure
from pratique.registry.checking.values import (
    BlobRow,
    FileLook,
    Leftover,
    Listing,
    ManifestKey,
    ManifestRow,
    Progress,
    TagRow,
    Totals,
    Trouble,
    Unreadable,
)

__all__ = [
    "BlobFiles",
    "BlobRow",
    "Check",
    "FileLook",
    "Finding",
    "Kind",
    "Leftover",
    "Listing",
    "ManifestKey",
    "ManifestRow",
    "Mending",
    "Outcome",
    "Progress",
    "RowsAsTheyAre",
    "Structure",
    "TagRow",
    "Totals",
    "Trouble",
    "Unreadable",
]
