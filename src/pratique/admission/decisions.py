"""Refusals as they are kept for later, the use that was made of grants, and the port for both.

A record holds the words of its day: names of principals and roles may be others when it is read.
No name that was tried in a sign-in is ever kept: it may be a password typed into the wrong field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

CONSULTED_KEPT: Final = 50
NAMES_KEPT: Final = 20
# No repository can have this name; see `GrantUse`.
OTHERS: Final = "*"
REACHING: Final = "reach"
"""In place of an action: the address was refused before anything of the request was read."""

Kind = Literal["refused", "sign-in refused"]


class Place(NamedTuple):
    """Where a record stands among all: they are ordered by time, and by id within one instant."""

    at: datetime
    decision_id: str


class ConsultedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One role assignment that was looked at.

    Attributes:
        principal_id: object id of who holds it.
        principal: their name at that time.
        failed: the part of a condition that was not true, None when none failed.
        through_group: object id of the group that holds it, None when the caller does itself.
    """

    assignment_id: str
    role: str
    principal_id: str
    principal: str
    scope: str
    outcome: str
    failed: str | None = None
    through_group: str | None = None


class AboutRecord(msgspec.Struct, frozen=True):
    """The role assignment that was to be written or deleted."""

    role_id: str
    principal_id: str
    principal_kind: str


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal. What a refused sign-in cannot know (who, what, under which law) is empty.

    So is who was refused for their address alone.

    Attributes:
        at: with a time zone.
        sentence: what the client was told.
        caller: the caller's name at that time.
        action: a wire word, or the permission of a control action.
        about: of a refused change of a role assignment, which one.
        consulted: what was looked at, in that order; the first `CONSULTED_KEPT` of it.
        consulted_count: how much was looked at.
        client: the address that the request came from.
        registry: id of the further registry that refused; empty for the home registry.

    Raises:
        ValueError: the time has no zone, or more was consulted than is kept or counted.
    """

    decision_id: str
    at: datetime
    kind: Kind
    reason: str
    sentence: str = ""
    caller_kind: str = ""
    caller_id: str = ""
    caller: str = ""
    action: str = ""
    permission: str = ""
    resource: str = ""
    law_version: int = 0
    about: AboutRecord | None = None
    consulted: tuple[ConsultedRecord, ...] = ()
    consulted_count: int = 0
    client: str = ""
    registry: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"the time {self.at} of a decision has no time zone")
        kept = len(self.consulted)
        if kept > CONSULTED_KEPT or kept > self.consulted_count:
            raise ValueError(
                f"a decision holds {kept} consulted assignments of {self.consulted_count}; "
                f"{CONSULTED_KEPT} are kept"
            )

    @property
    def place(self) -> Place:
        """Where it stands among all."""
        return Place(self.at, self.decision_id)


class GrantUse(msgspec.Struct, frozen=True):
    """A role assignment let somebody do something on this day (UTC).

    Attributes:
        action: the wire word.
        repository: `OTHERS` when it is none of `NAMES_KEPT` that were named for this grant and
            action; None when the use was on no repository.
    """

    grant_id: str
    action: str
    day: date
    repository: str | None = None


class LastUse(msgspec.Struct, frozen=True):
    """When a grant was last used for an action, and on what.

    Attributes:
        repositories: in order of name, `NAMES_KEPT` at most.
        and_others: whether it was used on more than those.
    """

    grant_id: str
    action: str
    day: date
    repositories: tuple[str, ...] = ()
    and_others: bool = False


class Decisions(Protocol):
    """Keeps refusals and uses of grants, for all workers at once; any thread may call it.

    Every method raises `StorageFull` or `StorageFailed` when the store cannot do it, be it that it
    is damaged, out of reach, or of a newer version. A call after that tries afresh.
    """

    def record(self, decisions: Sequence[DecisionRecord], uses: Sequence[GrantUse]) -> None:
        """Keep them all, or none of them if this raises.

        A decision whose id is known, and a use that is no news, change nothing. When it returns,
        the end of this process loses nothing of it; the loss of power may.

        Raises:
            ValueError: a text among them is no Unicode text.
        """
        ...

    def find(self, decision_id: str) -> DecisionRecord | None:
        """The decision of that id; None if it was never kept, or is forgotten."""
        ...

    def newest(
        self,
        *,
        since: datetime,
        limit: int,
        caller_id: str | None = None,
        resource: str | None = None,
        after: Place | None = None,
    ) -> tuple[DecisionRecord, ...]:
        """Decisions that were made since then, the newest first; none is an empty tuple.

        Workers write a moment after they decide, so a record may appear below newer ones that
        were there before: who follows the list asks again from a few seconds back.

        Args:
            since: older ones are left out.
            limit: how many at most; none for 0 and less.
            caller_id: only those about this caller.
            resource: only those about exactly this.
            after: only those that come later in this order; the place of a page's last record
                gives the next page, even when that record is forgotten by then.
        """
        ...

    def uses_since(self, day: date) -> tuple[LastUse, ...]:
        """What was used on `day` or later, by grant id and action; none is an empty tuple.

        Repositories are those used since `day`.
        """
        ...

    def prune(self, *, before: datetime, keep: int, keep_each: int, uses_before: date) -> None:
        """Forget what is old or too much, the oldest first.

        Args:
            before: older decisions go.
            keep: decisions beyond so many go.
            keep_each: of the decisions about one source of requests (`attempts.source_of`), those
                beyond so many go: a client that is refused without end pushes out only its own.
            uses_before: uses last made on earlier days go.
        """
        ...

    def started_on(self) -> date | None:
        """The day of the first thing ever kept here, pruned or not; None before that.

        Of grants that were used before this day, nothing is known.
        """
        ...
