"""Network rules over the wire: who is refused before anything else, and who never is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.wire.governing import push
from tests.wire.test_matrix import VISITS
from tests.wire.two_registries import two

from pratique.admission.audit.entries import decoded
from pratique.http.dataplane import ROUTES
from pratique.http.management import ROUTES as MANAGEMENT
from pratique.http.wire.messages import Response
from pratique.http.wire.refusals import DECISION_HEADER
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import (
    HOST,
    OWNER,
    RegistryInMemory,
    basic,
    bearer,
    header,
)

INSIDE, OUTSIDE = "198.51.100.7", "203.0.113.9"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def guarded(*, allowed: str = "198.51.100.0/24") -> AsyncIterator[RegistryInMemory]:
    """A registry with an image that lets one network in; asked from outside of it."""
    registry = await RegistryInMemory.start()
    try:
        await push(registry, "team/app")
        await registry.manage(
            "PATCH", "/network-rules", {"default_action": "deny", "add": [allowed]}
        )
        registry.client = OUTSIDE
        yield registry
    finally:
        registry.stop()


def message(response: Response) -> tuple[str, str]:
    """Code and words of a refusal."""
    [error] = json.loads(response.body)["errors"]
    return error["code"], error["message"]


@pytest.mark.parametrize("row", [route.name for route in ROUTES])
@in_loop
async def test_every_route_of_the_data_plane_is_behind_the_rules(row: str) -> None:
    """Also for the owner with the right credentials; and they are let in from inside."""
    visit = VISITS[row][0]
    async with guarded() as registry:
        headers = {"authorization": basic(*OWNER)}
        refused = await registry.ask(visit.method, visit.address, headers=headers, body=visit.body)
        assert refused.status == 403
        assert message(refused)[0] == "DENIED"
        registry.client = INSIDE
        answer = await registry.ask(visit.method, visit.address, headers=headers, body=visit.body)
        assert answer.status != 403


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/v2/", ""),
        ("HEAD", "/v2/", ""),
        ("GET", "/v2", ""),
        ("PATCH", "/v2/", ""),
        ("GET", "/v2/no/such/thing", ""),
        ("GET", "/v2/UPPER/manifests/x", ""),
        ("GET", "/acr/v1/_catalog", ""),
        ("GET", f"/oauth2/token?service={HOST}&scope=repository:team/app:pull", ""),
        ("GET", "/oauth2/token?malformed", ""),
        ("POST", "/oauth2/token", f"grant_type=password&service={HOST}&username=a&password=b"),
        ("PUT", "/oauth2/token", ""),
        ("POST", "/oauth2/exchange", f"grant_type=access_token&service={HOST}&access_token=x"),
        ("POST", "/oauth2/exchange", "nonsense"),
    ],
)
@in_loop
async def test_nothing_of_the_request_is_judged_first(method: str, address: str, body: str) -> None:
    """Malformed or not, with or without credentials: the answer is one."""
    async with guarded() as registry:
        for headers in ({}, {"authorization": "Basic ???"}, {"authorization": basic(*OWNER)}):
            answer = await registry.ask(
                method, address, headers={**headers, **FORM}, body=body.encode()
            )
            assert answer.status == 403
            assert answer.body == b"" or message(answer)[0] == "DENIED"


@in_loop
async def test_the_words_name_address_and_remedy() -> None:
    """The first of them are ACR's, by which people and programmes know the refusal."""
    async with guarded() as registry:
        answer = await registry.ask("GET", "/v2/")
        code, words = message(answer)
        decision_id = header(answer, DECISION_HEADER)
        assert code == "DENIED"
        assert words == (
            f"client with IP '{OUTSIDE}' is not allowed access: no network rule of this registry "
            f"names its address. Its operator grants access with `pratique network-rule add "
            f"{OUTSIDE}`. Decision: {decision_id}"
        )
        assert header(answer, "www-authenticate") is None
        registry.client = ""
        assert (
            "a client without an address is not allowed access"
            in message(await registry.ask("GET", "/v2/"))[1]
        )


