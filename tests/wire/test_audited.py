"""What happens over the wire and what the audit log says of it, over the tables of routes."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.wire.kinds import REPOSITORY
from tests.wire.test_matrix import UPLOAD, VISITS, fill

import pratique.admission
from pratique.admission.audit import CATEGORIES, Entry, Verification
from pratique.admission.audit.entries import decoded
from pratique.http.application import ROWS
from pratique.http.dataplane import ROUTES
from pratique.http.edge.witness import CHANGING, PASSING, READING
from pratique.http.management import ROUTES as MANAGEMENT
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import (
    HOST,
    OWNER,
    RegistryInMemory,
    basic,
    bearer,
    header,
)

JSON = {"content-type": "application/json"}
CHANGES_NOTHING = frozenset(
    {
        *("check_access", "list_who_can", "try_changes", "check_issuer", "test_ldap"),
        # The log itself tells of it.
        "prune_audit_log",
        # An import has an entry when it ends, as a push has.
        "create_import",
    }
)


@asynccontextmanager
async def running() -> AsyncIterator[RegistryInMemory]:
    """A registry in memory, stopped afterwards."""
    registry = await RegistryInMemory.start()
    try:
        yield registry
    finally:
        registry.stop()


async def entries(registry: RegistryInMemory, category: str | None = None) -> list[Entry]:
    """What the log holds, the oldest first."""
    links = await registry.auditor.read(lambda log: log.links(after=0, limit=10_000))
    found = [decoded(link.body) for link in links]
    return [entry for entry in found if category in {None, entry.category}]


async def robot(registry: RegistryInMemory) -> tuple[str, str]:
    """A service principal without any role: client id and secret."""
    made = await registry.manage("POST", "/service-principals", {"name": "robot"})
    return made["client_id"], made["secret"]


def test_every_route_of_the_data_plane_is_in_a_table() -> None:
    """A new route fails here until it is said whether it changes content."""
    assert {route.name for route in ROUTES} == CHANGING.keys() | READING.keys()
    assert CHANGING.keys().isdisjoint(READING)
    changing = {route.name for route in ROUTES if route.method != "GET"}
    assert changing == CHANGING.keys() | PASSING
    assert set(READING) <= set(ROWS)


@pytest.mark.parametrize("row", CHANGING)
@in_loop
async def test_every_route_that_changes_content_leaves_an_entry(row: str) -> None:
    """Who did what to which repository from where, with the answer's status."""
    (route,) = [route for route in ROUTES if route.name == row]
    visit = next(v for v in reversed(VISITS[row]) if v.method == route.method)
    async with running() as registry:
        upload = await fill(registry)
        before = len(await entries(registry, "repository"))
        headers = {"authorization": basic(*OWNER), "user-agent": "tester/1"}
        if visit.content_type:
            headers["content-type"] = visit.content_type
        address = visit.address.replace("UPLOAD", upload)
        answer = await registry.ask(visit.method, address, headers=headers, body=visit.body)
        found = (await entries(registry, "repository"))[before:]
    assert answer.status == visit.success
    (entry,) = found
    assert entry.operation in {CHANGING[row], "Untag", "Mount"}
    assert (entry.identity, entry.client, entry.agent) == ("owner", "192.0.2.1", "tester/1")
    assert (entry.status, entry.repository) == (visit.success, REPOSITORY)


@pytest.mark.parametrize("row", [route.name for route in ROUTES])
@in_loop
async def test_every_refusal_of_the_data_plane_leaves_an_entry(row: str) -> None:
    """It carries the id by which `pratique why` explains it."""
    async with running() as registry:
        upload = await fill(registry)
        client_id, secret = await robot(registry)
        visit = VISITS[row][0]
        before = len(await entries(registry, "repository"))
        headers = {"authorization": basic(client_id, secret)}
        if visit.content_type:
            headers["content-type"] = visit.content_type
        address = visit.address.replace("UPLOAD", upload)
        answer = await registry.ask(visit.method, address, headers=headers, body=visit.body)
        (entry,) = (await entries(registry, "repository"))[before:]
        explained = await registry.manage("GET", f"/decisions/{entry.correlation}")
    assert answer.status in {401, 403}
    assert entry.status == answer.status
    assert entry.correlation == header(answer, "x-pratique-decision")
    assert (entry.identity, entry.description) == ("robot", explained["reason"])


@in_loop
async def test_an_upload_in_the_making_is_no_news() -> None:
    """Beginning, going on with and giving up an upload leave nothing, since nobody can read it."""
    async with running() as registry:
        upload = await fill(registry)
        before = len(await entries(registry))
        address = UPLOAD.replace("UPLOAD", upload)
        await registry.ask("PATCH", address, body=b"chunk", inside=True)
        await registry.ask("DELETE", address, inside=True)
        await registry.ask("POST", address.rpartition("/")[0] + "/", inside=True)
        assert await entries(registry) == (await entries(registry))[:before]


