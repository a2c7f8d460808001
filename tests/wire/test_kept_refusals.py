"""How long refusals are kept is a setting of the registry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.wire.governing import Robot, running

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory


async def kept(registry: RegistryInMemory, since: str = "60d") -> list[str]:
    """What was asked for in the refusals that are listed, the newest first."""
    page = await registry.manage("GET", f"/decisions?since={since}")
    assert page["decisions"] == (await registry.manage("GET", "/decisions"))["decisions"]
    return [row["resource"] for row in page["decisions"]]


@in_loop
async def test_refusals_are_kept_for_thirty_days() -> None:
    """Then they are not listed any more, and forgotten when others are written."""
    async with running() as registry:
        assert (await registry.manage("GET", "/registry"))["refusals_kept_days"] == 30
        robot = await Robot.make(registry, "robot")
        await robot.pulls("a")
        (row,) = (await registry.manage("GET", "/decisions"))["decisions"]
        registry.clock.advance(timedelta(days=30))
        assert await kept(registry) == ["a"]
        registry.clock.advance(timedelta(seconds=1))
        assert await kept(registry) == []
        await robot.pulls("b")
        assert await kept(registry) == ["b"]
        answer = await registry.ask("GET", f"/api/v1/decisions/{row['decision_id']}", inside=True)
    assert answer.status == 404


@in_loop
async def test_another_time_is_in_force_at_once() -> None:
    """A longer one keeps what is there; a shorter one forgets it with the next that is written."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        await robot.pulls("a")
        changed = await registry.manage("PATCH", "/registry", {"refusals_kept_days": 90})
        assert changed["refusals_kept_days"] == 90
        registry.clock.advance(timedelta(days=80))
        await robot.pulls("b")
        assert await kept(registry, "90d") == ["b", "a"]
        await registry.manage("PATCH", "/registry", {"refusals_kept_days": 1})
        assert await kept(registry) == ["b"]
        registry.clock.advance(timedelta(hours=2))
        await robot.pulls("c")
        assert await kept(registry) == ["c", "b"]
        await registry.manage("PATCH", "/registry", {"refusals_kept_days": 3650})
        assert await kept(registry) == ["c", "b"]


@pytest.mark.parametrize("days", [0, -1, 3651, 10**30])
@in_loop
async def test_refusals_are_kept_for_a_number_of_days(days: int) -> None:
    """From 1 to 3650; nothing else is taken, and nothing is changed."""
    async with running() as registry:
        governor = await Robot.make(registry, "governor", "Contributor")
        status, answer = await governor.calls("PATCH", "/registry", {"refusals_kept_days": days})
        assert (await registry.manage("GET", "/registry"))["refusals_kept_days"] == 30
    assert (status, answer["errors"][0]["code"]) == (400, "BAD_REQUEST")
