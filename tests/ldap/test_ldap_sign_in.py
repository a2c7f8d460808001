"""Signing in with a password that an OpenLDAP server keeps."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from blockbuster import BlockingError, blockbuster_ctx
from tests.ldap.governed import Governed, governed, message
from tests.sts.browser import Browser, authorize_address, code_for, refresh, tokens_for
from tests.support.slapd import PEOPLE, Slapd

from pratique.testing.loops import in_loop


@pytest.mark.parametrize("password", ["bob's password", "", "alice's password\0", "a" * 2000])
@in_loop
async def test_wrong_password_is_refused(ldap: Slapd, password: str) -> None:
    """Also an empty one, with which a bind succeeds and proves nothing."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("alice")
        assert await scene.pull(await scene.token("alice", "alice's password")) == 404
        refused = await scene.sign_in("alice", password)
    assert refused.status == 401
    assert "the user name or the password is wrong" in message(refused)


@pytest.mark.parametrize(
    "name", ["*", "*)(uid=*", "alic*", f"uid=alice,{PEOPLE}", "nobody", "reader", "alice "]
)
@in_loop
async def test_name_that_is_no_users_finds_nobody(ldap: Slapd, name: str) -> None:
    """Filters and distinguished names are names like any other; the words are the same."""
    async with governed(ldap) as scene:
        await scene.sync()
        refused = await scene.sign_in(name, "alice's password")
        tried = {"username": name, "password": "alice's password"}
        found = await scene.registry.manage("POST", "/ldap/test", tried)
    assert refused.status == 401
    assert "the user name or the password is wrong" in message(refused)
    # A value of an attribute is compared without spaces around it (RFC 4518); a user name is not.
    assert found["good"] == (name == "alice ")


@in_loop
async def test_who_is_not_synced_is_not_known(ldap: Slapd) -> None:
    """The server is not asked about names that nobody has here."""
    async with governed(ldap) as scene:
        refused = await scene.sign_in("alice", "alice's password")
    assert refused.status == 401
    assert "the user name or the password is wrong" in message(refused)


@in_loop
async def test_wrong_passwords_are_throttled_before_the_server_is_asked(ldap: Slapd) -> None:
    """As everywhere; even the right one has to wait then."""
    async with governed(ldap) as scene:
        await scene.sync()
        answers = [await scene.sign_in("alice", f"guess {n}") for n in range(12)]
        assert answers[0].status == 401
        assert answers[-1].status == 429
        assert (await scene.sign_in("alice", "alice's password")).status == 429


@in_loop
async def test_server_that_is_away_is_told_and_blames_nobody(ldap: Slapd) -> None:
    """However often it is tried: none of it counts as a wrong password."""
    async with governed(ldap) as scene:
        await scene.sync()
        ldap.stop()
        for _ in range(12):
            refused = await scene.sign_in("alice", "alice's password")
            assert refused.status == 401
            assert "cannot be asked now" in message(refused)
        assert "wrong" in message(await scene.sign_in("nobody", "alice's password"))
        assert "wrong" in message(await scene.sign_in("alice", ""))
        ldap.start()
        assert (await scene.sign_in("alice", "alice's password")).status == 200


@in_loop
async def test_server_that_says_nothing_is_waited_for_five_seconds(ldap: Slapd) -> None:
    """Others are served meanwhile, and nobody is let in."""
    async with governed(ldap) as scene:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            await scene.sync()
            await scene.set_up(f"ldaps://localhost:{silent.getsockname()[1]}")
            await _is_waited_for(scene)


async def _is_waited_for(scene: Governed) -> None:
    begun = asyncio.get_running_loop().time()
    waiting = asyncio.ensure_future(scene.sign_in("alice", "alice's password"))
    await asyncio.sleep(0)
    assert (await scene.registry.ask("GET", "/v2/")).status == 401
    assert asyncio.get_running_loop().time() - begun < 3
    refused = await waiting
    assert asyncio.get_running_loop().time() - begun < 9
    assert "cannot be asked now" in message(refused)


@in_loop
async def test_many_sign_ins_at_once_all_get_their_answer(ldap: Slapd) -> None:
    """They wait for each other, not for the event loop."""
    async with governed(ldap) as scene:
        await scene.sync()
        names = ["alice", "bob", "carol"] * 8
        answers = await asyncio.gather(*(scene.sign_in(n, f"{n}'s password") for n in names))
    assert {answer.status for answer in answers} == {200}


@in_loop
async def test_page_signs_in_and_tells_when_the_server_is_away(ldap: Slapd) -> None:
    """With a status of its own, and without an end to the attempts; refresh tokens go on."""
    async with governed(ldap) as scene:
        await scene.sync()
        browser, address = Browser(scene.registry), await authorize_address(scene.registry)
        wrong = await browser.press(
            await browser.get(address), "password", username="alice", password="bob's password"
        )
        assert (wrong.status, "password is wrong" in wrong.text) == (403, True)
        tokens = await tokens_for(scene.registry, "alice's password", "alice")
        ldap.stop()
        for _ in range(8):
            page = await browser.get(address)
            told = await browser.press(
                page, "password", username="alice", password="alice's password"
            )
            assert (told.status, "cannot be asked now" in told.text) == (503, True)
        assert (await refresh(scene.registry, tokens["refresh_token"]))[0] == 200
        ldap.start()
        assert await code_for(browser, "alice's password", "alice")


@in_loop
async def test_nothing_of_it_blocks_the_event_loop(ldap: Slapd) -> None:
    """Neither a sync nor a sign-in, whether it goes well or not."""
    async with governed(ldap) as scene:
        with blockbuster_ctx():
            await scene.sync()
            assert (await scene.sign_in("alice", "alice's password")).status == 200
            assert (await scene.sign_in("alice", "wrong")).status == 401
            tried = {"username": "alice", "password": "alice's password"}
            assert (await scene.registry.manage("POST", "/ldap/test", tried))["good"]
            with pytest.raises(BlockingError):
                time.sleep(0.001)  # noqa: ASYNC251 - that it would be seen
