"""Questions that people ask about the law: read from words, answered by `decide` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Allowed,
    Anonymous,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    Law,
    Question,
    RegistryAction,
    Remedy,
    RepositoryToken,
    Resource,
    Subject,
    decide,
    remedies,
)
from pratique.access.comparison import Difference, compare
from pratique.access.holders import groups_that_may
from pratique.access.known_permissions import DIRECTORY_PREFIX
from pratique.access.patience import Patience, endless
from pratique.access.permissions import is_permission
from pratique.access.probes import names_in
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.snapshot import Snapshot
from pratique.naming import RepositoryName, ResourceScope
from pratique.naming.errors import printable

Change = Callable[[Draft], object]
_DIRECTORY = DIRECTORY_PREFIX.lower()
_ACTIONS = {a.word: a for a in RegistryAction}
MOST_CHANGES = 50
# Names that only rules know; more would say little more, and take long.
MOST_NAMES = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What the law says to one question, and what would change that.

    Attributes:
        remedies: of a refusal, the narrowest first.
        groups: of a refusal, object ids of groups whose members may.
    """

    verdict: Allowed | Denied
    remedies: tuple[Remedy, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What a change would mean.

    Attributes:
        before: the law that stands.
        after: the law that would.
        repositories: that were asked about, where rights differ between repositories; of others
            that a difference names, the rules themselves speak, and they need not be there.
    """

    before: Law
    after: Law
    differences: tuple[Difference, ...]
    repositories: frozenset[RepositoryName]


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody who asks about the law may know of it.

    Attributes:
        repositories: that exist, as far as the asker may list them.
        denials: whether they may read deny assignments.
        scope_maps: whether they may read scope maps.
    """

    repositories: tuple[RepositoryName, ...]
    denials: bool
    scope_maps: bool


def read_subject(snapshot: Snapshot, text: str) -> Subject:
    """Whom `text` means: `token:NAME`, `admin-user`, `anonymous`, or any name of a principal.

    Raises:
        NotFound: nobody answers to it.
    """
    if text == "anonymous":
        return Anonymous()
    if text == "admin-user":
        return AdminUser()
    if text.startswith("token:"):
        token = snapshot.directory.tokens.get(text.removeprefix("token:").casefold())
        if token is None:
            raise NotFound(
                f"there is no token `{printable(text)}`; `pratique token list` shows them"
            )
        return RepositoryToken(token.name)
    return DirectoryPrincipal(snapshot.find_principal(text).object_id)


def read_action(text: str) -> RegistryAction | ControlAction:
    """The action of that word, dashes or underscores in it, or of that permission.

    Raises:
        Unacceptable: it is neither.
    """
    action = _ACTIONS.get(text.replace("-", "_"))
    if action is not None:
        return action
    if is_permission(text):
        return ControlAction(text)
    raise Unacceptable(
        f"`{printable(text)}` is no action; it is one of {', '.join(_ACTIONS)}, or a permission "
        "such as `Microsoft.ContainerRegistry/registries/write`"
    )


def read_resource(text: str, action: RegistryAction | ControlAction) -> Resource:
    """What `text` means to `action`: a repository, `*` for all, `registry`, or a scope.

    Raises:
        InvalidName: it is none of these.
        Unacceptable: `action` is nothing that is done to it.
    """
    resource: Resource
    if isinstance(action, ControlAction) and action.permission.lower().startswith(_DIRECTORY):
        # The directory stands above every registry: it is asked about there, wherever one asks.
        resource = ResourceScope("/")
    elif text == "registry":
        resource = THE_REGISTRY
    elif text == "*":
        resource = EVERY_REPOSITORY
    elif text.startswith("/"):
        resource = ResourceScope(text)
    else:
        resource = RepositoryName(text)
    try:
        Question(Anonymous(), action, resource)
    except ValueError as error:
        fitting = (
            "a repository or `*`"
            if isinstance(action, RegistryAction) and action is not RegistryAction.CATALOG
            else "`registry`"
        )
        word = action.word if isinstance(action, RegistryAction) else action.permission
        raise Unacceptable(
            f"`{word}` is not done to `{printable(text)}`; ask about {fitting}"
        ) from error
    return resource


def check(law: Law, question: Question, at: datetime, patience: Patience = endless) -> Answer:
    """The verdict, and for a refusal what would help.

    Raises:
        TooLong: `patience` came to an end.
    """
    verdict = decide(question, law, at)
    if isinstance(verdict, Allowed):
        return Answer(verdict)
    return Answer(verdict, remedies(verdict, at), groups_that_may(verdict, at, patience))


def what_if(
    snapshot: Snapshot,
    changes: Iterable[Change],
    draft: Callable[[Snapshot], Draft],
    at: datetime,
    known: Known,
    patience: Patience = endless,
) -> Trial:
    """What several changes, one after the other, would mean together; nothing is kept.

    Each is the very operation that would make the change.

    Args:
        snapshot: that stands.
        changes: operations, as the control plane takes them.
        draft: makes a draft on a snapshot.
        at: now, with a time zone.
        known: what the asker may know. Names that the rules themselves name are asked about too.
        patience: asked at each step.

    Raises:
        ControlError, InvalidName, InvalidCondition: a change could not be made.
        Unacceptable: there are none, or more than 50.
        TooLong: `patience` came to an end.
    """
    wanted = tuple(changes)
    if not 1 <= len(wanted) <= MOST_CHANGES:
        raise Unacceptable(f"give 1 to {MOST_CHANGES} changes; these are {len(wanted)}")
    after = snapshot
    for change in wanted:
        patience()
        trial = draft(after)
        change(trial)
        after = trial.outcome()
    there = frozenset(known.repositories)
    named = (
        names_in(law, denials=known.denials, scope_maps=known.scope_maps)
        for law in (snapshot.law, after.law)
    )
    places = sorted({*there, *sorted(frozenset().union(*named))[:MOST_NAMES]})
    differences = compare(snapshot.law, after.law, at, places, patience)
    return Trial(snapshot.law, after.law, differences, there)
