"""Accounts of changes in the ledger, from where they reach the audit log after any crash.

The account of a change is a row of the ledger beside those of the change, so it stands exactly when
the change does. The rows take turns in `PLACES` places: what stood in one before is long in the
audit log by then, unless that could not be written for as many changes.
"""

from __future__ import annotations

from typing import Final

from pratique.admission.audit.entries import Entry, decoded, encoded
from pratique.admission.ledger import Ledger, Row

PLACES: Final = 1024
KIND: Final = "audit"


def row_of(entry: Entry) -> Row:
    """The row by which the ledger holds an account."""
    return Row(KIND, str(entry.law_version % PLACES), encoded(entry))


def outbox(ledger: Ledger) -> tuple[Entry, ...]:
    """The accounts that the ledger still holds, in the order of the changes.

    Raises:
        StorageFailed: the ledger cannot be read.
        msgspec.DecodeError: an account in it makes no sense.
    """
    _, rows = ledger.read(max(0, ledger.version() - PLACES))
    found = [decoded(row.body) for row in rows if row.kind == KIND and row.body is not None]
    return tuple(sorted(found, key=lambda entry: entry.law_version))
