"""Questions about the law, asked over HTTP: their shapes, and what is recorded and told."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.wire.governing import (
    ADMITTED,
    PULLS,
    READER,
    REGISTRIES,
    REPOSITORY_NAME,
    Robot,
    check,
    manifest_of,
    running,
    type_in,
    who_can,
)

from pratique.admission import AssignmentRecord, Row
from pratique.admission.records import kind_and_key
from pratique.assembly import new_id
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, basic, header

_VERDICT = {
    *("allowed", "reason", "sentence", "principal", "action", "permission", "resource"),
    *("consulted", "remedies", "groups_that_may"),
}
_CONSULTED = {
    *("rule_id", "kind", "role", "name", "holder", "through_group", "scope", "outcome"),
    *("meaning", "failed"),
}
_HOLDER = {
    *("name", "kind", "object_id", "reason", "through", "role", "through_group", "scope"),
    "rule_id",
}
_ASSIGNMENT = {
    *("assignment_id", "role", "role_id", "principal", "principal_id", "principal_kind"),
    "description",
    *("scope", "condition", "created"),
}
_PULL = f"{REGISTRIES}pull/read"


@in_loop
async def test_check_tells_by_which_rule_something_is_allowed() -> None:
    """The assignment that matched comes last among those consulted; there is nothing to mend."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrDelete")
        await registry.manage("POST", "/groups", {"name": "crew"})
        await registry.manage("POST", "/groups/crew/members", {"principal": "robot"})
        made = await registry.manage(
            "POST", "/role-assignments", {"role": "AcrPull", "principal": "crew", "scope": "/"}
        )
        found = await check(registry, "ROBOT", "metadata-read", "team/app")
    assert found.keys() == _VERDICT
    matched = found.pop("consulted")
    assert all(rule.keys() == _CONSULTED for rule in matched)
    assert [(rule["role"], rule["outcome"]) for rule in matched] == [
        ("AcrDelete", "role-lacks-action"),
        ("AcrPull", "matched"),
    ]
    assert matched[-1] == {
        "rule_id": made["assignment_id"],
        "kind": "role-assignment",
        "role": "AcrPull",
        "name": "AcrPull",
        "holder": "crew",
        "through_group": "crew",
        "scope": "/",
        "outcome": "matched",
        "meaning": "grants it",
        "failed": None,
    }
    assert matched[0]["holder"] == robot.name
    found["principal"] = found["principal"].strip("`")
    assert found == {
        "allowed": True,
        "reason": "role-assignment",
        "sentence": "the role `AcrPull` grants it",
        "principal": "robot",
        "action": "metadata_read",
        "permission": _PULL,
        "resource": "team/app",
        "remedies": [],
        "groups_that_may": [],
    }


