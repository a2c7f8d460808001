"""Every kind of caller that can come to the registry, and what each may do.

A kind says how it presents itself and what it is expected to be granted: written down here by
hand, from the reference, and not computed from the law.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from pratique.access import BUILT_IN_ROLES, SYSTEM_SCOPE_MAPS
from pratique.identity import NULL_GUID
from pratique.testing.registry_in_memory import (
    OWNER,
    RegistryInMemory,
    basic,
    bearer,
)

REPOSITORY = "team/app"
EVERYTHING = frozenset({"pull", "push", "delete", "metadata_read", "metadata_write", "catalog"})
READING = frozenset({"pull", "metadata_read", "catalog"})
NOTHING: frozenset[str] = frozenset()

Headers = dict[str, str]
Presenting = Callable[[RegistryInMemory], Awaitable[Headers]]


@dataclass(frozen=True)
class Kind:
    """One kind of caller.

    Attributes:
        present: prepares the registry and gives the headers that the caller sends.
        granted: words of the actions that it may do on `REPOSITORY`.
        refused_with: status of everything else: 401 for those who are not known, 403 for those
            who are.
        known: whether `/v2/` answers 200.
    """

    name: str
    present: Presenting
    granted: frozenset[str]
    refused_with: int
    known: bool = True


async def service_principal(registry: RegistryInMemory, name: str = "robot") -> tuple[str, str]:
    """A new service principal without a role; its client id and secret."""
    made = await registry.manage("POST", "/service-principals", {"name": name})
    return made["client_id"], made["secret"]


async def assign(registry: RegistryInMemory, role: str, principal: str, scope: str = "") -> None:
    """Give a role to somebody, at the registry unless a scope is given."""
    wanted = {"role": role, "principal": principal}
    if scope:
        wanted["scope"] = scope
    await registry.manage("POST", "/role-assignments", wanted)


def with_role(role: str, *, abac: bool = False) -> Presenting:
    """A service principal with one role, by Basic."""

    async def present(registry: RegistryInMemory) -> Headers:
        credentials = await service_principal(registry)
        await assign(registry, role, credentials[0])
        if abac:
            await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        return {"authorization": basic(*credentials)}

    return present


def with_token_of(scope_map: str) -> Presenting:
    """A non-directory token with a scope map, by Basic."""

    async def present(registry: RegistryInMemory) -> Headers:
        made = await registry.manage(
            "POST", "/tokens", {"name": "ci-token", "scope_map": scope_map}
        )
        return {"authorization": basic("ci-token", made["password2"])}

    return present


async def nobody(registry: RegistryInMemory) -> Headers:
    """No Authorization header."""
    del registry
    return {}


async def nobody_on_an_open_registry(registry: RegistryInMemory) -> Headers:
    """No Authorization header, and anonymous pull is on: still a challenge (rule 8)."""
    await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
    return {}


async def anonymous_token(registry: RegistryInMemory) -> Headers:
    """The token that anybody gets while anonymous pull is on."""
    await registry.manage("PATCH", "/registry", {"anonymous_pull": True})
    scopes = (f"repository:{REPOSITORY}:pull,metadata_read,push", "registry:catalog:*")
    return {"authorization": bearer(await registry.token(None, *scopes))}


async def anonymous_token_of_a_closed_registry(registry: RegistryInMemory) -> Headers:
    """A token from when anonymous pull was on."""
    headers = await anonymous_token(registry)
    await registry.manage("PATCH", "/registry", {"anonymous_pull": False})
    return headers


async def owner(registry: RegistryInMemory) -> Headers:
    """A directory user with Owner, by Basic."""
    del registry
    return {"authorization": basic(*OWNER)}


async def owner_by_bearer(registry: RegistryInMemory) -> Headers:
    """The owner with an access token for everything."""
    scopes = (f"repository:{REPOSITORY}:*", "registry:catalog:*")
    return {"authorization": bearer(await registry.token(OWNER, *scopes))}


async def owner_by_bearer_for_pulling(registry: RegistryInMemory) -> Headers:
    """The owner with an access token that was made for pulling only."""
    token = await registry.token(OWNER, f"repository:{REPOSITORY}:pull")
    return {"authorization": bearer(token)}


async def owner_by_bearer_for_another_repository(registry: RegistryInMemory) -> Headers:
    """The owner with an access token for a repository of another name."""
    token = await registry.token(OWNER, "repository:team/other:*")
    return {"authorization": bearer(token)}


async def owner_by_bearer_for_all_repositories(registry: RegistryInMemory) -> Headers:
    """The owner with the wildcard that acr purge asks for."""
    token = await registry.token(OWNER, "repository:*:*", "registry:catalog:*")
    return {"authorization": bearer(token)}


async def refresh_token_of(registry: RegistryInMemory, credentials: tuple[str, str]) -> str:
    """A refresh token, as `pratique login` gets it."""
    form = (
        f"grant_type=password&service={registry.host}&access_type=offline"
        f"&username={credentials[0]}&password={credentials[1].replace(' ', '+')}"
    )
    response = await registry.ask("POST", "/oauth2/token", body=form.encode())
    token: str = json.loads(response.body)["refresh_token"]
    return token


async def refresh_token_as_password(registry: RegistryInMemory) -> Headers:
    """The null GUID with the owner's refresh token."""
    return {"authorization": basic(NULL_GUID, await refresh_token_of(registry, OWNER))}


