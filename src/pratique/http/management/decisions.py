"""Recorded refusals: the list of them, and one in full."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pratique.access import AddressRefusal, Outcome, Reason, meaning
from pratique.admission import NotFound, Snapshot, Unacceptable
from pratique.admission.account import caller_key, question_of
from pratique.admission.decisions import DecisionRecord, Decisions, Place
from pratique.admission.holdings import HOME
from pratique.admission.inquiries import check, read_subject
from pratique.admission.reaching import reached_again
from pratique.http.management import access_shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given
from pratique.http.wire.paging import link_to_next
from pratique.http.wire.queries import UnreadableQuery
from pratique.identity import Group, SignInFailure
from pratique.naming import RepositoryName
from pratique.naming.errors import printable
from pratique.naming.moments import Since

DEFAULT_LIMIT: Final = 100
MOST_AT_ONCE: Final = 1000
# So many records are looked through for one page at most, a part of them at a time.
MOST_LOOKED_THROUGH: Final = 5000
_PART: Final = 500
# Workers write a fifth of a second after they decide; a busy disk takes longer.
SETTLED_AFTER: Final = timedelta(seconds=10)
_TOKENS_READ = "Microsoft.ContainerRegistry/registries/tokens/read"
_REASONS = frozenset({*Reason, *SignInFailure, *AddressRefusal})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Microseconds since 1970, and an id.
_AFTER = re.compile(r"([0-9]{1,17})-([!-~]{1,100})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which refusals are listed.

    Attributes:
        caller: kind and id; None for all.
        repository: its name; None for whatever was asked for.
        after: where the page before ended; None for the first one.
        registry: id of the registry that refused.
        mixed: whether other registries' refusals lie between them.
    """

    since: datetime
    limit: int
    registry: str = HOME
    mixed: bool = False
    caller: tuple[str, str] | None = None
    repository: str | None = None
    reason: str | None = None
    after: Place | None = None

    def fits(self, record: DecisionRecord) -> bool:
        """Whether a record of the wanted caller id and repository is wanted."""
        kind = self.caller[0] if self.caller else None
        return (
            record.registry == self.registry
            and kind in {None, record.caller_kind}
            and self.reason in {None, record.reason}
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """One page; `after` is where the next one begins, None when there is none."""

    records: tuple[DecisionRecord, ...]
    after: Place | None


class WhichDecisions(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which refusals: since a time or for so long, of whom, on what, why, and after which page."""

    since: str | None = None
    principal: str | None = None
    repository: str | None = None
    reason: Annotated[str, Meta(extra_json_schema={"enum": sorted(_REASONS)})] | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] = DEFAULT_LIMIT
    after: Annotated[str, Meta(extra_json_schema={"pattern": f"^{_AFTER.pattern}$"})] | None = None


async def list_decisions(visit: Visit, query: WhichDecisions) -> Given[access_shapes.Decisions]:
    """Refusals that are recorded, the newest first.

    A page may hold fewer than `limit`, even none, and all the same not be the last: only so many
    records are looked through at once.
    """
    snapshot, now = visit.view(), visit.gate.now()
    # What is older may still be there, until something is written again.
    since = now - timedelta(days=snapshot.registry.refusals_kept_days)
    if query.since is not None:
        since = max(since, Since.parse(query.since).before(now))
    wanted = _Wanted(
        since=since,
        limit=query.limit,
        registry=snapshot.registry_id,
        mixed=not snapshot.alone,
        repository=None if query.repository is None else str(RepositoryName(query.repository)),
        reason=_reason(query.reason),
        after=None if query.after is None else _place(query.after),
    )
    if query.principal is not None:
        wanted = replace(wanted, caller=await _caller(visit, snapshot, query.principal))
    found = await visit.recorder.read(lambda store: _look_through(store, wanted))
    following = None if found.after is None else _cursor(found.after)
    content = access_shapes.Decisions(
        since=_exactly(since),
        settled_until=_exactly(now - SETTLED_AFTER),
        decisions=[
            access_shapes.ListedDecision.widening(_shown(record), caller_id=record.caller_id)
            for record in found.records
        ],
        next=following,
    )
    if following is None:
        return Given(content)
    # A length of time would begin later on every page.
    again = {**_given(query), "since": _exactly(since), "after": following}
    return Given(content, (link_to_next(visit.request.path, again),))


async def explain_decision(visit: Visit) -> Given[access_shapes.ExplainedDecision]:
    """A recorded refusal, and what would help now."""
    snapshot = visit.view()
    record = await visit.recorder.find(visit.parts["decision"])
    if record is None or record.registry != snapshot.registry_id:
        raise NotFound(
            "there is no such decision here: it was made by another registry, or is forgotten by "
            "now, or was only the challenge with which every client begins, which is not recorded. "
            "Of one that was made this very moment, ask again in a second"
        )
    question = question_of(record, snapshot)
    now, reached = None, reached_again(record, snapshot)
    if question is not None:
        at = visit.gate.now()
        now = await visit.apart(lambda patience: check(snapshot.law, question, at, patience))
    allowed_now = None if now is None else bool(now.verdict)
    ways_out = [list(r.commands(snapshot.law)) for r in now.remedies] if now else []
    if reached is not None:
        allowed_now, ways_out = reached.allowed_now, list(map(list, reached.remedies))
    return Given(
        access_shapes.ExplainedDecision.widening(
            _shown(record),
            law_version=record.law_version,
            consulted=list(_consulted(record)),
            consulted_count=record.consulted_count,
            allowed_now=allowed_now,
            remedies=ways_out,
        )
    )


def _given(query: WhichDecisions) -> dict[str, str]:
    """The parameters that a query gave, as it would be written again."""
    return {name: str(value) for name, value in msgspec.to_builtins(query).items()}


def _reason(text: str | None) -> str | None:
    if text is not None and text not in _REASONS:
        raise UnreadableQuery(
            f"`{printable(text)}` is no reason of a refusal, which is one word such as "
            f"`{Reason.NO_ROLE_ASSIGNMENT}` or `{SignInFailure.WRONG}`"
        )
    return text


async def _caller(visit: Visit, snapshot: Snapshot, text: str) -> tuple[str, str]:
    """Kind and id of the caller whom `text` means, who may be gone.

    Raises:
        NotFound: nobody answers to it, nor is a refusal recorded of a caller with that id.
        Unacceptable: it is a group, which never calls.
        Refused: it is a token, and the one who asks may not read tokens.
    """
    if text.startswith("token:"):
        visit.need(_TOKENS_READ)
    try:
        key = caller_key(read_subject(snapshot, text))
    except NotFound:
        gone = _gone(text)
        past = _Wanted(
            since=_EPOCH,
            limit=1,
            registry=snapshot.registry_id,
            mixed=not snapshot.alone,
            caller=gone,
        )
        found = await visit.recorder.read(lambda store: _look_through(store, past))
        if not found.records:
            raise
        return gone
    if isinstance(snapshot.directory.by_object_id.get(key[1]), Group):
        raise Unacceptable(
            f"`{printable(text)}` is a group, and it is its members who are refused; name one"
        )
    return key


def _gone(text: str) -> tuple[str, str]:
    """Under what the refusals of somebody stand who is not there any more."""
    if text.startswith("token:"):
        return "token", text.removeprefix("token:")
    return "principal", text.lower()


def _look_through(store: Decisions, wanted: _Wanted) -> _Found:
    """A page of the list."""
    filtered = wanted.mixed or wanted.caller is not None or wanted.reason is not None
    part = _PART if filtered else wanted.limit + 1
    found: list[DecisionRecord] = []
    after, looked_at = wanted.after, 0
    while looked_at < MOST_LOOKED_THROUGH:
        records = store.newest(
            since=wanted.since,
            limit=part,
            caller_id=wanted.caller[1] if wanted.caller else None,
            resource=wanted.repository,
            after=after,
        )
        for record in filter(wanted.fits, records):
            if len(found) == wanted.limit:
                return _Found(tuple(found), found[-1].place)
            found.append(record)
        if len(records) < part:
            return _Found(tuple(found), None)
        after = records[-1].place
        looked_at += len(records)
    return _Found(tuple(found), after)


def _cursor(place: Place) -> str:
    return f"{(place.at - _EPOCH) // _MICROSECOND}-{place.decision_id}"


def _place(text: str) -> Place:
    match = _AFTER.fullmatch(text)
    if match is None:
        raise UnreadableQuery("`after` is the `next` of the page before, as it was given")
    return Place(_EPOCH + int(match[1]) * _MICROSECOND, match[2])


def _exactly(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _shown(record: DecisionRecord) -> access_shapes.Decision:
    return access_shapes.Decision(
        decision_id=record.decision_id,
        at=views.instant(record.at),
        kind=record.kind,
        reason=record.reason,
        sentence=record.sentence,
        caller=record.caller,
        caller_kind=record.caller_kind,
        action=record.action,
        permission=record.permission,
        resource=record.resource,
        client=record.client,
    )


def _consulted(record: DecisionRecord) -> Iterator[access_shapes.ConsultedRule]:
    for rule in record.consulted:
        denies = rule.outcome.startswith("den")
        yield access_shapes.ConsultedRule(
            rule_id=rule.assignment_id,
            kind="deny-assignment" if denies else "role-assignment",
            role=None if denies else rule.role,
            name=rule.role,
            holder=rule.principal or None,
            through_group=rule.principal if rule.through_group else None,
            scope=rule.scope,
            outcome=Outcome(rule.outcome),
            meaning=meaning(Outcome(rule.outcome)),
            failed=rule.failed,
        )
