"""Content: repositories, tags and manifests, over a folder."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.cli.terminal import Terminal, at_terminal
from tests.support.live_server import pratique_command

from pratique.assembly import open_registry
from pratique.cli.demo_image import MANIFEST_TYPE, build_image, digest
from pratique.cli.in_process import InProcess
from pratique.cli.session import Call
from pratique.http.dataplane.manifests import MAX_TAGS
from pratique.http.wire.messages import HeadersOfOne, Request
from pratique.http.wire.paging import DEFAULT_PAGE
from pratique.observability import LineLog
from pratique.settings import Places

IMAGE = build_image()
DIGEST = digest(IMAGE.manifest)


def push(data: Path, repository: str, *tags: str) -> None:
    """Put the image into a repository of the folder, under each tag."""
    with closing(InProcess(Places(data))) as transport:
        for blob in (IMAGE.config, IMAGE.layer):
            where = f"/v2/{repository}/blobs/uploads/"
            call = Call("POST", where, {"digest": digest(blob)}, blob, "application/octet-stream")
            assert transport.send(call).status == 201
        for tag in tags:
            where = f"/v2/{repository}/manifests/{tag}"
            call = Call("PUT", where, {}, IMAGE.manifest, MANIFEST_TYPE)
            assert transport.send(call).status == 201


class _Body:
    async def chunks(self) -> AsyncIterator[bytes]:
        yield IMAGE.manifest


def add_tags(data: Path, repository: str, tags: list[str]) -> None:
    """Tag the image many times by one push."""
    request = Request(
        method="PUT",
        path=f"/v2/{repository}/manifests/{DIGEST}",
        query=urlencode([("tag", tag) for tag in tags]),
        headers=HeadersOfOne({"content-type": MANIFEST_TYPE}),
        scheme="http",
        host="localhost",
        client="",
        body=_Body(),
    )

    async def put() -> int:
        return (await opened.as_folder_owner(request)).status

    opened = open_registry(Places(data), LineLog(None))
    try:
        assert asyncio.run(put()) == 201
    finally:
        opened.close()


@pytest.fixture
def with_images(owner: Terminal, data: Path) -> Terminal:
    """A folder with two repositories."""
    push(data, "app/web", "v1", "v2")
    push(data, "tools", "latest")
    return owner


def test_empty_registry_says_so(owner: Terminal) -> None:
    """Without repositories there is a hint for people, and an empty list for programs."""
    assert "`docker push` makes one" in owner.reads("repo", "list")
    assert owner.gets("repo", "list") == []


def test_repositories_are_listed_one_a_line(with_images: Terminal) -> None:
    """The list can be read by people and piped by programs."""
    assert with_images.reads("repo", "list") == "app/web\ntools\n"
    assert with_images.gets("repo", "list") == ["app/web", "tools"]


def test_repository_is_shown(with_images: Terminal) -> None:
    """What is known of it: how many manifests and tags."""
    shown = with_images.gets("repo", "show", "app/web")
    assert (shown["manifestCount"], shown["tagCount"]) == (1, 2)
    read = with_images.reads("repo", "show", "app/web")
    assert "tags            2\n" in read
    assert "locked against  nothing\n" in read


@pytest.mark.parametrize("reference", ["app/web", "app/web:v1", f"app/web@{DIGEST}"])
def test_locks(with_images: Terminal, reference: str) -> None:
    """What is locked says so, refuses, names the verb that unlocks it, and is unlocked by it."""
    assert "locked against nothing" in " ".join(
        with_images.reads("repo", "show", reference).split()
    )
    told = with_images.reads("repo", "lock", reference)
    assert told.endswith("is locked against writing and deletion.\n")
    for words in (("untag", "app/web:v1"), ("repo", "delete", "app/web", "--yes")):
        refused = with_images.fails(*words)
        assert "(`deleteEnabled` and `writeEnabled` are false)" in refused or "losing" in refused
        assert f"`pratique repo unlock {reference}`" in refused
    told = with_images.reads("repo", "unlock", reference, "--against", "writing")
    assert told.endswith("is still locked against deletion.\n")
    told = with_images.reads("repo", "lock", reference, "--against", "pulling")
    assert told.endswith("is locked against deletion and pulling.\n")
    attributes = with_images.gets("repo", "show", reference)["changeableAttributes"]
    assert attributes == {
        "deleteEnabled": False,
        "readEnabled": False,
        "writeEnabled": True,
        "listEnabled": True,
    }
    told = with_images.reads("repo", "unlock", reference)
    assert told.endswith("is not locked any more.\n")
    with_images.reads("untag", "app/web:v1")


def test_what_has_no_such_form_is_not_locked(with_images: Terminal) -> None:
    """Neither an address with a host nor half a reference is a name here."""
    for reference in ("host:5000/app:v1", "app/web:", "app/web@v1", "@"):
        assert "Invalid value" in with_images.misuses("repo", "lock", reference)
    assert "has no tag `v9`" in with_images.fails("repo", "lock", "app/web:v9")


def test_tags_and_manifests_are_listed_with_whole_digests(with_images: Terminal) -> None:
    """A digest is never cut, since it is there to be copied."""
    assert [t["name"] for t in with_images.gets("repo", "tags", "app/web")] == ["v1", "v2"]
    tags = with_images.reads("repo", "tags", "app/web").splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in tags[1:]] == [
        ("v1", DIGEST),
        ("v2", DIGEST),
    ]
    (manifest,) = with_images.gets("repo", "manifests", "app/web")
    assert (manifest["digest"], manifest["tags"]) == (DIGEST, ["v1", "v2"])
    listed = with_images.reads("repo", "manifests", "app/web")
    assert f"{DIGEST}   v1, v2" in listed
    assert "oci.image.manifest.v1" in listed


def test_digest_is_whole_on_a_narrow_terminal(with_images: Terminal) -> None:
    """A line is rather too long than cut."""
    assert DIGEST in at_terminal(with_images, 40).reads("repo", "tags", "app/web")


def test_untag_leaves_the_manifest(with_images: Terminal) -> None:
    """The tag goes, the manifest stays."""
    assert "has no tag `v1` any more" in with_images.reads("untag", "app/web:v1")
    assert with_images.gets("untag", "app/web:v2") == {"repository": "app/web", "tag": "v2"}
    assert "has no tags" in with_images.reads("repo", "tags", "app/web")
    assert [m["tags"] for m in with_images.gets("repo", "manifests", "app/web")] == [[]]
    assert "has no tag `v1`" in with_images.fails("untag", "app/web:v1")


def test_repository_is_deleted_only_when_that_is_certain(with_images: Terminal) -> None:
    """Where nobody can be asked, `--yes` is needed."""
    assert "give --yes" in with_images.misuses("repo", "delete", "app/web")
    assert with_images.gets("repo", "list") == ["app/web", "tools"]
    told = with_images.reads("repo", "delete", "app/web", "--yes")
    assert told == "The repository `app/web` is deleted: 2 tags, 1 manifest.\n"
    assert with_images.gets("repo", "delete", "tools", "--yes")["tagsDeleted"] == ["latest"]
    assert with_images.gets("repo", "list") == []
    assert "does not exist" in with_images.fails("repo", "show", "app/web")


@pytest.mark.parametrize(("answer", "left"), [("n\n", ["app/web", "tools"]), ("y\n", ["tools"])])
def test_people_are_asked_before_a_repository_is_deleted(
    with_images: Terminal, data: Path, answer: str, left: list[str]
) -> None:
    """At a terminal the question names repository and registry, and no means no."""
    ours, theirs = os.openpty()
    words = ["repo", "delete", "app/web", "--data", str(data)]
    os.write(ours, answer.encode())
    done = subprocess.run(
        [*pratique_command(), *words], check=False, stdin=theirs, capture_output=True, text=True
    )
    os.close(theirs)
    os.close(ours)
    assert f"Delete the repository `app/web` of the registry in the folder {data}" in done.stderr
    assert done.returncode == (0 if answer == "y\n" else 1)
    assert with_images.gets("repo", "list") == left


def test_all_pages_are_followed(owner: Terminal, data: Path) -> None:
    """A list longer than a page of the registry is shown whole."""
    push(data, "app", "v0")
    tags = [f"t{number:04}" for number in range(DEFAULT_PAGE + 1)]
    for start in range(0, len(tags), MAX_TAGS):
        add_tags(data, "app", tags[start : start + MAX_TAGS])
    assert [t["name"] for t in owner.gets("repo", "tags", "app")] == [*tags, "v0"]


@pytest.mark.parametrize("words", [("repo", "show", "../x"), ("untag", "app"), ("untag", "App:v1")])
def test_malformed_name_is_wrong_usage(owner: Terminal, words: tuple[str, ...]) -> None:
    """A name that no repository can have is told before anything is asked."""
    assert words[-1].partition(":")[0] in owner.misuses(*words)
