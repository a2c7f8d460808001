"""The official OCI conformance programme, version 1.1, with everything optional switched on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from tests.clients.commands import Missing
from tests.conformance.programme import Findings, built, examine
from tests.support.live_server import live_server

pytestmark = [pytest.mark.conformance, pytest.mark.live]

APIS: Final = (
    *("Ping", "Tag listing", "Tag delete", "Tag delete atomic", "Referrers"),
    *("Blob push", "Blob post only", "Blob post put", "Blob chunked", "Blob streaming"),
    *("Blob upload cancel", "Blob mount", "Blob anonymous mount"),
    *("Blob get", "Blob get range", "Blob head", "Blob delete", "Blob delete atomic"),
    *("Manifest put by digest", "Manifest put by tag", "Manifest put with tag params"),
    *("Manifest put with subject", "Manifest get by digest", "Manifest get by tag"),
    *("Manifest head by digest", "Manifest head by tag"),
    *("Manifest delete", "Manifest delete atomic"),
)
DATA: Final = (
    *("Image", "Image Uncompressed", "Image with Large Manifest", "No Layers"),
    *("Index", "Nested Index", "Empty Index", "Artifact", "Artifact Index"),
    *("Artifact without Layers", "Artifacts with Subject", "Index with Subject"),
    *("Missing Subject", "Data Field", "Non-distributable Layers", "Custom Fields"),
    *("Sparse Manifests", "Digest Algorithm sha512", "Tag Param", "Tag Param sha512"),
    *("Bad Digest Image", "Invalid Manifest Digest", "Blobs sha256", "Blobs sha512"),
)


@dataclass(frozen=True)
class Way:
    """One way to run the programme.

    Attributes:
        keep_tokens: whether a token is used again for requests of the same kind.
        left_out: checks that cannot pass this way.
    """

    keep_tokens: bool
    left_out: frozenset[str]


TOKENS_KEPT: Final = Way(keep_tokens=True, left_out=frozenset())
# A mount that names no source looks where the token may pull. A client that keeps its tokens has
# one for both repositories from the mount before; one that asks anew has one for the target alone,
# and a registry that let it reach further would widen a token.
TOKENS_ASKED_ANEW: Final = Way(
    keep_tokens=False,
    left_out=frozenset(
        f"OCI Conformance Test/{algorithm} blobs/mount anonymous/blob-mount-anonymous"
        for algorithm in ("sha256", "sha512")
    ),
)


@pytest.fixture(scope="module")
def programme() -> Path:
    """The programme, ready to run."""
    try:
        return built()
    except Missing as missing:
        pytest.skip(f"OCI CONFORMANCE WAS NOT CHECKED: {missing}; Go 1.24 or newer builds it")


@pytest.fixture(
    scope="module",
    params=[TOKENS_KEPT, TOKENS_ASKED_ANEW],
    ids=["tokens-kept", "tokens-asked-anew"],
)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way to run in turn."""
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="module")
def findings(programme: Path, way: Way, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What the programme finds at an empty registry of two workers."""
    folder = tmp_path_factory.mktemp("conformance")
    with live_server(folder / "data") as server:
        return examine(programme, server, folder, keep_tokens=way.keep_tokens)


def test_every_check_passes(findings: Findings, way: Way) -> None:
    """No check fails, breaks or is left out, save those that the rule on tokens excludes."""
    said = [f"{name}: {words}" for name, words in findings.not_passed.items()]
    assert set(findings.not_passed) == way.left_out, "\n".join(said[:40])


def test_the_programme_counts_no_more(findings: Findings, way: Way) -> None:
    """The programme's own totals, which also count what happens between checks, say the same."""
    left_out = len(way.left_out)
    assert findings.totals == {"failures": 0, "errors": 0, "skipped": left_out, "disabled": 0}


def test_every_operation_was_checked(findings: Findings, way: Way) -> None:
    """Each operation that the programme knows was tried and passed; no other is known."""
    expected = dict.fromkeys(APIS, "Pass")
    if way.left_out:
        expected["Blob anonymous mount"] = "Skip"
    assert findings.apis == expected


def test_every_kind_of_content_was_checked(findings: Findings) -> None:
    """Each kind of content that the programme knows was tried and passed; no other is known."""
    assert findings.data == dict.fromkeys(DATA, "Pass")


def test_nothing_is_switched_off(findings: Findings, way: Way) -> None:
    """No setting is off, not even one that a newer programme has added."""
    assert findings.switched_off == (() if way.keep_tokens else ("cacheAuth",))
