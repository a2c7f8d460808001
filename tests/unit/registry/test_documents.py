"""Manifests as documents: what is let in, and in which words the rest is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import Digest, MediaType, RepositoryName
from pratique.registry import (
    ManifestInvalid,
    ManifestReferencesUnknown,
    ManifestTooLarge,
    Reference,
    read_manifest,
)
from pratique.registry.documents import (
    DOCKER_IMAGE,
    DOCKER_LIST,
    MAX_MANIFEST_SIZE,
    OCI_ARTIFACT,
    OCI_IMAGE,
    OCI_INDEX,
)
from pratique.testing.content_builders import (
    CONFIG_TYPE,
    LAYER_TYPE,
    descriptor,
    image,
    index,
    record,
)

APP = RepositoryName("team/app")
CONFIG, LAYER = Digest.of(b"{}"), Digest.of(b"layer")
DIGEST = CONFIG.text
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
BIG = 2**63
# Readers that ignore case take the long s for an s.
LONG_S: dict[str, Any] = {"layer\u017f": []}


def artifact(**fields: Any) -> bytes:
    """A manifest of the type that OCI withdrew but clients still push."""
    document = {"mediaType": OCI_ARTIFACT, "artifactType": "application/vnd.bom", **fields}
    return json.dumps(document).encode()


def with_config(**fields: Any) -> bytes:
    """An image whose config descriptor has these fields instead."""
    return image(config={**descriptor(b"{}", CONFIG_TYPE), **fields})


GOOD = {
    "image": (image([b"layer"]), None),
    "image without layers": (image(), None),
    "image whose layers are null": (image().replace(b'"layers": []', b'"layers": null'), None),
    "image without an inner type": (image(mediaType=None), OCI_IMAGE),
    "image with strange fields": (image(strange={"deep": [1, None]}), None),
    "image with data in a descriptor": (with_config(data="e30="), None),
    "image under Docker's type": (image(mediaType=DOCKER_IMAGE), DOCKER_IMAGE),
    "index": (index([image()]), None),
    "empty index": (index(), OCI_INDEX),
    "Docker's manifest list": (index([image()], mediaType=DOCKER_LIST), DOCKER_LIST),
    "index of an index": (index([index()]), None),
    "withdrawn artifact manifest": (artifact(blobs=[descriptor(b"layer", LAYER_TYPE)]), None),
    "withdrawn artifact manifest without blobs": (artifact(), OCI_ARTIFACT),
    "names that differ in case deep inside": (image(annotations={"a": "1", "A": "2"}), None),
    "non-ASCII annotations": (image(annotations={"ключ": "значение"}), None),
}


@pytest.mark.parametrize(("content", "media_type"), GOOD.values(), ids=GOOD)
def test_lets_in(content: bytes, media_type: MediaType | None) -> None:
    """A manifest that obeys its media type is kept byte for byte under its own digest."""
    read = read_manifest(content, media_type, "sha256", may_be_sparse=False)
    assert (read.content, read.digest) == (content, Digest.of(content))


BAD = {
    "nothing": (b"", "it is not JSON (at character 0)"),
    "words": (b"hello", "it is not JSON (at character 0)"),
    "cut off": (image()[:-1], "it is not JSON"),
    "two documents": (image() + image(), "it is not JSON"),
    "byte order mark": (b"\xef\xbb\xbf" + image(), "it is not JSON (at character 0)"),
    "UTF-16": (image().decode().encode("utf-16"), "it is not UTF-8 (at byte 0)"),
    "broken UTF-8": (image(annotations={"a": "b"}).replace(b'"b"', b'"\xff"'), "not UTF-8"),
    "number out of range": (
        with_config(size=2).replace(b'"size": 2', b'"size": 1e999'),
        "out of range",
    ),
    "lone surrogate": (
        image(annotations={"a": "b"}).replace(b'"b"', rb'"\ud800"'),
        "not every reader",
    ),
    "NUL": (b"\0", "it is not JSON (at character 0)"),
    "list": (b"[]", "it is not a JSON object"),
    "number": (b"1", "it is not a JSON object"),
    "NaN": (image(extra=float("nan")), "a number that JSON does not have"),
    "endless number": (b'{"a":' + b"1" * 10_000 + b"}", "it is not JSON"),
    "nested without end": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    "a name twice": (b'{"layers":[],' + image()[1:], "a name occurs twice"),
    "a name twice deep inside": (
        image(annotations={"a": "1"}).replace(b'"a": "1"', b'"a": "1", "a": "2"'),
        "a name occurs twice",
    ),
    "a name in another case": (image(Layers=[]), "must be written `layers`"),
    "a name in letters that fold": (image(**LONG_S), "must be written `layers`"),
    "no type at all": (image(mediaType=None), "its media type is unknown"),
    "type of something else": (image(mediaType="text/plain"), "is not one of a manifest"),
    "type that is no type": (image(mediaType="\n"), "is not one of a manifest"),
    "type that is a number": (image(mediaType=1), "expected `str | null`, got `int`"),
    "schema 1": (
        image(mediaType="application/vnd.docker.distribution.manifest.v1+prettyjws"),
        "schema 1 is not accepted any more",
    ),
    "schemaVersion 1": (image(schemaVersion=1), "`schemaVersion` must be 2"),
    "schemaVersion as text": (image(schemaVersion="2"), "expected `int`, got `str`"),
    "no schemaVersion": (image(schemaVersion=None), "missing required field `schemaVersion`"),
    "index without its version": (index(schemaVersion=None), "required field `schemaVersion`"),
    "no config": (image(config=None), "missing required field `config`"),
    "no layers": (image(layers=None), "missing required field `layers`"),
    "layers that are one": (image(layers={}), "expected `array | null`, got `object`"),
    "layer without digest": (image(layers=[{"mediaType": "a/b", "size": 1}]), "field `digest`"),
    "layer without type": (image(layers=[{"digest": DIGEST, "size": 1}]), "field `mediaType`"),
    "layer with an empty type": (
        image(layers=[{"mediaType": "", "digest": DIGEST, "size": 1}]),
        "expected `str` of length >= 1 - at `$.layers[0].mediaType`",
    ),
    "negative size": (with_config(size=-1), "expected `int` >= 0 - at `$.config.size`"),
    "size beyond counting": (with_config(size=BIG), "at `$.config.size`"),
    "size with a fraction": (with_config(size=0.5), "at `$.config.size`"),
    "short digest": (with_config(digest="sha256:baddigest"), "its config: `sha256:baddigest`"),
    "unknown algorithm": (with_config(digest="blake3:" + "0" * 64), "its config: `blake3:"),
    "digest that climbs": (with_config(digest="sha256:../../x"), "its config: `sha256:../../x`"),
    "bad subject": (image(subject={"mediaType": "a/b", "digest": "x", "size": 1}), "its subject:"),
    "annotation that is no text": (image(annotations={"a": 1}), "at `$.annotations"),
    "index without manifests": (index(manifests=None), "required field `manifests`"),
    "index with layers": (index(layers=[]), "`layers` does not belong into"),
    "index with a config": (index(config={}), "`config` does not belong into"),
    "image with manifests": (image(manifests=[]), "`manifests` does not belong into"),
    "image with fsLayers": (image(fsLayers=[]), "`fsLayers` does not belong into"),
    "artifact manifest with layers": (artifact(layers=[]), "`layers` does not belong into"),
    "artifact manifest without type": (
        json.dumps({"mediaType": OCI_ARTIFACT}).encode(),
        "missing required field `artifactType`",
    ),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_refuses(content: bytes, words: str) -> None:
    """A manifest that breaks a rule is refused in a sentence that names the rule."""
    with pytest.raises(ManifestInvalid) as refused:
        read_manifest(content, None, "sha256", may_be_sparse=True)
    assert words in str(refused.value)
    assert str(refused.value).isprintable()


MISMATCHED = {
    "another type of manifest": (image(), OCI_INDEX, "its `mediaType` differs from"),
    "Docker for OCI": (image(), DOCKER_IMAGE, "its `mediaType` differs from"),
    "JSON": (image(mediaType=None), MediaType("application/json"), "not one of a manifest"),
    "schema 1": (
        b"{}",
        MediaType("application/vnd.docker.distribution.manifest.v1+json"),
        "schema 1 is not accepted any more",
    ),
}


@pytest.mark.parametrize(("content", "announced", "words"), MISMATCHED.values(), ids=MISMATCHED)
def test_refuses_the_announced_type(content: bytes, announced: MediaType, words: str) -> None:
    """A `Content-Type` that is not the manifest's is refused."""
    with pytest.raises(ManifestInvalid) as refused:
        read_manifest(content, announced, "sha256", may_be_sparse=True)
    assert words in str(refused.value)