@in_loop
async def test_no_public_access_refuses_all_who_come_over_a_wire() -> None:
    """Rules or not."""
    async with guarded(allowed="0.0.0.0/0") as registry:
        assert (await registry.ask("GET", "/v2/")).status == 401
        await registry.manage("PATCH", "/network-rules", {"public_access": False})
        code, words = message(await registry.ask("GET", "/v2/"))
        assert code == "DENIED"
        assert "public network access to this registry is disabled" in words
        assert "pratique network-rule set --public-access on" in words
        await registry.manage("PATCH", "/network-rules", {"public_access": True})
        assert (await registry.ask("GET", "/v2/")).status == 401


@in_loop
async def test_the_owner_of_the_folder_and_management_are_not_ruled() -> None:
    """Nobody locks themselves out: what changes the rules is not behind them."""
    async with guarded() as registry:
        inside = await registry.ask("GET", "/v2/_catalog", inside=True)
        assert inside.status == 200
        headers = {"authorization": basic(*OWNER), "content-type": "application/json"}
        shown = await registry.ask("GET", "/api/v1/network-rules", headers=headers)
        assert json.loads(shown.body) == {
            "public_access": True,
            "default_action": "deny",
            "allowed": ["198.51.100.0/24"],
        }
        body = json.dumps({"add": [OUTSIDE]}).encode()
        changed = await registry.ask("PATCH", "/api/v1/network-rules", headers=headers, body=body)
        assert changed.status == 200
        assert (await registry.ask("GET", "/v2/")).status == 401


@in_loop
async def test_what_was_granted_before_has_no_force_elsewhere() -> None:
    """A token, and a verdict that is remembered with it, ends with the address that may use it."""
    async with guarded() as registry:
        registry.client = INSIDE
        token = await registry.token(OWNER, "repository:team/app:pull")
        headers = {"authorization": bearer(token)}
        for _ in range(2):
            pulled = await registry.ask("GET", "/v2/team/app/tags/list", headers=headers)
            assert pulled.status == 200
        registry.client = OUTSIDE
        refused = await registry.ask("GET", "/v2/team/app/tags/list", headers=headers)
        assert refused.status == 403
        registry.client = INSIDE
        await registry.manage("PATCH", "/network-rules", {"remove": ["198.51.100.0/24"]})
        refused = await registry.ask("GET", "/v2/team/app/tags/list", headers=headers)
        assert refused.status == 403


@in_loop
async def test_a_refusal_is_explained() -> None:
    """As a decision with the address and the way out, until it is allowed; and on the help page."""
    async with guarded() as registry:
        answer = await registry.ask("GET", "/v2/team/app/manifests/v1")
        decision_id = header(answer, DECISION_HEADER)
        found = await registry.manage("GET", f"/decisions/{decision_id}")
        assert (found["reason"], found["client"], found["action"]) == (
            "address-not-allowed",
            OUTSIDE,
            "reach",
        )
        assert found["allowed_now"] is False
        assert found["remedies"] == [[f"pratique network-rule add {OUTSIDE}"]]
        listed = await registry.manage("GET", "/decisions?reason=address-not-allowed")
        assert [each["decision_id"] for each in listed["decisions"]] == [decision_id]
        page = await registry.ask("GET", f"/help/authorization?id={decision_id}")
        assert b"Neither of the two causes" in page.body
        await registry.manage("PATCH", "/network-rules", {"add": [OUTSIDE]})
        found = await registry.manage("GET", f"/decisions/{decision_id}")
        assert (found["allowed_now"], found["remedies"]) == (True, [])


@pytest.mark.parametrize("address", ["/v2/team/app/manifests/v1", "/oauth2/token", "/v2/"])
@in_loop
async def test_a_refusal_is_in_the_audit_log(address: str) -> None:
    """Without a name, since nobody was asked for one."""
    async with guarded() as registry:
        answer = await registry.ask("GET", address, headers={"authorization": basic(*OWNER)})
        links = await registry.auditor.read(lambda log: log.links(after=0, limit=1000))
        entry = [decoded(link.body) for link in links][-1]
        assert (entry.category, entry.operation, entry.status) == ("login", "Login", 403)
        assert (entry.description, entry.client) == ("address-not-allowed", OUTSIDE)
        assert entry.identity == ""
        assert entry.correlation == header(answer, DECISION_HEADER)


