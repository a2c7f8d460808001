"""The folder of a host among containerd's hosts files, and its `hosts.toml`.

Source: containerd `docs/hosts.md`, `core/remotes/docker/config/hosts.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.credentials.registries_conf import table, texts
from pratique.diagnosis.facts.settings import Mirror
from pratique.diagnosis.references import DOCKER_HUB, Reference
from pratique.diagnosis.settings_of_clients.docker_daemon import certificates_in
from pratique.diagnosis.settings_of_clients.seen import Seen

NAME: Final = "hosts.toml"
_ANSWERS_PULLS: Final = frozenset({"pull", "resolve"})


@dataclass(frozen=True, slots=True)
class HostsFile:
    """What the folder of a host says.

    Attributes:
        path: of its `hosts.toml`, empty when there is none.
        mirrors: asked before the host, in order.
        insecure: whether the host may do without a verified certificate.
        ca_files: for the host itself.
        faults: what is there and has no effect.
    """

    path: str = ""
    mirrors: tuple[Mirror, ...] = ()
    insecure: bool = False
    ca_files: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def folder_names(host: str) -> tuple[str, ...]:
    """Names that the folder of a host can have, in containerd's order."""
    name, colon, port = host.rpartition(":")
    underscored = (f"{name}_{port}_",) if colon and name and port.isdecimal() else ()
    return (*underscored, host, "_default")


def read_hosts_file(seen: Seen, folders: Sequence[str], reference: Reference) -> HostsFile:
    """What the first folder for the host of an image says.

    Args:
        seen: reads the files.
        folders: of `config_path`, in order.
        reference: the image.
    """
    for root in folders:
        there = seen.names_in(root)
        for name in folder_names(reference.host):
            if name in there:
                return _read_folder(seen, f"{root.rstrip('/')}/{name}", reference)
    return HostsFile()


def _read_folder(seen: Seen, folder: str, reference: Reference) -> HostsFile:
    path = f"{folder}/{NAME}"
    beside = tuple(name for name in seen.names_in(folder) if name.endswith(".crt"))
    try:
        found = seen.toml(path)
    except ValueError:
        authorities = certificates_in(seen, folder)
        return HostsFile(
            path, ca_files=authorities, faults=(f"{path} is no TOML, so containerd ignores it",)
        )
    if not found:
        return HostsFile(path if found is not None else "", ca_files=certificates_in(seen, folder))
    server = found.get("server")
    hosts = table(found.get("host"))
    rows = {url: table(row) for url, row in hosts.items()}
    own = [found] if not isinstance(server, str) or _is_same(server, reference) else []
    own += [row for url, row in rows.items() if _is_same(url, reference)]
    mirrors = [
        _mirror(url, row, path)
        for url, row in rows.items()
        if not _is_same(url, reference) and _pulls(row)
    ]
    if isinstance(server, str) and server and not _is_same(server, reference):
        mirrors.append(_mirror(server, found, path))
    plain = [url for url in (*rows, server) if isinstance(url, str) and url.startswith("http://")]
    insecure = any(_is_same(url, reference) for url in plain) or any(
        row.get("skip_verify") is True for row in own
    )
    authorities = tuple(ca for row in own for ca in _authorities(row, folder))
    named = {
        ca.rpartition("/")[2] for row in (found, *rows.values()) for ca in _authorities(row, folder)
    }
    faults = tuple(
        f"{folder}/{name} is not named as `ca` in {path}, so containerd does not read it"
        for name in beside
        if name not in named
    )
    return HostsFile(path, tuple(mirrors), insecure, authorities, faults)


def _mirror(url: str, row: Mapping[str, object], path: str) -> Mirror:
    header = {str(name).lower() for name in table(row.get("header"))}
    full = url if url.startswith("http") else f"https://{url}"
    return Mirror(full.rstrip("/"), path, has_header="authorization" in header)


def _pulls(row: Mapping[str, object]) -> bool:
    listed = texts(row.get("capabilities"))
    return not listed or bool(_ANSWERS_PULLS & {one.lower() for one in listed})


def _is_same(url: str, reference: Reference) -> bool:
    host = url.rpartition("://")[2].partition("/")[0]
    names = {reference.host, reference.server}
    if reference.host == DOCKER_HUB:
        names.add("index.docker.io")
    return host in names


def _authorities(row: Mapping[str, object], folder: str) -> tuple[str, ...]:
    value = row.get("ca")
    listed = (value,) if isinstance(value, str) else texts(value)
    return tuple(one if one.startswith("/") else f"{folder}/{one}" for one in listed)
