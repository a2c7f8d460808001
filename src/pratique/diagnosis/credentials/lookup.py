"""What came out of following one client through the places that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pratique.diagnosis.credentials.authfiles import AuthFile
from pratique.diagnosis.credentials.entries import Stored
from pratique.diagnosis.facts.credentials import (
    Choice,
    Entry,
    HelperOutcome,
    HelperRun,
    Holding,
    Source,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that the client takes for the image, and where it stands."""

    file: AuthFile
    stored: Stored


@dataclass(frozen=True, slots=True)
class Lookup:
    """A client's way through its places.

    Attributes:
        key: what it looked up.
        files: those it reads, in its order.
        matches: entries that fit the image, in the order in which they count.
        choice: what it would send.
    """

    key: str
    files: tuple[AuthFile, ...]
    matches: tuple[Match, ...]
    choice: Choice | None

    @property
    def overridden(self) -> tuple[tuple[Source, Entry], ...]:
        """Matches that hold something and are not sent."""
        chosen = self.choice.entry if self.choice is not None else None
        return tuple(
            (one.file.source, one.stored.entry)
            for one in self.matches
            if one.stored.entry is not chosen and holds_something(one.stored.entry)
        )


def holds_something(entry: Entry) -> bool:
    """Whether an entry has or leads to a credential of its own; a store's mark has none."""
    return entry.credential is not None or entry.holding is Holding.HELPER


def chosen(match: Match) -> Choice | None:
    """The choice of an entry that holds its credential itself."""
    credential = match.stored.entry.credential
    if credential is None:
        return None
    return Choice(credential, match.file.source, match.stored.entry)


def chosen_by_helper(run: HelperRun, source: Source, entry: Entry) -> Choice | None:
    """The choice of an entry whose helper was asked."""
    if run.outcome is not HelperOutcome.FOUND or run.credential is None:
        return None
    return Choice(run.credential, source, entry, run)


def matches_in(file: AuthFile, stored: Iterable[Stored]) -> list[Match]:
    """Matches of one file."""
    return [Match(file, one) for one in stored]
