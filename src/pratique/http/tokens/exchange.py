"""`POST /oauth2/exchange`: a directory token in, a registry refresh token out (reference 2.3).

The token may be this directory's own, a trusted outside issuer's (so that a job signs in with one
call and no secret), or a real Entra ID tenant's. What comes out says who somebody is and dies with
the credential behind it; what they may do is asked at every request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pratique.access import EVERY_REPOSITORY, Denied, RegistryAction, sentence
from pratique.admission.exchange_gate import Exchanged, ExchangeGate
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.tokens.minting import mint
from pratique.http.tokens.request import MAX_FORM_BYTES
from pratique.http.wire import refusals
from pratique.http.wire.messages import (
    BodyTooLarge,
    BodyTruncated,
    Response,
    TooManyFields,
    json_response,
    parse_form,
)
from pratique.http.wire.problems import Problem, problem_response
from pratique.identity import REFRESH_TOKEN, REFRESH_TOKEN_LIFE, SignInRefused
from pratique.identity.federation import KeysUnavailable
from pratique.naming.errors import printable

PATH = "/oauth2/exchange"
_ACCESS_TOKEN, _BOTH, _REFRESH_TOKEN = (
    "access_token",
    "access_token_refresh_token",
    "refresh_token",
)
_SHOWN_BY = {
    _ACCESS_TOKEN: (_ACCESS_TOKEN,),
    _BOTH: (_ACCESS_TOKEN, _REFRESH_TOKEN),
    _REFRESH_TOKEN: (_REFRESH_TOKEN,),
}
_MOST_TOLD = 1000


class UnreadableExchange(ValueError):
    """A form that no client of the exchange sends."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: for which registry and of which tenant, and the token that is shown."""

    service: str
    tenant: str
    token: str


class Exchange:
    """Answers `/oauth2/exchange`.

    Args:
        entrance: records refusals.
        gate: authenticates by directory tokens.
        clock: gives now, with a time zone.
        new_id: gives the `jti` of a token.
    """

    def __init__(
        self,
        entrance: Entrance,
        gate: ExchangeGate,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._entrance = entrance
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._told: set[tuple[str, str]] = set()

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to any request at this address."""
        try:
            self._entrance.check_address(arrival)
            response = await self._exchange(arrival, await _asked(arrival))
        except Turned as turned:
            response = turned.response
        except (UnreadableExchange, TooManyFields, BodyTruncated) as error:
            response = problem_response(Problem.BAD_REQUEST, str(error))
        except BodyTooLarge as error:
            response = problem_response(Problem.TOO_LARGE, str(error))
        except SignInRefused as refused:
            decision_id = self._entrance.record_sign_in(arrival, refused.reason)
            response = refusals.sign_in_problem(arrival.front, decision_id, refused)
        except KeysUnavailable as error:
            self._entrance.record_fault(arrival, str(error))
            response = problem_response(
                Problem.UNAVAILABLE,
                "the keys of the token's issuer cannot be had now; try again later (the operator "
                "finds the cause in the log, and with `pratique trust check`)",
            )
        response.headers.append(("cache-control", "no-store"))
        return response

    async def _exchange(self, arrival: Arrival, asked: _Asked) -> Response:
        front, snapshot, now = arrival.front, arrival.snapshot, self._clock()
        if asked.service.lower() not in {audience.lower() for audience in front.audiences}:
            raise UnreadableExchange(
                f"`service` is `{printable(asked.service)}`, but this registry is `{front.service}`"
            )
        exchanged = await self._gate.authenticate(
            snapshot, asked.token, tenant=asked.tenant, source=arrival.request.client, at=now
        )
        arrival.facts.sign_in(exchanged.caller, "exchange")
        self._entrance.spend(arrival, exchanged.caller)
        self._tell_unsorted(arrival, exchanged)
        # Any permission is enough, on whatever: what it is good for is asked when it is used.
        if not snapshot.law.reach(exchanged.object_id).grants:
            raise Turned(self._without_permission(arrival, exchanged))
        token = mint(
            snapshot,
            exchanged.caller,
            REFRESH_TOKEN,
            REFRESH_TOKEN_LIFE,
            access=None,
            audience=front.service,
            at=now,
            new_id=self._new_id,
        )
        return json_response(200, {"refresh_token": token})

    def _without_permission(self, arrival: Arrival, exchanged: Exchanged) -> Response:
        pulling, pushing = (
            self._entrance.gate.decide(arrival.snapshot, exchanged.caller, action, EVERY_REPOSITORY)
            for action in (RegistryAction.PULL, RegistryAction.PUSH)
        )
        told = f"`{printable(exchanged.caller.name)}` has no permission at all on this registry"
        if isinstance(pulling, Denied):
            told = f"{told}: {sentence(pulling, arrival.snapshot.law)}"
        # Where everybody may pull, what is recorded is that they may not push.
        refused = next((v for v in (pulling, pushing) if isinstance(v, Denied)), None)
        decision_id = (
            self._entrance.record(arrival, refused) if refused is not None else self._new_id()
        )
        if exchanged.note:
            told = f"{told}; {exchanged.note}"
        return problem_response(
            Problem.UNAUTHORIZED,
            refusals.with_decision(arrival.front.visit(told), decision_id),
            headers=refusals.decision_headers(decision_id),
        )

    def _tell_unsorted(self, arrival: Arrival, exchanged: Exchanged) -> None:
        """Let the operator know, once, of claims that a well-known issuer has begun to send."""
        for claim in exchanged.unsorted:
            news = (exchanged.issuer, claim)
            if news not in self._told and len(self._told) < _MOST_TOLD:
                self._told.add(news)
                self._entrance.record_fault(
                    arrival,
                    f"tokens of `{exchanged.issuer}` carry the claim `{printable(claim)}`, of "
                    "which this version knows nothing; it was not looked at",
                )


async def _asked(arrival: Arrival) -> _Asked:
    """What a request asks.

    Raises:
        Turned: it is no POST.
        UnreadableExchange, TooManyFields, BodyTooLarge, BodyTruncated: as they say.
    """
    request = arrival.request
    if request.method in {"GET", "HEAD"}:
        raise Turned(problem_response(Problem.NOT_FOUND, "this address takes POST alone"))
    if request.method != "POST":
        raise Turned(
            problem_response(
                Problem.UNSUPPORTED, "this address takes POST alone", headers=(("allow", "POST"),)
            )
        )
    if request.parameters().keys() & {_ACCESS_TOKEN, _REFRESH_TOKEN}:
        raise UnreadableExchange("a token does not belong in an address; send it in the form")
    content = await request.read(MAX_FORM_BYTES)
    try:
        form = parse_form(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableExchange("the form is not UTF-8") from error
    # RFC 6749 section 3.2: parameters must not be included more than once.
    if any(len(values) > 1 for values in form.values()):
        raise UnreadableExchange("the form has a field twice")
    fields = {name: values[0] for name, values in form.items()}
    grant = fields.get("grant_type", "")
    if grant not in _SHOWN_BY:
        known = ", ".join(f"`{name}`" for name in _SHOWN_BY)
        raise UnreadableExchange(f"`grant_type` must be one of {known}, not `{printable(grant)}`")
    for name in ("service", *_SHOWN_BY[grant]):
        if not fields.get(name):
            raise UnreadableExchange(f"the form lacks the field `{name}`")
    return _Asked(fields["service"], fields.get("tenant", ""), fields[_SHOWN_BY[grant][0]])
