"""What one registry of a server gave opens nothing in another, and neither sees the other."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from tests.wire.two_registries import SECOND, THIRD, at, make, two

from pratique.http.wire.messages import Response
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic, bearer, header

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


async def push(
    registry: RegistryInMemory, name: str, content: bytes = b"{}", tag: str = "v1"
) -> dict[str, Any]:
    """Push an image of one blob; its descriptor."""
    token = await registry.token(OWNER, f"repository:{name}:pull,push")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    headers = {"authorization": bearer(token)}
    answer = await registry.ask(
        "POST", f"/v2/{name}/blobs/uploads/?digest={digest}", headers=headers, body=content
    )
    assert answer.status == 201, answer.body
    blob = {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": blob, "layers": []}
    answer = await registry.ask(
        "PUT",
        f"/v2/{name}/manifests/{tag}",
        headers={**headers, "content-type": MANIFEST},
        body=json.dumps(manifest).encode(),
    )
    assert answer.status == 201, answer.body
    return blob


async def get(registry: RegistryInMemory, path: str, scope: str) -> Response:
    """What the owner gets."""
    token = await registry.token(OWNER, scope)
    return await registry.ask("GET", path, headers={"authorization": bearer(token)})


def words(answer: Response) -> str:
    """What a refusal says before it says where to read more."""
    return str(json.loads(answer.body)["errors"][0]["message"]).partition(", visit")[0]


async def catalog(registry: RegistryInMemory, query: str = "") -> list[str]:
    """Names of its repositories."""
    answer = await get(registry, f"/v2/_catalog{query}", "registry:catalog:*")
    assert answer.status == 200, answer.body
    found: list[str] = json.loads(answer.body)["repositories"]
    return found


@in_loop
async def test_each_has_its_own_content_under_the_same_names() -> None:
    """The same repository in both holds what was pushed there, and the catalogs are apart."""
    async with two() as (home, second):
        await push(home, "app", b"of home")
        await push(home, "only-home")
        await push(second, "app", b"of second")
        await push(second, "zebra/only-second")
        assert await catalog(home) == ["app", "only-home"]
        assert await catalog(second) == ["app", "zebra/only-second"]
        scope = "repository:app:pull"
        first = await get(home, "/v2/app/manifests/v1", scope)
        other = await get(second, "/v2/app/manifests/v1", scope)
        assert first.status == other.status == 200
        assert first.body != other.body
        absent = await get(second, "/v2/only-home/manifests/v1", "repository:only-home:pull")
        assert absent.status == 404
        assert b"~" not in absent.body


@pytest.mark.parametrize("last", ["~", "~0", "zzz", "~" * 50, "\uffff", "only-home"])
@in_loop
async def test_no_last_leads_a_listing_into_another_registry(last: str) -> None:
    """Listings end with the registry's own names, wherever they are told to go on."""
    async with two() as (home, second):
        await make(home, "thirdregistry", THIRD)
        for registry in (home, second, at(home, THIRD)):
            await push(registry, "app")
        for registry in (home, second, at(home, THIRD)):
            expected = ["app"] if last < "app" else []
            assert await catalog(registry, f"?last={last}") == expected
            answer = await get(registry, f"/acr/v1/_catalog?last={last}", "registry:catalog:*")
            assert (json.loads(answer.body)["repositories"] or []) == expected
        assert await catalog(second, "?n=1") == ["app"]


@in_loop
async def test_a_page_that_ends_a_registry_names_no_next_one() -> None:
    """That other registries' names follow in the store is no page."""
    async with two() as (home, second):
        for registry in (home, second):
            await push(registry, "a")
            await push(registry, "b")
        for registry in (home, second):
            answer = await get(registry, "/v2/_catalog?n=2", "registry:catalog:*")
            assert json.loads(answer.body)["repositories"] == ["a", "b"]
            assert header(answer, "link") is None


