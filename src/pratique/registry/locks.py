"""Locks of repositories, tags and manifests: ACR's `changeableAttributes`, and what they forbid.

```text
            repository                   tag                        manifest
write off   no push, no deletion in it   stays where it points      stays, with the tags it has
delete off  no deletion of or in it      is not taken away          is not deleted
read off    no pull from it              no pull by it              no pull of it
list off    left out of listings, each of them
```

What is kept from deletion keeps what it needs: the manifest under a tag, the parts of an index, the
blobs of an image. A store asks `refuse` in the transaction that writes, so that nobody can lock
between the look and the write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from typing import Final, NamedTuple

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.errors import Locked

# The repository itself is None.
Item = Tag | Digest | None


class Locks(IntFlag):
    """What is switched off, as stores keep it. The numbers stand in their rows and statements."""

    DELETE = 1
    WRITE = 2
    LIST = 4
    READ = 8


OPEN: Final = Locks(0)
AGAINST_DELETION: Final = Locks.DELETE | Locks.WRITE
"""ACR's `writeEnabled: false` keeps from deletion too (reference 11)."""
ATTRIBUTES: Final = {
    "deleteEnabled": Locks.DELETE,
    "writeEnabled": Locks.WRITE,
    "listEnabled": Locks.LIST,
    "readEnabled": Locks.READ,
}
"""ACR's words for the same, which say the contrary."""


@dataclass(frozen=True, slots=True)
class LockChange:
    """What is to be locked and what is to be unlocked; all else stays.

    Attributes:
        lock: these.
        unlock: and these; none of them in `lock`.
    """

    lock: Locks = OPEN
    unlock: Locks = OPEN

    def of(self, locks: Locks) -> Locks:
        """`locks`, changed."""
        return (locks & ~self.unlock) | self.lock


class Held(NamedTuple):
    """Something whose locks may stand in the way.

    Attributes:
        locks: as stores keep them.
    """

    item: Item
    locks: int


def refuse(repository: RepositoryName, held: Iterable[Held], by: Locks, doing: str) -> None:
    """Refuse what a lock forbids.

    Args:
        repository: of all items.
        held: what would be touched.
        by: the locks that forbid it.
        doing: what it is locked against, as in `against being deleted`.

    Raises:
        Locked: by the first of them that is.
    """
    for item, locks in held:
        found = Locks(locks) & by
        if found:
            names = tuple(name for name, lock in ATTRIBUTES.items() if lock in found)
            raise Locked(repository, item, names, doing)


def refuse_push(repository: RepositoryName, locks: int) -> None:
    """Refuse to put anything into a repository that is locked.

    Raises:
        Locked: it is.
    """
    refuse(repository, (Held(None, locks),), Locks.WRITE, "being pushed to")


def refuse_moves(
    repository: RepositoryName, digest: Digest, locks: int, tags: Iterable[tuple[Held, Held]]
) -> None:
    """Refuse to push a manifest, or to move tags to it, where a lock forbids it.

    Args:
        repository: of all.
        digest: of the manifest.
        locks: of the manifest, if it is there; else none.
        tags: those of the tags that are there, each with the manifest that it points to.

    Raises:
        Locked: the manifest, a tag or what a tag would be moved away from is locked.
    """
    refuse(repository, (Held(digest, locks),), Locks.WRITE, "being pushed or tagged again")
    for tag, target in tags:
        refuse(repository, (tag,), Locks.WRITE, "being overwritten")
        refuse(repository, (target,), Locks.WRITE, f"losing its tag `{tag.item}`")


def refuse_untag(repository: RepositoryName, locks: int, tag: Held, target: Held) -> None:
    """Refuse to take a tag away where a lock forbids it.

    Args:
        repository: of both.
        locks: of the repository.
        tag: which.
        target: the manifest that it points to.

    Raises:
        Locked: one of them is.
    """
    refuse_deletion(repository, locks, (tag,))
    refuse(repository, (target,), Locks.WRITE, f"losing its tag `{tag.item}`")


def refuse_deletion(
    repository: RepositoryName, locks: int, going: Iterable[Held], needing: Iterable[Held] = ()
) -> None:
    """Refuse a deletion that a lock forbids.

    Args:
        repository: of all.
        locks: of the repository.
        going: what would be deleted with it.
        needing: what stays and would miss it.

    Raises:
        Locked: one of them is.
    """
    refuse(repository, (Held(None, locks),), AGAINST_DELETION, "deletion of anything in it")
    refuse(repository, going, AGAINST_DELETION, "being deleted")
    refuse(repository, needing, AGAINST_DELETION, "losing a part of it")


def closed(repository: RepositoryName, item: Item) -> Locked:
    """The refusal of a pull by a lock.

    Args:
        repository: that would be pulled from.
        item: that is locked; None for the repository itself.
    """
    return Locked(repository, item, ("readEnabled",), "being pulled")
