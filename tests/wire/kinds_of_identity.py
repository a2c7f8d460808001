"""Callers that prove themselves to the directory and show the registry what the exchange gave.

Each way in is met in the same states: with a role, without it, disabled, its credential gone, and
with the directory's token where a registry's is wanted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from tests.sts.browser import (
    SCOPE,
    Browser,
    exchange,
    poll,
    post_token,
    start_device,
    tokens_for,
)
from tests.sts.directory import ACR_SCOPE, ASSERTION_TYPE, Certified, certificate_for
from tests.wire.kinds import NOTHING, READING, REPOSITORY, Headers, Kind, Presenting, assign

from pratique.identity import NULL_GUID
from pratique.testing.outside_issuers import IssuersInMemory, new_key
from pratique.testing.registry_in_memory import START, RegistryInMemory, basic, bearer

ISSUERS: Final = IssuersInMemory()
"""The outside issuers that the registries of the matrix may ask."""

_ISSUER: Final = ISSUERS.add("https://issuer.example")
_SUBJECT, _AUDIENCE = "job:main", "api://AzureADTokenExchange"
_KEY: Final = new_key("certificate", "RS256")
_ROBOT = "/service-principals/robot"


@dataclass(frozen=True)
class Proof:
    """A token of the directory, or one that stands for it.

    Attributes:
        principal: who proved to be somebody, as the management API names them.
        taking_away: the call that takes the credential behind it away.
        disabling: the call that disables them.
        others: further tokens that came with it.
    """

    principal: str
    token: str
    taking_away: tuple[str, str]
    disabling: str
    others: tuple[str, ...] = ()


Way = Callable[[RegistryInMemory], Awaitable[Proof]]


async def _asked_token(registry: RegistryInMemory, **fields: str) -> dict[str, Any]:
    status, content = await post_token(registry, **fields)
    assert status == 200, content
    return content


async def _by_secret(registry: RegistryInMemory) -> Proof:
    made = await registry.manage("POST", "/service-principals", {"name": "robot"})
    answer = await _asked_token(
        registry,
        grant_type="client_credentials",
        client_id=made["client_id"],
        client_secret=made["secret"],
        scope=ACR_SCOPE,
    )
    gone = ("DELETE", f"{_ROBOT}/secrets/default")
    return Proof("robot", answer["access_token"], gone, f"{_ROBOT}/disable")


async def _by_certificate(registry: RegistryInMemory) -> Proof:
    certificate = certificate_for(_KEY, START, timedelta(days=365))
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    wanted = {"name": "robot", "certificate": pem}
    made = await registry.manage("POST", "/service-principals", wanted)
    tenant = (await registry.manage("GET", "/registry"))["tenant_id"]
    signer = Certified(
        made["client_id"],
        made["object_id"],
        made["certificates"][0]["certificate_id"],
        _KEY,
        certificate,
        f"http://{registry.host}/{tenant}/oauth2/v2.0/token",
    )
    answer = await _asked_token(registry, **signer.form(signer.assertion(registry.clock())))
    gone = ("DELETE", f"{_ROBOT}/certificates/{signer.certificate_id}")
    return Proof("robot", answer["access_token"], gone, f"{_ROBOT}/disable")


async def _trusting(registry: RegistryInMemory) -> tuple[str, str]:
    """A service principal that an outside identity stands for; its client id, and a token."""
    trust = {"issuer": _ISSUER.issuer, "name": "builds", "audiences": [_AUDIENCE]}
    await registry.manage("POST", "/trusts", trust)
    made = await registry.manage("POST", "/service-principals", {"name": "robot"})
    wanted = {"issuer": _ISSUER.issuer, "subject": _SUBJECT, "name": "main"}
    await registry.manage("POST", f"{_ROBOT}/federated-credentials", wanted)
    return made["client_id"], _ISSUER.token(registry.clock(), sub=_SUBJECT, aud=_AUDIENCE)


async def _by_federated_credential(registry: RegistryInMemory) -> Proof:
    client_id, assertion = await _trusting(registry)
    answer = await _asked_token(
        registry,
        grant_type="client_credentials",
        client_id=client_id,
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=assertion,
        scope=ACR_SCOPE,
    )
    gone = ("DELETE", f"{_ROBOT}/federated-credentials/main")
    return Proof("robot", answer["access_token"], gone, f"{_ROBOT}/disable", (assertion,))


async def _by_outside_token(registry: RegistryInMemory) -> Proof:
    _, token = await _trusting(registry)
    gone = ("DELETE", f"{_ROBOT}/federated-credentials/main")
    return Proof("robot", token, gone, f"{_ROBOT}/disable")


async def _by_managed_identity(registry: RegistryInMemory) -> Proof:
    await registry.manage("POST", "/managed-identities", {"name": "web"})
    host = await registry.manage("POST", "/managed-identities/web/hosts", {"host": "host-1"})
    answer = await _asked_token(
        registry,
        grant_type="client_credentials",
        client_id=host["client_id"],
        client_secret=host["secret"],
        scope=ACR_SCOPE,
    )
    gone = ("DELETE", "/managed-identities/web/hosts/host-1")
    return Proof("web", answer["access_token"], gone, "/service-principals/web/disable")


async def _user(registry: RegistryInMemory) -> str:
    password: str = (await registry.manage("POST", "/users", {"username": "ada"}))["password"]
    return password


def _of_user(tokens: dict[str, Any]) -> Proof:
    return Proof(
        "ada",
        tokens["access_token"],
        ("POST", "/users/ada/sign-out"),
        "/users/ada/disable",
        (tokens["refresh_token"], tokens["id_token"]),
    )


async def _by_code(registry: RegistryInMemory) -> Proof:
    return _of_user(await tokens_for(registry, await _user(registry)))


async def _by_device_code(registry: RegistryInMemory) -> Proof:
    password, started = await _user(registry), await start_device(registry)
    browser = Browser(registry)
    page = await browser.press(
        await browser.get("/device"), "user-code", user_code=started["user_code"]
    )
    page = await browser.press(page, "password", username="ada", password=password)
    await browser.press(page, "allow")
    status, tokens = await poll(registry, started["device_code"])
    assert status == 200, tokens
    return _of_user(tokens)


async def _by_password_grant(registry: RegistryInMemory) -> Proof:
    password = await _user(registry)
    await registry.manage("PATCH", "/registry", {"password_grant": True})
    return _of_user(
        await _asked_token(
            registry, grant_type="password", username="ada", password=password, scope=SCOPE
        )
    )


_WAYS: dict[str, Way] = {
    "client secret": _by_secret,
    "certificate": _by_certificate,
    "federated credential": _by_federated_credential,
    "outside token": _by_outside_token,
    "managed identity": _by_managed_identity,
    "user by code": _by_code,
    "user by device code": _by_device_code,
    "user by password grant": _by_password_grant,
}


async def _exchanged(registry: RegistryInMemory, proof: Proof) -> str:
    """The registry refresh token, while they hold AcrPull."""
    await assign(registry, "AcrPull", proof.principal)
    status, content = await exchange(registry, proof.token)
    assert status == 200, content
    token: str = content["refresh_token"]
    return token


def _after(way: Way, *calls: str) -> Presenting:
    """The refresh token, once the management API was called; `gone` and `disabled` by the way."""

    async def present(registry: RegistryInMemory) -> Headers:
        proof = await way(registry)
        token = await _exchanged(registry, proof)
        named = {
            "gone": " ".join(proof.taking_away),
            "disabled": f"POST {proof.disabling}",
            "role": f"DELETE /role-assignments?role=AcrPull&principal={proof.principal}",
        }
        for call in calls:
            method, _, address = named.get(call, call).partition(" ")
            await registry.manage(method, address, {} if address.endswith("/password") else None)
        return {"authorization": basic(NULL_GUID, token)}

    return present


def _bearer_after(way: Way, *, gone: bool) -> Presenting:
    """An access token that the refresh token gave, perhaps with the credential gone since."""

    async def present(registry: RegistryInMemory) -> Headers:
        proof = await way(registry)
        refresh = await _exchanged(registry, proof)
        scopes = (f"repository:{REPOSITORY}:pull,metadata_read", "registry:catalog:*")
        token = await registry.token((NULL_GUID, refresh), *scopes)
        if gone:
            await registry.manage(*proof.taking_away)
        return {"authorization": bearer(token)}

    return present


def _itself(way: Way, number: int, *, as_password: bool) -> Presenting:
    """A token of the directory, where one of the registry is wanted."""

    async def present(registry: RegistryInMemory) -> Headers:
        proof = await way(registry)
        await assign(registry, "Owner", proof.principal)
        token = (proof.token, *proof.others)[number]
        return {"authorization": basic(NULL_GUID, token) if as_password else bearer(token)}

    return present


def _stranger(name: str, present: Presenting) -> Kind:
    return Kind(name, present, NOTHING, 401, known=False)


def _kinds() -> Iterator[Kind]:
    for name, way in _WAYS.items():
        yield Kind(f"{name}, exchanged", _after(way), READING, 403)
        yield Kind(f"{name}, without its role", _after(way, "role"), NOTHING, 403)
        yield _stranger(f"{name}, disabled", _after(way, "disabled"))
        yield _stranger(f"{name}, taken away", _after(way, "gone"))
        yield Kind(f"{name}, bearer", _bearer_after(way, gone=False), READING, 403)
        yield _stranger(f"{name}, bearer, taken away", _bearer_after(way, gone=True))
        yield _stranger(f"{name}, directory token", _itself(way, 0, as_password=False))
        yield _stranger(f"{name}, directory token as password", _itself(way, 0, as_password=True))
    for number, name in ((1, "refresh token of the directory"), (2, "id token")):
        yield _stranger(name, _itself(_by_code, number, as_password=False))
        yield _stranger(f"{name} as password", _itself(_by_code, number, as_password=True))
    for name, call in {
        "another password": "POST /users/ada/password",
        "a second factor since": "POST /users/ada/totp",
        "user deleted": "DELETE /users/ada",
    }.items():
        yield _stranger(f"user by code, {name}", _after(_by_code, call))
    trust = f"DELETE /trusts?issuer={_ISSUER.issuer}&with_credentials=true"
    yield _stranger("outside token, trust taken away", _after(_by_outside_token, trust))
    yield _stranger(
        "federated credential, trust taken away", _after(_by_federated_credential, trust)
    )


KINDS_OF_IDENTITY: tuple[Kind, ...] = tuple(_kinds())
