"""The audit log: sign-ins, what was done to content, refusals and changes, chained by hashes.

Promises: an entry that was written cannot be altered, left out, moved or added to without `verify`
naming the place, as long as somebody elsewhere knows a later head of the chain; what could not be
written is counted in the log itself. Refuses to know: HTTP, SQL, and who may read it.
"""

from pratique.admission.audit.auditor import Auditor
from pratique.admission.audit.chain import (
    GENESIS,
    Fault,
    Head,
    InvalidHead,
    Link,
    Verification,
    linked,
)
from pratique.admission.audit.entries import CATEGORIES, Category, ChangedRecord, Entry
from pratique.admission.audit.log import AuditLog, Extent

__all__ = [
    "CATEGORIES",
    "GENESIS",
    "AuditLog",
    "Auditor",
    "Category",
    "ChangedRecord",
    "Entry",
    "Extent",
    "Fault",
    "Head",
    "InvalidHead",
    "Link",
    "Verification",
    "linked",
]
