"""What the help page tells about one refusal, and to whom."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.sts.browser import Browser, Page, make_user, read_page
from tests.wire.governing import READER, Robot, manifest_of, push, running

from pratique.admission.decisions import DecisionRecord
from pratique.admission.recorder import Recorder
from pratique.http.help.reasoning import PERMISSION
from pratique.http.help.told import advice_on, decision_id_in, sentence_of
from pratique.http.management.routes import ROUTES, AskedAt
from pratique.http.wire.refusals import DECISION_HEADER
from pratique.identity import SignInFailure
from pratique.identity.totp import one_time_password
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic, header

HELP = "/help/authorization"
UNKNOWN = "5f0c2a9e-41d3-4b7c-9e0a-1c2d3e4f5a6b"
_SECRET_ROLE, _SECRET_GROUP = "role nobody knows", "group nobody knows"


async def _refused(registry: RegistryInMemory, name: str = "robot") -> str:
    """A pull of `secret/thing` by a robot that may pull elsewhere only; the decision's id."""
    robot = await Robot.make(registry, name)
    await robot.given("AcrPull", scope="/subscriptions/00000000-0000-0000-0000-000000000000")
    answer = await manifest_of(registry, "secret/thing", robot.headers)
    assert answer.status == 403
    return str(header(answer, DECISION_HEADER))


async def _signed_in(browser: Browser, decision_id: str, name: str, password: str) -> Page:
    """The page after somebody signed in there."""
    page = await browser.get(f"{HELP}?id={decision_id}&sign-in=1")
    done = await browser.press(page, "password", username=name, password=password)
    assert done.status == 303, done.text
    return await browser.get(done.location)


async def _denials_of(registry: RegistryInMemory, permission: str) -> int:
    """How many refusals of that permission are recorded."""
    recorder = _recorder(registry)
    found = await recorder.read(lambda d: d.newest(since=registry.clock() - _DAY, limit=100))
    return sum(record.permission == permission for record in found)


_DAY = timedelta(days=1)


def _recorder(registry: RegistryInMemory) -> Recorder:
    return registry.application._entrance.recorder  # noqa: SLF001


@in_loop
async def test_the_page_is_everybodys_without_an_id() -> None:
    """It names the host, may be kept for some minutes, and says nothing of who asks."""
    async with running() as registry:
        answer = await registry.ask("GET", HELP)
        page = read_page(answer)
        assert f"docker login {registry.host}" in page.text
        assert f"pratique doctor {registry.host}/REPOSITORY:TAG" in page.text
        assert {"AcrPull", READER} <= {role for role in ("AcrPull", READER) if role in page.text}
        assert header(answer, "cache-control") == "private, max-age=300"
        assert header(answer, "set-cookie") is None
        password = await make_user(registry)
        browser = Browser(registry)
        await _signed_in(browser, UNKNOWN, "ada", password)
        assert (await browser.get(HELP)).response.body == answer.body


@in_loop
async def test_a_stranger_learns_what_anybody_can_find_out() -> None:
    """Anonymous pull shows; admin user, role mode and the registry's name do not."""
    async with running() as registry:
        before = await registry.ask("GET", HELP)
        assert b"demoregistry" not in before.body
        await registry.manage("POST", "/admin-user/enable")
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        assert (await registry.ask("GET", HELP)).body == before.body
        await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
        assert "Anonymous pull is on" in read_page(await registry.ask("GET", HELP)).text


