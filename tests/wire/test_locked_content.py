"""Locks over HTTP: what is answered, in which words, to whom, and what the audit log says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.wire.governing import running
from tests.wire.kinds import REPOSITORY, assign, service_principal
from tests.wire.test_matrix import ACR, JSON, LAYER, MANIFEST, MANIFEST_TYPE, ROOT, digest_of, fill

from pratique.admission.audit.entries import decoded
from pratique.http.wire.messages import Response
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic, header

DIGEST = digest_of(MANIFEST)
TAG, WHOLE = f"{ACR}/_tags/v1", f"{ACR}/_manifests/{DIGEST}"
OPEN = dict.fromkeys(("deleteEnabled", "writeEnabled", "listEnabled", "readEnabled"), True)
UNLOCK = "`pratique repo unlock team/app{0}` or `az acr repository update --name REGISTRY {1}`"


async def change(registry: RegistryInMemory, address: str, **attributes: bool | None) -> Any:
    """Change attributes, and give what was answered."""
    body = json.dumps(attributes).encode()
    headers = {"authorization": basic(*OWNER), "content-type": JSON}
    answer = await registry.ask("PATCH", address, headers=headers, body=body)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def push(registry: RegistryInMemory, tag: str, authorization: str = "") -> Response:
    """Push the image under a tag."""
    headers = {"content-type": MANIFEST_TYPE, "authorization": authorization or basic(*OWNER)}
    return await registry.ask("PUT", f"{ROOT}/manifests/{tag}", headers=headers, body=MANIFEST)


def problem(answer: Response) -> tuple[int, str, str]:
    """Status, code and words; nothing beside them, which some clients would print after them."""
    (error,) = json.loads(answer.body)["errors"]
    assert error.keys() == {"code", "message"}
    return answer.status, error["code"], error["message"]


@pytest.mark.parametrize(("address", "key"), [(ACR, None), (TAG, "tag"), (WHOLE, "manifest")])
@in_loop
async def test_attributes_are_changed_and_shown(address: str, key: str | None) -> None:
    """The answer is the whole object, as it is shown from then on; what is left out stays."""
    async with running() as registry:
        await fill(registry)
        changes: tuple[tuple[dict[str, bool | None], set[str]], ...] = (
            ({"writeEnabled": False}, {"writeEnabled"}),
            ({"readEnabled": False, "listEnabled": None}, {"writeEnabled", "readEnabled"}),
            ({"writeEnabled": True, "deleteEnabled": True}, {"readEnabled"}),
            ({}, {"readEnabled"}),
        )
        for given, locked in changes:
            told = await change(registry, address, **given)
            assert told == json.loads((await registry.ask("GET", address, inside=True)).body)
            attributes = (told if key is None else told[key])["changeableAttributes"]
            assert attributes == {name: name not in locked for name in OPEN}
            assert list(told)[:2] == ["registry", "imageName"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"{", b'{"writeEnabled": "false"}', b'{"writeEnabled": 0}'),
        *(b'{"write_enabled": false}', b'{"changeableAttributes": {}}', b"[" * 30_000),
        *(b'{"quarantineState": "Passed"}', b'{"quarantineDetails": "{}"}'),
    ],
)
@in_loop
async def test_other_bodies_change_nothing(body: bytes) -> None:
    """What is no object of attributes is refused, and so is a quarantine, which there is not."""
    async with running() as registry:
        await fill(registry)
        answer = await registry.ask("PATCH", TAG, inside=True, body=body)
        assert answer.status == 400
        assert json.loads(answer.body)["errors"][0]["code"] == "BAD_REQUEST"
        shown = json.loads((await registry.ask("GET", TAG, inside=True)).body)
        assert shown["tag"]["changeableAttributes"] == OPEN


@in_loop
async def test_a_long_body_is_not_read() -> None:
    """A body has a bound."""
    async with running() as registry:
        await fill(registry)
        body = json.dumps({"a" * 70_000: True}).encode()
        answer = await registry.ask("PATCH", TAG, inside=True, body=body)
        assert answer.status == 413


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/acr/v1/absent", "NAME_UNKNOWN"),
        (f"{ACR}/_tags/absent", "TAG_UNKNOWN"),
        (f"{ACR}/_manifests/{digest_of(b'absent')}", "MANIFEST_UNKNOWN"),
    ],
)
@in_loop
async def test_what_is_not_there_is_not_locked(address: str, code: str) -> None:
    """404, by the name of what is missing."""
    async with running() as registry:
        await fill(registry)
        answer = await registry.ask("PATCH", address, inside=True, body=b"{}")
        assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (404, code)


@in_loop
async def test_words_of_a_refusal() -> None:
    """They name what is locked, by which attribute, and how whoever may lifts that."""
    async with running() as registry:
        await fill(registry)
        await change(registry, TAG, writeEnabled=False)
        answer = await push(registry, "v1")
        options = "--image team/app:v1 --write-enabled true"
        assert problem(answer) == (
            405,
            "UNSUPPORTED",
            "the tag `v1` of `team/app` is locked against being overwritten (`writeEnabled` is "
            "false); whoever may change its attributes (`metadata/write`) lifts that by "
            + UNLOCK.format(":v1", options),
        )
        assert header(answer, "allow") == "DELETE, GET, HEAD"
        await change(registry, TAG, writeEnabled=True)
        await change(registry, ACR, deleteEnabled=False, writeEnabled=False)
        answer = await registry.ask("DELETE", ACR, inside=True)
        options = "--repository team/app --delete-enabled true --write-enabled true"
        assert problem(answer)[2].endswith(UNLOCK.format("", options))
        assert header(answer, "allow") == "GET, PATCH, HEAD"


@in_loop
async def test_a_locked_repository_says_so_first() -> None:
    """Before a client has sent anything but its question; and at the end of what began before."""
    async with running() as registry:
        upload = await fill(registry)
        await change(registry, ACR, writeEnabled=False)
        for method, address, body in (
            ("POST", f"{ROOT}/blobs/uploads/", b""),
            ("POST", f"{ROOT}/blobs/uploads/?digest={digest_of(b'x')}", b"x"),
            ("POST", f"{ROOT}/blobs/uploads/?mount={digest_of(LAYER)}&from={REPOSITORY}", b""),
            ("PUT", f"{ROOT}/blobs/uploads/{upload}?digest={digest_of(b'y')}", b"y"),
            ("DELETE", f"{ROOT}/blobs/{digest_of(LAYER)}", b""),
            ("DELETE", f"{ROOT}/manifests/v1", b""),
            ("DELETE", f"{ROOT}/manifests/{DIGEST}", b""),
        ):
            answer = await registry.ask(method, address, inside=True, body=body)
            assert problem(answer)[:2] == (405, "UNSUPPORTED"), address
            assert "the repository `team/app` is locked against" in problem(answer)[2]
        assert (await push(registry, "v2")).status == 405
        for content in (b"x", b"y"):
            answer = await registry.ask("HEAD", f"{ROOT}/blobs/{digest_of(content)}", inside=True)
            assert answer.status == 404


@pytest.mark.parametrize("address", [ACR, TAG, WHOLE])
@in_loop
async def test_what_is_not_pulled(address: str) -> None:
    """HEAD and GET are refused; whoever was let in before, whose admission is remembered, too."""
    async with running() as registry:
        await fill(registry)
        token = await registry.token(OWNER, f"repository:{REPOSITORY}:pull")
        headers = {"authorization": f"Bearer {token}"}
        asked = [("GET", f"{ROOT}/manifests/v1"), ("HEAD", f"{ROOT}/manifests/v1")]
        asked += [("GET", f"{ROOT}/blobs/{digest_of(LAYER)}")]
        asked += [("GET", f"{ROOT}/referrers/{DIGEST}")]
        for method, where in asked:
            assert (await registry.ask(method, where, headers=headers)).status == 200
        await change(registry, address, readEnabled=False)
        found = [(await registry.ask(m, a, headers=headers)).status for m, a in asked]
        assert found == ([405] * 4 if address == ACR else [405, 405, 200, 200])
        # Who pushes is told what is there already.
        head = await registry.ask("HEAD", f"{ROOT}/blobs/{digest_of(LAYER)}", inside=True)
        assert head.status == 200
        assert (await push(registry, "v2")).status == 201
        await change(registry, address, readEnabled=True)
        found = [(await registry.ask(m, a, headers=headers)).status for m, a in asked]
        assert found == [200] * 4


@in_loop
async def test_what_is_not_listed() -> None:
    """It is in no list, and shown to whoever knows its name."""
    async with running() as registry:
        await fill(registry)
        await push(registry, "v2")
        await change(registry, TAG, listEnabled=False)

        async def got(address: str) -> Any:
            return json.loads((await registry.ask("GET", address, inside=True)).body)

        assert (await got(f"{ROOT}/tags/list"))["tags"] == ["v2"]
        assert [t["name"] for t in (await got(f"{ACR}/_tags"))["tags"]] == ["v2"]
        assert [t["name"] for t in (await got(f"{ACR}/_tags?digest={DIGEST}"))["tags"]] == ["v2"]
        assert [t["name"] for t in (await got(f"{ACR}/_tags?orderby=timedesc"))["tags"]] == ["v2"]
        assert [m["tags"] for m in (await got(f"{ACR}/_manifests"))["manifests"]] == [["v2"]]
        assert (await got(TAG))["tag"]["changeableAttributes"]["listEnabled"] is False
        await change(registry, WHOLE, listEnabled=False)
        assert (await got(f"{ACR}/_manifests"))["manifests"] == []
        await change(registry, ACR, listEnabled=False)
        assert (await got("/v2/_catalog"))["repositories"] == []


@in_loop
async def test_locks_come_after_the_law() -> None:
    """Who lacks the right reads of the right alone, whether or not there is a lock."""
    async with running() as registry:
        await fill(registry)
        credentials = await service_principal(registry)
        authorization = basic(*credentials)

        async def told() -> list[tuple[int, bytes]]:
            headers = {"authorization": authorization}
            answers = [
                await push(registry, "v1", authorization),
                await registry.ask("DELETE", ACR, headers=headers),
                await registry.ask("GET", f"{ROOT}/manifests/v1", headers=headers),
                await registry.ask("PATCH", TAG, headers=headers, body=b"{}"),
            ]
            return [(a.status, a.body.partition(b"Decision")[0]) for a in answers]

        before = await told()
        for address in (ACR, TAG, WHOLE):
            await change(registry, address, writeEnabled=False, readEnabled=False)
        assert await told() == before
        assert {status for status, _ in before} == {403}
        # `AcrPush` may push, and so learns of the lock; it may not lift it.
        await assign(registry, "AcrPush", credentials[0])
        assert [status for status, _ in await told()] == [405, 403, 405, 403]


@in_loop
async def test_the_audit_log_tells_of_locks() -> None:
    """Who changed which attributes of what, and what a lock forbade."""
    async with running() as registry:
        await fill(registry)
        await change(registry, TAG, writeEnabled=False, listEnabled=True)
        await push(registry, "v1")
        links = await registry.auditor.read(lambda log: log.links(after=0, limit=1000))
        entries = [decoded(link.body) for link in links]
        changed, refused = [entry for entry in entries if entry.category == "repository"][-2:]
        assert (changed.operation, changed.status, changed.identity) == ("UpdateTag", 200, "owner")
        assert (changed.repository, changed.tag) == (REPOSITORY, "v1")
        assert changed.description == "writeEnabled=false listEnabled=true"
        assert (refused.operation, refused.status) == ("Push", 405)
        assert refused.description == "locked: v1 writeEnabled"