async def refresh_token_as_bearer(registry: RegistryInMemory) -> Headers:
    """A refresh token is not for resources."""
    return {"authorization": bearer(await refresh_token_of(registry, OWNER))}


async def access_token_as_password(registry: RegistryInMemory) -> Headers:
    """The null GUID with an access token for pulling."""
    token = await registry.token(OWNER, f"repository:{REPOSITORY}:pull")
    return {"authorization": basic(NULL_GUID, token)}


async def expired_refresh_token(registry: RegistryInMemory) -> Headers:
    """A refresh token after three hours."""
    headers = await refresh_token_as_password(registry)
    registry.clock.advance(timedelta(hours=3, seconds=1))
    return headers


async def expired_access_token(registry: RegistryInMemory) -> Headers:
    """An access token after 75 minutes."""
    headers = await owner_by_bearer(registry)
    registry.clock.advance(timedelta(minutes=75, seconds=1))
    return headers


async def token_of_another_registry(registry: RegistryInMemory) -> Headers:
    """A token that another registry signed, for the same host name."""
    del registry
    other = await RegistryInMemory.start()
    try:
        return await owner_by_bearer(other)
    finally:
        other.stop()


async def token_for_another_host(registry: RegistryInMemory) -> Headers:
    """A token that this registry made under another name."""
    registry.host = "elsewhere.test"
    headers = await owner_by_bearer(registry)
    registry.host = "registry.test:5000"
    return headers


async def unsigned_token(registry: RegistryInMemory) -> Headers:
    """The owner's token with the algorithm `none` and no signature."""
    signed = (await owner_by_bearer(registry))["authorization"].removeprefix("Bearer ")
    forged = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return {"authorization": bearer(f"{forged}.{signed.split('.')[1]}.")}


async def tampered_token(registry: RegistryInMemory) -> Headers:
    """The owner's pull token with its claims changed to everything."""
    token = await registry.token(OWNER, f"repository:{REPOSITORY}:pull")
    head, claims, signature = token.split(".")
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    widened = text.replace(b'["pull"]', b'["*"]')
    body = base64.urlsafe_b64encode(widened).rstrip(b"=").decode()
    return {"authorization": bearer(f"{head}.{body}.{signature}")}


async def token_of_a_lost_key(registry: RegistryInMemory) -> Headers:
    """A token whose signing key was thrown away."""
    headers = await owner_by_bearer(registry)
    await registry.manage("POST", "/signing-keys", {"at_once": True})
    return headers


async def token_of_a_rotated_key(registry: RegistryInMemory) -> Headers:
    """A token whose signing key was retired in the ordinary way still verifies."""
    headers = await owner_by_bearer(registry)
    await registry.manage("POST", "/signing-keys", {})
    return headers


async def token_before_the_role_mode_changed(registry: RegistryInMemory) -> Headers:
    """Credentials are bound to the role mode in force when they were made (reference 2.6)."""
    headers = await owner_by_bearer(registry)
    await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
    return headers


async def token_of_a_deleted_secret(registry: RegistryInMemory) -> Headers:
    """A bearer token dies with the secret that it was made with."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    token = await registry.token(credentials, f"repository:{REPOSITORY}:*")
    await registry.manage("DELETE", f"/service-principals/{credentials[0]}/secrets/default")
    return {"authorization": bearer(token)}


async def token_after_the_role_was_taken_away(registry: RegistryInMemory) -> Headers:
    """A token gives no rights of its own (rule 5)."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    scopes = (f"repository:{REPOSITORY}:*", "registry:catalog:*")
    token = await registry.token(credentials, *scopes)
    await registry.manage("DELETE", f"/role-assignments?role=Owner&principal={credentials[0]}")
    return {"authorization": bearer(token)}


