"""How a refusal looks on the wire, situation by situation.

The statuses are chosen by what real clients print (ADR 0004; the table in the documentation's
reference "Client words"), and lean on two facts: a 401 with `error="insufficient_scope"` makes
clients fetch a wider token, a 403 makes them print the words.
"""

from __future__ import annotations

from typing import Any

from pratique.access import AddressRefusal, Denied, Law, Reason, RegistryAction, sentence
from pratique.http.wire.challenges import BASIC_CHALLENGE, Front
from pratique.http.wire.messages import Response
from pratique.http.wire.problems import Problem, problem_response
from pratique.identity import SignInFailure, SignInRefused, TokenRejected

DECISION_HEADER = "x-pratique-decision"
# az prints this header's value beside an error (reference section 3).
CORRELATION_HEADER = "x-ms-correlation-request-id"
AUTHENTICATION_REQUIRED = "authentication required"


def decision_headers(decision_id: str) -> tuple[tuple[str, str], ...]:
    """The id under which the operator finds this refusal in the log."""
    return ((DECISION_HEADER, decision_id), (CORRELATION_HEADER, decision_id))


def nobody(front: Front, decision_id: str, scope: str | None = None) -> Response:
    """The caller showed nothing: 401, and where a token is to be had.

    Also when anonymous pull is on, since Docker never sends credentials otherwise (rule 8).

    Args:
        front: how the registry is addressed.
        decision_id: of this refusal.
        scope: what the request needs, in one string; None for `/v2/` itself.
    """
    headers = (("www-authenticate", front.bearer_challenge(scope)), *decision_headers(decision_id))
    message = front.visit(AUTHENTICATION_REQUIRED)
    if scope is None:
        return problem_response(Problem.UNAUTHORIZED, message, headers=headers)
    return problem_response(
        Problem.UNAUTHORIZED, message, detail=access_detail(scope), headers=headers
    )


def bad_bearer(
    front: Front, decision_id: str, rejected: TokenRejected, scope: str | None
) -> Response:
    """A bearer token without force: 401, so that clients drop it and ask for another."""
    challenge = front.bearer_challenge(scope, "invalid_token")
    if scope is not None:
        challenge += _description(str(rejected))
    return problem_response(
        Problem.UNAUTHORIZED,
        front.visit(str(rejected)),
        headers=(("www-authenticate", challenge), *decision_headers(decision_id)),
    )


def bad_sign_in(
    front: Front, decision_id: str, refused: SignInRefused, scope: str | None
) -> Response:
    """A user name and password that prove nobody, shown directly on a resource or on `/v2/`."""
    challenge = BASIC_CHALLENGE if scope is None else front.bearer_challenge(scope)
    return sign_in_problem(front, decision_id, refused, (("www-authenticate", challenge),))


def sign_in_problem(
    front: Front,
    decision_id: str,
    refused: SignInRefused,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """A failed sign-in: 401 with the reason, or 429 with the time to wait."""
    headers = (*headers, *decision_headers(decision_id))
    if refused.reason is SignInFailure.TOO_MANY:
        wait = (("retry-after", str(refused.retry_after_seconds)), *decision_headers(decision_id))
        return problem_response(Problem.TOOMANYREQUESTS, str(refused), headers=wait)
    return problem_response(
        Problem.UNAUTHORIZED, with_decision(front.visit(str(refused)), decision_id), headers=headers
    )


def not_allowed(front: Front, decision_id: str, denied: Denied, law: Law, scope: str) -> Response:
    """The law's refusal of a request on a resource.

    Args:
        front: how the registry is addressed.
        decision_id: of this refusal.
        denied: the verdict.
        law: by which it was given, for names.
        scope: what the request needs; of a token that is too narrow, the wider one to ask for.
    """
    words = front.visit(sentence(denied, law))
    challenge = front.bearer_challenge(scope, "insufficient_scope") + _description(words)
    unknown = denied.reason in {Reason.NOT_AUTHENTICATED, Reason.TOKEN_DOES_NOT_COVER}
    problem = Problem.UNAUTHORIZED if unknown else Problem.FORBIDDEN
    message = words if unknown else with_decision(words, decision_id)
    return problem_response(
        problem,
        message,
        detail=access_detail(scope),
        headers=(("www-authenticate", challenge), *decision_headers(decision_id)),
    )


def address_not_allowed(
    told: str, reason: AddressRefusal, client: str, decision_id: str
) -> Response:
    """The network rules' refusal: 403 and DENIED, as at ACR, whoever asks for whatever.

    Args:
        told: what happened.
        reason: why.
        client: its address.
        decision_id: of this refusal.
    """
    command = reason.command_for(client)
    way = f". Its operator grants access with `{command}`." if command else "."
    return problem_response(
        Problem.DENIED,
        with_decision(told + way, decision_id),
        headers=decision_headers(decision_id),
    )


def with_decision(message: str, decision_id: str) -> str:
    """`message`, and the id by which the operator finds the reasoning."""
    return f"{message} Decision: {decision_id}"


def access_detail(scope: str) -> list[dict[str, Any]]:
    """ACR's `detail` of a refusal: one entry for each action asked, with capitalised names."""
    entries = []
    for one in scope.split(" "):
        kind, _, rest = one.partition(":")
        name, _, actions = rest.rpartition(":")
        entries += [{"Type": kind, "Name": name, "Action": a} for a in actions.split(",")]
    return entries


def scope_text(repository: str, *words: str) -> str:
    """The scope of a challenge for `words` on one repository."""
    return f"repository:{repository}:{','.join(words)}"


def action_words(action: RegistryAction) -> tuple[str, ...]:
    """The words that a challenge asks for an action; pushing clients always read too."""
    return ("pull", "push") if action is RegistryAction.PUSH else (action.word,)


def _description(words: str) -> str:
    """The challenge's `error_description` (RFC 6750 section 3): what Docker prints for a HEAD.

    Its grammar knows neither quotes nor backslashes nor anything beyond ASCII.
    """
    safe = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in words[:600])
    return f',error_description="{safe}"'
