"""The question that the law answers: who, what, on which resource, narrowed by which token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pratique.access.actions import REPOSITORY_ACTIONS, ControlAction, RegistryAction
from pratique.naming import RepositoryName, ResourceScope, TokenScope


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody in particular."""


@dataclass(frozen=True, slots=True)
class AdminUser:
    """The registry's one admin user, beyond the directory."""


@dataclass(frozen=True, slots=True)
class RepositoryToken:
    """A non-directory token, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class DirectoryPrincipal:
    """A user or service principal, by its object id."""

    object_id: str


@dataclass(frozen=True, slots=True)
class FolderOwner:
    """Whoever owns the data folder on the machine itself; no request over a wire is this."""


Subject = Anonymous | AdminUser | RepositoryToken | DirectoryPrincipal | FolderOwner


@dataclass(frozen=True, slots=True)
class _TheRegistry:
    """The registry as a whole: its catalog."""


@dataclass(frozen=True, slots=True)
class _EveryRepository:
    """All repositories at once, as the scope `repository:*` asks (reference 2.2)."""


THE_REGISTRY: Final = _TheRegistry()
EVERY_REPOSITORY: Final = _EveryRepository()
Resource = RepositoryName | ResourceScope | _TheRegistry | _EveryRepository


@dataclass(frozen=True, slots=True)
class Attenuation:
    """What a registry access token was made for. It narrows; it never widens.

    Attributes:
        repositories: actions by repository name; the name `*` stands for every repository.
        catalog: whether the catalog was granted.
    """

    repositories: Mapping[str, frozenset[RegistryAction]]
    catalog: bool

    @classmethod
    def of(cls, scopes: Iterable[TokenScope]) -> Attenuation:
        """What the `access` claim of a token, as scopes, leaves open."""
        repositories: dict[str, frozenset[RegistryAction]] = {}
        catalog = False
        for scope in scopes:
            if scope.kind == "repository":
                actions = expand(scope.actions)
                repositories[scope.name] = repositories.get(scope.name, frozenset()) | actions
            elif scope.kind == "registry" and scope.name == "catalog" and "*" in scope.actions:
                catalog = True
        return cls(repositories, catalog)

    def covers(self, action: RegistryAction | ControlAction, resource: Resource) -> bool:
        """Whether the token was made for this.

        A token for `pull` may list tags, since skopeo asks for no other before it lists them;
        the law still decides whether its holder may.
        """
        if not _may_be_asked(action, resource) or isinstance(action, ControlAction):
            return False
        if action is RegistryAction.CATALOG:
            return self.catalog
        granted = self.repositories.get("*", frozenset())
        if isinstance(resource, RepositoryName):
            granted |= self.repositories.get(resource, frozenset())
        return action in granted or (
            action is RegistryAction.METADATA_READ and RegistryAction.PULL in granted
        )


def expand(words: Iterable[str]) -> frozenset[RegistryAction]:
    """The repository actions that wire words name; `*` names all, unknown words none."""
    found: set[RegistryAction] = set()
    for word in words:
        if word == "*":
            return frozenset(REPOSITORY_ACTIONS)
        action = RegistryAction.from_word(word)
        if action is not None:
            found.add(action)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class AboutAssignment:
    """The role assignment that a control action would write or delete (reference 5.1).

    Conditions judge it, so that somebody may be let assign some roles to some principals only.
    """

    role_id: str
    principal_id: str
    principal_kind: str


@dataclass(frozen=True, slots=True)
class Question:
    """May `subject` do `action` on `resource`?

    Attributes:
        resource: the registry for its catalog; a repository's name or every repository for the
            other registry actions; a resource scope, or the registry, for control actions.
        attenuation: of the access token that carries the request; None when the caller showed
            its full credential.
        about: of a control action on a role assignment; None otherwise.

    Raises:
        ValueError: `action` is nothing that is done to `resource`.
    """

    subject: Subject
    action: RegistryAction | ControlAction
    resource: Resource
    attenuation: Attenuation | None = None
    about: AboutAssignment | None = None

    @property
    def scope(self) -> ResourceScope | None:
        """The resource scope that is asked about; None for the registry and all that is in it."""
        resource = self.resource
        return resource if isinstance(resource, ResourceScope) else None

    def __post_init__(self) -> None:
        if not _may_be_asked(self.action, self.resource):
            raise ValueError(f"{self.action} is not done to {self.resource!r}")


def _may_be_asked(action: RegistryAction | ControlAction, resource: Resource) -> bool:
    if isinstance(action, ControlAction):
        return resource is THE_REGISTRY or isinstance(resource, ResourceScope)
    if action is RegistryAction.CATALOG:
        return resource is THE_REGISTRY
    return resource is EVERY_REPOSITORY or isinstance(resource, RepositoryName)