async def token_of_a_disabled_principal(registry: RegistryInMemory) -> Headers:
    """A bearer token of somebody who has been disabled since."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    token = await registry.token(credentials, f"repository:{REPOSITORY}:*")
    await registry.manage("POST", f"/service-principals/{credentials[0]}/disable")
    return {"authorization": bearer(token)}


async def disabled_service_principal(registry: RegistryInMemory) -> Headers:
    """The right secret of a disabled service principal."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    await registry.manage("POST", f"/service-principals/{credentials[0]}/disable")
    return {"authorization": basic(*credentials)}


async def deleted_service_principal(registry: RegistryInMemory) -> Headers:
    """The secret of a service principal that is gone."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    await registry.manage("DELETE", f"/service-principals/{credentials[0]}")
    return {"authorization": basic(*credentials)}


async def wrong_secret(registry: RegistryInMemory) -> Headers:
    """A service principal with another's secret."""
    (client_id, _), (_, secret) = [await service_principal(registry, n) for n in ("one", "two")]
    await assign(registry, "Owner", client_id)
    return {"authorization": basic(client_id, secret)}


async def expired_secret(registry: RegistryInMemory) -> Headers:
    """A client secret after its year."""
    credentials = await service_principal(registry)
    await assign(registry, "Owner", credentials[0])
    registry.clock.advance(timedelta(days=366))
    return {"authorization": basic(*credentials)}


async def second_secret(registry: RegistryInMemory) -> Headers:
    """A service principal with the second of its secrets."""
    client_id, _ = await service_principal(registry)
    await assign(registry, "AcrPull", client_id)
    made = await registry.manage(
        "POST", f"/service-principals/{client_id}/secrets", {"name": "second"}
    )
    return {"authorization": basic(client_id, made["secret"])}


async def service_principal_without_a_role(registry: RegistryInMemory) -> Headers:
    """Known, and nothing more."""
    return {"authorization": basic(*await service_principal(registry))}


async def wrong_password(registry: RegistryInMemory) -> Headers:
    """The owner with a wrong password."""
    del registry
    return {"authorization": basic(OWNER[0], "not the password")}


async def unknown_user(registry: RegistryInMemory) -> Headers:
    """A name that nobody has."""
    del registry
    return {"authorization": basic("stranger", "whatever it is")}


async def disabled_user(registry: RegistryInMemory) -> Headers:
    """A disabled user with the right password."""
    made = await registry.manage("POST", "/users", {"username": "dana"})
    await assign(registry, "Owner", "dana")
    await registry.manage("POST", "/users/dana/disable")
    return {"authorization": basic("dana", made["password"])}


async def user_by_nested_group(registry: RegistryInMemory) -> Headers:
    """A user whose group is in a group that holds AcrPull at the resource group."""
    made = await registry.manage("POST", "/users", {"username": "erin"})
    for group in ("inner", "outer"):
        await registry.manage("POST", "/groups", {"name": group})
    await registry.manage("POST", "/groups/inner/members", {"principal": "erin"})
    await registry.manage("POST", "/groups/outer/members", {"principal": "inner"})
    scope = (await registry.manage("GET", "/registry"))["id"].rpartition("/providers/")[0]
    await assign(registry, "AcrPull", "outer", scope)
    return {"authorization": basic("erin", made["password"])}


async def role_on_another_registry(registry: RegistryInMemory) -> Headers:
    """Owner of a registry beside this one."""
    credentials = await service_principal(registry)
    scope = (await registry.manage("GET", "/registry"))["id"].replace("demoregistry", "another")
    await assign(registry, "Owner", credentials[0], scope)
    return {"authorization": basic(*credentials)}


async def admin_user(registry: RegistryInMemory) -> Headers:
    """The admin user, enabled."""
    made = await registry.manage("POST", "/admin-user/enable")
    return {"authorization": basic("demoregistry", made["passwords"]["password2"])}


async def admin_user_never_enabled(registry: RegistryInMemory) -> Headers:
    """The admin user's name on a registry that has none."""
    del registry
    return {"authorization": basic("demoregistry", "a guess")}


async def admin_user_disabled(registry: RegistryInMemory) -> Headers:
    """The admin user's right password, after it was switched off."""
    headers = await admin_user(registry)
    await registry.manage("POST", "/admin-user/disable")
    return headers


async def admin_token_after_disabling(registry: RegistryInMemory) -> Headers:
    """A bearer token of the admin user, after it was switched off."""
    made = await registry.manage("POST", "/admin-user/enable")
    credentials = ("demoregistry", made["passwords"]["password"])
    token = await registry.token(credentials, f"repository:{REPOSITORY}:*")
    await registry.manage("POST", "/admin-user/disable")
    return {"authorization": bearer(token)}


