"""Token requests that show no credential: what is recorded of them, and what is not."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.wire.governing import manifest_of, running

from pratique.http.tokens import anonymous_refusals
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, header


async def refused(registry: RegistryInMemory, *scopes: str) -> str:
    """Ask for a token with nothing in hand; the id of the refusal, which has ACR's very words."""
    query = "&".join(f"scope={quote(scope)}" for scope in scopes)
    answer = await registry.ask("GET", f"/oauth2/token?{query}")
    (error,) = json.loads(answer.body)["errors"]
    assert (answer.status, error["code"]) == (401, "UNAUTHORIZED")
    help_page = f"http://{registry.host}/help/authorization"
    words = f"authentication required, visit {help_page} for more information."
    assert error["message"] == words
    return str(header(answer, "x-pratique-decision"))


async def recorded(registry: RegistryInMemory) -> list[tuple[str, str, str]]:
    """Id, action and resource of what is recorded, the newest first."""
    page = await registry.manage("GET", "/decisions")
    assert {row["caller_kind"] for row in page["decisions"]} <= {"anonymous"}
    return [(row["decision_id"], row["action"], row["resource"]) for row in page["decisions"]]


@pytest.mark.parametrize(
    ("scopes", "action", "resource"),
    [
        (("repository:team/app:pull",), "pull", "team/app"),
        (("repository:team/app:pull,push",), "push", "team/app"),
        (("repository:base:pull", "repository:team/app:pull,push"), "push", "team/app"),
        (("repository:base:pull", "repository:team/app:pull"), "pull", "base"),
        (("repository:team/app:delete",), "delete", "team/app"),
        (("registry:catalog:*",), "catalog", "registry"),
    ],
)
@in_loop
async def test_what_nobody_was_given_is_recorded(
    scopes: tuple[str, ...], action: str, resource: str
) -> None:
    """One record for each request; it explains itself by the id that the header carries."""
    async with running() as registry:
        decision_id = await refused(registry, *scopes)
        assert await recorded(registry) == [(decision_id, action, resource)]
        found = await registry.manage("GET", f"/decisions/{decision_id}")
    assert (found["reason"], found["sentence"]) == ("not-authenticated", "authentication required")
    assert found["allowed_now"] is False


@in_loop
async def test_a_law_of_the_same_number_is_another_law() -> None:
    """Where a store was put back and changed since, a refusal is not told by the lost law's id."""
    async with running() as registry:
        kept = deepcopy(vars(registry.ledger))
        await registry.manage("POST", "/users", {"username": "ada", "password": "a long password"})
        number = registry.ledger.version()
        before = await refused(registry, "repository:team/app:pull")
        assert await refused(registry, "repository:team/app:pull") == before
        vars(registry.ledger).update(kept)
        await registry.manage("POST", "/users", {"username": "bob", "password": "a long password"})
        assert registry.ledger.version() == number
        assert await refused(registry, "repository:team/app:pull") != before


@in_loop
async def test_the_challenge_is_not_recorded() -> None:
    """Every client begins with it; nor is a request for nothing, or for what nobody has."""
    async with running() as registry:
        for address in ("/v2/", "/v2/team/app/manifests/v1", "/api/v1/registry"):
            answer = await registry.ask("GET", address)
            assert answer.status == 401
        assert (await manifest_of(registry, "team/app", {})).status == 401
        for scopes in ((), ("repository:A:pull",), ("planet:mars:pull",), ("repository:a:fly",)):
            await refused(registry, *scopes)
        assert await recorded(registry) == []


@in_loop
async def test_the_same_refusal_within_a_minute_is_one_decision() -> None:
    """For one source, resource and action; a change of the law makes another one of it."""
    pull, push = "repository:team/app:pull", "repository:team/app:pull,push"
    async with running() as registry:
        first = await refused(registry, pull)
        registry.clock.advance(timedelta(seconds=59))
        assert await refused(registry, pull) == first
        others = [await refused(registry, push), await refused(registry, "repository:b:pull")]
        registry.client = "192.0.2.2"
        others.append(await refused(registry, pull))
        registry.client = "192.0.2.1"
        await registry.manage("POST", "/groups", {"name": "crew"})
        others.append(await refused(registry, pull))
        registry.clock.advance(timedelta(minutes=1))
        others.append(await refused(registry, pull))
        ids = [row[0] for row in await recorded(registry)]
    assert len({first, *others}) == 6
    assert sorted(ids) == sorted([first, *others])


@in_loop
async def test_what_is_remembered_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond that the memory begins anew, and a repetition is recorded once more."""
    monkeypatch.setattr(anonymous_refusals, "MAX_REMEMBERED", 2)
    async with running() as registry:
        names = ("a", "b", "c", "a", "a")
        ids = [await refused(registry, f"repository:{name}:pull") for name in names]
        assert len(await recorded(registry)) == 4
    assert ids[3] == ids[4] != ids[0]


@in_loop
async def test_with_anonymous_pull_only_what_is_beyond_it_is_refused() -> None:
    """A push says so in the record; a pull is granted and leaves none."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
        assert await registry.token(None, "repository:team/app:pull")
        decision_id = await refused(registry, "repository:team/app:push")
        assert await recorded(registry) == [(decision_id, "push", "team/app")]


@in_loop
async def test_one_source_fills_nothing() -> None:
    """Whoever asks for ever other names gets so many records in a minute, and no more."""
    async with running() as registry:
        for number in range(anonymous_refusals.MOST_OF_ONE_SOURCE + 15):
            await refused(registry, f"repository:team/app{number}:pull")
        assert len(await recorded(registry)) == anonymous_refusals.MOST_OF_ONE_SOURCE
