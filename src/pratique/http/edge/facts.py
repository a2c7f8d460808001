"""What comes to light about a request on its way, for the audit log."""

from __future__ import annotations

from pratique.access import Denied
from pratique.admission import Caller, Snapshot


class Facts:
    """Filled in by whoever finds something out; read once the request is answered.

    Attributes:
        caller: who is proved to send it; None for nobody.
        signed_in: the way in which they signed in with this request; empty when they did not.
        failed: why a sign-in proved nobody; empty when none failed.
        refused: what the law refused; None for nothing.
        decision_id: of the refusal or the failed sign-in that is recorded; empty for none.
        concerned: law and directory as seen from the registry that the request is about, where its
            path says so; None where its host does.
        detail: what was changed of content, or what forbade it; empty for no more to tell.
    """

    # Of the class, not of each: most requests have nothing of this to tell but who sends them.
    caller: Caller | None = None
    signed_in: str = ""
    failed: str = ""
    refused: Denied | None = None
    decision_id: str = ""
    concerned: Snapshot | None = None
    detail: str = ""

    def sign_in(self, caller: Caller, way: str) -> None:
        """Somebody signed in by this request."""
        self.caller = caller
        self.signed_in = way
