"""The list of refusals: what is in it, what may be asked of it, its pages, and who may read it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from tests.wire.governing import REGISTRIES, Robot, manifest_of, running

from pratique.assembly import new_id
from pratique.http.management import decisions
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, basic, header

_LISTED = {
    *("decision_id", "at", "kind", "reason", "sentence", "caller", "caller_kind", "caller_id"),
    *("action", "permission", "resource", "client"),
}
_NOT_THERE = {"authorization": basic("nobody", "hunter2")}


async def listed(registry: RegistryInMemory, **query: str) -> list[dict[str, Any]]:
    """The list's only page, asked for by the owner of the folder."""
    page = await registry.manage("GET", f"/decisions?{urlencode(query)}")
    assert page.keys() == {"since", "settled_until", "decisions", "next"}
    assert page["next"] is None
    found: list[dict[str, Any]] = page["decisions"]
    return found


async def resources(registry: RegistryInMemory, **query: str) -> list[str]:
    """What was asked for in the refusals of the list."""
    return [row["resource"] for row in await listed(registry, **query)]


async def refused(robot: Robot, *repositories: str) -> None:
    """Refuse the robot a pull of each, a minute after the one before."""
    for repository in repositories:
        robot.registry.clock.advance(timedelta(minutes=1))
        assert await robot.pulls(repository) == 403


async def with_token(registry: RegistryInMemory) -> dict[str, str]:
    """What a token that may pull, and no more, sends with each request."""
    wanted = {"name": "Porter-1", "scope_map": "_repositories_pull"}
    made = await registry.manage("POST", "/tokens", wanted)
    return {"authorization": basic(made["username"], made["password1"])}


async def refused_delete(
    registry: RegistryInMemory, headers: dict[str, str], repository: str
) -> None:
    """Refuse to delete something there."""
    answer = await registry.ask("DELETE", f"/v2/{repository}/manifests/v1", headers=headers)
    assert answer.status == 403


@asynccontextmanager
async def with_robot() -> AsyncIterator[tuple[RegistryInMemory, Robot]]:
    """A registry, and a robot without a role."""
    async with running() as registry:
        yield registry, await Robot.make(registry, "robot")


@in_loop
async def test_the_newest_comes_first_and_says_who_wanted_what() -> None:
    """The ids are those that the clients were told; a sign-in has nobody's name."""
    async with with_robot() as (registry, robot):
        await refused(robot, "team/app")
        registry.clock.advance(timedelta(minutes=1))
        registry.client = "192.0.2.7"
        turned = await manifest_of(registry, "team/app", _NOT_THERE)
        sign_in, pull = await listed(registry)
        explained = await registry.manage("GET", f"/decisions/{pull['decision_id']}")
    assert sign_in.keys() == pull.keys() == _LISTED
    assert sign_in["decision_id"] == header(turned, "x-pratique-decision")
    assert (sign_in["kind"], sign_in["reason"]) == ("sign-in refused", "wrong-name-or-secret")
    assert (sign_in["caller"], sign_in["resource"], sign_in["client"]) == ("", "", "192.0.2.7")
    assert "hunter2" not in json.dumps(sign_in)
    assert pull["caller_id"] == robot.object_id
    assert {key: explained[key] for key in _LISTED - {"caller_id"}} == {
        key: pull[key] for key in _LISTED - {"caller_id"}
    }
    assert (pull["action"], pull["at"]) == ("pull", "2026-01-05T08:01:00Z")


@in_loop
async def test_a_list_begins_when_it_is_told_to() -> None:
    """So long ago by the registry's own clock, or at an instant; that one is still in it."""
    async with with_robot() as (registry, robot):
        await refused(robot, "a", "b", "c")
        assert await resources(registry) == ["c", "b", "a"]
        assert await resources(registry, since="1m") == ["c", "b"]
        assert await resources(registry, since="2026-01-05T09:02:00+01:00") == ["c", "b"]
        assert await resources(registry, since="2026-01-05T08:02:00.000001Z") == ["c"]
        assert await resources(registry, since="2026-01-06") == []
        page = await registry.manage("GET", "/decisions?since=1m")
    assert page["since"] == "2026-01-05T08:02:00.000000Z"
    assert page["settled_until"] == "2026-01-05T08:02:50.000000Z"