def test_size_limit() -> None:
    """Exactly 4 MiB are let in, one byte more is not."""
    padded = image() + b" " * (MAX_MANIFEST_SIZE - len(image()))
    assert record(padded).content == padded
    with pytest.raises(ManifestTooLarge) as refused:
        record(padded + b" ")
    assert (refused.value.size, refused.value.limit) == (MAX_MANIFEST_SIZE + 1, MAX_MANIFEST_SIZE)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_stores_under_the_algorithm(algorithm: str) -> None:
    """The digest is of the algorithm that was asked for."""
    assert record(image(), algorithm).digest == Digest.of(image(), algorithm)


def test_knows_what_it_references() -> None:
    """Config, layers, foreign layers and subject are references, each once."""
    content = image(
        layers=[
            descriptor(b"layer", LAYER_TYPE),
            descriptor(b"layer", LAYER_TYPE),
            descriptor(b"foreign", FOREIGN, urls=["https://example.com/layer"]),
        ],
        subject=descriptor(b"subject", OCI_IMAGE),
        annotations={"a": "b"},
    )
    read = record(content)
    assert read.references == (
        Reference("config", CONFIG),
        Reference("layer", LAYER),
        Reference("layer", Digest.of(b"foreign")),
        Reference("subject", Digest.of(b"subject")),
    )
    assert (read.needed_blobs, read.needed_manifests) == ((CONFIG, LAYER), ())
    assert read.subject == Digest.of(b"subject")
    assert read.annotations == {"a": "b"}
    assert read.image_size == len(content) + 2 + 5 + 5 + 7


