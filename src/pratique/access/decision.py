"""The verdict: one value that says what was decided and by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pratique.access.question import Question
from pratique.access.roles import RoleAssignment
from pratique.naming import RepositoryName


class Reason(StrEnum):
    """Why a verdict fell as it did; closed, so that every renderer must know them all."""

    # Allowed
    ROLE_ASSIGNMENT = "role-assignment"
    ADMIN_USER = "admin-user"
    SCOPE_MAP = "scope-map"
    ANONYMOUS_PULL = "anonymous-pull"
    FOLDER_OWNER = "folder-owner"
    # Denied
    NOT_AUTHENTICATED = "not-authenticated"
    TOKEN_DOES_NOT_COVER = "token-does-not-cover"  # noqa: S105 - a reason, no secret
    PRINCIPAL_UNKNOWN = "principal-unknown"
    PRINCIPAL_DISABLED = "principal-disabled"
    NO_ROLE_ASSIGNMENT = "no-role-assignment"
    NO_ROLE_GRANTS_IT = "no-role-grants-it"
    ADMIN_USER_DISABLED = "admin-user-disabled"
    TOKEN_DISABLED = "token-disabled"  # noqa: S105 - likewise
    SCOPE_MAP_MISSING = "scope-map-missing"
    SCOPE_MAP_DOES_NOT_COVER = "scope-map-does-not-cover"
    NOT_FOR_THIS_KIND = "not-for-this-kind"


class Outcome(StrEnum):
    """What became of one consulted role assignment."""

    MATCHED = "matched"
    OTHER_SCOPE = "other-scope"
    ROLE_MISSING = "role-missing"
    ROLE_LACKS_ACTION = "role-lacks-action"
    OTHER_REGISTRY_MODE = "other-registry-mode"


@dataclass(frozen=True, slots=True)
class Consulted:
    """One role assignment that was looked at, in the order of looking.

    Attributes:
        through_group: object id of the group that holds the assignment, None when the principal
            holds it itself.
    """

    assignment: RoleAssignment
    role_name: str
    outcome: Outcome
    through_group: str | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Permission to do what was asked; operations on content take it as their argument.

    True where a truth value is asked.
    """

    question: Question
    reason: Reason
    consulted: tuple[Consulted, ...] = ()

    @property
    def repository(self) -> RepositoryName:
        """The repository that was asked about.

        Raises:
            TypeError: the question was not about one repository.
        """
        resource = self.question.resource
        if not isinstance(resource, RepositoryName):
            raise TypeError(f"this verdict is about {resource}, not about a repository")
        return resource

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """Refusal, and everything that was looked at in vain. False where a truth value is asked."""

    question: Question
    reason: Reason
    consulted: tuple[Consulted, ...] = ()

    def __bool__(self) -> Literal[False]:
        return False
