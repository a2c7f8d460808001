"""The control plane: judged, optimistic, durable changes to law and directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pratique.access import AboutAssignment, ControlAction, Denied, Resource
from pratique.admission.account import note_use
from pratique.admission.account_of_change import account_of_change
from pratique.admission.audit.outbox import row_of
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import ControlError
from pratique.admission.gate import Caller, Gate
from pratique.admission.holdings import HOME
from pratique.admission.ledger import Ledger, LedgerMoved
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import Snapshot

T = TypeVar("T")
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Demand:
    """Where a permission is needed.

    Attributes:
        about: the role assignment that the change would write or delete, for conditions on the
            right to do so; None for every other change.
    """

    resource: Resource
    about: AboutAssignment | None = None


class Refused(Exception):
    """The law does not let this caller do this; holds the verdict."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.reason)
        self.denied = denied


class ControlPlane:
    """Carries out what is allowed, and nothing else.

    Args:
        gate: asks the law.
        ledger: keeps the records.
        clock: gives now, with a time zone.
        new_id: gives a new GUID.
        random_bytes: gives that many unpredictable bytes.
        recorder: learns which grants are used.
        registry_id: of the registry from which law and directory are seen.
    """

    def __init__(
        self,
        gate: Gate,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        random_bytes: Callable[[int], bytes],
        recorder: Recorder,
        registry_id: str = HOME,
    ) -> None:
        self._gate = gate
        self._ledger = ledger
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id
        self._random_bytes = random_bytes
        self._registry_id = registry_id

    def of(self, registry_id: str) -> ControlPlane:
        """The same for the registry of that id: what it is asked is asked as seen from there."""
        if registry_id == self._registry_id:
            return self
        return ControlPlane(
            self._gate,
            self._ledger,
            clock=self._clock,
            new_id=self._new_id,
            random_bytes=self._random_bytes,
            recorder=self._recorder,
            registry_id=registry_id,
        )

    def now(self) -> Snapshot:
        """Law and directory as they stand now, seen from the registry.

        Raises:
            NotFound: the registry is gone.
        """
        return self._gate.snapshot().at(self._registry_id)

    def view(self, caller: Caller, permission: str, resource: Resource) -> Snapshot:
        """Law and directory, for one who may see what `permission` opens.

        Raises:
            Refused: the caller may not.
            NotFound: the registry is gone.
        """
        snapshot = self.now()
        self._demand(snapshot, caller, permission, Demand(resource))
        return snapshot

    def draft(self, snapshot: Snapshot) -> Draft:
        """A change in the making, for trying out what it would mean."""
        return Draft(snapshot, self._clock(), self._new_id, self._random_bytes)

    async def change(
        self,
        caller: Caller,
        permission: str,
        demands: Callable[[Snapshot], Iterable[Demand]],
        operation: Callable[[Draft], T],
        *,
        client: str = "",
    ) -> T:
        """Carry out `operation` as a whole, and return once it is on disk.

        Verdict and change rest on one snapshot, and the change stands only if that is still the
        newest: a right that was taken away meanwhile is not used any more.

        Args:
            caller: who asks.
            permission: what they need.
            demands: where they need it, all of it, as the snapshot stands.
            operation: makes the change.
            client: the address that it is asked from, for the audit log; empty for none.

        Raises:
            Refused: the caller may not.
            ControlError: the operation makes no sense on the present state.
        """
        for _ in range(_TRIES):
            snapshot = self.now()
            for demand in demands(snapshot):
                self._demand(snapshot, caller, permission, demand)
            draft = self.draft(snapshot)
            result = operation(draft)
            account = account_of_change(
                draft,
                caller,
                permission,
                entry_id=self._new_id(),
                client=client,
                version=snapshot.version + 1,
            )
            try:
                # In one transaction: where the change stands, its account does.
                await self._ledger.append(snapshot.version, (*draft.rows, row_of(account)))
            except LedgerMoved:
                continue
            if self._recorder.auditor is not None:
                self._recorder.auditor.changed(account)
            return result
        raise ControlError("others keep changing the registry's settings; try again")

    def _demand(self, snapshot: Snapshot, caller: Caller, permission: str, demand: Demand) -> None:
        action = ControlAction(permission)
        verdict = self._gate.decide(snapshot, caller, action, demand.resource, demand.about)
        if isinstance(verdict, Denied):
            raise Refused(verdict)
        note_use(self._recorder, verdict, self._clock())
