"""Causes in who is signed in with the Azure CLI, and in what it then logs in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pratique.diagnosis.facts.azure_cli import host_in
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.references import split_port
from pratique.diagnosis.rules.azure_shape import (
    az_server,
    cloud_of,
    looked_at,
    offline,
    registry_name,
    server_url,
    sign_in,
)
from pratique.diagnosis.rules.shape import Rule, credential, host, quoted

_CLIENTS: Final = {Client.DOCKER: "docker", Client.PODMAN: "podman"}


def not_signed_in(seen: Examination) -> Iterator[Finding]:
    """The cloud is the active one, and az has no account in it."""
    az = looked_at(seen)
    cloud = cloud_of(seen, az) if az else None
    if az is None or cloud is None or az.active != cloud.name:
        return
    if not any(account.cloud == cloud.name for account in az.accounts):
        yield certain(
            "az-not-signed-in",
            f"Nobody is signed in with az in the cloud `{cloud.name}`.",
            *sign_in(seen),
            evidence=[f"{az.folder}/azureProfile.json names no subscription of it"],
        )


def signed_in_elsewhere(seen: Examination) -> Iterator[Finding]:
    """Az has an account in this cloud, of a directory that this registry does not have."""
    az, server = looked_at(seen), az_server(seen)
    cloud = cloud_of(seen, az) if az else None
    if az is None or cloud is None or server is None or not server.tenant:
        return
    tenants = [each.tenant for each in az.accounts if each.cloud == cloud.name]
    default = [each.tenant for each in az.accounts if each.cloud == cloud.name and each.is_default]
    used = default or tenants
    if used and server.tenant.lower() not in {tenant.lower() for tenant in used}:
        yield certain(
            "az-signed-in-elsewhere",
            f"az is signed in to the tenant `{used[0]}`; `{host(seen)}` has the tenant "
            f"`{server.tenant}`. Its tokens are of no use there.",
            "az logout",
            *sign_in(seen),
            evidence=[f"tenantId in {az.folder}/azureProfile.json"],
        )


def remembers_refusal(seen: Examination) -> Iterator[Finding]:
    """A refusal is kept on disk, and the same request is not sent again for a while."""
    az = looked_at(seen)
    if az is None:
        return
    wanted = {host(seen).lower(), *([host_in(server_url(seen))] if az_server(seen) else [])}
    kept = [each for each in az.remembered if host_in(each.url) in wanted]
    if not kept:
        return
    last = max(each.until for each in kept)
    seconds = max(1, round((last - seen.place.now).total_seconds()))
    yield certain(
        "az-remembers-refusal",
        f"az remembers a refusal of `{host(seen)}` for another {seconds} seconds, and repeats it "
        "without asking, whatever has been mended at the registry since.",
        f"rm {quoted(f'{az.folder}/msal_http_cache.bin')}",
        evidence=[f"{az.folder}/msal_http_cache.bin: POST {kept[0].url}"],
        advice="Wait, or delete the file; az makes it anew, and nothing else is in it.",
    )


def docker_command(seen: Examination) -> Iterator[Finding]:
    """`az acr login` ends in the client that it is told to log in, or finds."""
    az = looked_at(seen)
    if az is None or (az_server(seen) is None and not offline(seen)):
        return
    pulls_with = _CLIENTS.get(seen.wish.client, "")
    if not az.client:
        named = f"`{az.docker_command}`, which DOCKER_COMMAND names," if az.docker_command else ""
        yield certain(
            "az-docker-command",
            f"{named or 'Neither docker nor podman'} is "
            f"{'not ' if named else ''}on the PATH, so `az acr login` has no client to log in.",
            "unset DOCKER_COMMAND" if az.docker_command else "az acr login -n NAME --expose-token",
            evidence=[f"DOCKER_COMMAND is {az.docker_command or 'not set'}"],
        )
    elif pulls_with and az.client in _CLIENTS.values() and az.client != pulls_with:
        if credential(seen) is not None:
            return
        yield suspected(
            "az-docker-command",
            f"`az acr login` logs in {az.client}, and it is {pulls_with} that pulls; each has a "
            "file of its own.",
            f"DOCKER_COMMAND={pulls_with} az acr login -n {registry_name(seen) or 'NAME'}",
            evidence=[f"DOCKER_COMMAND is {az.docker_command or 'not set'}"],
        )


def fell_back_to_admin_user(seen: Examination) -> Iterator[Finding]:
    """Az was refused a token, and logged the client in with the admin user's password."""
    az = looked_at(seen)
    cloud = cloud_of(seen, az) if az else None
    stored = credential(seen)
    if az is None or cloud is None or stored is None or stored.identity_token is not None:
        return
    if not any(account.cloud == cloud.name for account in az.accounts):
        return
    name = registry_name(seen)
    if name and stored.username.lower() == name:
        yield suspected(
            "az-fell-back-to-admin-user",
            f"The login for `{host(seen)}` is that of the admin user. Where the registry refuses "
            "the one who is signed in, `az acr login` takes it with a warning alone.",
            f"az acr update -n {name} --admin-enabled false",
            f"az acr login -n {name}",
            evidence=["the user name that is stored is the name of the registry"],
            advice="With the admin user off, the refusal is shown, and the role that is missing.",
        )


def login_server_with_port(seen: Examination) -> Iterator[Finding]:
    """`az acr check-health` takes the login server for a name and looks it up, port and all."""
    if looked_at(seen) is None or not seen.wish.az or az_server(seen) is None:
        return
    if split_port(host(seen))[1] is not None:
        yield suspected(
            "az-login-server-with-port",
            f"`{host(seen)}` has a port, so `az acr check-health` ends in "
            "CONNECTIVITY_DNS_ERROR. All else works.",
            evidence=["check-health looks up the whole login server as a name"],
            advice="Leave check-health out, or serve the registry at port 443.",
        )


RULES: tuple[Rule, ...] = (
    not_signed_in,
    signed_in_elsewhere,
    remembers_refusal,
    docker_command,
    fell_back_to_admin_user,
    login_server_with_port,
)
