"""Containerd's settings: `config.toml`, and the hosts files that it leads to.

Source: containerd `docs/cri/registry.md`, `docs/hosts.md`, `core/remotes/docker/config/hosts.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pratique.diagnosis.credentials.registries_conf import table, texts
from pratique.diagnosis.facts.settings import Mirror
from pratique.diagnosis.references import Reference
from pratique.diagnosis.settings_of_clients.hosts_files import HostsFile, read_hosts_file
from pratique.diagnosis.settings_of_clients.seen import Seen

CONFIG: Final = "/etc/containerd/config.toml"
USUAL_FOLDERS: Final = ("/etc/containerd/certs.d", "/etc/docker/certs.d")
_SECTIONS: Final = {
    1: "cri",
    2: "io.containerd.grpc.v1.cri",
    3: "io.containerd.cri.v1.images",
}


@dataclass(slots=True)
class Containerd:
    """What containerd's files say of one host.

    Attributes:
        config_path: None when it is not set.
        hosts: of the folder for the host.
        mirrors: of `registry.mirrors`, which count only without `config_path`.
        insecure: file that lets it do without a verified certificate, empty when none does.
        ca_files: of `registry.configs`.
        faults: what keeps containerd from reading its hosts files.
    """

    config_path: str | None = None
    hosts: HostsFile = field(default_factory=HostsFile)
    mirrors: tuple[Mirror, ...] = ()
    insecure: str = ""
    ca_files: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)


def read_containerd(seen: Seen, reference: Reference, *, by_kubelet: bool) -> Containerd:
    """Containerd's settings for the host of an image.

    Args:
        seen: reads the files.
        reference: the image.
        by_kubelet: whether a kubelet pulls; nerdctl has folders of its own choice.
    """
    result = Containerd()
    registry = _registry(seen, result)
    path = registry.get("config_path")
    result.config_path = path if isinstance(path, str) and path else None
    mirrors, configs = table(registry.get("mirrors")), table(registry.get("configs"))
    if result.config_path is not None:
        _refuse_both(result, mirrors, configs)
        folders = tuple(one for one in result.config_path.split(":") if one)
    else:
        folders = () if by_kubelet else USUAL_FOLDERS
        _read_old_form(result, mirrors, table(configs.get(reference.host)), reference.host)
        if by_kubelet and any(seen.names_in(one) for one in USUAL_FOLDERS[:1]):
            result.faults.append(
                f"`config_path` is not set in {CONFIG}, so the kubelet's pulls do not read "
                f"{USUAL_FOLDERS[0]}"
            )
    result.hosts = read_hosts_file(seen, folders, reference)
    result.faults += result.hosts.faults
    return result


def _registry(seen: Seen, result: Containerd) -> Mapping[str, object]:
    """The table `registry` of the plugin that this version of the file has."""
    try:
        found = seen.toml(CONFIG)
    except ValueError:
        result.faults.append(f"{CONFIG} is no TOML")
        return {}
    if found is None:
        return {}
    version = found.get("version", 1)
    plugins = table(found.get("plugins"))
    section = _SECTIONS.get(version) if isinstance(version, int) else None
    if section is None:
        result.faults.append(f"{CONFIG} has a `version` that containerd does not know")
        return {}
    for other in _SECTIONS.values():
        if other != section and table(plugins.get(other)).get("registry"):
            result.faults.append(
                f"{CONFIG} has `registry` under the plugin `{other}`, which `version = {version}` "
                f"does not read; there it is `{section}`"
            )
    return table(table(plugins.get(section)).get("registry"))


def _refuse_both(
    result: Containerd, mirrors: Mapping[str, object], configs: Mapping[str, object]
) -> None:
    if mirrors:
        result.faults.append(
            f"{CONFIG} has `registry.mirrors` beside `config_path`, which exclude each other: "
            "containerd does not load the plugin that pulls"
        )
    if any(table(one).get("tls") for one in configs.values()):
        result.faults.append(
            f"{CONFIG} has `tls` in `registry.configs` beside `config_path`, which exclude each "
            "other: containerd does not load the plugin that pulls"
        )


def _read_old_form(
    result: Containerd, mirrors: Mapping[str, object], config: Mapping[str, object], host: str
) -> None:
    row = table(mirrors.get(host)) or table(mirrors.get("*"))
    result.mirrors = tuple(
        Mirror(url.rstrip("/"), CONFIG)
        for url in texts(row.get("endpoint"))
        if url.partition("://")[2].partition("/")[0] != host
    )
    if f"http://{host}" in texts(row.get("endpoint")):
        result.insecure = CONFIG
    tls = table(config.get("tls"))
    if tls.get("insecure_skip_verify") is True:
        result.insecure = CONFIG
    ca_file = tls.get("ca_file")
    result.ca_files = (ca_file,) if isinstance(ca_file, str) and ca_file else ()
