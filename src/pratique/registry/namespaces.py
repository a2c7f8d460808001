"""How repositories of several registries lie side by side in the same stores.

The home registry's repositories have their own names there, as they always had. Those of a further
registry have its id before them: `~ID/NAME`. No name of a repository begins with `~`, which comes
after every character that one may begin with; so each registry's names are one unbroken range in
the order of their bytes, and the home registry's end before the first of any other.

Ids are used once: what is left of a registry that was deleted is never another's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Self

from pratique.naming import InvalidName, RepositoryName

MARK: Final = "~"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class StoredName(RepositoryName):
    """What a repository is called in the stores.

    Raises:
        InvalidName: it is neither a repository's name nor one behind a registry's id.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        if not text.startswith(MARK):
            return super().__new__(cls, text)
        registry_id, _, name = text[len(MARK) :].partition("/")
        if _ID.fullmatch(registry_id) is None:
            raise InvalidName("stored repository name", text, "a registry's id is 32 hex digits")
        RepositoryName(name)
        return str.__new__(cls, text)

    @classmethod
    def of(cls, registry_id: str, name: RepositoryName) -> Self:
        """That of a repository of a further registry."""
        return str.__new__(cls, f"{MARK}{registry_id}/{name}")

    @property
    def registry_id(self) -> str:
        """Of the further registry that the repository is of; empty for the home registry."""
        return self[len(MARK) :].partition("/")[0] if self.startswith(MARK) else ""

    @property
    def within(self) -> RepositoryName:
        """The repository's name in its registry."""
        return RepositoryName(self.partition("/")[2] if self.startswith(MARK) else self)


def within_its_registry(name: RepositoryName) -> RepositoryName:
    """The name that its registry's clients know, whichever of the two is given."""
    return name.within if isinstance(name, StoredName) else name


def told(name: str) -> str:
    """A stored name, with whatever follows it, for the operator, who knows registries by id."""
    if not name.startswith(MARK):
        return name
    registry_id, _, within = name[len(MARK) :].partition("/")
    return f"{within} (of the registry with the id {registry_id})"


@dataclass(frozen=True, slots=True)
class Namespace:
    """The range of names of one registry.

    Attributes:
        registry_id: of a further registry; empty for the home registry.
    """

    registry_id: str = ""

    @property
    def prefix(self) -> str:
        """What all its names begin with, and no other name does; empty for the home registry."""
        return f"{MARK}{self.registry_id}/" if self.registry_id else ""

    def stored(self, name: RepositoryName) -> RepositoryName:
        """What a repository of this registry is called in the stores."""
        return StoredName.of(self.registry_id, name) if self.registry_id else name

    def after(self, last: str) -> str:
        """Where a listing of this registry goes on that ended with `last`."""
        return self.prefix + last

    def own(self, names: Iterable[RepositoryName]) -> tuple[RepositoryName, ...]:
        """The first of some stored names in their order, up to one of another registry."""
        if not self.registry_id:
            return tuple(takewhile(lambda name: not name.startswith(MARK), names))
        prefix = self.prefix
        found = takewhile(lambda name: name.startswith(prefix), names)
        return tuple(RepositoryName(name[len(prefix) :]) for name in found)


HOME: Final = Namespace()
