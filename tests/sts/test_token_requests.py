"""Requests to the token endpoint that no client sends."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from tests.sts.directory import directory, refusal

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import SentBody, basic, bearer, header

MALFORMED = (400, "invalid_request", 9000411)
_TOKEN = "/common/oauth2/v2.0/token"


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=client_credentials&grant_type=password",
        b"grant_type=client_credentials&client_id=a&client_id=b",
        b"grant_type=client_credentials&scope=\xff",
        b"&".join(b"f%d=x" % n for n in range(300)),
    ],
)
def test_broken_forms_are_refused(body: bytes) -> None:
    """A parameter twice, no UTF-8, or more fields than any client sends."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            assert refusal(await made.ask(body)) == MALFORMED

    run()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
def test_only_forms_are_read(kind: str) -> None:
    """Another content type is refused before anything of the body counts."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            robot = await made.application()
            assert await made.refused(robot.form(), headers={"content-type": kind}) == MALFORMED

    run()


@in_loop
async def test_content_type_may_name_a_character_set() -> None:
    """Some clients say which."""
    async with directory() as made:
        robot = await made.application()
        kind = "application/x-www-form-urlencoded; charset=UTF-8"
        await made.token(robot.form(), headers={"content-type": kind})


@in_loop
async def test_large_and_broken_bodies_are_refused() -> None:
    """More than 64 KiB, announced or not, and a body that breaks off."""
    async with directory() as made:
        assert refusal(await made.ask(b"x=" + b"y" * 70_000))[0] == 413
        for body, status in (
            (SentBody((b"x=",) + (b"y" * 10_000,) * 7), 413),
            (SentBody((b"grant_type=",), cut=True), 400),
        ):
            headers = {"content-type": "application/x-www-form-urlencoded"}
            answer = await made.registry.ask("POST", _TOKEN, headers=headers, body=body)
            assert refusal(answer)[0] == status


@pytest.mark.parametrize(
    "name", ["client_secret", "client_assertion", "password", "code", "refresh_token"]
)
def test_secrets_in_the_address_are_refused(name: str) -> None:
    """A secret in a URL is known to every log on its way; it is not repeated here."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            robot = await made.application()
            answer = await made.ask(robot.form(), address=f"{_TOKEN}?{name}=prq_leaked")
            assert refusal(answer) == (400, "invalid_request", 900144)
            assert b"prq_leaked" not in answer.body + made.log.getvalue()

    run()


@in_loop
async def test_other_parameters_in_the_address_are_passed_over() -> None:
    """`api-version` and the like do no harm."""
    async with directory() as made:
        robot = await made.application()
        await made.token(robot.form(), address=f"{_TOKEN}?api-version=1.0")


@in_loop
async def test_one_proof_at_a_time() -> None:
    """A header and a form that both prove a client, or name two, are refused; so is a bearer."""
    async with directory() as made:
        robot = await made.application()
        shown = {"authorization": basic(robot.client_id, robot.secret)}
        assert await made.refused(robot.form(), headers=shown) == MALFORMED
        form = robot.form(client_id="another")
        del form["client_secret"]
        assert await made.refused(form, headers=shown) == MALFORMED
        for other in (bearer("x"), "Basic !", "Negotiate x"):
            assert await made.refused(form, headers={"authorization": other}) == MALFORMED


@in_loop
async def test_refusal_does_not_repeat_what_could_harm() -> None:
    """What the client wrote is repeated short and printable."""
    async with directory() as made:
        robot = await made.application()
        answer = await made.ask(robot.form(scope="\x1b[2J" + "x" * 500 + "/.default"))
        told = json.loads(answer.body)["error_description"]
        assert "\x1b" not in told
        assert "x" * 100 not in told


@in_loop
async def test_refused_client_is_challenged() -> None:
    """A 401 says that Basic would do (RFC 6749 section 5.2)."""
    async with directory() as made:
        robot = await made.application()
        answer = await made.ask(robot.form(client_secret="x"))
        assert str(header(answer, "www-authenticate")).startswith("Basic realm=")


@in_loop
async def test_a_law_of_the_same_number_is_another_law() -> None:
    """Where a store was put back and changed since, nobody is answered as by the lost law."""
    async with directory() as made:
        registry = made.registry
        kept = deepcopy(vars(registry.ledger))
        robot = await made.application()
        for _ in range(2):
            await made.token(robot.form())
        number = registry.ledger.version()
        vars(registry.ledger).update(kept)
        while registry.ledger.version() < number:
            user = {"username": f"u{registry.ledger.version()}", "password": "a long password"}
            await registry.manage("POST", "/users", user)
        assert registry.ledger.version() == number
        assert (await made.refused(robot.form()))[:2] == (401, "invalid_client")
