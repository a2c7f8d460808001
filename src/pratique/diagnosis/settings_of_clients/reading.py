"""All that the client's own files say about the host of an image."""

from __future__ import annotations

from dataclasses import replace

from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.settings import ClientSettings, ProxySettings
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference
from pratique.diagnosis.settings_of_clients.containerd import read_containerd
from pratique.diagnosis.settings_of_clients.docker_daemon import (
    DockerDaemon,
    certificates_in,
    insecure_by_docker,
    mirrors_by_docker,
    read_docker_daemon,
    verifies_signatures,
)
from pratique.diagnosis.settings_of_clients.kubelet_plugins import read_kubelet_plugins
from pratique.diagnosis.settings_of_clients.podman import read_podman
from pratique.diagnosis.settings_of_clients.proxies import (
    PROXY_VARIABLES,
    proxies_in,
)
from pratique.diagnosis.settings_of_clients.seen import Seen
from pratique.diagnosis.settings_of_clients.units import read_service


def read_settings(machine: Machine, reference: Reference, client: Client) -> ClientSettings:
    """How a client is set up for the host of an image.

    What cannot be read is as if it were not there, except for containerd's own files, whose faults
    are in the result; nothing is raised.

    Args:
        machine: on which the client runs.
        reference: the image.
        client: whose files count.
    """
    seen = Seen(machine.files)
    match client:
        case Client.DOCKER:
            settings = _of_docker(machine, seen, reference)
        case Client.CONTAINERD:
            settings = _of_containerd(machine, seen, reference)
        case Client.PODMAN:
            settings = _of_podman(machine, seen, reference)
    return replace(settings, files=seen.paths)


def _of_docker(machine: Machine, seen: Seen, reference: Reference) -> ClientSettings:
    daemon = read_docker_daemon(machine, seen)
    insecure, source = insecure_by_docker(daemon, reference.host)
    return ClientSettings(
        insecure=insecure,
        insecure_source=source,
        ca_files=certificates_in(seen, f"{daemon.certificates}/{reference.host}"),
        mirrors=mirrors_by_docker(daemon, reference),
        proxies=_proxies(machine, seen, "docker", daemon),
        redhat_verification=verifies_signatures(seen),
    )


def _of_containerd(machine: Machine, seen: Seen, reference: Reference) -> ClientSettings:
    plugins = read_kubelet_plugins(seen, reference)
    found = read_containerd(seen, reference, by_kubelet=plugins is not None)
    source = found.insecure or (found.hosts.path if found.hosts.insecure else "")
    loopback, _ = insecure_by_docker(DockerDaemon("", {}, ""), reference.host)
    return ClientSettings(
        insecure=bool(source) or loopback,
        insecure_source=source,
        ca_files=(*found.hosts.ca_files, *found.ca_files),
        mirrors=(*found.hosts.mirrors, *found.mirrors),
        config_path=found.config_path,
        hosts_file=found.hosts.path,
        containerd_faults=tuple(found.faults),
        proxies=_proxies(machine, seen, "containerd", None),
        kubelet_plugins=plugins,
    )


def _of_podman(machine: Machine, seen: Seen, reference: Reference) -> ClientSettings:
    found = read_podman(machine, seen, reference)
    return ClientSettings(
        insecure=bool(found.insecure),
        insecure_source=found.insecure,
        ca_files=found.ca_files,
        mirrors=found.mirrors,
        blocked_by=found.blocked_by,
        search=found.search,
        proxies=ProxySettings(shell=proxies_in(machine.environment)),
    )


def _proxies(
    machine: Machine, seen: Seen, service_name: str, daemon: DockerDaemon | None
) -> ProxySettings:
    """Proxies of the shell and of the service that pulls; its own file wins over its unit."""
    shell = proxies_in(machine.environment)
    service = read_service(seen, service_name)
    own = daemon.proxies if daemon is not None else {}
    if service is None and (daemon is None or not daemon.found):
        return ProxySettings(shell)
    environment = service.environment if service is not None else {}
    variables = {name: environment[name] for name in PROXY_VARIABLES if name in environment}
    from_unit = service.files[-1] if service is not None else ""
    source = daemon.path if daemon is not None and (own or not from_unit) else from_unit
    return ProxySettings(shell, proxies_in({**variables, **own}), source)