@in_loop
async def test_check_tells_why_something_is_refused_and_what_would_help() -> None:
    """The part of a condition that failed, remedies as commands, and groups whose members may."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        robot = await Robot.make(registry, "robot")
        await robot.given(READER, condition=f"{REPOSITORY_NAME} StringEquals 'other'")
        await registry.manage("POST", "/groups", {"name": "crew"})
        wanted = {"role": READER, "principal": "crew"}
        await registry.manage("POST", "/role-assignments", wanted)
        found = await check(registry, robot.client_id, "pull", "team/app")
    assert found.keys() == _VERDICT
    (rule,) = found["consulted"]
    assert rule.keys() == _CONSULTED
    assert (rule["outcome"], rule["meaning"]) == ("condition-false", "its condition is not met")
    assert rule["failed"] == f"{REPOSITORY_NAME} StringEquals 'other'"
    assert (found["allowed"], found["reason"]) == (False, "condition-not-met")
    assert "under a condition that is not met here" in found["sentence"]
    assert found["groups_that_may"] == ["crew"]
    narrowest = (
        f'pratique role assign "{READER}" --to {robot.object_id} --repository team/app --also'
    )
    assert found["remedies"][0] == [narrowest]


@pytest.mark.parametrize(
    ("wanted", "status", "words"),
    [
        (("eve", "pull", "a"), 404, "answers to `eve`"),
        (("token:eve", "pull", "a"), 404, "there is no token"),
        (("owner", "fetch", "a"), 400, "`fetch` is no action; it is one of pull, push, delete"),
        (("owner", "pull", "A"), 400, "`A`"),
        (("owner", "pull", "registry"), 400, "`pull` is not done to `registry`; ask about a repo"),
        (("owner", "catalog", "a"), 400, "`catalog` is not done to `a`; ask about `registry`"),
        (("owner", _PULL, "team/app"), 400, "ask about `registry`"),
        (("owner", "*/read", "registry"), 400, "`*/read` is no action"),
        (("owner", "pull", "/subscriptions"), 400, "is not a scope"),
    ],
)
@in_loop
async def test_a_question_that_makes_no_sense_is_told_so(
    wanted: tuple[str, str, str], status: int, words: str
) -> None:
    """Never a verdict on something that was not meant."""
    async with running() as registry:
        asker = await Robot.make(registry, "asker", "Reader")
        content = dict(zip(("principal", "action", "resource"), wanted, strict=True))
        found, answer = await asker.calls("POST", "/access/check", content)
        del content["principal"]
        others = await asker.calls("POST", "/access/who-can", content)
    assert found == status
    assert words in answer["errors"][0]["message"]
    assert others[0] == (200 if status == 404 else status)


@in_loop
async def test_check_says_of_the_directory_what_a_request_meets() -> None:
    """Power at the registry is none over the directory, however the question is put."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "User Access Administrator")
        assert (await robot.calls("POST", "/users", {"username": "eve"}))[0] == 403
        permission = "Microsoft.Authorization/directory/users/write"
        assert (await check(registry, "robot", permission, "/"))["allowed"] is False
        assert (await check(registry, "robot", permission, "registry"))["allowed"] is False


@in_loop
async def test_who_can_names_everybody_and_through_what() -> None:
    """By kind and name; each is let in by the same law when it comes."""
    async with running() as registry:
        await registry.manage("POST", "/groups", {"name": "crew"})
        await registry.manage("POST", "/role-assignments", {"role": "AcrPull", "principal": "crew"})
        robot = await Robot.make(registry, "robot")
        await Robot.make(registry, "nobody", "AcrDelete")
        await registry.manage("POST", "/groups/crew/members", {"principal": robot.client_id})
        await registry.manage(
            "POST", "/tokens", {"name": "ci-token", "scope_map": "_repositories_pull"}
        )
        await registry.manage("POST", "/admin-user/enable")
        closed = await who_can(registry, "pull", "team/app")
        await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
        opened = await who_can(registry, "pull", "team/app")
        asked = {"action": "pull", "resource": "*"}
        whole = await registry.manage("POST", "/access/who-can", asked)
    assert all(found.keys() == _HOLDER for found in opened)
    assert [(h["kind"], h["name"], h["reason"], h["through"].replace("`", "")) for h in closed] == [
        ("AdminUser", "demoregistry", "admin-user", "the admin user being enabled"),
        ("ServicePrincipal", "robot", "role-assignment", "AcrPull through the group crew"),
        ("Token", "ci-token", "scope-map", "the scope map _repositories_pull"),
        ("User", "owner", "role-assignment", "Owner"),
    ]
    assert [h["through_group"] for h in closed] == [None, "crew", None, None]
    assert {h["object_id"] is None for h in closed if h["kind"] in {"AdminUser", "Token"}} == {True}
    assert [h["name"] for h in opened] == [
        *("demoregistry", "anonymous", "nobody", "robot", "ci-token", "owner")
    ]
    assert opened[1]["kind"] == "Anonymous"
    assert whole.keys() == {"action", "permission", "resource", "holders"}
    assert (whole["action"], whole["permission"], whole["resource"]) == ("pull", _PULL, "*")


