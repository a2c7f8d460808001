"""The entrance: how a request addresses the registry, who shows what, and what refusals record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pratique.access import (
    Allowed,
    Denied,
    Reason,
    RegistryAction,
    Resource,
)
from pratique.admission import Caller, Gate, LawNotConfirmed, Snapshot
from pratique.admission.account import account_of, note_use
from pratique.admission.decisions import DecisionRecord
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import LawUnreadable
from pratique.http.edge.address_check import AddressCheck
from pratique.http.edge.facts import Facts
from pratique.http.edge.limits import Limiter, Purse
from pratique.http.wire import refusals
from pratique.http.wire.authorization import UnreadableCredentials, parse_authorization
from pratique.http.wire.challenges import Front, is_host
from pratique.http.wire.messages import Request, Response
from pratique.http.wire.problems import Problem, problem_response
from pratique.identity import (
    BasicCredentials,
    NoCredentials,
    SignInFailure,
    SignInRefused,
    TokenRejected,
)
from pratique.naming.errors import printable
from pratique.observability import LineLog, Meter

HELP_PATH = "/help/authorization"
_NO_HOST = "the Host header is missing, is there twice, or is no host name"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request, and how it addresses the registry.

    Attributes:
        snapshot: law and directory as they stood when the request came, seen from the registry
            that it addresses; it is judged by these.
        inside: the caller when the request was made inside this process by whoever owns the data
            folder; None for everything that came over a wire.
        facts: what came to light about it, for the audit log.
    """

    request: Request
    front: Front
    snapshot: Snapshot
    inside: Caller | None = None
    facts: Facts = field(default_factory=Facts)