async def admin_user_with_an_old_password(registry: RegistryInMemory) -> Headers:
    """A password of the admin user that was made anew since."""
    made = await registry.manage("POST", "/admin-user/enable")
    await registry.manage("POST", "/admin-user/regenerate", {"name": "password"})
    return {"authorization": basic("demoregistry", made["passwords"]["password"])}


def with_own_scope_map(*actions: str) -> Presenting:
    """A token whose scope map holds these actions."""

    async def present(registry: RegistryInMemory) -> Headers:
        wanted = {"name": "ci-map", "actions": list(actions)}
        await registry.manage("POST", "/scope-maps", wanted)
        return await with_token_of("ci-map")(registry)

    return present


async def disabled_token(registry: RegistryInMemory) -> Headers:
    """A disabled token with the right password."""
    headers = await with_token_of("_repositories_admin")(registry)
    await registry.manage("POST", "/tokens/ci-token/disable")
    return headers


async def bearer_of_a_disabled_token(registry: RegistryInMemory) -> Headers:
    """An access token of a non-directory token that has been disabled since."""
    made = await registry.manage(
        "POST", "/tokens", {"name": "ci-token", "scope_map": "_repositories_admin"}
    )
    token = await registry.token(("ci-token", made["password1"]), f"repository:{REPOSITORY}:*")
    await registry.manage("POST", "/tokens/ci-token/disable")
    return {"authorization": bearer(token)}


async def expired_token_password(registry: RegistryInMemory) -> Headers:
    """A token's password after its day."""
    wanted = {"name": "ci-token", "scope_map": "_repositories_admin", "expires_in_days": 1}
    made = await registry.manage("POST", "/tokens", wanted)
    registry.clock.advance(timedelta(days=1))
    return {"authorization": basic("ci-token", made["password1"])}


def sending(value: str) -> Presenting:
    """Some Authorization header that proves nothing."""

    async def present(registry: RegistryInMemory) -> Headers:
        del registry
        return {"authorization": value}

    return present


_PULLING_ROLES = frozenset(
    {
        *("AcrPull", "Reader", "User Access Administrator"),
        "Role Based Access Control Administrator",
        "Container Registry Data Importer and Data Reader",
    }
)
_WITH_EVERYTHING = frozenset({"Owner", "Contributor"})
_ABAC_ROLES = {
    "Container Registry Repository Reader": {"pull", "metadata_read"},
    "Container Registry Repository Writer": EVERYTHING - {"delete", "catalog"},
    "Container Registry Repository Contributor": EVERYTHING - {"catalog"},
    "Container Registry Repository Catalog Lister": {"catalog"},
    "Container Registry Data Importer and Data Reader": {"pull", "metadata_read", "catalog"},
}
_SCOPE_MAPS = {
    "_repositories_admin": EVERYTHING,
    "_repositories_pull": {"pull"},
    "_repositories_pull_metadata_read": {"pull", "metadata_read"},
    "_repositories_push": {"pull", "push"},
    "_repositories_push_metadata_write": EVERYTHING - {"delete", "catalog"},
}


def _of_role(role: str) -> frozenset[str]:
    if role in _WITH_EVERYTHING:
        return EVERYTHING
    if role in _PULLING_ROLES:
        return READING
    return {
        "AcrPush": READING | {"push"},
        "AcrDelete": frozenset({"delete"}),
    }.get(role, NOTHING)


_ROLE_NAMES = sorted(role.name for role in BUILT_IN_ROLES.values())