def test_keeps_no_annotations_without_a_subject() -> None:
    """Annotations are kept apart only where a listing of referrers will repeat them."""
    assert record(image(annotations={"a": "b"})).annotations is None


def test_children_are_manifests() -> None:
    """An index needs its children as manifests, and no blobs."""
    read = record(index([image(), index()]))
    children = (Digest.of(image()), Digest.of(index()))
    assert (read.needed_blobs, read.needed_manifests) == ((), children)


TYPES = {
    "its own": (image(artifactType="application/vnd.bom"), "application/vnd.bom"),
    "its config's": (image(), CONFIG_TYPE),
    "its config's when empty": (image(artifactType=""), CONFIG_TYPE),
    "an index's own": (index(artifactType="application/vnd.bom"), "application/vnd.bom"),
    "none for an index without": (index(), None),
    "none for an index with an empty one": (index(artifactType=""), None),
    "an artifact manifest's own": (artifact(), "application/vnd.bom"),
}


@pytest.mark.parametrize(("content", "expected"), TYPES.values(), ids=TYPES)
def test_type_as_a_referrer(content: bytes, expected: str | None) -> None:
    """Referrers are listed by `artifactType`, or else by their config's media type."""
    assert record(content).referrer_type == expected


LAYERS = [b"one", b"two"]
ONE, TWO = Digest.of(b"one"), Digest.of(b"two")
REQUIRED = {
    "all there": (image(LAYERS), {CONFIG, ONE, TWO}, False, ()),
    "a layer missing": (image(LAYERS), {CONFIG, ONE}, False, (TWO,)),
    "a layer missing from a sparse image": (image(LAYERS), {CONFIG, ONE}, True, ()),
    "all layers missing": (image(LAYERS), {CONFIG}, True, (ONE, TWO)),
    "the only layer missing": (image([b"one"]), {CONFIG}, True, (ONE,)),
    "the config missing": (image(LAYERS), {ONE, TWO}, True, (CONFIG,)),
    "config and a layer missing": (image(LAYERS), {ONE}, True, (CONFIG, TWO)),
    "everything missing": (image(LAYERS), set(), True, (CONFIG, ONE, TWO)),
    "config as its own missing layer": (image([b"{}"]), set(), True, (CONFIG,)),
    "a foreign layer missing": (
        image(layers=[descriptor(b"foreign", FOREIGN)]),
        {CONFIG},
        False,
        (),
    ),
    "an ordinary layer with urls missing": (
        image(layers=[descriptor(b"one", LAYER_TYPE, urls=["https://example.com/one"])]),
        {CONFIG},
        False,
        (ONE,),
    ),
    "no children": (index(), set(), False, ()),
    "a child missing": (index(LAYERS), {ONE}, False, (TWO,)),
    "a child missing from a sparse index": (index(LAYERS), {ONE}, True, ()),
    "all children missing": (index(LAYERS), set(), True, (ONE, TWO)),
    "subject missing": (index(subject=descriptor(b"absent", OCI_IMAGE)), set(), False, ()),
}


@pytest.mark.parametrize(("content", "known", "sparse", "missing"), REQUIRED.values(), ids=REQUIRED)
def test_requires_references(
    content: bytes,
    known: set[Digest],
    sparse: bool,  # noqa: FBT001 - a column of the table
    missing: tuple[Digest, ...],
) -> None:
    """Config and at least one part must be there, or all parts where nothing may be sparse."""
    read = record(content, sparse=sparse)
    found: tuple[Digest, ...] = ()
    try:
        read.require(APP, known)
    except ManifestReferencesUnknown as refused:
        found = refused.digests
    assert found == missing


# A busy machine is no failure.
@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Whatever bytes come, they are let in or refused in words."""
    with pytest.raises(ManifestInvalid):
        read_manifest(content, OCI_IMAGE, "sha256", may_be_sparse=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(DIGEST),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["digest", "size", "mediaType", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["config", "layers", "manifests", "subject", "annotations", "artifactType", "schemaVersion"]
)


@settings(deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=4), st.sampled_from([OCI_IMAGE, OCI_INDEX]))
def test_any_fields(fields: dict[str, Any], media_type: MediaType) -> None:
    """Whatever JSON stands in a manifest's fields, it is let in or refused in words."""
    base = image if media_type == OCI_IMAGE else index
    content = base(**{"layers" if base is image else "manifests": [], **fields})
    try:
        read = read_manifest(content, media_type, "sha256", may_be_sparse=True)
    except ManifestInvalid:
        return
    assert read.digest == Digest.of(content)