@in_loop
async def test_who_has_the_id_sees_what_the_client_was_told() -> None:
    """Sentence, time and id; nothing of roles, groups, addresses or other principals."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        await registry.manage("POST", "/groups", {"name": _SECRET_GROUP})
        members = f"/groups/{_SECRET_GROUP}/members"
        await registry.manage("POST", members, {"principal": robot.object_id})
        content = {"name": _SECRET_ROLE, "actions": ["Microsoft.Authorization/*/read"]}
        await registry.manage("POST", "/role-definitions", content)
        await registry.manage(
            "POST",
            "/role-assignments",
            {"role": _SECRET_ROLE, "principal": _SECRET_GROUP},
        )
        await registry.manage("POST", "/users", {"username": "somebody-else"})
        registry.client = "198.51.100.77"
        refused = await manifest_of(registry, "secret/thing", robot.headers)
        decision_id = str(header(refused, DECISION_HEADER))
        message = json.loads(refused.body)["errors"][0]["message"]
        registry.client = "192.0.2.1"
        answer = await registry.ask("GET", f"{HELP}?id={decision_id}")
        page = read_page(answer)
        told = message.partition(", visit ")[0]
        # The refused client was told the role by name, so it may be told again.
        assert all(piece in page.text for piece in told.split("`"))
        assert decision_id in page.text
        assert f"{registry.clock():%Y-%m-%d %H:%M}" in page.text
        for secret in (_SECRET_GROUP, "somebody-else", "198.51.100.77", robot.object_id, "owner"):
            assert secret not in page.text
        for words in ("What was looked at", "pratique role assign AcrPull", "Copy"):
            assert words not in page.text
        assert "script-src" not in str(header(answer, "content-security-policy"))
        assert header(answer, "cache-control") == "no-store"
        assert header(answer, "set-cookie") is None


@in_loop
async def test_the_page_is_one_whether_the_repository_exists() -> None:
    """Apart from id and name, a refusal of what is there reads like one of what is not."""
    async with running() as registry:
        await push(registry, "secret/here")
        robot = await Robot.make(registry, "robot")
        bodies = []
        for repository in ("secret/here", "secret/none"):
            refused = await manifest_of(registry, repository, robot.headers)
            decision_id = str(header(refused, DECISION_HEADER))
            body = (await registry.ask("GET", f"{HELP}?id={decision_id}")).body.decode()
            bodies.append(body.replace(decision_id, "ID").replace(repository, "NAME"))
        assert bodies[0] == bodies[1]
        assert "NAME" in bodies[0]


@pytest.mark.parametrize(
    "query",
    [
        f"id={UNKNOWN}",
        f"id={UNKNOWN.upper()}",
        f"id={UNKNOWN[:-1]}",
        f"id={UNKNOWN}0",
        "id=",
        "id=%00%ff%27%22",
        "id=..%2f..%2f",
        "id=" + "9" * 9000,
        "id=%3Cscript%3Ealert(1)%3C/script%3E",
        "id=' OR 1=1 --",
        "id=xyz&sign-in=1",
        "&".join(["id=x"] * 300),
    ],
)
@in_loop
async def test_every_id_that_tells_nothing_leads_to_one_page(query: str) -> None:
    """To the byte and with status 200, so that the page answers no question about ids."""
    async with running() as registry:
        expected = await registry.ask("GET", f"{HELP}?id={UNKNOWN.replace('5', '6')}")
        answer = await registry.ask("GET", f"{HELP}?{query}")
        assert (answer.status, answer.body) == (200, expected.body)
        assert answer.headers == expected.headers
        assert "Nothing is kept under this id" in read_page(answer).text
        assert header(answer, "cache-control") == "no-store"


@in_loop
async def test_a_forgotten_refusal_reads_like_one_that_never_was() -> None:
    """Once it was pruned, its page is that of every unknown id."""
    async with running() as registry:
        decision_id = await _refused(registry)
        unknown = (await registry.ask("GET", f"{HELP}?id={UNKNOWN}")).body
        assert (await registry.ask("GET", f"{HELP}?id={decision_id}")).body != unknown
        later = registry.clock() + _DAY

        await _recorder(registry).read(
            lambda d: d.prune(before=later, keep=0, keep_each=1, uses_before=later.date())
        )
        assert (await registry.ask("GET", f"{HELP}?id={decision_id}")).body == unknown


@in_loop
async def test_nothing_kept_is_told_of_callers_who_showed_nothing() -> None:
    """Their refusals are not recorded; the page says that this is the first cause."""
    async with running() as registry:
        refused = await manifest_of(registry, "team/app", {})
        decision_id = header(refused, DECISION_HEADER)
        page = read_page(await registry.ask("GET", f"{HELP}?id={decision_id}"))
        assert "a client that showed no credentials is not kept" in page.text


@in_loop
async def test_a_message_that_was_pasted_leads_to_its_decision() -> None:
    """As it is printed, with everything before the id, also when that holds other ids."""
    async with running() as registry:
        decision_id = await _refused(registry)
        whole = await registry.ask("GET", f"{HELP}?id={decision_id}")
        pasted = f"`{UNKNOWN}` is refused, visit http://x. Decision: {decision_id.upper()}."
        answer = await registry.ask("GET", f"{HELP}?id={pasted}")
        assert answer.body == whole.body


@in_loop
async def test_the_lookup_is_a_form_that_needs_no_script() -> None:
    """It asks this page by GET, and carries nothing else."""
    async with running() as registry:
        page = read_page(await registry.ask("GET", HELP))
        forms = [given for tag, given in page.elements if tag == "form"]
        assert [(form["method"], form["action"]) for form in forms] == [("get", HELP)]
        assert list(page.fields) == ["id"]


@in_loop
async def test_who_may_read_role_assignments_sees_the_reasoning() -> None:
    """Who, what, permission, resource, what was looked at, the law, and what would help."""
    async with running() as registry:
        decision_id = await _refused(registry)
        browser = Browser(registry)
        page = await _signed_in(browser, decision_id, *OWNER)
        explained = await registry.manage("GET", f"/decisions/{decision_id}")
        for shown in (
            explained["caller"].strip("`"),
            explained["client"],
            explained["permission"],
            explained["resource"],
            explained["reason"],
            f"version {explained['law_version']}",
            "is assigned at another scope",
            "AcrPull",
        ):
            assert shown in page.text
        commands = [line for remedy in explained["remedies"] for line in remedy]
        assert commands
        assert all(command in page.text for command in commands)
        assert header(page.response, "cache-control") == "no-store"
        copies = [given for tag, given in page.elements if given.get("class") == "second copy"]
        assert len(copies) == len(explained["remedies"])
        assert all("hidden" in given for given in copies)


@in_loop
async def test_what_is_allowed_by_now_is_said_to_be() -> None:
    """Without commands, since none is needed any more."""
    async with running() as registry:
        decision_id = await _refused(registry)
        browser = Browser(registry)
        page = await _signed_in(browser, decision_id, *OWNER)
        assert "it is allowed now" not in page.text
        await registry.manage(
            "POST", "/role-assignments", {"role": "AcrPull", "principal": "robot"}
        )
        page = await browser.get(f"{HELP}?id={decision_id}")
        assert "it is allowed now" in page.text
        assert "What would allow it" not in page.text


@in_loop
async def test_a_principal_that_is_gone_cannot_be_asked_about_again() -> None:
    """The reasoning of that day stands all the same."""
    async with running() as registry:
        decision_id = await _refused(registry)
        await registry.manage("DELETE", "/service-principals/robot")
        page = await _signed_in(Browser(registry), decision_id, *OWNER)
        assert "who asked is not there any more" in page.text
        assert "is assigned at another scope" in page.text


@in_loop
async def test_who_may_not_is_told_which_permission_it_takes() -> None:
    """The public part, and that sentence; that somebody asked is recorded."""
    async with running() as registry:
        decision_id, password = await _refused(registry), await make_user(registry)
        before = await _denials_of(registry, PERMISSION)
        page = await _signed_in(Browser(registry), decision_id, "ada", password)
        assert PERMISSION in page.text
        for hidden in ("The whole reasoning is for", "ada", decision_id, "secret/thing"):
            assert hidden in page.text
        for kept in ("What was looked at", "pratique role assign AcrPull", "192.0.2.1", "version"):
            assert kept not in page.text
        assert header(page.response, "cache-control") == "no-store"
        assert await _denials_of(registry, PERMISSION) == before + 1


@in_loop
async def test_the_right_is_asked_anew_at_each_look() -> None:
    """Taken away between two looks, it opens nothing more."""
    async with running() as registry:
        decision_id, password = await _refused(registry), await make_user(registry)
        await registry.manage("POST", "/role-assignments", {"role": "Reader", "principal": "ada"})
        browser = Browser(registry)
        page = await _signed_in(browser, decision_id, "ada", password)
        assert "What was looked at" in page.text
        await registry.manage("DELETE", "/role-assignments?role=Reader&principal=ada")
        page = await browser.get(f"{HELP}?id={decision_id}")
        assert "What was looked at" not in page.text
        assert PERMISSION in page.text


@in_loop
async def test_a_disabled_user_is_nobody() -> None:
    """The session of somebody who was disabled has no force here either."""
    async with running() as registry:
        decision_id, password = await _refused(registry), await make_user(registry)
        await registry.manage("POST", "/role-assignments", {"role": "Owner", "principal": "ada"})
        browser = Browser(registry)
        await _signed_in(browser, decision_id, "ada", password)
        await registry.manage("POST", "/users/ada/disable")
        stranger = await registry.ask("GET", f"{HELP}?id={decision_id}")
        assert (await browser.get(f"{HELP}?id={decision_id}")).response.body == stranger.body


@in_loop
async def test_whose_refusal_it_was_gets_something_to_hand_on() -> None:
    """The sentence and the id, ready to be sent; nothing of the reasoning."""
    async with running() as registry:
        made = await registry.manage("POST", "/users", {"username": "ada"})
        headers = {"authorization": basic("ada", made["password"])}
        refused = await manifest_of(registry, "secret/thing", headers)
        decision_id = str(header(refused, DECISION_HEADER))
        page = await _signed_in(Browser(registry), decision_id, "ada", made["password"])
        assert f"pratique why {decision_id}" in page.text
        assert "no role is assigned to it" in page.text
        for kept in ("What was looked at", "pratique role assign AcrPull", "version"):
            assert kept not in page.text


@in_loop
async def test_a_second_factor_is_asked_for_here_too() -> None:
    """Half a sign-in shows nothing."""
    async with running() as registry:
        decision_id, password = await _refused(registry), await make_user(registry)
        await registry.manage("POST", "/role-assignments", {"role": "Owner", "principal": "ada"})
        secret = (await registry.manage("POST", "/users/ada/totp"))["secret"]
        browser = Browser(registry)
        page = await browser.get(f"{HELP}?id={decision_id}&sign-in=1")
        page = await browser.press(page, "password", username="ada", password=password)
        assert "One more step" in page.text
        half = await browser.get(f"{HELP}?id={decision_id}")
        assert "What was looked at" not in half.text
        step = int(registry.clock().timestamp()) // 30
        done = await browser.press(page, "second-factor", code=one_time_password(secret, step))
        assert "What was looked at" in (await browser.get(done.location)).text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "return=https://evil.example/",
        "redirect_uri=//evil.example",
        "next=%2F%2Fevil.example",
        "id=https://evil.example/",
        "id=//evil.example/" + UNKNOWN,
    ],
)
@in_loop
async def test_a_sign_in_leads_back_to_this_page_alone(elsewhere: str) -> None:
    """Whatever stands in the address or in the form, the way back is made here."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(f"{HELP}?id={UNKNOWN}&sign-in=1&{elsewhere}")
        assert page.action == HELP
        name, _, value = elsewhere.partition("=")
        further = {} if name == "id" else {name: value}
        done = await browser.press(page, "password", username="ada", password=password, **further)
        assert (done.status, done.location) == (303, f"{HELP}?id={UNKNOWN}")


