"""From a token request to a token, or to the words that a client prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    Allowed,
    Denied,
    RegistryAction,
    Resource,
    sentence,
)
from pratique.access.question import expand
from pratique.admission import Caller, Snapshot
from pratique.http.edge import Arrival, Entrance, Turned
from pratique.http.tokens.anonymous_refusals import AnonymousRefusals
from pratique.http.tokens.minting import mint
from pratique.http.tokens.request import (
    TokenRequest,
    UnreadableTokenRequest,
    from_form,
    from_query,
)
from pratique.http.wire import refusals
from pratique.http.wire.authorization import UnreadableCredentials
from pratique.http.wire.messages import (
    BodyTooLarge,
    BodyTruncated,
    Response,
    TooManyFields,
    json_response,
)
from pratique.http.wire.problems import Problem, problem_response
from pratique.identity import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_LIFE,
    REFRESH_TOKEN,
    REFRESH_TOKEN_LIFE,
    AccessEntry,
    SignInFailure,
    SignInRefused,
    TokenRejected,
)
from pratique.naming import InvalidName, RepositoryName, TokenScope

PATH = "/oauth2/token"
_NO_STORE = ("cache-control", "no-store")


class TokenEndpoint:
    """Answers `/oauth2/token`.

    Args:
        entrance: identifies and records.
        clock: gives now, with a time zone.
        new_id: gives the `jti` of a token.
    """

    def __init__(
        self, entrance: Entrance, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._entrance = entrance
        self._clock = clock
        self._new_id = new_id
        self._anonymous = AnonymousRefusals(entrance, clock, new_id)

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to any request at this address."""
        try:
            self._entrance.check_address(arrival)
            return await self._grant(arrival, await _asked(arrival))
        except Turned as turned:
            return turned.response
        except (UnreadableTokenRequest, InvalidName, TooManyFields, BodyTruncated) as error:
            return problem_response(Problem.BAD_REQUEST, str(error))
        except BodyTooLarge as error:
            return problem_response(Problem.TOO_LARGE, str(error))
        except (UnreadableCredentials, TokenRejected) as error:
            reason = error.reason if isinstance(error, TokenRejected) else SignInFailure.WRONG
            return self._sign_in_problem(arrival, SignInRefused(reason, str(error)))
        except SignInRefused as refused:
            return self._sign_in_problem(arrival, refused)

    def _sign_in_problem(self, arrival: Arrival, refused: SignInRefused) -> Response:
        decision_id = self._entrance.record_sign_in(arrival, refused.reason)
        return refusals.sign_in_problem(arrival.front, decision_id, refused)

    async def _grant(self, arrival: Arrival, asked: TokenRequest) -> Response:
        front = arrival.front
        if asked.service and asked.service.lower() not in {a.lower() for a in front.audiences}:
            return problem_response(
                Problem.BAD_REQUEST,
                f"`service` is `{asked.service[:100]}`, but this registry is `{front.service}`",
            )
        caller = await self._entrance.gate.authenticate(
            arrival.snapshot,
            asked.credentials,
            source=arrival.request.client,
            audiences=front.audiences,
        )
        if not caller.anonymous:
            arrival.facts.sign_in(caller, "token")
        self._entrance.spend(arrival, caller)
        entries: list[AccessEntry] = []
        refused: list[Denied] = []
        for scope in asked.scopes:
            granted, denials = self._judge(arrival.snapshot, caller, scope)
            refused += denials
            if granted:
                entries.append(AccessEntry(scope.kind, scope.name, granted))
            elif _is_push_without_any_right(scope) and denials and not caller.anonymous:
                # Every push begins with a HEAD, whose refusal has no words; so they are said here.
                push = next(d for d in denials if d.question.action is RegistryAction.PUSH)
                raise Turned(self._refuse(arrival, caller, push))
        if caller.anonymous and not entries:
            self._refuse_nobody(arrival, asked, refused)
        return self._answer(arrival, asked, caller, tuple(entries))

    def _judge(
        self, snapshot: Snapshot, caller: Caller, scope: TokenScope
    ) -> tuple[tuple[str, ...], list[Denied]]:
        """The actions of one scope that are granted, in the client's order, and the refusals."""
        resource = _resource(scope)
        if resource is None:
            return (), []
        denials: list[Denied] = []

        def granted(action: RegistryAction) -> bool:
            verdict = self._entrance.gate.decide(snapshot, caller, action, resource)
            if isinstance(verdict, Allowed):
                return True
            denials.append(verdict)
            return False

        if resource is THE_REGISTRY:
            wanted = "*" in scope.actions and granted(RegistryAction.CATALOG)
            return (("*",) if wanted else ()), denials
        words: list[str] = []
        for word in scope.actions:
            verdicts = [(a.word, granted(a)) for a in sorted(expand([word]), key=_usual_order)]
            if word == "*" and all(verdict for _, verdict in verdicts):
                words.append("*")
            else:
                words += [name for name, verdict in verdicts if verdict]
        return tuple(dict.fromkeys(words)), denials

    def _refuse(self, arrival: Arrival, caller: Caller, denied: Denied) -> Response:
        told = self._entrance.beyond_token(arrival, caller, denied)
        decision_id = self._entrance.record(arrival, told)
        words = arrival.front.visit(sentence(told, arrival.snapshot.law))
        return problem_response(
            Problem.UNAUTHORIZED,
            refusals.with_decision(words, decision_id),
            headers=refusals.decision_headers(decision_id),
        )

    def _refuse_nobody(
        self, arrival: Arrival, asked: TokenRequest, refused: Sequence[Denied]
    ) -> None:
        """Turn away a caller who showed nothing, unless the registry is open to all.

        Raises:
            Turned: in the very words of ACR, which Docker prints for every anonymous pull.
        """
        registry = arrival.snapshot.registry
        if registry.anonymous_pull and not asked.scopes:
            return
        decision_id = self._anonymous.decision_of(arrival, refused)
        detail: list[dict[str, Any]] = [
            {"Type": scope.kind, "Name": scope.name, "Action": action}
            for scope in asked.scopes
            for action in scope.actions
        ]
        message = arrival.front.visit(refusals.AUTHENTICATION_REQUIRED)
        headers = refusals.decision_headers(decision_id)
        if detail:
            raise Turned(
                problem_response(Problem.UNAUTHORIZED, message, detail=detail, headers=headers)
            )
        raise Turned(problem_response(Problem.UNAUTHORIZED, message, headers=headers))

    def _answer(
        self,
        arrival: Arrival,
        asked: TokenRequest,
        caller: Caller,
        entries: tuple[AccessEntry, ...],
    ) -> Response:
        snapshot, now = arrival.snapshot, self._clock()
        life = _life(caller, now, ACCESS_TOKEN_LIFE)

        def token(grant_type: str, life: timedelta, access: tuple[AccessEntry, ...] | None) -> str:
            return mint(
                snapshot,
                caller,
                grant_type,
                life,
                access=access,
                audience=arrival.front.service,
                at=now,
                new_id=self._new_id,
            )

        access = token(ACCESS_TOKEN, life, entries)
        content: dict[str, Any] = {
            "access_token": access,
            "token": access,
            "token_type": "Bearer",
            "expires_in": int(life.total_seconds()),
            "issued_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "scope": " ".join(f"{e.type}:{e.name}:{','.join(e.actions)}" for e in entries),
        }
        if asked.wants_refresh_token and not caller.anonymous and caller.attenuation is None:
            if asked.shown_refresh_token is not None:
                content["refresh_token"] = asked.shown_refresh_token
            elif arrival.request.method == "POST":
                content["refresh_token"] = token(REFRESH_TOKEN, REFRESH_TOKEN_LIFE, None)
        return json_response(200, content, _NO_STORE)


