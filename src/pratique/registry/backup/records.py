"""What a backup says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pratique.naming import Digest
from pratique.registry.errors import ContentError


class BackupRefused(ContentError):
    """A backup or a restore cannot be made so; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """How much there is in a store. `blobs` are those that a repository links."""

    repositories: int
    manifests: int
    tags: int
    blobs: int
    blob_bytes: int


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """What is written last, so that without it a backup is none.

    Attributes:
        taken_at: the moment whose state it is.
        program: version of this programme.
        schema: the newest step of the database's schema.
        contents: that it holds.
        lacking: blobs that the registry itself did not have whole then.
    """

    taken_at: datetime
    program: str
    schema: str
    contents: Contents
    lacking: tuple[Digest, ...]
