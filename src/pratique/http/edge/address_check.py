"""The check of addresses: who comes from where the network rules let nobody in goes no further."""

from __future__ import annotations

from collections.abc import Callable

from pratique.access import AddressRefusal
from pratique.admission import Gate, Snapshot
from pratique.admission.reaching import address_refused
from pratique.admission.recorder import Recorder
from pratique.http.edge.facts import Facts
from pratique.http.wire import refusals
from pratique.http.wire.messages import Response
from pratique.observability import LineLog, Meter


class AddressCheck:
    """Judges addresses and records what it refuses.

    Args:
        gate: gives the time.
        log: takes a line for each refusal.
        new_id: gives an id for each refusal.
        recorder: keeps refusals.
        meter: counts them.
    """

    def __init__(
        self,
        gate: Gate,
        log: LineLog,
        new_id: Callable[[], str],
        recorder: Recorder,
        meter: Meter,
    ) -> None:
        self._gate = gate
        self._log = log
        self._new_id = new_id
        self._recorder = recorder
        self._meter = meter

    def refusal(self, snapshot: Snapshot, client: str, facts: Facts) -> Response | None:
        """The answer to a client that is not let in; None for one that is.

        Args:
            snapshot: of this request, seen from the registry that it addresses.
            client: its address.
            facts: of this request.
        """
        rules = snapshot.law.registry.network
        reason = None if rules is None else rules.refusal(client)
        return None if reason is None else self._refused(snapshot, client, facts, reason)

    def _refused(
        self, snapshot: Snapshot, client: str, facts: Facts, reason: AddressRefusal
    ) -> Response:
        decision_id = self._new_id()
        facts.failed = str(reason)
        facts.decision_id = decision_id
        self._meter.address_refused(reason)
        refused = address_refused(
            snapshot, client, reason, decision_id=decision_id, at=self._gate.now()
        )
        self._recorder.decision(refused)
        self._log.write(
            {
                "event": "address refused",
                "decision": decision_id,
                "reason": reason,
                "client": client,
            },
            at_once=True,
        )
        return refusals.address_not_allowed(refused.sentence, reason, client, decision_id)