@in_loop
async def test_a_list_is_of_one_caller_or_of_one_repository() -> None:
    """By every name that a caller answers to; one of nobody in particular is never theirs."""
    async with with_robot() as (registry, robot):
        other = await Robot.make(registry, "other")
        porter = await with_token(registry)
        admin = await registry.manage("POST", "/admin-user/enable")
        await refused(robot, "a", "b")
        await refused(other, "b")
        await refused_delete(registry, porter, "by-token")
        await manifest_of(registry, "no-sign-in", _NOT_THERE)
        as_admin = {"authorization": basic(admin["username"], admin["passwords"]["password"])}
        answer = await registry.ask("GET", "/api/v1/registry", headers=as_admin)
        assert answer.status == 403
        asked = "/oauth2/token?scope=repository:by-nobody:pull"
        assert (await registry.ask("GET", asked)).status == 401
        for name in ("robot", robot.client_id, robot.object_id, robot.object_id.upper()):
            assert await resources(registry, principal=name) == ["b", "a"]
        assert await resources(registry, principal="token:porter-1") == ["by-token"]
        assert await resources(registry, principal="anonymous") == ["by-nobody"]
        (by_admin,) = await listed(registry, principal="admin-user")
        assert by_admin["caller_kind"] == "admin-user"
        assert await resources(registry, repository="b") == ["b", "b"]
        assert await resources(registry, repository="b", principal="other") == ["b"]
        assert await resources(registry, reason="wrong-name-or-secret") == [""]
        assert await resources(registry, reason="no-role-assignment", repository="a") == ["a"]
        assert await resources(registry, principal="robot", reason="not-authenticated") == []


