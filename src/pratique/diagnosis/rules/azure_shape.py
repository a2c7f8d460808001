"""What rules about the Azure CLI have in common."""

from __future__ import annotations

from pratique.diagnosis.facts.azure_cli import (
    AzCloud,
    AzServer,
    AzSettings,
    host_in,
    name_before,
)
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.logins import ACR_HOST
from pratique.diagnosis.references import split_port
from pratique.diagnosis.rules.shape import credential, credential_refused, host, quoted


def looked_at(seen: Examination) -> AzSettings | None:
    """How az is set up, where that can matter for what was asked."""
    if seen.az is None or ACR_HOST.fullmatch(split_port(host(seen))[0].lower()):
        return None
    if seen.wish.az or seen.outcome is Outcome.UNTESTED:
        return seen.az
    # Whom the registry knows, az has logged in.
    without = credential(seen) is None or credential_refused(seen)
    return seen.az if without and seen.outcome in {Outcome.REFUSED, Outcome.NO_TOKEN} else None


def cloud_of(seen: Examination, az: AzSettings) -> AzCloud | None:
    """The cloud in az that leads to the registry, None when there is none.

    A server of several registries is one cloud, whose addresses have the host of the first one. The
    server says so; where nothing is asked of it, the suffix of login servers does.
    """
    if az_server(seen) is not None:
        return az.cloud_of(host(seen), host_in(server_url(seen)))
    return az.cloud_of(host(seen)) or (az.cloud_by_suffix(host(seen)) if offline(seen) else None)


def az_server(seen: Examination) -> AzServer | None:
    """What the registry told az about itself, None when it told nothing."""
    return seen.az_visit.server if seen.az_visit else None


def server_url(seen: Examination) -> str:
    """Address of its resource manager; empty when it told nothing."""
    server = az_server(seen)
    return server.resource_manager if server else ""


def offline(seen: Examination) -> bool:
    """Whether nothing was asked."""
    return seen.outcome is Outcome.UNTESTED


def registry_name(seen: Examination) -> str:
    """The name by which az calls the registry; empty when its login server does not tell it.

    A registry may have any login server. Only where that is the name before the cloud's suffix can
    the one be known from the other.
    """
    server = az_server(seen)
    cloud = cloud_of(seen, seen.az) if seen.az else None
    suffix = server.suffix if server else (cloud.suffix if cloud else "")
    return name_before(host(seen), suffix)


def set_up(seen: Examination) -> str:
    """The command that sets az up for the registry."""
    return f"pratique az-setup {quoted(host(seen))} --write"


def sign_in(seen: Examination) -> tuple[str, str]:
    """The commands by which a service principal and a person sign in."""
    server = az_server(seen)
    tenant = server.tenant if server and server.tenant else "organizations"
    return (
        f"az login --service-principal -u CLIENT_ID -p SECRET --tenant {quoted(tenant)}",
        f"az login --use-device-code --tenant {quoted(tenant)}",
    )