@in_loop
async def test_a_blob_is_mounted_within_its_registry_alone() -> None:
    """Neither a source by name nor one that is looked for lies in another registry."""
    async with two() as (home, second):
        blob = await push(home, "source", b"some bytes")
        scopes = ("repository:target:pull,push", "repository:source:pull")
        for origin in ("&from=source", "", "&from=~/source"):
            for registry, mounted in ((home, 201), (second, 202)):
                status = 400 if "~" in origin else mounted
                headers = {"authorization": bearer(await registry.token(OWNER, *scopes))}
                address = f"/v2/target/blobs/uploads/?mount={blob['digest']}{origin}"
                answer = await registry.ask("POST", address, headers=headers)
                assert answer.status == status, (origin, registry.host)
        found = await get(second, f"/v2/source/blobs/{blob['digest']}", "repository:source:pull")
        assert found.status == 404


@in_loop
async def test_an_upload_goes_on_in_its_own_registry_alone() -> None:
    """The id of an upload is unknown in another registry, in a repository of the same name."""
    async with two() as (home, second):
        for there, elsewhere in ((home, second), (second, home)):
            scope = "repository:app:pull,push"
            headers = {"authorization": bearer(await there.token(OWNER, scope))}
            opened = await there.ask("POST", "/v2/app/blobs/uploads/", headers=headers)
            place = header(opened, "location") or ""
            others = {"authorization": bearer(await elsewhere.token(OWNER, scope))}
            for method in ("GET", "PATCH", "PUT", "DELETE"):
                query = f"?digest=sha256:{'0' * 64}" if method == "PUT" else ""
                answer = await elsewhere.ask(method, place + query, headers=others, body=b"x")
                assert answer.status == 404, (method, answer.body)
            assert (await there.ask("GET", place, headers=headers)).status == 204


@in_loop
async def test_registry_tokens_open_nothing_elsewhere() -> None:
    """Neither access nor refresh tokens, be it at the data plane, the token endpoint or the API."""
    async with two() as (home, second):
        for there, elsewhere in ((home, second), (second, home)):
            access = await there.token(OWNER, "repository:app:pull,push", "registry:catalog:*")
            form = f"grant_type=password&service={there.host}&username={OWNER[0]}&password="
            body = (form + OWNER[1].replace(" ", "+") + "&access_type=offline").encode()
            answer = await there.ask("POST", "/oauth2/token", headers=FORM, body=body)
            refresh = json.loads(answer.body)["refresh_token"]
            for authorization in (
                bearer(access),
                bearer(refresh),
                basic("00000000-0000-0000-0000-000000000000", refresh),
                basic("00000000-0000-0000-0000-000000000000", access),
            ):
                for path in ("/v2/", "/v2/_catalog", "/v2/app/tags/list", "/api/v1/registry"):
                    got = await elsewhere.ask("GET", path, headers={"authorization": authorization})
                    assert got.status == 401, (path, authorization[:10])
            for service in (there.host, elsewhere.host):
                body = (
                    f"grant_type=refresh_token&service={service}&refresh_token={refresh}"
                    "&scope=repository:app:pull"
                ).encode()
                got = await elsewhere.ask("POST", "/oauth2/token", headers=FORM, body=body)
                assert got.status in {400, 401}
            assert (
                await there.ask("GET", "/v2/", headers={"authorization": bearer(access)})
            ).status == 200


@in_loop
async def test_passwords_of_tokens_and_admin_users_open_their_own_registry_alone() -> None:
    """Also where another registry has a token of that name."""
    async with two() as (home, second):
        made = {}
        for registry in (home, second):
            body = {"name": "robot", "scope_map": "_repositories_admin"}
            made[registry.host] = (await registry.manage("POST", "/tokens", body))["password1"]
        admin = await second.manage("POST", "/admin-user/enable")
        home_admin = await home.manage("POST", "/admin-user/enable")
        assert (admin["username"], home_admin["username"]) == ("secondregistry", "demoregistry")
        tried = {
            home.host: [
                basic("robot", made[home.host]),
                basic("demoregistry", home_admin["passwords"]["password"]),
            ],
            second.host: [
                basic("robot", made[second.host]),
                basic("secondregistry", admin["passwords"]["password"]),
            ],
        }
        for registry in (home, second):
            for owner, shown in tried.items():
                for number, authorization in enumerate(shown):
                    registry.client = f"192.0.2.{10 + number}"
                    answer = await registry.ask(
                        "GET", "/v2/", headers={"authorization": authorization}
                    )
                    assert answer.status == (200 if owner == registry.host else 401)
        assert (await home.manage("GET", "/admin-user"))["username"] == "demoregistry"
        assert [t["name"] for t in await second.manage("GET", "/tokens")] == ["robot"]