KINDS: tuple[Kind, ...] = (
    Kind("nobody", nobody, NOTHING, 401, known=False),
    Kind("nobody, open registry", nobody_on_an_open_registry, NOTHING, 401, known=False),
    Kind("anonymous token", anonymous_token, READING, 401),
    Kind("anonymous token, closed again", anonymous_token_of_a_closed_registry, NOTHING, 401),
    Kind("owner", owner, EVERYTHING, 403),
    Kind("owner, bearer", owner_by_bearer, EVERYTHING, 403),
    Kind(
        "bearer for pulling", owner_by_bearer_for_pulling, frozenset({"pull", "metadata_read"}), 401
    ),
    Kind("bearer for another repository", owner_by_bearer_for_another_repository, NOTHING, 401),
    Kind("bearer for all repositories", owner_by_bearer_for_all_repositories, EVERYTHING, 403),
    Kind("refresh token as password", refresh_token_as_password, EVERYTHING, 403),
    Kind("refresh token as bearer", refresh_token_as_bearer, NOTHING, 401, known=False),
    Kind(
        "access token as password",
        access_token_as_password,
        frozenset({"pull", "metadata_read"}),
        401,
    ),
    Kind("expired refresh token", expired_refresh_token, NOTHING, 401, known=False),
    Kind("expired access token", expired_access_token, NOTHING, 401, known=False),
    Kind("another registry's token", token_of_another_registry, NOTHING, 401, known=False),
    Kind("token for another host", token_for_another_host, NOTHING, 401, known=False),
    Kind("unsigned token", unsigned_token, NOTHING, 401, known=False),
    Kind("tampered token", tampered_token, NOTHING, 401, known=False),
    Kind("token of a lost key", token_of_a_lost_key, NOTHING, 401, known=False),
    Kind("token of a rotated key", token_of_a_rotated_key, EVERYTHING, 403),
    Kind("token of another mode", token_before_the_role_mode_changed, NOTHING, 401, known=False),
    Kind("token of a deleted secret", token_of_a_deleted_secret, NOTHING, 401, known=False),
    Kind("token without its role", token_after_the_role_was_taken_away, NOTHING, 403),
    Kind("token of a disabled principal", token_of_a_disabled_principal, NOTHING, 401, known=False),
    Kind("disabled service principal", disabled_service_principal, NOTHING, 401, known=False),
    Kind("deleted service principal", deleted_service_principal, NOTHING, 401, known=False),
    Kind("wrong secret", wrong_secret, NOTHING, 401, known=False),
    Kind("expired secret", expired_secret, NOTHING, 401, known=False),
    Kind("second secret", second_secret, READING, 403),
    Kind("no role", service_principal_without_a_role, NOTHING, 403),
    Kind("wrong password", wrong_password, NOTHING, 401, known=False),
    Kind("unknown user", unknown_user, NOTHING, 401, known=False),
    Kind("disabled user", disabled_user, NOTHING, 401, known=False),
    Kind("user by nested group", user_by_nested_group, READING, 403),
    Kind("role on another registry", role_on_another_registry, NOTHING, 403),
    Kind("admin user", admin_user, EVERYTHING, 403),
    Kind("admin user, never enabled", admin_user_never_enabled, NOTHING, 401, known=False),
    Kind("admin user, disabled", admin_user_disabled, NOTHING, 401, known=False),
    Kind("admin token, disabled", admin_token_after_disabling, NOTHING, 401, known=False),
    Kind("admin user, old password", admin_user_with_an_old_password, NOTHING, 401, known=False),
    Kind(
        "token of a wildcard map",
        with_own_scope_map("repositories/team/*/content/read"),
        frozenset({"pull"}),
        403,
    ),
    Kind(
        "token of another repository",
        with_own_scope_map(
            "repositories/team/apple/content/read", "repositories/team/content/read"
        ),
        NOTHING,
        403,
    ),
    Kind("disabled token", disabled_token, NOTHING, 401, known=False),
    Kind("bearer of a disabled token", bearer_of_a_disabled_token, NOTHING, 401, known=False),
    Kind("expired token password", expired_token_password, NOTHING, 401, known=False),
    Kind("unknown scheme", sending("Negotiate abc"), NOTHING, 401, known=False),
    Kind("broken base64", sending("Basic %%%"), NOTHING, 401, known=False),
    Kind("no colon", sending("Basic b3duZXI="), NOTHING, 401, known=False),
    Kind("empty bearer", sending("Bearer "), NOTHING, 401, known=False),
    Kind("nonsense bearer", sending("Bearer a.b.c"), NOTHING, 401, known=False),
    Kind("empty header", sending(""), NOTHING, 401, known=False),
    *(Kind(f"role {name}", with_role(name), _of_role(name), 403) for name in _ROLE_NAMES),
    *(
        Kind(
            f"role {name}, abac",
            with_role(name, abac=True),
            frozenset(_ABAC_ROLES.get(name, NOTHING)),
            403,
        )
        for name in _ROLE_NAMES
    ),
    *(
        Kind(f"token of {name}", with_token_of(name), frozenset(granted), 403)
        for name, granted in _SCOPE_MAPS.items()
    ),
)


def kinds_of_roles_and_maps() -> set[str]:
    """Names of the kinds that the product's own tables demand."""
    wanted: set[str] = {f"token of {name}" for name in SYSTEM_SCOPE_MAPS}
    for name in (role.name for role in BUILT_IN_ROLES.values()):
        wanted |= {f"role {name}", f"role {name}, abac"}
    return wanted