@in_loop
async def test_who_is_gone_is_found_by_id() -> None:
    """As long as a refusal of theirs is kept; a name that means nobody is told so."""
    async with with_robot() as (registry, robot):
        await refused_delete(registry, await with_token(registry), "team/app")
        await refused(robot, "a")
        await registry.manage("DELETE", f"/service-principals/{robot.client_id}")
        await registry.manage("DELETE", "/tokens/Porter-1")
        assert await resources(registry, principal=robot.object_id.upper()) == ["a"]
        assert await resources(registry, principal="token:Porter-1") == ["team/app"]
        assert await resources(registry, principal=robot.object_id, since="2027-01-01") == []
        reader = await Robot.make(registry, "reader", "Reader")
        for nobody in ("robot", "Porter-1", robot.client_id, new_id(), "token:eve"):
            status, answer = await reader.calls("GET", f"/decisions?principal={nobody}")
            assert (status, answer["errors"][0]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sinc=1h", "`sinc` is no parameter of this address; it takes `since`, `principal`, `rep"),
        ("since=1h&since=2h", "`since` is given twice"),
        ("since=", "`since` is empty"),
        ("since=soon", "`soon` is not a point in time: write how long ago, as in `30m`"),
        ("since=2026-01-05T08:00:00+01:00", "is not a point in time"),
        ("principal=", "`principal` is empty"),
        ("principal=crew", "`crew` is a group, and it is its members who are refused"),
        ("repository=A", "`A` is not a repository name"),
        ("repository=*", "`*` is not a repository name"),
        ("reason=because", "`because` is no reason of a refusal, which is one word such as"),
        ("reason=anonymous", "is no reason of a refusal"),
        ("limit=0", "`limit` is a number from 1 to 1000"),
        ("limit=1001", "`limit` is a number from 1 to 1000"),
        ("limit=-1", "`limit` is a number from 1 to 1000"),
        ("limit=9999999999", "`limit` is a number from 1 to 1000"),
        (f"limit={quote('٣')}", "`limit` is a number from 1 to 1000"),
        ("after=x", "`after` is the `next` of the page before"),
        ("after=99999999999999999999-x", "`after` is the `next` of the page before"),
        ("after=1-%20", "`after` is the `next` of the page before"),
        ("&".join(f"since={number}h" for number in range(300)), "at most 200 parameters"),
    ],
)
@in_loop
async def test_a_question_that_makes_no_sense_is_told_so(query: str, words: str) -> None:
    """Never a list of something that was not meant."""
    async with running() as registry:
        await registry.manage("POST", "/groups", {"name": "crew"})
        asker = await Robot.make(registry, "asker", "Reader")
        status, answer = await asker.calls("GET", f"/decisions?{query}")
    assert (status, answer["errors"][0]["code"]) == (400, "BAD_REQUEST")
    assert words in answer["errors"][0]["message"]


async def pages(registry: RegistryInMemory, **query: str) -> list[list[str]]:
    """What was asked for, page by page, by the links that lead on."""
    address = f"/api/v1/decisions?{urlencode(query)}"
    found = []
    while True:
        answer = await registry.ask("GET", address, inside=True)
        page = json.loads(answer.body)
        found.append([row["resource"] for row in page["decisions"]])
        link = header(answer, "link")
        assert (link is None) == (page["next"] is None)
        if link is None:
            return found
        match = re.fullmatch(r'<(/api/v1/decisions\?[^>]+)>; rel="next"', link)
        assert match is not None
        assert dict(parse_qsl(urlsplit(match[1]).query))["after"] == page["next"]
        address = match[1]


@in_loop
async def test_pages_lead_from_one_to_the_next() -> None:
    """Each refusal is on one page, in order, also those of one instant; a page may be full."""
    async with with_robot() as (registry, robot):
        await refused(robot, "a", "b", "c")
        for _ in range(2):
            assert await robot.pulls("c") == 403
        assert await pages(registry, limit="2") == [["c", "c"], ["c", "b"], ["a"]]
        assert await pages(registry, limit="5") == [["c", "c", "c", "b", "a"]]
        assert await pages(registry, limit="2", since="1m") == [["c", "c"], ["c", "b"]]
        every = await listed(registry)
        assert len({row["decision_id"] for row in every}) == 5


@in_loop
async def test_a_list_does_not_grow_while_it_is_read() -> None:
    """What is refused meanwhile comes before the page that was read; others stay as they are."""
    async with with_robot() as (registry, robot):
        await refused(robot, "a", "b", "c")
        answer = await registry.ask("GET", "/api/v1/decisions?since=2m&limit=2", inside=True)
        await refused(robot, "d", "e", "f")
        following = str(header(answer, "link")).partition("<")[2].partition(">")[0]
        then = await registry.ask("GET", following, inside=True)
    first, second = json.loads(answer.body), json.loads(then.body)
    assert [row["resource"] for row in first["decisions"]] == ["c", "b"]
    assert ([row["resource"] for row in second["decisions"]], second["next"]) == (["a"], None)
    assert first["since"] == second["since"]


@in_loop
async def test_one_page_looks_through_so_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it ends, even empty, with where to go on; all pages together are the whole list."""
    monkeypatch.setattr(decisions, "_PART", 2)
    monkeypatch.setattr(decisions, "MOST_LOOKED_THROUGH", 4)
    async with with_robot() as (registry, robot):
        await refused(robot, "a")
        for number in range(7):
            registry.clock.advance(timedelta(minutes=1))
            registry.client = f"192.0.2.{number}"
            assert (await manifest_of(registry, "x", _NOT_THERE)).status == 401
        await refused(robot, "b")
        found = await pages(registry, reason="no-role-assignment")
        ones = await pages(registry, reason="no-role-assignment", limit="1")
    assert found == [["b"], [], ["a"]]
    assert [name for page in ones for name in page] == ["b", "a"]


@in_loop
async def test_the_list_is_read_with_the_right_to_read_assignments_only() -> None:
    """It names repositories and callers; to ask for a token by name takes the right to read it."""
    async with with_robot() as (registry, robot):
        await refused(robot, "team/app")
        reader = await Robot.make(registry, "reader")
        await reader.may("Microsoft.Authorization/roleAssignments/read")
        governor = await Robot.make(registry, "governor")
        await governor.may(f"{REGISTRIES}*", "Microsoft.Authorization/roleAssignments/write")
        puller = await Robot.make(registry, "puller", "AcrPush")
        for other in (puller, governor):
            status, answer = await other.calls("GET", "/decisions?nonsense=1")
            assert status == 403
            assert "team/app" not in json.dumps(answer)
        status, page = await reader.calls("GET", "/decisions?principal=robot")
        assert (status, [row["resource"] for row in page["decisions"]]) == (200, ["team/app"])
        status, _ = await reader.calls("GET", "/decisions?principal=token:eve")
        assert status == 403
