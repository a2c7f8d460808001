"""What is remembered of an admission never outlives the law, the token or the credential."""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy
from datetime import timedelta

import pytest
from tests.wire.kinds import REPOSITORY, Headers, assign, service_principal

from pratique.http.dataplane.admissions import keep
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, bearer

TAGS = f"/v2/{REPOSITORY}/manifests/v1"
ADMITTED = 404


async def admitted_twice(registry: RegistryInMemory, days: int = 365) -> tuple[str, Headers]:
    """A service principal whose pull token was used twice; its client id and the headers."""
    client_id, _ = await service_principal(registry)
    await assign(registry, "AcrPull", client_id)
    made = await registry.manage(
        "POST",
        f"/service-principals/{client_id}/secrets",
        {"name": "used", "expires_in_days": days},
    )
    token = await registry.token((client_id, made["secret"]), f"repository:{REPOSITORY}:pull")
    headers = {"authorization": bearer(token)}
    for _ in range(2):
        assert (await registry.ask("GET", TAGS, headers=headers)).status == ADMITTED
    return client_id, headers


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("DELETE", "/role-assignments?role=AcrPull&principal=ID", 403),
        ("POST", "/service-principals/ID/disable", 401),
        ("DELETE", "/service-principals/ID/secrets/used", 401),
        ("DELETE", "/service-principals/ID", 401),
    ],
)
@pytest.mark.parametrize("pulled", [TAGS, f"/v2/{REPOSITORY}/manifests/never-asked-for"])
@in_loop
async def test_a_revocation_counts_from_the_next_request(
    pulled: str, method: str, address: str, status: int
) -> None:
    """A token that was admitted a moment ago is refused once its right or credential is gone."""
    registry = await RegistryInMemory.start()
    try:
        client_id, headers = await admitted_twice(registry)
        await registry.manage(method, address.replace("ID", client_id))
        assert status == (await registry.ask("GET", pulled, headers=headers)).status
    finally:
        registry.stop()


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("DELETE", "/role-assignments?role=AcrPush&principal=ID", 403),
        ("POST", "/service-principals/ID/disable", 401),
        ("DELETE", "/service-principals/ID/secrets/used", 401),
        ("", "", 401),
    ],
)
@in_loop
async def test_it_counts_for_pushes_too(method: str, address: str, status: int) -> None:
    """Who showed a token is remembered for pushes, until it expires; what they may do is not."""
    registry = await RegistryInMemory.start()
    try:
        client_id, _ = await service_principal(registry)
        await assign(registry, "AcrPush", client_id)
        made = await registry.manage(
            "POST", f"/service-principals/{client_id}/secrets", {"name": "used"}
        )
        scope = f"repository:{REPOSITORY}:pull,push"
        token = await registry.token((client_id, made["secret"]), scope)
        headers = {"authorization": bearer(token)}
        uploads = f"/v2/{REPOSITORY}/blobs/uploads/"
        for _ in range(2):
            assert (await registry.ask("POST", uploads, headers=headers)).status == 202
        if method:
            await registry.manage(method, address.replace("ID", client_id))
        else:
            registry.clock.advance(timedelta(minutes=75))
        assert (await registry.ask("POST", uploads, headers=headers)).status == status
    finally:
        registry.stop()


@in_loop
async def test_an_expired_token_is_not_remembered() -> None:
    """A token that was admitted is refused once it has expired."""
    registry = await RegistryInMemory.start()
    try:
        _, headers = await admitted_twice(registry)
        registry.clock.advance(timedelta(minutes=75))
        assert (await registry.ask("GET", TAGS, headers=headers)).status == 401
    finally:
        registry.stop()


@in_loop
async def test_an_expired_secret_takes_its_tokens_along() -> None:
    """A token that was admitted is refused once the secret behind it has expired."""
    registry = await RegistryInMemory.start()
    try:
        client_id, _ = await service_principal(registry)
        await assign(registry, "AcrPull", client_id)
        address = f"/service-principals/{client_id}/secrets"
        wanted = {"name": "short", "expires_in_days": 1}
        made = await registry.manage("POST", address, wanted)
        registry.clock.advance(timedelta(hours=23, minutes=30))
        scope = f"repository:{REPOSITORY}:pull"
        token = await registry.token((client_id, made["secret"]), scope)
        headers = {"authorization": bearer(token)}
        assert (await registry.ask("GET", TAGS, headers=headers)).status == ADMITTED
        registry.clock.advance(timedelta(minutes=31))
        assert (await registry.ask("GET", TAGS, headers=headers)).status == 401
    finally:
        registry.stop()


@in_loop
async def test_another_method_or_path_is_thought_through_anew() -> None:
    """An admission to pull opens neither a push nor another repository."""
    registry = await RegistryInMemory.start()
    try:
        _, headers = await admitted_twice(registry)
        assert (await registry.ask("PUT", TAGS, headers=headers, body=b"{}")).status == 403
        other = await registry.ask("GET", "/v2/team/other/manifests/v1", headers=headers)
        assert other.status == 401
    finally:
        registry.stop()


@in_loop
async def test_a_law_of_the_same_number_is_another_law() -> None:
    """A store that was put back and changed since forgets what the lost law had admitted."""
    registry = await RegistryInMemory.start()
    try:
        client_id, secret = await service_principal(registry)
        kept = deepcopy(vars(registry.ledger))
        await assign(registry, "AcrPull", client_id)
        token = await registry.token((client_id, secret), f"repository:{REPOSITORY}:pull")
        headers = {"authorization": bearer(token)}
        for _ in range(2):
            assert (await registry.ask("GET", TAGS, headers=headers)).status == ADMITTED
        number = registry.ledger.version()
        vars(registry.ledger).update(kept)
        await registry.manage("POST", "/users", {"username": "ada", "password": "a long password"})
        assert registry.ledger.version() == number
        assert (await registry.ask("GET", TAGS, headers=headers)).status == 403
    finally:
        registry.stop()


def test_the_memory_is_bounded() -> None:
    """Where there is no room, the oldest goes."""
    memory = OrderedDict({"old": 1, "new": 2})
    keep(memory, "new", 3, 2)
    assert memory == {"old": 1, "new": 3}
    keep(memory, "newest", 4, 2)
    assert memory == {"new": 3, "newest": 4}