@in_loop
async def test_scope_maps_and_settings_are_apart() -> None:
    """A map of one is unknown in the other, and a setting changes one alone."""
    async with two() as (home, second):
        wanted = {"name": "mine-map", "actions": ["repositories/a/content/read"]}
        await second.manage("POST", "/scope-maps", wanted)
        names = [m["name"] for m in await home.manage("GET", "/scope-maps")]
        assert "mine-map" not in names
        bound = json.dumps({"name": "robot", "scope_map": "mine-map"}).encode()
        answer = await home.ask("POST", "/api/v1/tokens", headers=JSON, body=bound, inside=True)
        assert answer.status == 404
        await push(second, "app")
        await second.manage("PATCH", "/registry", {"role_mode": "abac", "anonymous_pull": True})
        shown = await home.manage("GET", "/registry")
        assert (shown["role_mode"], shown["anonymous_pull"]) == ("rbac", False)
        query = "scope=repository:app:pull"
        assert (await second.ask("GET", f"/oauth2/token?{query}")).status == 200
        assert (await home.ask("GET", f"/oauth2/token?{query}")).status == 401
        tenant_wide = json.dumps({"refusals_kept_days": 3}).encode()
        answer = await second.ask(
            "PATCH", "/api/v1/registry", headers=JSON, body=tenant_wide, inside=True
        )
        assert answer.status == 400


@in_loop
async def test_roles_reach_the_registry_at_which_they_are_assigned() -> None:
    """One at a registry opens that one; one at the group opens both."""
    async with two() as (home, second):
        principals = {}
        for name in ("here", "there", "everywhere"):
            made = await home.manage("POST", "/service-principals", {"name": name})
            principals[name] = (made["client_id"], made["secret"])
        scope = (await second.manage("GET", "/registry"))["id"]
        own = (await home.manage("GET", "/registry"))["id"]
        group = own.partition("/providers/")[0]
        for name, place in (("here", own), ("there", scope), ("everywhere", group)):
            body = {"role": "AcrPull", "principal": principals[name][0], "scope": place}
            await home.manage("POST", "/role-assignments", body)
        await push(home, "app")
        await push(second, "app")
        reached = {
            (name, registry.host): (
                await registry.ask(
                    "GET",
                    "/v2/app/manifests/v1",
                    headers={"authorization": basic(*credentials)},
                )
            ).status
            for name, credentials in principals.items()
            for registry in (home, second)
        }
        assert reached == {
            ("here", home.host): 200,
            ("here", second.host): 403,
            ("there", home.host): 403,
            ("there", second.host): 200,
            ("everywhere", home.host): 200,
            ("everywhere", second.host): 200,
        }


@pytest.mark.parametrize(
    ("host", "scheme", "name"),
    [
        (SECOND, "http", "secondregistry"),
        ("SECOND.Test", "https", "secondregistry"),
        ("second.test:443", "https", "secondregistry"),
        ("second.test:80", "http", "secondregistry"),
        ("second.test:443", "http", "demoregistry"),
        ("second.test:5000", "http", "demoregistry"),
        ("xsecond.test", "http", "demoregistry"),
        ("third.test", "http", "demoregistry"),
        (THIRD, "http", "thirdregistry"),
        ("registry.test:5000", "http", "demoregistry"),
        ("127.0.0.1:5000", "http", "demoregistry"),
    ],
)
@in_loop
async def test_the_host_says_which_registry(host: str, scheme: str, name: str) -> None:
    """Whatever its case; any other host leads to the home registry, and never by half a name."""
    async with two() as (home, _):
        await make(home, "thirdregistry", THIRD)
        seen = at(home, host)
        seen.scheme = scheme
        assert (await seen.manage("GET", "/registry"))["name"] == name
        challenge = header(await seen.ask("GET", "/v2/"), "www-authenticate") or ""
        assert f'realm="{scheme}://{host.lower()}/oauth2/token"' in challenge


