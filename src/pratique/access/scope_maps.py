"""Tokens that are not of the directory, and the scope maps that say what they may do.

Source: reference section 6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pratique.access.actions import RegistryAction
from pratique.naming import InvalidName, RepositoryName

_VERBS = {
    "content/read": RegistryAction.PULL,
    "content/write": RegistryAction.PUSH,
    "content/delete": RegistryAction.DELETE,
    "metadata/read": RegistryAction.METADATA_READ,
    "metadata/write": RegistryAction.METADATA_WRITE,
}
_VERB_OF = {action: verb for verb, action in _VERBS.items()}
_ACTION = re.compile(r"repositories/(.+)/((?:content|metadata)/[a-z]+)")


@dataclass(frozen=True, slots=True)
class ScopeMapRule:
    """One action of a scope map: a verb on a repository, on a prefix, or on all.

    Attributes:
        prefix: what a repository's name must begin with, or equal when `exact`.
        exact: whether the name must equal `prefix`.
        action: what is allowed.
    """

    prefix: str
    exact: bool
    action: RegistryAction

    @classmethod
    def parse(cls, text: str) -> ScopeMapRule:
        """The rule that `repositories/NAME/VERB` spells; NAME may be `*` or end in `/*`.

        Raises:
            InvalidName: another form, an unknown verb, or a `*` anywhere else (reference 6.3).
        """
        match = _ACTION.fullmatch(text)
        verb = _VERBS.get(match.group(2)) if match else None
        if match is None or verb is None:
            raise InvalidName(
                "scope-map action",
                text,
                f"write `repositories/NAME/VERB` with one of the verbs {', '.join(_VERBS)}",
            )
        name = match.group(1)
        if name == "*":
            return cls("", exact=False, action=verb)
        if name.endswith("/*"):
            return cls(RepositoryName(name[:-2]) + "/", exact=False, action=verb)
        return cls(RepositoryName(name), exact=True, action=verb)

    def covers(self, action: RegistryAction, repository: str) -> bool:
        """Whether this rule allows `action` on the repository of that name."""
        if action is not self.action:
            return False
        return repository == self.prefix if self.exact else repository.startswith(self.prefix)

    def __str__(self) -> str:
        name = self.prefix if self.exact else f"{self.prefix}*"
        return f"repositories/{name}/{_VERB_OF[self.action]}"


@dataclass(frozen=True, slots=True)
class ScopeMap:
    """A named list of rules; matches add up.

    Attributes:
        system_defined: came with the product and cannot be changed.
        lists_catalog: whether its tokens may list all repositories. Only the administrator's
            map may (reference 6.3).
    """

    name: str
    description: str
    rules: tuple[ScopeMapRule, ...]
    system_defined: bool = False
    lists_catalog: bool = False

    def covers(self, action: RegistryAction, repository: str | None) -> bool:
        """Whether any rule allows `action` there; `repository` is None for the catalog."""
        if repository is None:
            return action is RegistryAction.CATALOG and self.lists_catalog
        return any(rule.covers(action, repository) for rule in self.rules)

    def covers_every_repository(self, action: RegistryAction) -> bool:
        """Whether one rule allows `action` on all repositories, those to come included."""
        return any(
            rule.action is action and not rule.exact and not rule.prefix for rule in self.rules
        )


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A non-directory token: a name and passwords, bound to one scope map."""

    name: str
    scope_map: str
    enabled: bool = True


def scope_map_verb(action: RegistryAction) -> str | None:
    """The verb that allows `action` in a scope map; None for the catalog, which has none."""
    return _VERB_OF.get(action)


def _system(name: str, description: str, *verbs: str, catalog: bool = False) -> ScopeMap:
    rules = tuple(ScopeMapRule.parse(f"repositories/*/{verb}") for verb in verbs)
    return ScopeMap(name, description, rules, system_defined=True, lists_catalog=catalog)


SYSTEM_SCOPE_MAPS = {
    scope_map.name: scope_map
    for scope_map in (
        _system(
            "_repositories_admin",
            "Can perform all read, write and delete operations on the registry",
            *_VERBS,
            catalog=True,
        ),
        _system("_repositories_pull", "Can pull any repository of the registry", "content/read"),
        _system(
            "_repositories_pull_metadata_read",
            "Can perform all read operations on the registry",
            *("content/read", "metadata/read"),
        ),
        _system(
            "_repositories_push",
            "Can push to any repository of the registry",
            *("content/read", "content/write"),
        ),
        _system(
            "_repositories_push_metadata_write",
            "Can perform all read and write operations on the registry",
            *("metadata/read", "metadata/write", "content/read", "content/write"),
        ),
    )
}
