"""Rows of listings, as the statements of this package give them, to what is known of an item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pratique.naming import RepositoryName, Tag
from pratique.registry import ManifestFacts, RepositoryFacts, TagFacts
from pratique.registry.locks import OPEN, Held, Locks
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import from_micros, media_type, tag

# Few combinations are ever used, and nearly always none.
_LOCKS = tuple(Locks(number) for number in range(16))


def locks_of(number: int) -> Locks:
    """The locks that a row holds."""
    return _LOCKS[number] if number else OPEN


def repository_facts(repository: RepositoryName, row: Any) -> RepositoryFacts:
    """A row of `REPOSITORY`."""
    created, updated, manifests, tags, locks = row
    return RepositoryFacts(
        repository, from_micros(created), from_micros(updated), manifests, tags, locks_of(locks)
    )


def tag_facts(row: Any) -> TagFacts:
    """A row of `TAG` or `TAG_FACTS`."""
    name, digest, created, updated, locks = row
    return TagFacts(
        tag(name), digest_of(digest), from_micros(created), from_micros(updated), locks_of(locks)
    )


def manifest_facts(row: Any, tags: Iterable[Tag]) -> ManifestFacts:
    """A row of `MANIFEST` or `MANIFEST_FACTS`, and the tags that point to it."""
    digest, kind, artifact_type, config_media_type, size, created, updated, locks = row
    return ManifestFacts(
        digest_of(digest),
        media_type(kind),
        artifact_type,
        config_media_type,
        size,
        from_micros(created),
        from_micros(updated),
        tuple(tags),
        locks_of(locks),
    )


def held(rows: Iterable[Any]) -> list[Held]:
    """Rows of tags and manifests with their locks."""
    return [
        Held(digest_of(digest) if name is None else tag(name), locks)
        for name, digest, locks in rows
    ]


def tag_and_target(row: Any) -> tuple[Held, Held]:
    """A row of `TAG_AND_TARGET`."""
    name, locks, digest, target_locks = row
    return Held(tag(name), locks), Held(digest_of(digest), target_locks)