@in_loop
async def test_pulls_have_entries_where_that_is_wanted() -> None:
    """A manifest that was given away is news only where the operator says so; blobs never are."""
    async with running() as registry:
        await fill(registry)
        (visit, *_), (blob, *_) = VISITS["get_manifest"], VISITS["get_blob"]
        before = len(await entries(registry, "repository"))
        await registry.ask("GET", visit.address, inside=True)
        await registry.ask("GET", blob.address, inside=True)
        registry.auditor.pulls = False
        await registry.ask("GET", visit.address, inside=True)
        (entry,) = (await entries(registry, "repository"))[before:]
    assert (entry.operation, entry.tag, entry.status) == ("Pull", "v1", 200)
    assert entry.digest.startswith("sha256:")
    assert entry.size > 0


@in_loop
async def test_sign_ins_are_told_and_names_that_prove_nobody_are_not() -> None:
    """The token endpoint and Basic, right and wrong; an anonymous challenge is nothing."""
    async with running() as registry:
        await registry.token(OWNER)
        await registry.ask("GET", "/v2/", headers={"authorization": basic(*OWNER)})
        await registry.ask("GET", "/v2/")
        wrong = {"authorization": basic("mallory-the-canary", "wrong-canary")}
        at_the_door = await registry.ask("GET", "/v2/", headers=wrong)
        at_tokens = await registry.ask("GET", f"/oauth2/token?service={HOST}", headers=wrong)
        found = await entries(registry, "login")
    assert [(e.identity, e.description, e.status) for e in found[:2]] == [
        ("owner", "token", 200),
        ("owner", "basic", 200),
    ]
    ids = [header(answer, "x-pratique-decision") for answer in (at_the_door, at_tokens)]
    assert [(e.identity, e.status, e.correlation) for e in found[2:]] == [
        ("", 401, ids[0]),
        ("", 401, ids[1]),
    ]


@in_loop
async def test_the_directory_tells_of_sign_ins_too() -> None:
    """An application's token, wrong and right, and its exchange for a registry's."""
    async with running() as registry:
        client_id, secret = await robot(registry)
        tenant = (await registry.manage("GET", "/registry"))["tenant_id"]
        await registry.manage(
            "POST", "/role-assignments", {"role": "AcrPull", "principal": client_id}
        )
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = (
            f"grant_type=client_credentials&client_id={client_id}&client_secret=SECRET"
            f"&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default"
        )
        address = f"/{tenant}/oauth2/v2.0/token"
        wrong = await registry.ask("POST", address, headers=form, body=body.encode())
        right = await registry.ask(
            "POST", address, headers=form, body=body.replace("SECRET", secret).encode()
        )
        assert (wrong.status, right.status) == (401, 200)
        token = json.loads(right.body)["access_token"]
        exchanged = await registry.ask(
            "POST",
            "/oauth2/exchange",
            headers=form,
            body=f"grant_type=access_token&service={HOST}&access_token={token}".encode(),
        )
        assert exchanged.status == 200
        found = await entries(registry, "login")
    told = [(e.description, e.status, e.identity == "") for e in found]
    assert told[1:] == [("client_credentials", 200, False), ("exchange", 200, False)]
    assert (told[0][1], told[0][2]) == (401, True)
    assert {e.caller_id for e in found[1:]} == {found[1].caller_id}


CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/users", {"username": "ada", "password": "canary long enough"}),
    ("POST", "/groups", {"name": "crew"}),
    ("POST", "/groups/crew/members", {"principal": "ada"}),
    ("POST", "/service-principals", {"name": "robot"}),
    ("POST", "/role-assignments", {"role": "AcrPull", "principal": "ada"}),
    ("DELETE", "/role-assignments?role=AcrPull&principal=ada", None),
    ("PATCH", "/registry", {"refusals_kept_days": 7}),
    ("POST", "/signing-keys", {}),
    ("POST", "/admin-user/enable", None),
    ("POST", "/users/ada/disable", None),
    ("DELETE", "/users/ada", None),
)


@in_loop
async def test_every_change_is_told_with_its_records() -> None:
    """Each version of the law has one entry: who, by which permission, which records."""
    async with running() as registry:
        for method, address, content in CHANGES:
            await registry.manage(method, address, content)
        found = await entries(registry, "change")
        assert [entry.law_version for entry in found] == list(
            range(2, registry.ledger.version() + 1)
        )
    assert len(found) == len(CHANGES)
    assert {(entry.identity, entry.caller_kind) for entry in found} == {
        ("folder owner", "folder-owner")
    }
    assert [entry.records[0].kind for entry in found[:6]] == [
        *("user", "group", "group", "application", "assignment", "assignment"),
    ]
    created = found[0].records[0]
    (deleted,) = [record for record in found[-1].records if record.kind == "user"]
    assert (created.name, created.before, len(created.after)) == ("ada", "", 64)
    assert (deleted.kind, deleted.name, deleted.after) == ("user", "ada", "")
    assert deleted.before == found[-2].records[0].after
    assert found[0].operation == "Microsoft.Authorization/directory/users/write"


