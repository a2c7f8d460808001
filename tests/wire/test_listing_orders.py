"""`/acr/v1`: single tags and manifests, lists by time, and the tags of one digest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from tests.wire.governing import running

from pratique.registry import time_order
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, header

KIND = "application/vnd.oci.image.index.v1+json"
AT = "/acr/v1/team/app"


def index(words: str) -> bytes:
    """An empty index that differs from others by its words."""
    return json.dumps(
        {"schemaVersion": 2, "mediaType": KIND, "manifests": [], "annotations": {"w": words}}
    ).encode()


async def push(registry: RegistryInMemory, tags: Iterable[str], words: str = "same") -> str:
    """Push these tags one after the other, a minute apart; the digest."""
    digest = ""
    for tag in tags:
        registry.clock.advance(timedelta(minutes=1))
        answer = await registry.ask(
            "PUT",
            f"/v2/team/app/manifests/{tag}",
            headers={"content-type": KIND},
            body=index(words),
            inside=True,
        )
        assert answer.status == 201
        digest = header(answer, "docker-content-digest") or ""
    return digest


async def get(registry: RegistryInMemory, address: str) -> tuple[int, Any, str | None]:
    """Status, content and the address of the next page."""
    answer = await registry.ask("GET", address, inside=True)
    link = header(answer, "link")
    following = link.partition("<")[2].partition(">")[0] if link else None
    return answer.status, json.loads(answer.body), following


@in_loop
async def test_tags_by_time() -> None:
    """Oldest or newest push first, page by page; a tag that is pushed again is the newest."""
    async with running() as registry:
        await push(registry, ("c", "a", "b"))
        for order, expected in (
            ("timeasc", ["c", "a", "b"]),
            ("timedesc", ["b", "a", "c"]),
            ("none", ["a", "b", "c"]),
        ):
            names, address = [], f"{AT}/_tags?n=2&orderby={order}"
            while address:
                _, content, following = await get(registry, address)
                names += [tag["name"] for tag in content["tags"]]
                address = following or ""
            assert names == expected
        await push(registry, ("c",))
        _, content, _ = await get(registry, f"{AT}/_tags?n=1&orderby=timedesc")
        assert [tag["name"] for tag in content["tags"]] == ["c"]


@in_loop
async def test_a_page_after_a_tag_that_is_gone_is_empty() -> None:
    """Nothing comes twice, and nobody pages for ever."""
    async with running() as registry:
        await push(registry, ("a", "b"))
        status, content, following = await get(registry, f"{AT}/_tags?orderby=timeasc&last=x")
    assert (status, content["tags"], following) == (200, [], None)


@in_loop
async def test_manifests_by_time() -> None:
    """The same for manifests."""
    async with running() as registry:
        first, second = await push(registry, ("a",), "1"), await push(registry, ("b",), "2")
        for order, expected in (("timeasc", [first, second]), ("timedesc", [second, first])):
            _, content, _ = await get(registry, f"{AT}/_manifests?orderby={order}")
            assert [m["digest"] for m in content["manifests"]] == expected


@in_loop
async def test_single_tags_and_manifests() -> None:
    """Found by the whole name alone, whatever else is called nearly so."""
    async with running() as registry:
        digest = await push(registry, ("v1", "v10", "v1.0", "V1", "v", "v2"))
        other = await push(registry, ("w",), "other")
        for tag in ("v1", "v10", "v1.0", "V1", "v", "v2"):
            status, content, _ = await get(registry, f"{AT}/_tags/{tag}")
            assert (status, content["tag"]["name"], content["tag"]["digest"]) == (200, tag, digest)
        for absent in ("v0", "v11", "v1.", "z", "A"):
            status, content, _ = await get(registry, f"{AT}/_tags/{absent}")
            assert (status, content["errors"][0]["code"]) == (404, "TAG_UNKNOWN")
        for known in (digest, other):
            status, content, _ = await get(registry, f"{AT}/_manifests/{known}")
            assert (status, content["manifest"]["digest"]) == (200, known)
        status, content, _ = await get(registry, f"{AT}/_manifests/sha256:{'0' * 64}")
        assert (status, content["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
        _, content, _ = await get(registry, f"{AT}/_tags?digest={other}")
        assert [tag["name"] for tag in content["tags"]] == ["w"]


@in_loop
async def test_the_tags_of_a_digest_come_in_pages_too() -> None:
    """A manifest may have any number of tags, and none of them is asked for beyond the page."""
    async with running() as registry:
        digest = await push(registry, ("d", "b", "e", "a", "c"))
        await push(registry, ("bb",), "another")
        pages, address = [], f"{AT}/_tags?digest={digest}&n=2"
        while address:
            _, content, following = await get(registry, address)
            pages.append([tag["name"] for tag in content["tags"]])
            address = following or ""
        assert pages == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_tags?orderby=name", 400),
        ("_manifests?orderby=x", 400),
        ("_tags?digest=x", 400),
        ("_tags/a:b", 400),
        ("_manifests/latest", 400),
    ],
)
@in_loop
async def test_what_makes_no_sense(query: str, status: int) -> None:
    """It is told, not guessed."""
    async with running() as registry:
        await push(registry, ("v1",))
        found, content, _ = await get(registry, f"{AT}/{query}")
    assert (found, bool(content["errors"][0]["message"])) == (status, True)


@in_loop
async def test_too_many_to_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number, a list by time is refused with what to do instead."""
    monkeypatch.setattr(time_order, "MOST_SORTED", 2)
    async with running() as registry:
        await push(registry, ("a", "b", "c"))
        status, content, _ = await get(registry, f"{AT}/_tags?orderby=timeasc")
        assert status == 400
        assert "list them by name" in content["errors"][0]["message"]
        status, content, _ = await get(registry, f"{AT}/_tags")
        assert (status, len(content["tags"])) == (200, 3)


@in_loop
async def test_lists_of_what_is_not_there() -> None:
    """By time too, an absent repository is told to be so."""
    async with running() as registry:
        for kind in ("_tags", "_manifests"):
            status, content, _ = await get(registry, f"{AT}/{kind}?orderby=timeasc")
            assert (status, content["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
