"""Manifests as documents: bytes become a `ManifestRecord` or are refused. Pure.

Sources: OCI image-spec 1.1 (manifest, index, descriptor), Docker image manifest version 2
schema 2, and distribution-spec 1.1, "Pushing manifests" and "Listing referrers".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, TypeVar

import msgspec

from pratique.naming import Digest, InvalidName, MediaType
from pratique.registry.errors import ManifestInvalid, ManifestTooLarge
from pratique.registry.json_objects import refuse_ambiguity
from pratique.registry.records import ManifestRecord, Reference

D = TypeVar("D", bound=msgspec.Struct)

MAX_MANIFEST_SIZE: Final = 4 * 1024 * 1024

OCI_IMAGE: Final = MediaType("application/vnd.oci.image.manifest.v1+json")
OCI_INDEX: Final = MediaType("application/vnd.oci.image.index.v1+json")
OCI_ARTIFACT: Final = MediaType("application/vnd.oci.artifact.manifest.v1+json")
DOCKER_IMAGE: Final = MediaType("application/vnd.docker.distribution.manifest.v2+json")
DOCKER_LIST: Final = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
DOCKER_SCHEMA_1: Final = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

# Layers that clients fetch from elsewhere and may not push (image-spec, "Non-Distributable
# Layers"; Docker's foreign layers).
_FOREIGN_LAYERS = frozenset(
    {
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    }
)


class _Descriptor(msgspec.Struct, rename="camel"):
    media_type: Annotated[str, msgspec.Meta(min_length=1)]
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Document(msgspec.Struct, rename="camel", kw_only=True):
    """What every kind of manifest may say."""

    media_type: str | None = None
    artifact_type: str | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str] | None = None


class _Image(_Document):
    schema_version: int
    config: _Descriptor
    # Go writes an empty list that was never made as null.
    layers: list[_Descriptor] | None


class _Index(_Document):
    schema_version: int
    manifests: list[_Descriptor] | None


class _Artifact(_Document):
    artifact_type: str
    blobs: list[_Descriptor] | None = None


class _Head(msgspec.Struct, rename="camel"):
    media_type: str | None = None


# The type to read, and names that belong to another kind: a document that is two kinds at once
# means different things to different readers (CVE-2021-41190).
_KINDS: Final[Mapping[str, tuple[type[_Image | _Index | _Artifact], tuple[str, ...]]]] = {
    OCI_IMAGE: (_Image, ("manifests", "fsLayers")),
    DOCKER_IMAGE: (_Image, ("manifests", "fsLayers")),
    OCI_INDEX: (_Index, ("config", "layers", "fsLayers")),
    DOCKER_LIST: (_Index, ("config", "layers", "fsLayers")),
    OCI_ARTIFACT: (_Artifact, ("config", "layers", "manifests", "fsLayers")),
}


def read_manifest(
    content: bytes, media_type: MediaType | None, algorithm: str, *, may_be_sparse: bool
) -> ManifestRecord:
    """The manifest that `content` is.

    Args:
        content: as pushed.
        media_type: as announced; None takes the one inside.
        algorithm: of the digest it will be stored under.
        may_be_sparse: see `ManifestRecord`.

    Raises:
        ManifestTooLarge: more than `MAX_MANIFEST_SIZE` bytes.
        ManifestInvalid: it breaks a rule; the sentence says which and where.
    """
    if len(content) > MAX_MANIFEST_SIZE:
        raise ManifestTooLarge(len(content), MAX_MANIFEST_SIZE)
    names = refuse_ambiguity(content)
    media_type = _settle_media_type(_decode(content, _Head).media_type, media_type)
    kind, strange_names = _KINDS[media_type]
    if wrong := [name for name in strange_names if name in names]:
        raise ManifestInvalid(f"`{wrong[0]}` does not belong into a document of type {media_type}")
    document = _decode(content, kind)
    if not isinstance(document, _Artifact) and document.schema_version != 2:
        raise ManifestInvalid("`schemaVersion` must be 2")
    digest = Digest.of(content, algorithm)
    return _record(document, media_type, content, digest, may_be_sparse=may_be_sparse)


def described_sizes(record: ManifestRecord) -> Mapping[Digest, int]:
    """Bytes of what a manifest needs, as it says itself.

    Args:
        record: of a manifest that was read before.
    """
    document = _decode(record.content, _KINDS[record.media_type][0])
    match document:
        case _Image():
            described = [document.config, *(document.layers or [])]
        case _Index():
            described = document.manifests or []
        case _Artifact():
            described = document.blobs or []
    return {Digest.parse(each.digest): each.size for each in described}


def _settle_media_type(inside: str | None, announced: MediaType | None) -> MediaType:
    accepted = announced if announced is not None else inside
    if accepted is None:
        raise ManifestInvalid("its media type is unknown: send `Content-Type` or `mediaType`")
    if accepted in DOCKER_SCHEMA_1:
        raise ManifestInvalid(
            "Docker image manifest schema 1 is not accepted any more; "
            "push with a client that writes schema 2 or OCI"
        )
    if accepted not in _KINDS:
        given = MediaType(accepted) if announced is not None else "of its `mediaType`"
        raise ManifestInvalid(
            f"the media type {given} is not one of a manifest; use {', '.join(sorted(_KINDS))}"
        )
    if inside is not None and inside != accepted:
        raise ManifestInvalid(f"its `mediaType` differs from the `Content-Type` {accepted}")
    return MediaType(accepted)


def _decode(content: bytes, kind: type[D]) -> D:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        raise ManifestInvalid(text[:1].lower() + text[1:]) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ManifestInvalid("it holds text or a number that not every reader reads") from error


def _record(
    document: _Image | _Index | _Artifact,
    media_type: MediaType,
    content: bytes,
    digest: Digest,
    *,
    may_be_sparse: bool,
) -> ManifestRecord:
    config: Digest | None = None
    config_media_type = None
    sizes = len(content)
    if isinstance(document, _Image):
        part_kind, described = "layer", document.layers or []
        config = _digest(document.config, "config")
        config_media_type = document.config.media_type
        sizes += document.config.size
    elif isinstance(document, _Index):
        part_kind, described = "child", document.manifests or []
    else:
        part_kind, described = "layer", document.blobs or []
    digests = [_digest(d, f"{part_kind} {i}") for i, d in enumerate(described)]
    subject = None if document.subject is None else _digest(document.subject, "subject")
    if part_kind == "layer":
        sizes += sum(d.size for d in described)
    return ManifestRecord(
        digest=digest,
        media_type=media_type,
        content=content,
        artifact_type=document.artifact_type or None,
        config_media_type=config_media_type,
        image_size=min(sizes, 2**63 - 1),
        subject=subject,
        annotations=document.annotations if subject is not None else None,
        references=_references(config, part_kind, digests, subject),
        config=config,
        parts=tuple(
            dict.fromkeys(
                digest
                for digest, d in zip(digests, described, strict=True)
                if d.media_type not in _FOREIGN_LAYERS
            )
        ),
        parts_are_manifests=part_kind == "child",
        may_be_sparse=may_be_sparse,
    )


def _digest(descriptor: _Descriptor, where: str) -> Digest:
    try:
        return Digest.parse(descriptor.digest)
    except InvalidName as error:
        raise ManifestInvalid(f"its {where}: {error}") from error


def _references(
    config: Digest | None, part_kind: str, parts: Iterable[Digest], subject: Digest | None
) -> tuple[Reference, ...]:
    found = [] if config is None else [Reference("config", config)]
    found += [Reference(part_kind, part) for part in parts]
    found += [] if subject is None else [Reference("subject", subject)]
    return tuple(dict.fromkeys(found))