@pytest.mark.parametrize("planted", ["https://evil.example/", "", f"{UNKNOWN}0"])
@in_loop
async def test_a_form_about_another_decision_is_not_taken(planted: str) -> None:
    """Its token is bound to the id that it was made for."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(f"{HELP}?id={UNKNOWN}&sign-in=1")
        for planted_id in (planted, UNKNOWN.replace("5", "6")):
            done = await browser.press(
                page, "password", username="ada", password=password, id=planted_id
            )
            assert done.status == 400
            assert "pratique-session" not in browser.cookies


@in_loop
async def test_a_form_of_another_browser_is_not_taken() -> None:
    """Nobody can sign somebody else in."""
    async with running() as registry:
        password = await make_user(registry)
        page = await Browser(registry).get(f"{HELP}?id={UNKNOWN}&sign-in=1")
        victim = Browser(registry)
        await victim.get(f"{HELP}?id={UNKNOWN}&sign-in=1")
        done = await victim.press(page, "password", username="ada", password=password)
        assert done.status == 400
        assert "pratique-session" not in victim.cookies


@in_loop
async def test_wrong_passwords_are_counted_and_recorded_here_too() -> None:
    """As at every other place where people sign in."""
    async with running() as registry:
        browser = Browser(registry)
        await make_user(registry)
        page = await browser.get(f"{HELP}?id={UNKNOWN}&sign-in=1")
        statuses = set()
        for _ in range(12):
            wrong = await browser.press(page, "password", username="ada", password="wrong")
            statuses.add(wrong.status)
            assert header(wrong.response, DECISION_HEADER)
        assert statuses == {403, 429}


_MARK = "<img src=x onerror=alert(1)>"


@in_loop
async def test_names_of_markup_are_shown_as_they_are() -> None:
    """Names of principals and roles are escaped, for strangers, operators and the refused one."""
    async with running() as registry:
        content = {"name": f"r{_MARK}", "actions": ["A.B/c/read"]}
        await registry.manage("POST", "/role-definitions", content)
        robot = await Robot.make(registry, _MARK, f"r{_MARK}")
        password = await make_user(registry)
        await registry.manage("DELETE", "/role-assignments?role=AcrPull&principal=ada")
        content = {"role": f"r{_MARK}", "principal": "ada"}
        await registry.manage("POST", "/role-assignments", content)
        adas = {"authorization": basic("ada", password)}
        ids = [
            str(header(await manifest_of(registry, "secret/thing", headers), DECISION_HEADER))
            for headers in (robot.headers, adas)
        ]
        for page in (
            read_page(await registry.ask("GET", f"{HELP}?id={ids[0]}")),
            await _signed_in(Browser(registry), ids[0], *OWNER),
            await _signed_in(Browser(registry), ids[1], "ada", password),
        ):
            assert "img" not in [tag for tag, _ in page.elements]
            assert _MARK in page.text


@in_loop
async def test_a_command_of_markup_is_shown_as_it_is() -> None:
    """A deny assignment may have any name, and stands in the command that lets somebody off it."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrPull")
        content = {
            "name": _MARK,
            "actions": ["Microsoft.ContainerRegistry/registries/pull/read"],
            "principals": ["robot"],
        }
        await registry.manage("POST", "/deny-assignments", content)
        refused = await manifest_of(registry, "secret/thing", robot.headers)
        decision_id = str(header(refused, DECISION_HEADER))
        page = await _signed_in(Browser(registry), decision_id, *OWNER)
        assert "img" not in [tag for tag, _ in page.elements]
        assert "pratique deny update" in page.text
        assert f"Deny assignment {_MARK} : refuses it" in page.text
        stranger = read_page(await registry.ask("GET", f"{HELP}?id={decision_id}"))
        assert _MARK not in stranger.text
        assert "a deny assignment refuses it" in stranger.text


