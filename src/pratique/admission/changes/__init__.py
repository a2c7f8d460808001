"""Changes to law and directory: pure functions from a draft and a request to records.

Each reads the draft's snapshot, writes records into the draft, and returns what the caller should
be told, secrets included, for this one time. None of them asks whether it is allowed: the control
plane has asked before.
"""

from pratique.admission.changes.draft import Draft

__all__ = ["Draft"]