async def refused_everywhere(
    registry: RegistryInMemory, robot: Robot
) -> dict[str, tuple[str, str]]:
    """Refusals of three kinds; the action and resource of each decision, by its id."""
    pulled = await manifest_of(registry, "team/app", robot.headers)
    asked = await registry.ask(
        "GET", "/oauth2/token?scope=repository:team/web:push", headers=robot.headers
    )
    managed = await registry.ask("GET", "/api/v1/tokens", headers=robot.headers)
    assert [a.status for a in (pulled, asked, managed)] == [403, 401, 403]
    ids = [str(header(a, "x-pratique-decision")) for a in (pulled, asked, managed)]
    assert all(i in str(a.body) for i, a in zip(ids, (pulled, asked, managed), strict=True))
    here = (await registry.manage("GET", "/registry"))["id"]
    places = (
        *(("pull", "team/app"), ("push", "team/web")),
        (f"{REGISTRIES}tokens/read", here),
    )
    return dict(zip(ids, places, strict=True))


@in_loop
async def test_each_refusal_can_be_asked_about() -> None:
    """Those of the data plane, of the token endpoint and of the management API alike."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrDelete")
        version = registry.ledger.version()
        decisions = await refused_everywhere(registry, robot)
        for decision_id, (action, resource) in decisions.items():
            found = await registry.manage("GET", f"/decisions/{decision_id}")
            assert found.keys() == {
                *("decision_id", "at", "kind", "reason", "sentence", "caller", "caller_kind"),
                *("action", "permission", "resource", "client", "law_version", "consulted"),
                *("consulted_count", "remedies", "allowed_now"),
            }
            assert found["decision_id"] == decision_id
            assert (found["action"], found["resource"]) == (action, resource)
            assert (found["kind"], found["reason"]) == ("refused", "no-role-grants-it")
            assert (found["at"], found["client"]) == ("2026-01-05T08:00:00Z", "192.0.2.1")
            assert found["caller"].strip("`") == "robot"
            assert found["caller_kind"] == "principal"
            assert found["law_version"] == version
            (rule,) = found["consulted"]
            assert rule.keys() == _CONSULTED
            assert (rule["role"], rule["outcome"]) == ("AcrDelete", "role-lacks-action")
            assert found["consulted_count"] == 1
            assert found["allowed_now"] is False
            await type_in(registry, found["remedies"][0])
            assert (await registry.manage("GET", f"/decisions/{decision_id}"))[
                "allowed_now"
            ] is True


@in_loop
async def test_a_refused_sign_in_is_kept_without_the_name_that_was_tried() -> None:
    """It may be a password in the wrong field."""
    async with running() as registry:
        headers = {"authorization": basic("hunter2", "owner")}
        answer = await manifest_of(registry, "team/app", headers)
        decision_id = header(answer, "x-pratique-decision")
        found = await registry.manage("GET", f"/decisions/{decision_id}")
    assert (found["kind"], found["caller"], found["resource"]) == ("sign-in refused", "", "")
    assert found["allowed_now"] is None
    assert "hunter2" not in json.dumps(found)


@in_loop
async def test_a_decision_is_read_with_the_right_to_read_assignments_only() -> None:
    """It names a repository; whoever may pull, or run the registry, is not told."""
    async with running() as registry:
        refused = await Robot.make(registry, "refused")
        (decision_id, *_) = await refused_everywhere(registry, refused)
        reader = await Robot.make(registry, "reader")
        await reader.may("Microsoft.Authorization/roleAssignments/read")
        others = [refused, await Robot.make(registry, "puller", "AcrPush")]
        governor = await Robot.make(registry, "governor")
        await governor.may(f"{REGISTRIES}*", "Microsoft.Authorization/roleAssignments/write")
        others.append(governor)
        for other in others:
            status, answer = await other.calls("GET", f"/decisions/{decision_id}")
            unknown, same = await other.calls("GET", "/decisions/absent")
            assert (status, unknown) == (403, 403)
            assert "team/app" not in json.dumps((answer, same))
        status, found = await reader.calls("GET", f"/decisions/{decision_id}")
        unknown, answer = await reader.calls("GET", f"/decisions/{quote('../x', safe='')}")
    assert (status, found["resource"]) == (200, "team/app")
    assert unknown == 404
    assert answer["errors"][0]["code"] == "NOT_FOUND"


_QUARTER = timedelta(days=91)


async def _findings(registry: RegistryInMemory, days: int = 90) -> dict[str, dict[str, Any]]:
    told = await registry.manage("GET", f"/access/review?days={days}")
    assert told.keys() == {"days", "recorded_since", "findings"}
    for finding in told["findings"]:
        assert finding.keys() == {
            *("fault", "assignment", "last_used", "narrower", "other", "says", "command")
        }
        assert finding["assignment"].keys() == _ASSIGNMENT
    return {f["assignment"]["principal"]: f for f in told["findings"]}


@in_loop
async def test_review_tells_what_was_not_used_and_what_was_used_little() -> None:
    """By what was recorded, once the records are old enough to say anything."""
    async with running() as registry:
        idle = await Robot.make(registry, "idle", "AcrPull")
        little = await Robot.make(registry, "little", "AcrPush")
        much = await Robot.make(registry, "much", "AcrPull")
        assert await much.pulls("team/app") == ADMITTED
        assert await _findings(registry) == {}
        registry.clock.advance(_QUARTER)
        for robot in (little, much):
            assert await robot.pulls("team/app") == ADMITTED
        found = await _findings(registry)
        assert found.keys() == {"idle", "little", "owner"}
        assert (found["idle"]["fault"], found["idle"]["last_used"]) == ("unused", None)
        assert found["idle"]["says"] == "not used in 90 days"
        assert (found["little"]["fault"], found["little"]["narrower"]) == (
            *("broader-than-used", "AcrPull"),
        )
        assert found["little"]["last_used"] == registry.clock().date().isoformat()
        for name in ("idle", "little"):
            await type_in(registry, [found[name]["command"]])
        assert (await _findings(registry)).keys() == {"owner"}
        assert (await idle.pulls("team/app"), await little.pulls("team/app")) == (403, ADMITTED)


@in_loop
async def test_what_review_proposes_gives_nobody_more() -> None:
    """A role that was held under a condition is replaced by one under the same condition."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        robot = await Robot.make(registry, "robot")
        await robot.given("Container Registry Repository Writer", repositories=["team/*"])
        assert await robot.pulls("team/app") == ADMITTED
        await _findings(registry)
        registry.clock.advance(_QUARTER)
        assert await robot.pulls("team/app") == ADMITTED
        found = (await _findings(registry))["robot"]
        assert (found["fault"], found["narrower"]) == ("broader-than-used", READER)
        await type_in(registry, [found["command"]])
        assert await robot.pulls("team/app") == ADMITTED
        assert await robot.pulls("base") == 403


