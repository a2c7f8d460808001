"""Tokens are asked for once, kept, and let go of near their end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from tests.agent.stage import ACR, START, Stage, Time, TokenServer, identity, token

from pratique.agent import Tokens
from pratique.agent.tokens import MAX_KEPT, RENEWED_BEFORE_END, NoToken
from pratique.testing.loops import in_loop


@in_loop
async def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    """Until then the registry is not asked again."""
    server, time = TokenServer(), Time()
    tokens = Tokens(server.client(), time)
    assert await tokens.token(identity(), ACR) == token(1)
    time.now = START + 3600 - RENEWED_BEFORE_END - 1
    assert await tokens.token(identity(), ACR) == token(1)
    time.now += 1
    assert (await tokens.token(identity(), ACR)).text == "token-2"


@in_loop
async def test_a_token_that_lives_shorter_is_given_but_not_kept() -> None:
    """A life below five minutes is no reason to refuse."""
    server = TokenServer(life=60)
    tokens = Tokens(server.client(), Time())
    texts = [(await tokens.token(identity(), ACR)).text for _ in range(2)]
    assert texts == ["token-1", "token-2"]


@in_loop
async def test_identities_and_resources_have_their_own_tokens() -> None:
    """What is kept for one is not given for another, nor after a change of secret."""
    tokens = Tokens(TokenServer().client(), Time())
    asked = [
        (identity(1), ACR),
        (identity(2), ACR),
        (identity(1), "https://management.azure.com"),
        (identity(1, secret="prq_another"), ACR),
    ]
    texts = [(await tokens.token(*one)).text for one in asked]
    assert texts == ["token-1", "token-2", "token-3", "token-4"]


@in_loop
async def test_many_who_ask_at_once_wait_for_one_request() -> None:
    """A hundred get the same token, even if the first of them goes away."""
    server = TokenServer()
    server.opened.clear()
    tokens = Tokens(server.client(), Time())
    asking = [asyncio.create_task(tokens.token(identity(), ACR)) for _ in range(100)]
    await server.asked.wait()
    asking[0].cancel()
    server.opened.set()
    got = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(got[0], asyncio.CancelledError)
    assert (got[1:], len(server.forms)) == ([token(1)] * 99, 1)


@in_loop
async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    """All who waited are told; the next one asks again."""
    server = TokenServer(lambda _: httpx.Response(503))
    tokens = Tokens(server.client(), Time())
    asking = [tokens.token(identity(), ACR) for _ in range(10)]
    got = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in got] == [NoToken] * 10
    assert len(server.forms) == 1
    server.answer = None
    assert (await tokens.token(identity(), ACR)).text == "token-2"


@in_loop
async def test_the_number_of_tokens_kept_is_bounded() -> None:
    """The one that was not used for longest goes first."""
    server = TokenServer()
    tokens = Tokens(server.client(), Time())
    for number in range(MAX_KEPT):
        await tokens.token(identity(), f"https://{number}")
    await tokens.token(identity(), "https://0")
    await tokens.token(identity(), "https://one-more")
    await tokens.token(identity(), "https://0")
    assert len(server.forms) == MAX_KEPT + 1
    await tokens.token(identity(), "https://1")
    assert len(server.forms) == MAX_KEPT + 2


@in_loop
async def test_other_credentials_let_go_of_tokens(tmp_path: Path) -> None:
    """After credentials are read anew, what the former secret got is not given any more."""
    stage = Stage.of(tmp_path, identity())
    await stage.metadata()
    stage.agent.take((identity(),))
    assert (await stage.metadata()).content["access_token"] == "token-2"


@pytest.mark.parametrize("after", ["", "soon", "-1", "9999999", "٣"])
@in_loop
async def test_a_strange_time_to_wait_is_not_passed_on(tmp_path: Path, after: str) -> None:
    """Only a number of seconds goes into the header."""
    stage = Stage.of(tmp_path, identity())
    headers = {b"retry-after": after.encode()} if after else {}
    stage.server.answer = lambda _: httpx.Response(429, headers=headers)
    answer = await stage.metadata()
    assert (answer.status, answer.headers) == (429, ())
