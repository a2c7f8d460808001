"""Rows in memory to what is known of an item."""

from __future__ import annotations

from pratique.naming import Tag
from pratique.registry import ManifestFacts, TagFacts
from pratique.registry.locks import Locks
from pratique.storage.metadata.memory.rows import ManifestRow, RepositoryRow, TagRow


def tag_facts(name: Tag, row: TagRow) -> TagFacts:
    """What is known of a tag."""
    return TagFacts(name, row.digest, row.created_at, row.updated_at, row.locks)


def manifest_facts(held: RepositoryRow, row: ManifestRow) -> ManifestFacts:
    """What is known of a manifest of a repository."""
    record = row.record
    return ManifestFacts(
        record.digest,
        record.media_type,
        record.artifact_type,
        record.config_media_type,
        record.image_size,
        row.created_at,
        row.updated_at,
        tuple(
            sorted(
                name
                for name, tag in held.tags.items()
                if tag.digest == record.digest and Locks.LIST not in tag.locks
            )
        ),
        row.locks,
    )
