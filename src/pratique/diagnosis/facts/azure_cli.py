"""How the Azure CLI of this user is set up, as far as it matters for one server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pratique.diagnosis.facts.conversation import Exchange


@dataclass(frozen=True, slots=True)
class AzCloud:
    """A cloud that was registered with az.

    Attributes:
        resource_manager: its address, without a slash at the end.
        authority: where tokens come from, likewise.
        suffix: of login servers, without a leading dot; empty when there is none.
    """

    name: str
    resource_manager: str
    authority: str
    suffix: str


@dataclass(frozen=True, slots=True)
class AzAccount:
    """A subscription that az has from a sign-in.

    Attributes:
        cloud: name of the cloud in which it is.
        tenant: id of the directory that the sign-in was at.
        is_default: whether az acts in it.
    """

    cloud: str
    tenant: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """A refusal of a token endpoint, which az repeats instead of asking again.

    Attributes:
        url: that was asked.
        until: when az forgets it.
    """

    url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class AzSettings:
    """What az is set to, by its files and by the environment.

    Attributes:
        folder: where it keeps its files.
        clouds: those that were registered.
        active: name of the cloud that it acts in.
        instance_discovery: whether it asks Microsoft about an authority before it uses it.
        discovery_source: the file or variable that says so; empty when nothing does.
        accounts: of all clouds.
        remembered: refusals that are not forgotten yet.
        bundle: file or folder of the certificates that it trusts; empty for public roots.
        bundle_variable: that names it; empty when none does.
        bundle_fault: why the bundle cannot be used; empty when it can.
        unverified: whether az is told to verify no certificate at all.
        docker_command: value of `DOCKER_COMMAND`; empty when it is not set.
        client: name of the client that `az acr login` would log in; empty when there is none.
    """

    folder: str
    clouds: tuple[AzCloud, ...] = ()
    active: str = "AzureCloud"
    instance_discovery: bool = True
    discovery_source: str = ""
    accounts: tuple[AzAccount, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    bundle: str = ""
    bundle_variable: str = ""
    bundle_fault: str = ""
    unverified: bool = False
    docker_command: str = ""
    client: str = ""

    def cloud_of(self, *hosts: str) -> AzCloud | None:
        """The cloud that leads to one of these hosts, the active one first; None for none.

        Args:
            hosts: with the port where it is not that of https.
        """
        wanted = {host.lower() for host in hosts}
        fitting = [
            cloud
            for cloud in self.clouds
            if not wanted.isdisjoint(map(host_in, (cloud.resource_manager, cloud.authority)))
        ]
        return self._preferred(fitting)

    def cloud_by_suffix(self, host: str) -> AzCloud | None:
        """The cloud in which `host` would be the login server of a registry, chosen likewise."""
        fitting = [cloud for cloud in self.clouds if name_before(host, cloud.suffix)]
        return self._preferred(fitting)

    def _preferred(self, clouds: list[AzCloud]) -> AzCloud | None:
        return max(clouds, key=lambda cloud: cloud.name == self.active, default=None)


def name_before(login_server: str, suffix: str) -> str:
    """The registry's name by which az makes this login server; empty when it makes another.

    Args:
        login_server: `NAME.SUFFIX`, with its port.
        suffix: of login servers, without a leading dot; empty when there is none.
    """
    name, _, rest = login_server.lower().partition(".")
    return name if suffix and rest == suffix.lower() else ""


def host_in(url: str) -> str:
    """The host of an address in lower case, with its port where that is not 443."""
    return url.partition("://")[2].partition("/")[0].lower().removesuffix(":443")


@dataclass(frozen=True, slots=True)
class AzServer:
    """What a server tells az about itself.

    Attributes:
        resource_manager: its address, without a slash at the end.
        suffix: of login servers, without a leading dot.
        tenant: id of its directory; empty when it did not tell.
    """

    resource_manager: str
    suffix: str
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class AzVisit:
    """The server was asked as az asks it.

    Attributes:
        document: the request for the cloud document, with the certificates that az trusts.
        server: None when it is no server for az.
        exchanges: everything that was asked.
    """

    document: Exchange
    server: AzServer | None
    exchanges: tuple[Exchange, ...]