@in_loop
async def test_a_refused_change_is_told() -> None:
    """Also what was not allowed is in the log, under the permission that was missing."""
    async with running() as registry:
        client_id, secret = await robot(registry)
        headers = {**JSON, "authorization": basic(client_id, secret)}
        answer = await registry.ask("POST", "/api/v1/users", headers=headers, body=b"{}")
        entry = (await entries(registry, "change"))[-1]
    assert (answer.status, entry.status, entry.identity) == (403, 403, "robot")
    assert entry.operation == "Microsoft.Authorization/directory/users/write"
    assert entry.correlation == header(answer, "x-pratique-decision")
    assert (entry.law_version, entry.records) == (0, ())


def _calls_change(function: Any, module: ModuleType) -> bool:
    """Whether a function has the control plane change something, itself or by a neighbour."""
    source = inspect.getsource(function)
    if ".change(" in source:
        return True
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return any(
        ".change(" in inspect.getsource(neighbour)
        for name in names
        if inspect.isfunction(neighbour := getattr(module, name, None))
    )


def test_every_route_of_management_that_writes_goes_through_the_control_plane() -> None:
    """A new route fails here unless its change leaves an entry, or it is said to change nothing."""
    silent = {
        route.name
        for route in MANAGEMENT
        if route.method != "GET"
        and not _calls_change(route.operation, inspect.getmodule(route.operation))  # type: ignore[arg-type]
    }
    assert silent == CHANGES_NOTHING


def test_only_the_control_plane_writes_to_the_ledger() -> None:
    """Nobody else calls `append` on a ledger, so no change goes without its account."""
    folder = Path(pratique.admission.__path__[0]).parent
    callers = {
        path.name
        for path in folder.rglob("*.py")
        if "ledger.append" in path.read_text(encoding="utf-8")
    }
    assert callers == {"control.py", "on_disk.py", "on_postgres.py", "registry_in_memory.py"}


@in_loop
async def test_no_secret_is_in_any_entry() -> None:
    """Passwords, secrets, tokens, and what was tried in vain, appear nowhere in the log."""
    async with running() as registry:
        await fill(registry)
        secrets = ["canary long enough", OWNER[1], "wrong-canary", "mallory-canary"]
        for method, address, content in CHANGES:
            made = await registry.manage(method, address, content)
            if isinstance(made, dict):
                secrets += [str(v) for k, v in made.items() if "password" in k or k == "secret"]
        access = await registry.token(OWNER, "repository:team/app:pull")
        secrets.append(access)
        for value in (basic("mallory-canary", "wrong-canary"), bearer("a-bearer-canary")):
            await registry.ask("GET", "/v2/", headers={"authorization": value})
        await registry.ask(
            "GET", "/v2/team/app/tags/list", headers={"authorization": bearer(access)}
        )
        secrets.append("a-bearer-canary")
        links = await registry.auditor.read(lambda log: log.links(after=0, limit=10_000))
    kept = b"\n".join(link.body for link in links).decode()
    assert len(links) > len(CHANGES)
    assert [secret for secret in secrets if secret and secret in kept] == []


@in_loop
async def test_what_clients_choose_stays_one_printable_line() -> None:
    """Control characters, line ends of every kind and long texts do not come through."""
    agent = "evil\n\r\x1b[31m\u2028\u0085" + "x" * 5000
    async with running() as registry:
        headers = {"authorization": basic(*OWNER), "user-agent": agent}
        await registry.ask("GET", "/v2/", headers=headers)
        links = await registry.auditor.read(lambda log: log.links(after=0, limit=10))
    text = links[-1].body.decode()
    assert text.isprintable()
    assert len(text.splitlines()) == 1
    assert len(decoded(links[-1].body).agent) == 256


@in_loop
async def test_the_log_is_read_by_those_who_may_and_pruned_by_none_of_them() -> None:
    """Entries come as they are stored; only the owner of the folder removes any."""
    async with running() as registry:
        await registry.token(OWNER)
        headers = {**JSON, "authorization": basic(*OWNER)}

        async def call(method: str, address: str, body: bytes = b"") -> tuple[int, Any]:
            answer = await registry.ask(
                method, f"/api/v1/audit/{address}", headers=headers, body=body
            )
            return answer.status, json.loads(answer.body)

        status, page = await call("GET", "entries?after=0&limit=1")
        assert (status, [row["seq"] for row in page["entries"]], page["more"]) == (200, [1], True)
        _, newest = await call("GET", "entries?limit=1&category=login")
        assert newest["entries"][0]["category"] == "login"
        status, head = await call("GET", "head")
        assert (status, head["base"]) == (200, f"0-{'0' * 64}")
        for bad in ("entries?limit=0", "entries?after=x", "entries?category=x", "entries?x=1"):
            assert (await call("GET", bad))[0] == 400
        status, told = await call("POST", "prune", b'{"before": "2030-01-01"}')
        assert (status, "--data" in told["errors"][0]["message"]) == (400, True)
        removed = await registry.manage("POST", "/audit/prune", {"before": "2030-01-01"})
        assert removed["removed"] > 0
        base, last = await registry.auditor.read(lambda log: log.extent())
        links = await registry.auditor.read(lambda log: log.links(after=base.seq, limit=100))
    verification = Verification(base)
    verification.take(links)
    assert verification.end(last) == ()
    assert {link.category for link in links} <= set(CATEGORIES)
