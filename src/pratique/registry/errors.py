"""The failures of this room: one class each, with typed fields and a public sentence.

```text
ContentError
├── ManifestUnknown, TagUnknown, BlobUnknown, RepositoryUnknown, UploadUnknown   not there
├── ManifestInvalid, ManifestTooLarge, ManifestReferencesUnknown                 refused manifest
├── DigestMismatch, SizeMismatch, RangeOutOfOrder                                refused bytes
├── UploadBusy                                                                   try again
├── Locked                                                                       somebody's will
├── TooManyToSort                                                                ask otherwise
└── StorageFull, StorageFailed (StorageFrozen)                                   the disk's fault
```

`str()` of each is fit for whoever may read the repository: lower case, without a path.
"""

from __future__ import annotations

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.namespaces import within_its_registry


class ContentError(Exception):
    """Any failure of an operation on content."""


class ManifestUnknown(ContentError):
    """The repository has no manifest under this tag or digest."""

    def __init__(self, repository: RepositoryName, reference: Tag | Digest) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        self.reference = reference
        kind = "digest" if isinstance(reference, Digest) else "tag"
        super().__init__(
            f"the repository `{repository}` has no manifest with the {kind} `{reference}`"
        )


class TagUnknown(ContentError):
    """The repository has no such tag to delete."""

    def __init__(self, repository: RepositoryName, tag: Tag) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        self.tag = tag
        super().__init__(f"the repository `{repository}` has no tag `{tag}`")


class BlobUnknown(ContentError):
    """The repository does not link this blob, whether or not another one does."""

    def __init__(self, repository: RepositoryName, digest: Digest) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        self.digest = digest
        super().__init__(f"the repository `{repository}` has no blob `{digest}`")


class RepositoryUnknown(ContentError):
    """No manifest was ever pushed to this repository, or it was deleted."""

    def __init__(self, repository: RepositoryName) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        super().__init__(f"the repository `{repository}` does not exist")


class UploadUnknown(ContentError):
    """The repository has no such upload: never opened, finished, cancelled or expired."""

    def __init__(self, repository: RepositoryName) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        super().__init__(
            f"this upload to the repository `{repository}` does not exist any more; start it again"
        )


class UploadBusy(ContentError):
    """Another request is writing to this upload now."""

    def __init__(self, repository: RepositoryName) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        super().__init__(
            f"another request is writing to this upload to the repository `{repository}`; "
            "wait for it and ask for the upload's status"
        )


class DigestMismatch(ContentError):
    """The content is not what its digest says; nothing was stored."""

    def __init__(self, expected: Digest, actual: Digest) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the digest given is `{expected}`, but the content that arrived has `{actual}`; "
            "send it again"
        )


class RangeOutOfOrder(ContentError):
    """A chunk does not begin where the upload ends.

    Attributes:
        offset: bytes that the upload has; where the next chunk must begin.
    """

    def __init__(self, start: int, offset: int) -> None:
        self.start = start
        self.offset = offset
        super().__init__(
            f"this chunk begins at byte {start}, but the upload goes on at byte {offset}"
        )


class SizeMismatch(ContentError):
    """More or fewer bytes arrived than were announced; the upload stands at its former offset.

    Attributes:
        announced: bytes.
        received: bytes; reading stopped there when it is more than `announced`.
    """

    def __init__(self, announced: int, received: int) -> None:
        self.announced = announced
        self.received = received
        more = received > announced
        got = f"more than that arrived ({received})" if more else f"only {received} arrived"
        super().__init__(f"{announced} bytes were announced, but {got}; send them again")


class ManifestInvalid(ContentError):
    """The manifest breaks the rules of its media type.

    Attributes:
        problem: what is wrong, without the leading words.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the manifest is not valid: {problem}")


class ManifestTooLarge(ContentError):
    """The manifest has more bytes than this registry takes."""

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"the manifest has {size} bytes; this registry takes {limit} at most")


class ManifestReferencesUnknown(ContentError):
    """The manifest speaks of blobs or manifests that its repository does not have.

    Attributes:
        digests: all of them, in the manifest's order, each once.
    """

    def __init__(self, repository: RepositoryName, digests: tuple[Digest, ...]) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        self.digests = digests
        shown = ", ".join(f"`{digest}`" for digest in digests[:3])
        more = f" and {len(digests) - 3} more" if len(digests) > 3 else ""
        super().__init__(
            f"the manifest references {shown}{more}, which the repository `{repository}` "
            "does not have; push that first"
        )


class Locked(ContentError):
    """A lock of a repository, a tag or a manifest forbids this; nothing was done.

    Attributes:
        item: that is locked; None for the repository itself.
        attributes: those of ACR's words that are false and forbid it.
        doing: what it is locked against.
    """

    def __init__(
        self,
        repository: RepositoryName,
        item: Tag | Digest | None,
        attributes: tuple[str, ...],
        doing: str,
    ) -> None:
        repository = within_its_registry(repository)
        self.repository = repository
        self.item = item
        self.attributes = attributes
        self.doing = doing
        reference, option, whole = str(repository), "--repository", f"the repository `{repository}`"
        if item is not None:
            between, kind = ("@", "manifest") if isinstance(item, Digest) else (":", "tag")
            reference, option = f"{repository}{between}{item}", "--image"
            whole = f"the {kind} `{item}` of `{repository}`"
        false = " and ".join(f"`{name}`" for name in attributes)
        options = " ".join(f"--{name.removesuffix('Enabled')}-enabled true" for name in attributes)
        super().__init__(
            f"{whole} is locked against {doing} ({false} {'is' if len(attributes) == 1 else 'are'} "
            "false); whoever may change its attributes (`metadata/write`) lifts that by `pratique "
            f"repo unlock {reference}` or `az acr repository update --name REGISTRY {option} "
            f"{reference} {options}`"
        )

    @property
    def summary(self) -> str:
        """What forbids it, without what to do, for a log."""
        return f"{self.item or self.repository} {' '.join(self.attributes)}"


class TooManyToSort(ContentError):
    """A listing by time would hold more than this registry sorts."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"only up to {limit} items are listed by time, and this repository has more; list "
            "them by name"
        )


class StorageFull(ContentError):
    """The disk, or a quota on it, has no room for this; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("the registry's storage is full; nothing was stored")


class StorageFailed(ContentError):
    """The storage failed or is not what it should be; nothing was acknowledged.

    The private cause is the exception's `__cause__` and `detail`; the sentence names neither.

    Attributes:
        detail: for the operator's log only.

    Args:
        detail: see above.
        told: the sentence for clients, where one says more than that it failed.
    """

    def __init__(self, detail: str, told: str | None = None) -> None:
        self.detail = detail
        super().__init__(
            told or "the registry's storage failed; its operator finds the cause in the log"
        )


class StorageFrozen(StorageFailed):
    """The store takes no changes for a while, and says why; nothing was stored.

    Args:
        told: the sentence for clients and operators alike.
    """

    def __init__(self, told: str) -> None:
        super().__init__(told, told)
