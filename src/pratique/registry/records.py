"""What a store keeps of a manifest, and what must be there before it may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pratique.naming import Digest, MediaType, RepositoryName
from pratique.registry.errors import ManifestReferencesUnknown


@dataclass(frozen=True, slots=True)
class Reference:
    """What a manifest points to.

    Attributes:
        kind: `config`, `layer`, `child` or `subject`.
    """

    kind: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """A manifest that obeys its media type, and all that a store keeps of it.

    Attributes:
        image_size: bytes of the manifest, its config and its layers together.
        subject: that it refers to; may be absent from the repository.
        annotations: only when it has a subject, since only listings of referrers repeat them.
        references: to everything, subject and foreign layers included, each once.
        config: that must be in the repository.
        parts: layers, blobs or children that must be there, save where it is sparse.
        parts_are_manifests: whether `parts` are children of an index.
        may_be_sparse: whether some, but not all, of `parts` may be absent.
    """

    digest: Digest
    media_type: MediaType
    content: bytes
    artifact_type: str | None
    config_media_type: str | None
    image_size: int
    subject: Digest | None
    annotations: Mapping[str, str] | None
    references: tuple[Reference, ...]
    config: Digest | None
    parts: tuple[Digest, ...]
    parts_are_manifests: bool
    may_be_sparse: bool

    @property
    def referrer_type(self) -> str | None:
        """The `artifactType` of a descriptor of it: its own, or else its config's media type."""
        return self.artifact_type or self.config_media_type

    @property
    def needed_blobs(self) -> tuple[Digest, ...]:
        """Blobs that the repository should link, each once."""
        config = () if self.config is None else (self.config,)
        return config if self.parts_are_manifests else tuple(dict.fromkeys((*config, *self.parts)))

    @property
    def needed_manifests(self) -> tuple[Digest, ...]:
        """Manifests that the repository should have, each once."""
        return self.parts if self.parts_are_manifests else ()

    def require(self, repository: RepositoryName, known: Collection[Digest]) -> None:
        """Refuse the manifest when too much of what it needs is missing.

        A store calls this in the transaction that writes the manifest, so that nothing can go
        missing between the look and the write.

        Args:
            repository: named in the refusal.
            known: those of `needed_blobs` and `needed_manifests` that the repository has.

        Raises:
            ManifestReferencesUnknown: the config is missing, or all parts, or any part of a
                manifest that may not be sparse.
        """
        config_missing = self.config is not None and self.config not in known
        parts_missing = [part for part in self.parts if part not in known]
        sparse = self.may_be_sparse and len(parts_missing) < len(self.parts)
        if config_missing or (parts_missing and not sparse):
            config = (self.config,) if config_missing and self.config is not None else ()
            missing = tuple(dict.fromkeys((*config, *parts_missing)))
            raise ManifestReferencesUnknown(repository, missing)