@in_loop
async def test_what_review_proposes_is_one_command_whatever_roles_are_called() -> None:
    """A name that somebody chose never becomes a command of its own in a shell."""
    async with running() as registry:
        name = 'Pilot"; id; "$(id)'
        content = {"name": name, "actions": [f"{REGISTRIES}push/write"]}
        await registry.manage("POST", "/role-definitions", content)
        robot = await Robot.make(registry, "robot", name)
        other = await Robot.make(registry, "other", "AcrPull")
        assert await other.pulls("team/app") == ADMITTED
        await _findings(registry)
        registry.clock.advance(_QUARTER)
        command = (await _findings(registry))["robot"]["command"]
    quoted = shlex.quote(name)
    assert command == f"pratique role unassign {quoted} --from {robot.object_id}"


@in_loop
async def test_what_review_proposes_for_an_orphan_can_be_done() -> None:
    """An assignment whose principal is gone, which older stores may hold, can be taken away."""
    async with running() as registry:
        record = AssignmentRecord(new_id(), PULLS["AcrPull"], new_id(), "/", registry.clock())
        row = Row(*kind_and_key(record), msgspec.json.encode(record))
        await registry.ledger.append(registry.ledger.version(), [row])
        told = await registry.manage("GET", "/access/review")
        (found,) = told["findings"]
        assert found["fault"] == "orphaned"
        await type_in(registry, [found["command"]])
        assert (await registry.manage("GET", "/access/review"))["findings"] == []


@pytest.mark.parametrize("days", ["0", "366", "-1", "ninety", "1.5", "٩"])
@in_loop
async def test_a_review_of_no_number_of_days_is_refused(days: str) -> None:
    """From 1 to 365."""
    async with running() as registry:
        asker = await Robot.make(registry, "asker", "Reader")
        status, answer = await asker.calls("GET", f"/access/review?days={quote(days)}")
    assert status == 400
    assert "`days` is a number from 1 to 365" in answer["errors"][0]["message"]
