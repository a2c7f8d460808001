"""What the stores of this package share: the rows of one registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestRecord
from pratique.registry.locks import OPEN, Locks


@dataclass(slots=True)
class ManifestRow:
    """A manifest in a repository."""

    record: ManifestRecord
    created_at: datetime
    updated_at: datetime
    locks: Locks = OPEN


@dataclass(slots=True)
class TagRow:
    """A tag in a repository."""

    digest: Digest
    created_at: datetime
    updated_at: datetime
    locks: Locks = OPEN


@dataclass(slots=True)
class RepositoryRow:
    """A repository; it exists from its first manifest on."""

    created_at: datetime
    updated_at: datetime
    locks: Locks = OPEN
    manifests: dict[Digest, ManifestRow] = field(default_factory=dict)
    tags: dict[Tag, TagRow] = field(default_factory=dict)


@dataclass(slots=True)
class LinkRow:
    """A blob that a repository links.

    Attributes:
        size: of the blob, in bytes.
        linked_at: when it was last linked, or the link renewed.
    """

    size: int
    linked_at: datetime


@dataclass(slots=True)
class ContentRows:
    """All rows. No method of a store awaits while it changes them, so each change is whole."""

    repositories: dict[RepositoryName, RepositoryRow] = field(default_factory=dict)
    links: dict[RepositoryName, dict[Digest, LinkRow]] = field(default_factory=dict)

    def locks(self, repository: RepositoryName) -> Locks:
        """Of a repository; none when it does not exist."""
        held = self.repositories.get(repository)
        return OPEN if held is None else held.locks
