"""Who comes: directory tokens that were made for the resource manager, or for Graph."""

from __future__ import annotations

from pratique.admission import Caller
from pratique.admission.own_tokens import OwnTokens
from pratique.http.arm.errors import error_response
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.wire import refusals
from pratique.http.wire.authorization import UnreadableCredentials, parse_authorization
from pratique.http.wire.challenges import Front
from pratique.http.wire.messages import Response
from pratique.identity import BearerToken, SignInFailure, SignInRefused, TokenRejected
from pratique.identity.directory_tokens import ARM_AUDIENCES, GRAPH_AUDIENCES


def root_of(front: Front) -> str:
    """`https://HOST`, under which this server names itself as a cloud.

    A name that a client wrote into the request counts only while none is set: tokens are made for
    it.
    """
    scheme, _, host = front.base_url.partition("://")
    return f"{scheme}://{host if host in front.audiences else front.service.lower()}"


class Bearers:
    """Turns a request into who sends it.

    Args:
        entrance: records what proves nobody, and counts requests.
        tokens: says who stands behind a directory token.
    """

    def __init__(self, entrance: Entrance, tokens: OwnTokens) -> None:
        self._entrance = entrance
        self._tokens = tokens

    async def identify(self, arrival: Arrival, *, graph: bool) -> Caller:
        """Who comes.

        Args:
            arrival: the request.
            graph: whether the address is one of Graph, whose tokens are others.

        Raises:
            Turned: with a 401 that tells why, or because it is one request too many.
        """
        if arrival.inside is not None:
            arrival.facts.caller = arrival.inside
            return arrival.inside
        try:
            shown = parse_authorization(arrival.request.header("authorization"))
        except UnreadableCredentials as unreadable:
            raise self._turn(arrival, SignInFailure.WRONG, str(unreadable)) from unreadable
        if not isinstance(shown, BearerToken):
            raise Turned(
                _unproved(
                    arrival,
                    "AuthenticationFailed",
                    "Authentication failed. This address takes a bearer token of the directory; "
                    "sign in with `az login`",
                )
            )
        audiences = _audiences(arrival.front, graph=graph)
        gate = self._entrance.gate
        try:
            holder = await self._tokens.holder(
                arrival.snapshot, shown.unverified, audiences, gate.now()
            )
        except (TokenRejected, SignInRefused) as rejected:
            raise self._turn(arrival, rejected.reason, str(rejected)) from rejected
        arrival.facts.caller = holder.caller
        self._entrance.spend(arrival, holder.caller)
        return holder.caller

    def _turn(self, arrival: Arrival, reason: SignInFailure, sentence: str) -> Turned:
        decision_id = self._entrance.record_sign_in(arrival, reason)
        answer = _unproved(
            arrival, "InvalidAuthenticationToken", refusals.with_decision(sentence, decision_id)
        )
        answer.headers.extend(refusals.decision_headers(decision_id))
        return Turned(answer)


def _audiences(front: Front, *, graph: bool) -> frozenset[str]:
    """For what a token may have been made: the fixed names of Azure's cloud, and this server's."""
    own = root_of(front)
    fixed = GRAPH_AUDIENCES if graph else ARM_AUDIENCES
    return fixed | {own, f"{own}/", f"https://{front.service}", f"https://{front.service}/"}


def _unproved(arrival: Arrival, code: str, message: str) -> Response:
    root, tenant = root_of(arrival.front), arrival.snapshot.registry.tenant
    challenge = f'Bearer authorization_uri="{root}/{tenant}",error="invalid_token"'
    return error_response(401, code, message, (("www-authenticate", challenge),))
