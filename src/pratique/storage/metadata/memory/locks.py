"""Locks looked at in memory, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.locks import (
    OPEN,
    Held,
    refuse_deletion,
    refuse_moves,
    refuse_push,
    refuse_untag,
)
from pratique.storage.metadata.memory.rows import ContentRows, RepositoryRow

_BLOB_KINDS = frozenset({"config", "layer"})
_CHILD = frozenset({"child"})


def may_be_put(
    rows: ContentRows, repository: RepositoryName, digest: Digest, tags: tuple[Tag, ...]
) -> None:
    """Refuse where the manifest may not be pushed, or the tags may not be moved to it.

    Raises:
        Locked: by the repository, the manifest, a tag, or what a tag points to.
    """
    held = rows.repositories.get(repository)
    if held is None:
        return
    refuse_push(repository, held.locks)
    there = [_tag_and_target(held, tag) for tag in tags if tag in held.tags]
    known = held.manifests.get(digest)
    refuse_moves(repository, digest, OPEN if known is None else known.locks, there)


def manifest_may_go(rows: ContentRows, repository: RepositoryName, digest: Digest) -> None:
    """Refuse where the manifest may not be deleted with its tags.

    Raises:
        Locked: see `refuse_deletion`.
    """
    held = rows.repositories[repository]
    going = _with_tags(held, (digest,))
    refuse_deletion(repository, held.locks, going, _with_tags(held, _above(held, digest, _CHILD)))


def tag_may_go(rows: ContentRows, repository: RepositoryName, tag: Tag) -> None:
    """Refuse where the tag may not be taken away.

    Raises:
        Locked: see `refuse_untag`.
    """
    held = rows.repositories[repository]
    refuse_untag(repository, held.locks, *_tag_and_target(held, tag))


def link_may_go(rows: ContentRows, repository: RepositoryName, digest: Digest) -> None:
    """Refuse where the blob may not be taken out of the repository.

    Raises:
        Locked: see `refuse_deletion`.
    """
    held = rows.repositories.get(repository)
    if held is not None:
        needing = _with_tags(held, _above(held, digest, _BLOB_KINDS))
        refuse_deletion(repository, held.locks, (), needing)


def repository_may_go(repository: RepositoryName, held: RepositoryRow) -> None:
    """Refuse where the repository may not be deleted with all that is in it.

    Raises:
        Locked: see `refuse_deletion`.
    """
    refuse_deletion(repository, held.locks, _with_tags(held, held.manifests))


def _tag_and_target(held: RepositoryRow, tag: Tag) -> tuple[Held, Held]:
    row = held.tags[tag]
    return Held(tag, row.locks), Held(row.digest, held.manifests[row.digest].locks)


def _with_tags(held: RepositoryRow, digests: Iterable[Digest]) -> Iterator[Held]:
    """Manifests that are there, and what points to them."""
    there = {digest for digest in digests if digest in held.manifests}
    yield from (Held(digest, held.manifests[digest].locks) for digest in there)
    yield from (Held(name, row.locks) for name, row in held.tags.items() if row.digest in there)


def _above(held: RepositoryRow, target: Digest, kinds: frozenset[str]) -> set[Digest]:
    """Manifests that need `target` in one of these ways, and the indexes that those are in."""
    found = {
        digest
        for digest, row in held.manifests.items()
        if any(r.digest == target and r.kind in kinds for r in row.record.references)
    }
    for digest in tuple(found):
        found |= _above(held, digest, _CHILD)
    return found