async def _asked(arrival: Arrival) -> TokenRequest:
    method = arrival.request.method
    if method == "POST":
        return await from_form(arrival.request)
    if method in {"GET", "HEAD"}:
        return from_query(arrival.request)
    raise Turned(
        problem_response(
            Problem.UNSUPPORTED,
            f"this address takes GET and POST, not {method[:20]}",
            headers=(("allow", "GET, HEAD, POST"),),
        )
    )


def _resource(scope: TokenScope) -> Resource | None:
    """What a scope is about; None for what this registry does not have, which nobody gets."""
    if scope.kind == "registry" and scope.name == "catalog":
        return THE_REGISTRY
    if scope.kind != "repository":
        return None
    if scope.name == "*":
        return EVERY_REPOSITORY
    try:
        return RepositoryName(scope.name)
    except InvalidName:
        return None


def _is_push_without_any_right(scope: TokenScope) -> bool:
    return scope.kind == "repository" and RegistryAction.PUSH.word in scope.actions


def _usual_order(action: RegistryAction) -> int:
    return list(RegistryAction).index(action)


def _life(caller: Caller, now: datetime, longest: timedelta) -> timedelta:
    """How long a token may live: never longer than the registry token it is made from."""
    if caller.expires_at is None:
        return longest
    left = timedelta(seconds=caller.expires_at - int(now.timestamp()))
    return max(timedelta(seconds=1), min(longest, left))