class Turned(Exception):
    """The request goes no further; holds the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status))
        self.response = response


class Entrance:
    """Identifies callers and turns away those whom the gate does not let in.

    Args:
        gate: authenticates and decides.
        log: takes a line for each refusal.
        new_id: gives an id for each refusal.
        external_url: `https://HOST` as clients see it behind a proxy; None to take the request's.
        recorder: keeps refusals, and which grants are used.
        meter: counts verdicts.
        limiter: counts the requests of those who are proved; None for no limits.
    """

    def __init__(
        self,
        gate: Gate,
        log: LineLog,
        new_id: Callable[[], str],
        external_url: str | None,
        recorder: Recorder,
        meter: Meter,
        limiter: Limiter | None = None,
    ) -> None:
        self.gate = gate
        self.limiter = limiter
        self.meter = meter
        self.recorder = recorder
        self._log = log
        self._new_id = new_id
        self._external_url = external_url
        self._addresses = AddressCheck(gate, log, new_id, recorder, meter)
        # Of one moment's law alone: its number may come again where an older store was restored.
        self._fronts: dict[tuple[str, str, str], Front] = {}
        self._fronts_of: Snapshot | None = None
        self._closed_because = ""

    def arrive(self, request: Request, inside: Caller | None = None) -> Arrival:
        """The request with its front, and the registry that it addresses.

        A registry is addressed by its login server in the Host header; whatever host no other
        registry has leads to the home registry.

        Raises:
            Turned: the Host header is missing or is no host; nothing is repeated from it.
        """
        snapshot = self.gate.snapshot()
        if snapshot is not self._fronts_of:
            # Nothing of a law is recorded before the first request that meets it.
            self.recorder.keep_for(timedelta(days=snapshot.registry.refusals_kept_days))
            self._fronts.clear()
            self._fronts_of = snapshot
        if snapshot.hosts:
            snapshot = _addressed(snapshot, request)
        key = (request.scheme, request.host, snapshot.registry_id)
        if (front := self._fronts.get(key)) is None:
            front = self.front_of(request, snapshot)
            if len(self._fronts) >= 256:
                self._fronts.clear()
            self._fronts[key] = front
        return Arrival(request, front, snapshot, inside)

    def check_address(self, arrival: Arrival) -> None:
        """Let nobody further who comes from where the network rules let nobody in.

        Raises:
            Turned: with a 403, whoever it may be; recorded.
        """
        if arrival.inside is None:
            client = arrival.request.client
            refused = self._addresses.refusal(arrival.snapshot, client, arrival.facts)
            if refused is not None:
                raise Turned(refused)

    async def identify(self, arrival: Arrival, scope: str | None) -> Caller:
        """Who comes.

        Args:
            arrival: the request.
            scope: what the answer's challenge asks for; None on `/v2/`, which needs no more than
                somebody.

        Raises:
            Turned: with a 401 that tells why, or because it is one request too many.
        """
        if arrival.inside is not None:
            arrival.facts.caller = arrival.inside
            return arrival.inside
        request, front = arrival.request, arrival.front
        try:
            credentials = parse_authorization(request.header("authorization"))
            caller = await self.gate.authenticate(
                arrival.snapshot, credentials, source=request.client, audiences=front.audiences
            )
        except UnreadableCredentials as unreadable:
            refused = SignInRefused(SignInFailure.WRONG, str(unreadable))
            raise self.turn_sign_in(arrival, refused, scope) from unreadable
        except SignInRefused as refused:
            raise self.turn_sign_in(arrival, refused, scope) from refused
        except TokenRejected as rejected:
            decision_id = self.record_sign_in(arrival, rejected.reason)
            answer = refusals.bad_bearer(front, decision_id, rejected, scope)
            raise Turned(answer) from rejected
        if isinstance(credentials, NoCredentials):
            decision_id = self._new_id()
            raise Turned(refusals.nobody(front, decision_id, scope))
        arrival.facts.caller = caller
        if isinstance(credentials, BasicCredentials):
            arrival.facts.signed_in = "basic"
        self.spend(arrival, caller)
        return caller

    def spend(self, arrival: Arrival, caller: Caller, purse: Purse | None = None) -> None:
        """Count a request of somebody who is proved.

        Args:
            arrival: the request.
            caller: who sends it.
            purse: the caller's, for requests of this kind, where it is at hand.

        Raises:
            Turned: it is one too many.
        """
        if self.limiter is None:
            return
        if purse is None:
            purse = self.limiter.purse_of(caller, arrival.request, arrival.snapshot.law)
        refused = None if purse is None else purse.spend(arrival.request)
        if refused is not None:
            raise Turned(refused)

    def admit(
        self,
        arrival: Arrival,
        caller: Caller,
        action: RegistryAction,
        resource: Resource,
        scope: str,
    ) -> Allowed:
        """The verdict that lets the caller do this.

        Raises:
            Turned: with the refusal. A token that is too narrow for somebody who holds the right
                is told which wider one to ask for; everybody else is told what is missing.
        """
        verdict = self.gate.decide(arrival.snapshot, caller, action, resource)
        if isinstance(verdict, Allowed):
            self.meter.decided(verdict)
            note_use(self.recorder, verdict, self.gate.now())
            return verdict
        told = self.beyond_token(arrival, caller, verdict)
        raise Turned(self.refuse(arrival, told, scope))

    def beyond_token(self, arrival: Arrival, caller: Caller, denied: Denied) -> Denied:
        """The refusal that tells the caller most.

        When only the token stands in the way, that; when the law itself would refuse, the law's.
        """
        if denied.reason is not Reason.TOKEN_DOES_NOT_COVER:
            return denied
        question = denied.question
        whole = Caller(caller.subject, caller.name)
        without = self.gate.decide(arrival.snapshot, whole, question.action, question.resource)
        return without if isinstance(without, Denied) else denied

    def refuse(self, arrival: Arrival, denied: Denied, scope: str) -> Response:
        """The answer to a request that the law refuses; recorded."""
        decision_id = self.record(arrival, denied)
        law = arrival.snapshot.law
        return refusals.not_allowed(arrival.front, decision_id, denied, law, scope)

    def turn_sign_in(self, arrival: Arrival, refused: SignInRefused, scope: str | None) -> Turned:
        """The answer to a user name and password that prove nobody; recorded."""
        decision_id = self.record_sign_in(arrival, refused.reason)
        return Turned(refusals.bad_sign_in(arrival.front, decision_id, refused, scope))

    def record(self, arrival: Arrival, denied: Denied) -> str:
        """Write down a refusal, for the registry whose law it was; the id that goes with it."""
        client = arrival.request.client
        # An import may be refused by its source, which is another registry.
        refusing = arrival.snapshot.at_scope(denied.law.registry.scope) or arrival.snapshot
        account = account_of(
            denied,
            refusing,
            decision_id=self._new_id(),
            at=self.gate.now(),
            client=client,
        )
        arrival.facts.refused = denied
        arrival.facts.decision_id = account.decision_id
        self.meter.decided(denied)
        self.recorder.decision(account)
        self._log.write(
            {
                "event": "refused",
                "decision": account.decision_id,
                "reason": account.reason,
                "caller": account.caller,
                "action": account.action,
                "permission": account.permission,
                "resource": account.resource,
                "consulted": [
                    {
                        "rule": rule.assignment_id,
                        "role": rule.role,
                        "scope": rule.scope,
                        "outcome": rule.outcome,
                    }
                    for rule in account.consulted
                ],
                "client": client,
            },
            at_once=True,
        )
        return account.decision_id

    def record_sign_in(self, arrival: Arrival, reason: SignInFailure) -> str:
        """Write down a failed sign-in, without the name that was tried; the id of it."""
        decision_id = self._new_id()
        arrival.facts.failed = str(reason)
        arrival.facts.decision_id = decision_id
        self.meter.sign_in_refused(reason)
        self.recorder.decision(
            DecisionRecord(
                decision_id=decision_id,
                at=self.gate.now(),
                kind="sign-in refused",
                reason=reason,
                law_version=arrival.snapshot.version,
                client=arrival.request.client,
                registry=arrival.snapshot.registry_id,
            )
        )
        self._log.write(
            {
                "event": "sign-in refused",
                "decision": decision_id,
                "reason": reason,
                "client": arrival.request.client,
            },
            at_once=True,
        )
        return decision_id

    def record_fault(self, arrival: Arrival, cause: str) -> None:
        """Write down what failed inside, for the operator; the client is not told."""
        self._log.write(
            {"event": "fault", "error": cause, "path": arrival.request.path}, at_once=True
        )

    def closed(self, request: Request, error: LawUnreadable, *, inside: bool) -> Response:
        """The answer to everybody while the law cannot be read; the cause is for the operator.

        Args:
            request: that cannot be judged.
            error: the cause.
            inside: whether the operator asks, in the folder itself.
        """
        cause = str(error)
        if cause != self._closed_because:
            self._closed_because = cause
            path = printable(request.path, 512)
            self._log.write({"event": "fault", "error": cause, "path": path}, at_once=True)
        if inside:
            return problem_response(Problem.UNAVAILABLE, cause)
        return problem_response(
            Problem.UNAVAILABLE,
            "the access law of this registry cannot be read, so nobody is let in; its operator "
            "finds the cause in the log",
        )

    def unconfirmed(self, request: Request, error: LawNotConfirmed) -> Response:
        """The answer to everybody while the store of the law is out of reach.

        Args:
            request: that cannot be judged.
            error: the cause of the cause is for the operator.
        """
        cause = getattr(error.__cause__, "detail", "the law's store does not answer")
        if cause != self._closed_because:
            self._closed_because = cause
            path = printable(request.path, 512)
            self._log.write({"event": "fault", "error": cause, "path": path}, at_once=True)
        return problem_response(Problem.UNAVAILABLE, str(error), headers=(("retry-after", "1"),))

    def front_of(self, request: Request, snapshot: Snapshot) -> Front:
        """How the registry that `snapshot` is seen from names itself to whoever sent `request`."""
        registry, base = snapshot.registry, self._external_url
        if snapshot.registry_id:
            scheme = request.scheme if base is None else base.partition("://")[0]
            base = f"{scheme}://{request.host.lower()}"
            service = registry.login_server or ""
            return Front(
                base_url=base,
                service=service,
                help_url=registry.help_page or f"{base}{HELP_PATH}",
                audiences=frozenset({service}),
            )
        if base is None:
            several = len(request.headers.get_all("host")) > 1
            if several or not is_host(request.host):
                raise Turned(problem_response(Problem.BAD_REQUEST, _NO_HOST))
            base = f"{request.scheme}://{request.host.lower()}"
        host = base.partition("://")[2]
        service = registry.login_server or host
        return Front(
            base_url=base,
            service=service,
            help_url=registry.help_page or f"{base}{HELP_PATH}",
            # Anybody may write any name into Host: it counts only while nothing says what the
            # registry's name is. A name of another registry never does.
            audiences=frozenset({service, host} if self._external_url else {service})
            - snapshot.hosts.keys(),
        )


def _addressed(snapshot: Snapshot, request: Request) -> Snapshot:
    """The snapshot seen from the registry that a request addresses.

    Raises:
        Turned: it names two hosts, of which whoever stands before us may have looked at the other;
            or none, where there are several registries.
    """
    if not request.host or len(request.headers.get_all("host")) > 1:
        raise Turned(problem_response(Problem.BAD_REQUEST, _NO_HOST))
    host = request.host.lower()
    seen = snapshot.at_host(host)
    if seen is snapshot and host.endswith((":443", ":80")):
        # Some clients write the scheme's own port, which means the same as none.
        usual = ":443" if request.scheme == "https" else ":80"
        return snapshot.at_host(host.removesuffix(usual))
    return seen