@pytest.mark.parametrize("host", ["second.test.", "second.test/", "", "second.test@home", "~"])
@in_loop
async def test_what_is_no_host_is_no_registry(host: str) -> None:
    """A trailing dot is refused with the rest: no answer repeats it."""
    async with two() as (home, _):
        assert (await at(home, host).ask("GET", "/v2/")).status == 400


@in_loop
async def test_a_registry_made_again_finds_nothing_of_the_former_one() -> None:
    """Neither content, credentials nor tokens: nor those that were made for the same host."""
    async with two() as (home, second):
        await push(second, "app", b"of the former")
        token = await second.token(OWNER, "repository:app:pull", "registry:catalog:*")
        body = {"name": "robot", "scope_map": "_repositories_admin"}
        password = (await second.manage("POST", "/tokens", body))["password1"]
        scope = (await second.manage("GET", "/registry"))["id"]
        made = await home.manage("POST", "/service-principals", {"name": "puller"})
        assignment = {"role": "AcrPull", "principal": made["client_id"], "scope": scope}
        await home.manage("POST", "/role-assignments", assignment)
        await home.manage("DELETE", "/registries/secondregistry")
        assert (await second.manage("GET", "/registry"))["name"] == "demoregistry"
        headers = {"authorization": bearer(token)}
        assert (await second.ask("GET", "/v2/_catalog", headers=headers)).status == 401
        await make(home, "secondregistry", SECOND)
        for path in ("/v2/_catalog", "/v2/app/manifests/v1", "/v2/"):
            assert (await second.ask("GET", path, headers=headers)).status == 401
        answer = await second.ask(
            "GET", "/v2/", headers={"authorization": basic("robot", password)}
        )
        assert answer.status == 401
        assert await catalog(second) == []
        assert [t["name"] for t in await second.manage("GET", "/tokens")] == []
        answer = await second.ask(
            "GET",
            "/v2/app/manifests/v1",
            headers={"authorization": basic(made["client_id"], made["secret"])},
        )
        assert answer.status == 403
        assert scope not in json.dumps(await home.manage("GET", "/role-assignments"))


@in_loop
async def test_the_home_registry_stays() -> None:
    """It cannot be deleted, nor lose its login server while others need it to have one."""
    async with two() as (home, second):
        for registry in (home, second):
            answer = await registry.ask("DELETE", "/api/v1/registries/demoregistry", inside=True)
            assert answer.status == 400
            assert b"home registry" in answer.body
            nothing = json.dumps({"login_server": ""}).encode()
            answer = await registry.ask(
                "PATCH", "/api/v1/registry", headers=JSON, body=nothing, inside=True
            )
            assert answer.status == 400


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"name": "Secondregistry", "login_server": "new.test"}, 409),
        ({"name": "DEMOregistry", "login_server": "new.test"}, 409),
        ({"name": "another", "login_server": "SECOND.test"}, 409),
        ({"name": "another", "login_server": "Registry.TEST:5000"}, 409),
        ({"name": "another", "login_server": "second.test:443"}, 409),
        ({"name": "another", "login_server": "Second.test:80"}, 409),
        ({"name": "another", "login_server": "second.test:4430"}, 201),
        ({"name": "owner", "login_server": "new.test"}, 409),
        ({"name": "robot", "login_server": "new.test"}, 409),
        ({"name": "no", "login_server": "new.test"}, 400),
        ({"name": "another", "login_server": "new.test/x"}, 400),
        ({"name": "another", "login_server": ""}, 400),
        ({"name": "another", "login_server": "new.test", "resource_group": "a/b"}, 400),
        ({"name": "another", "login_server": "new.test", "resource_group": "dock"}, 201),
    ],
)
@in_loop
async def test_names_and_login_servers_are_given_once(wanted: dict[str, str], status: int) -> None:
    """By no case, and to nobody who signs in already."""
    async with two() as (home, second):
        body = {"name": "robot", "scope_map": "_repositories_admin"}
        await second.manage("POST", "/tokens", body)
        asked = json.dumps(wanted).encode()
        answer = await home.ask("POST", "/api/v1/registries", headers=JSON, body=asked, inside=True)
        assert answer.status == status, answer.body