@in_loop
async def test_while_the_record_cannot_be_read_the_two_causes_are_told(tmp_path: Path) -> None:
    """With a status that says so, and no cause for strangers."""
    async with running() as registry:
        closed = SqliteDecisions(tmp_path / "decisions.db")
        closed.close()
        _recorder(registry)._decisions = closed  # noqa: SLF001
        answer = await registry.ask("GET", f"{HELP}?id={UNKNOWN}")
        page = read_page(answer)
        assert answer.status == 503
        assert "cannot be read just now" in page.text
        assert "docker login" in page.text
        assert "closed" not in page.text


@in_loop
async def test_other_methods_are_no_business_of_the_page() -> None:
    """Nothing is there to be put or deleted."""
    async with running() as registry:
        for method in ("PUT", "DELETE", "PATCH"):
            assert (await registry.ask(method, HELP)).status == 404
        assert (await registry.ask("HEAD", HELP)).status == 200
        assert (await registry.ask("POST", "/")).status == 404


def test_the_permission_is_that_of_the_management_api() -> None:
    """Page and API show the reasoning to the same people."""
    (row,) = [route for route in ROUTES if route.template.endswith("/decisions/<decision>")]
    assert (row.permission, row.asked_at) == (PERMISSION, AskedAt.REGISTRY)


