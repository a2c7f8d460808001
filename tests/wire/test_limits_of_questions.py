"""Questions about the law give away nothing that the asker may not read, and not too much time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.wire.governing import ADMITTED, REGISTRIES, Robot, check, running, who_can

from pratique.access.patience import Patience, TooLong
from pratique.admission import ControlError
from pratique.http.management.questions import MOST_WAITING, LongQuestions
from pratique.testing.loops import in_loop

_AUTHORIZATION = "Microsoft.Authorization/"
_SECRETIVE = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Team] StringLike 's*'"


@in_loop
async def test_a_question_that_takes_too_long_is_given_up_with_words() -> None:
    """The words say what else may be asked."""

    def endless(patience: Patience) -> None:
        patience()
        raise TooLong

    questions = LongQuestions()
    with pytest.raises(ControlError, match="the answer takes longer than 5 seconds"):
        await questions.answer(endless, hurried=True)
    with pytest.raises(ControlError, match="ask about less at once"):
        await questions.answer(endless, hurried=False)


@in_loop
async def test_only_a_few_questions_wait() -> None:
    """One more is turned away at once; when those are answered, there is room again."""
    questions, done = LongQuestions(), threading.Event()

    def waits(_: Patience) -> bool:
        return done.wait(30)

    waiting = [
        asyncio.ensure_future(questions.answer(waits, hurried=False)) for _ in range(MOST_WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(ControlError, match="ask again in a moment"):
        await questions.answer(waits, hurried=False)
    done.set()
    assert await asyncio.gather(*waiting) == [True] * MOST_WAITING
    assert await questions.answer(lambda _: 1, hurried=False) == 1


@in_loop
async def test_who_holds_nothing_is_shown_to_those_who_may_list_users() -> None:
    """Anonymous pull lets everybody in; a reader of assignments learns of those who hold some."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
        asker = await Robot.make(registry, "asker", "Reader")
        await Robot.make(registry, "idle")
        wanted = {"action": "pull", "resource": "team/app"}
        status, found = await asker.calls("POST", "/access/who-can", wanted)
        names = {holder["name"] for holder in found["holders"]}
        assert (status, "idle" in names, "asker" in names) == (200, False, True)
        assert "idle" in {holder["name"] for holder in await who_can(registry, "pull", "team/app")}
        trial = {"changes": [{"anonymous_pull": False}]}
        status, found = await asker.calls("POST", "/access/what-if", trial)
        assert (status, {d["name"] for d in found["differences"]}) == (200, {"anonymous"})


@in_loop
async def test_tokens_are_shown_to_those_who_may_read_them() -> None:
    """Neither asked about nor listed without that right."""
    async with running() as registry:
        content = {"name": "leaf-ci", "scope_map": "_repositories_pull"}
        await registry.manage("POST", "/tokens", content)
        asker = await Robot.make(registry, "asker")
        await asker.may(f"{_AUTHORIZATION}*/read")
        wanted = {"action": "pull", "resource": "team/app"}
        _, found = await asker.calls("POST", "/access/who-can", wanted)
        assert {holder["kind"] for holder in found["holders"]} == {"User"}
        asked = {"principal": "token:leaf-ci", **wanted}
        assert (await asker.calls("POST", "/access/check", asked))[0] == 403
        assert (await check(registry, "token:leaf-ci", "pull", "team/app"))["allowed"]


@pytest.mark.parametrize("kind", ["add", "deny"])
@in_loop
async def test_a_trial_tells_nothing_of_attributes_that_may_not_be_read(kind: str) -> None:
    """A condition that asks for them would answer what they are, so it is refused."""
    content = {
        "add": {"role": "AcrPull", "principal": "other", "condition": _SECRETIVE},
        "deny": {
            "name": "trial",
            "principals": ["other"],
            "actions": ["*"],
            "condition": _SECRETIVE,
        },
    }[kind]
    async with running() as registry:
        asker = await Robot.make(registry, "asker", "Reader")
        await Robot.make(registry, "other")
        trial = {"changes": [{kind: content}]}
        status, answer = await asker.calls("POST", "/access/what-if", trial)
        assert status == 403
        assert "directory/attributes/read" in answer["errors"][0]["message"]
        assert (await registry.manage("POST", "/access/what-if", trial))["repositories_known"]


@in_loop
async def test_deny_assignments_are_shown_to_those_who_may_read_them() -> None:
    """The refusal says that one refuses, not which."""
    async with running() as registry:
        asker = await Robot.make(registry, "asker")
        await asker.may(f"{_AUTHORIZATION}roleAssignments/read")
        denial = {"name": "secret plan", "principals": ["asker"], "actions": ["*/pull/read"]}
        await registry.manage("POST", "/deny-assignments", denial)
        asked = {"principal": "asker", "action": "pull", "resource": "team/app"}
        status, found = await asker.calls("POST", "/access/check", asked)
        assert (status, found["reason"], found["consulted"]) == (200, "deny-assignment", [])
        trial = {"changes": [{"undeny": "secret plan"}]}
        assert (await asker.calls("POST", "/access/what-if", trial))[0] == 403
        shown = await check(registry, "asker", "pull", "team/app")
        assert [rule["name"] for rule in shown["consulted"]] == ["secret plan"]


@in_loop
async def test_why_asks_again_about_the_assignment_that_was_wanted() -> None:
    """A delegate who may assign some roles was refused another; widening the condition is seen."""
    own = f"{_AUTHORIZATION}roleAssignments"
    pull, push = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec"
    condition = (
        f"!(ActionMatches{{'{own}/write'}}) OR "
        f"@Request[{own}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{pull}}}"
    )
    async with running() as registry:
        role = "Role Based Access Control Administrator"
        delegate = await Robot.make(registry, "delegate")
        await delegate.given(role, condition=condition)
        wanted = {"role": "AcrPush", "principal": "delegate"}
        status, refused = await delegate.calls("POST", "/role-assignments", wanted)
        assert status == 403
        decision = refused["errors"][0]["message"].rpartition(" ")[2]
        told = await registry.manage("GET", f"/decisions/{decision}")
        assert told["allowed_now"] is False
        wider = condition.replace(pull, f"{pull}, {push}")
        await delegate.given(role, condition=wider, when_present="replace")
        assert (await registry.manage("GET", f"/decisions/{decision}"))["allowed_now"] is True
        assert (await delegate.calls("POST", "/role-assignments", wanted))[0] == 201


@in_loop
async def test_a_denial_says_what_of_it_refuses_nothing() -> None:
    """By actions or by data actions: the registry's mode decides which of them count."""
    data_action, action = f"{REGISTRIES}repositories/content/read", f"{REGISTRIES}pull/read"
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrPull")
        denial = {"name": "both", "principals": ["robot"], "data_actions": [data_action]}
        made = await registry.manage("POST", "/deny-assignments", denial)
        assert made["not_in_force"] == [data_action]
        assert await robot.pulls("team/app") == ADMITTED
        denial = {"name": "acts", "principals": ["robot"], "actions": [action, "*/write"]}
        made = await registry.manage("POST", "/deny-assignments", denial)
        assert made["not_in_force"] == []
        assert await robot.pulls("team/app") == 403
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        both, acts = sorted(
            await registry.manage("GET", "/deny-assignments"), key=lambda d: d["name"], reverse=True
        )
        assert (acts["not_in_force"], both["not_in_force"]) == ([action], [])