@in_loop
async def test_no_user_is_called_like_a_registry_or_a_token_of_one() -> None:
    """Their password would be tried in place of the other's."""
    async with two() as (home, second):
        body = {"name": "robot", "scope_map": "_repositories_admin"}
        await second.manage("POST", "/tokens", body)
        for name in ("robot", "Secondregistry", "demoregistry"):
            wanted = json.dumps({"username": name, "password": "a password for tests"}).encode()
            answer = await home.ask("POST", "/api/v1/users", headers=JSON, body=wanted, inside=True)
            assert answer.status == 409
        await home.manage("POST", "/tokens", body)


@in_loop
async def test_refusals_are_told_in_their_own_registry_alone() -> None:
    """`denials` and `why` of one know nothing of another's."""
    async with two() as (home, second):
        made = await home.manage("POST", "/service-principals", {"name": "stranger"})
        headers = {"authorization": basic(made["client_id"], made["secret"])}
        seen = {}
        for registry in (home, second):
            answer = await registry.ask("GET", "/v2/app/manifests/v1", headers=headers)
            seen[registry.host] = header(answer, "x-pratique-decision")
        for registry, other in ((home, second), (second, home)):
            listed = (await registry.manage("GET", "/decisions"))["decisions"]
            assert [d["decision_id"] for d in listed] == [seen[registry.host]]
            await registry.manage("GET", f"/decisions/{seen[registry.host]}")
            address = f"/decisions/{seen[other.host]}"
            answer = await registry.ask("GET", f"/api/v1{address}", inside=True)
            assert answer.status == 404
            page = await registry.ask("GET", f"/help/authorization?decision={seen[other.host]}")
            assert b"stranger" not in page.body


@in_loop
async def test_who_governs_one_registry_learns_nothing_of_another() -> None:
    """Neither its assignments, its audit entries, nor that it is there."""
    async with two() as (home, second):
        made = await home.manage("POST", "/service-principals", {"name": "governor"})
        scope = (await second.manage("GET", "/registry"))["id"]
        own = (await home.manage("GET", "/registry"))["id"]
        for role in ("Owner",):
            body = {"role": role, "principal": made["client_id"], "scope": scope}
            await home.manage("POST", "/role-assignments", body)
        secret = await home.manage("POST", "/service-principals", {"name": "others"})
        body = {"role": "AcrPull", "principal": secret["client_id"], "scope": own}
        await home.manage("POST", "/role-assignments", body)
        headers = {"authorization": basic(made["client_id"], made["secret"])}

        async def ask(registry: RegistryInMemory, path: str, method: str = "GET") -> Response:
            return await registry.ask(method, f"/api/v1{path}", headers={**headers, **JSON})

        denial = {
            "name": "secret of home",
            "actions": ["*"],
            "principals": [secret["client_id"]],
            "scope": own,
        }
        await home.manage("POST", "/deny-assignments", denial)
        stranger = {"authorization": basic(secret["client_id"], secret["secret"])}
        refused = await second.ask("GET", "/v2/app/tags/list", headers=stranger)
        decision = header(refused, "x-pratique-decision")
        question = {"principal": secret["client_id"], "action": "pull", "resource": "app"}
        answer = await second.ask(
            "POST",
            "/api/v1/access/check",
            headers={**headers, **JSON},
            body=json.dumps(question).encode(),
        )
        explained = await ask(second, f"/decisions/{decision}")
        assert answer.status == explained.status == 200
        denied = await ask(second, "/deny-assignments")
        for told in (answer, explained, denied, await ask(second, "/access/review")):
            assert b"secret of home" not in told.body
            assert own.encode() not in told.body
        listed = json.loads((await ask(second, "/role-assignments")).body)
        assert own not in {a["scope"] for a in listed}
        assert scope in {a["scope"] for a in listed}
        found = json.loads((await ask(second, "/registries")).body)
        assert [r["name"] for r in found] == ["secondregistry"]
        for path in ("/audit/entries", "/audit/head"):
            assert (await ask(second, path)).status == 403
        for path in ("/registry", "/registries", "/role-assignments", "/decisions", "/tokens"):
            assert (await ask(home, path)).status == 403
        assert (await ask(home, "/registries/demoregistry", "DELETE")).status == 403
        assert (await ask(second, "/registries/demoregistry", "DELETE")).status == 404
        new = json.dumps({"name": "another", "login_server": "new.test"}).encode()
        answer = await second.ask(
            "POST", "/api/v1/registries", headers={**headers, **JSON}, body=new
        )
        assert answer.status == 403
        assert (await ask(second, "/registries/secondregistry", "DELETE")).status == 200