@pytest.mark.parametrize("failure", list(SignInFailure))
@in_loop
async def test_every_failed_sign_in_has_its_words(failure: SignInFailure) -> None:
    """One sentence and one advice for each reason, and no name in them."""
    async with running() as registry:
        record = DecisionRecord(
            decision_id=UNKNOWN, at=registry.clock(), kind="sign-in refused", reason=failure
        )
        _recorder(registry).decision(record)
        page = read_page(await registry.ask("GET", f"{HELP}?id={UNKNOWN}"))
        assert sentence_of(record) in page.text
        assert advice_on(record) in page.text
        assert sentence_of(record) != "the sign-in did not prove anybody"
        signed = await _signed_in(Browser(registry), UNKNOWN, *OWNER)
        assert failure.value in signed.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UNKNOWN, UNKNOWN),
        (f"Decision: {UNKNOWN}", UNKNOWN),
        (f"Trace ID: {'0' * 8}-0000-0000-0000-{'0' * 12} Correlation ID: {UNKNOWN} Ti", UNKNOWN),
        ("x" * 10_000 + f" {UNKNOWN}.", UNKNOWN),
        (UNKNOWN + "a", None),
        (UNKNOWN.replace("-", ""), None),
        (UNKNOWN.replace("5", "\u0665"), None),
        ("", None),
    ],
)
def test_an_id_is_read_from_what_people_paste(text: str, expected: str | None) -> None:
    """The last one in the text, since messages end with it; nothing that only resembles one."""
    assert decision_id_in(text) == expected
