"""The docker daemon's settings (`daemon.json`, its certificate folders, Red Hat's options).

Source: moby `daemon/pkg/registry/config.go`; the loopback network is insecure without being named.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.credentials.docker import docker_file, home_of
from pratique.diagnosis.credentials.registries_conf import table, texts
from pratique.diagnosis.facts.settings import Mirror
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import DOCKER_HUB, Reference, split_port
from pratique.diagnosis.settings_of_clients.seen import Seen
from pratique.diagnosis.settings_of_clients.units import variables_in

DAEMON_FILE: Final = "/etc/docker/daemon.json"
RED_HAT_FILE: Final = "/etc/sysconfig/docker"
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class DockerDaemon:
    """What the daemon's own file says.

    Attributes:
        path: of that file.
        found: what it holds, empty when it is not there.
        certificates: folder of its certificate folders.
    """

    path: str
    found: Mapping[str, object]
    certificates: str

    @property
    def proxies(self) -> dict[str, str]:
        """Its `proxies`, under the names of their variables."""
        members = table(self.found.get("proxies"))
        names = {"https-proxy": "HTTPS_PROXY", "http-proxy": "HTTP_PROXY", "no-proxy": "NO_PROXY"}
        return {
            variable: value
            for name, variable in names.items()
            if isinstance(value := members.get(name), str) and value
        }


def read_docker_daemon(machine: Machine, seen: Seen) -> DockerDaemon:
    """The daemon that docker talks to on this machine: the user's own one, or the system's."""
    own = f"{home_of(machine)}/.config/docker"
    if _is_rootless(machine, seen):
        return DockerDaemon(f"{own}/daemon.json", seen.json(f"{own}/daemon.json"), f"{own}/certs.d")
    return DockerDaemon(DAEMON_FILE, seen.json(DAEMON_FILE), "/etc/docker/certs.d")


def insecure_by_docker(daemon: DockerDaemon, host: str) -> tuple[bool, str]:
    """Whether docker may do without a verified certificate for a host, and the file that says so.

    Args:
        daemon: its settings.
        host: with the port when one is written.
    """
    listed = texts(daemon.found.get("insecure-registries"))
    if host in listed or any(_covers(entry, host) for entry in listed):
        return True, daemon.path
    return any(_covers(network, host) for network in _LOOPBACK), ""


def mirrors_by_docker(daemon: DockerDaemon, reference: Reference) -> tuple[Mirror, ...]:
    """Mirrors that docker asks first, which it does for Docker Hub alone."""
    if reference.host != DOCKER_HUB:
        return ()
    listed = texts(daemon.found.get("registry-mirrors"))
    return tuple(Mirror(url.rstrip("/"), daemon.path) for url in listed)


def certificates_in(seen: Seen, folder: str) -> tuple[str, ...]:
    """Certificates of authorities in a folder (`*.crt`)."""
    paths = tuple(f"{folder}/{name}" for name in seen.names_in(folder) if name.endswith(".crt"))
    seen.add(paths)
    return paths


def verifies_signatures(seen: Seen) -> bool:
    """Whether Red Hat's old docker is set up without `--signature-verification=false`."""
    variables = variables_in(seen, RED_HAT_FILE)
    # Other distributions have a file of this name too; that of Red Hat's build sets both.
    if "OPTIONS" not in variables or "DOCKER_CERT_PATH" not in variables:
        return False
    return "--signature-verification=false" not in variables["OPTIONS"]


def _is_rootless(machine: Machine, seen: Seen) -> bool:
    host = machine.environment.get("DOCKER_HOST", "")
    if host:
        return host.startswith("unix:///run/user/")
    return seen.json(docker_file(machine)).get("currentContext") == "rootless"


def _covers(network: str, host: str) -> bool:
    name = split_port(host)[0]
    try:
        address = ipaddress.ip_address("127.0.0.1" if name == "localhost" else name)
        return "/" in network and address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