@pytest.mark.parametrize("external_url", ["https://outside.test", "https://SECOND.test"])
@in_loop
async def test_behind_a_proxy_each_is_addressed_by_its_own_name(external_url: str) -> None:
    """The external address is the home registry's, and its scheme that of all."""
    async with two(external_url) as (home, second):
        for registry, name, base in (
            (home, "demoregistry", external_url),
            (at(home, "10.0.0.7:5000"), "demoregistry", external_url),
            (second, "secondregistry", "https://second.test"),
        ):
            assert (await registry.manage("GET", "/registry"))["name"] == name
            challenge = header(await registry.ask("GET", "/v2/"), "www-authenticate") or ""
            assert f'realm="{base}/oauth2/token"' in challenge
        token = await second.token(OWNER, "registry:catalog:*")
        headers = {"authorization": bearer(token)}
        assert (await second.ask("GET", "/v2/", headers=headers)).status == 200
        assert (await home.ask("GET", "/v2/", headers=headers)).status == 401


@in_loop
async def test_a_token_signed_for_a_host_before_it_was_a_registrys_opens_nothing_there() -> None:
    """A home registry without a login server signs for whatever host it is called by."""
    home = await RegistryInMemory.start()
    try:
        body = {"name": "robot", "scope_map": "_repositories_admin"}
        password = (await home.manage("POST", "/tokens", body))["password1"]
        early = at(home, SECOND)
        shown = [
            bearer(await early.token(who, "repository:app:pull,push"))
            for who in (OWNER, ("robot", password))
        ]
        await home.manage("PATCH", "/registry", {"login_server": "registry.test:5000"})
        await make(home, "secondregistry", SECOND)
        second = at(home, SECOND)
        await second.manage("POST", "/tokens", body)
        for authorization in shown:
            answer = await second.ask(
                "GET", "/v2/app/tags/list", headers={"authorization": authorization}
            )
            assert answer.status == 401
    finally:
        home.stop()


@in_loop
async def test_wrong_passwords_of_a_token_are_counted_for_its_registry() -> None:
    """Whoever guesses at one registry's token makes nobody wait who is another's."""
    async with two() as (home, second):
        body = {"name": "robot", "scope_map": "_repositories_admin"}
        for registry in (home, second):
            await registry.manage("POST", "/tokens", body)
        wrong = {"authorization": basic("robot", "wrong")}
        told = [words(await second.ask("GET", "/v2/", headers=wrong)) for _ in range(12)]
        assert told[0] != told[-1]
        assert words(await home.ask("GET", "/v2/", headers=wrong)) == told[0]


@in_loop
async def test_audit_entries_name_their_registry() -> None:
    """Of sign-ins, content and changes, by either face; those of the home registry name none."""
    async with two() as (home, second):
        scope = (await second.manage("GET", "/registry"))["id"]
        for registry in (home, second):
            await push(registry, "app")
            await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
        await home.auditor.flush()
        entries = [
            json.loads(e["body"])
            for e in (await home.manage("GET", "/audit/entries?limit=1000"))["entries"]
        ]
        for category in ("login", "repository", "change"):
            servers = {
                (entry.get("registry", ""), entry["server"])
                for entry in entries
                if entry["category"] == category and "server" in entry
            }
            assert {("", home.host), (scope, second.host)} <= servers
            assert servers <= {("", home.host), (scope, second.host)}