@in_loop
async def test_each_registry_has_rules_of_its_own() -> None:
    """What one keeps to a network, another serves to everybody; whichever host is asked."""
    async with two() as (home, second):
        await second.manage("PATCH", "/network-rules", {"default_action": "deny"})
        assert (await second.ask("GET", "/v2/")).status == 403
        assert (await home.ask("GET", "/v2/")).status == 401
        for host in (second.host.upper(), f"{second.host}:80"):
            second.host = host
            assert (await second.ask("GET", "/v2/")).status == 403
        assert (await home.manage("GET", "/network-rules"))["default_action"] == "allow"


@pytest.mark.parametrize("credentials", [{}, {"username": OWNER[0], "password": OWNER[1]}])
@pytest.mark.parametrize("source", [{"registry": "secondregistry"}, {}])
@in_loop
async def test_no_import_leads_around_the_rules_of_its_source(
    source: dict[str, str], credentials: dict[str, str]
) -> None:
    """What one registry keeps to a network, another gets for nobody who asks from outside."""
    async with two() as (home, second):
        await push(second, "team/app")
        await second.manage(
            "PATCH", "/network-rules", {"default_action": "deny", "add": ["198.51.100.0/24"]}
        )
        headers = {"authorization": basic(*OWNER), "content-type": "application/json"}
        image = "team/app:v1" if source else f"{second.host}/team/app:v1"
        body = json.dumps({"source": image, **source, **credentials}).encode()
        home.client = OUTSIDE
        refused = await home.ask("POST", "/api/v1/imports", headers=headers, body=body)
        assert refused.status == 400
        words = message(refused)[1]
        assert f"client with IP '{OUTSIDE}' is not allowed access" in words
        decision_id = words.rpartition(" ")[2]
        recorded = await second.manage("GET", f"/decisions/{decision_id}")
        assert (recorded["action"], recorded["reason"]) == ("reach", "address-not-allowed")
        home.client = INSIDE
        taken = await home.ask("POST", "/api/v1/imports", headers=headers, body=body)
        assert (taken.status, json.loads(taken.body)["state"]) == (201, "succeeded")


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"add": ["10.0.0.0/8", "10.0.0.0/8"]}, 409, "there is a network rule for"),
        ({"add": ["198.51.100.0/24"]}, 409, "there is a network rule for"),
        ({"add": ["::ffff:198.51.100.0/120"]}, 409, "there is a network rule for"),
        ({"remove": ["10.0.0.0/8"]}, 404, "no network rule names"),
        ({"add": ["10.0.0.1/8"]}, 400, "is the range around it"),
        ({"add": ["fe80::1%eth0"]}, 400, "is not a network address or range"),
        ({"add": [f"10.0.{n}.0/24" for n in range(200)]}, 400, "at most 200 network rules"),
        ({"default_action": "drop"}, 400, ""),
        ({"allowed": []}, 400, ""),
    ],
)
@in_loop
async def test_what_makes_no_sense_changes_nothing(
    change: dict[str, object], status: int, words: str
) -> None:
    """And says why."""
    async with guarded() as registry:
        before = await registry.manage("GET", "/network-rules")
        answer = await registry.ask(
            "PATCH",
            "/api/v1/network-rules",
            headers={"content-type": "application/json"},
            body=json.dumps(change).encode(),
            inside=True,
        )
        assert answer.status == status
        assert words in message(answer)[1]
        assert await registry.manage("GET", "/network-rules") == before


def test_both_rows_of_management_are_judged_as_settings() -> None:
    """With the permissions that the registry's other settings need."""
    needed = {route.name: route.permission for route in MANAGEMENT}
    registries = "Microsoft.ContainerRegistry/registries"
    assert needed["show_network_rules"] == f"{registries}/read"
    assert needed["update_network_rules"] == f"{registries}/write"
