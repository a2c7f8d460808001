"""Podman's settings for a host (containers-registries.conf(5), containers-certs.d(5))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pratique.diagnosis.credentials.docker import home_of
from pratique.diagnosis.credentials.registries_conf import (
    RegistriesConf,
    read_registries_conf,
    table,
)
from pratique.diagnosis.facts.settings import Mirror
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference
from pratique.diagnosis.settings_of_clients.docker_daemon import certificates_in
from pratique.diagnosis.settings_of_clients.seen import Seen


@dataclass(frozen=True, slots=True)
class Podman:
    """What podman's files say of one image.

    Attributes:
        insecure: file that lets it do without a verified certificate, empty when none does.
        ca_files: of the first certificate folder that is there.
        mirrors: asked before the host, or in place of it.
        blocked_by: file that blocks the host.
        search: registries for a name without a host; the one of an alias where there is one.
    """

    insecure: str
    ca_files: tuple[str, ...]
    mirrors: tuple[Mirror, ...]
    blocked_by: str
    search: tuple[str, ...]


def read_podman(machine: Machine, seen: Seen, reference: Reference) -> Podman:
    """Podman's settings for an image."""
    conf = read_registries_conf(machine)
    seen.add(conf.files)
    row, source = _registry_for(conf, reference)
    folders = (
        f"{home_of(machine)}/.config/containers/certs.d/{reference.server}",
        f"/etc/containers/certs.d/{reference.server}",
        f"/etc/docker/certs.d/{reference.server}",
    )
    folder = next((one for one in folders if seen.names_in(one)), "")
    return Podman(
        insecure=source if row.get("insecure") is True else "",
        ca_files=certificates_in(seen, folder) if folder else (),
        mirrors=_mirrors(row, source, reference),
        blocked_by=source if row.get("blocked") is True else "",
        search=_search(conf, reference),
    )


def matches_prefix(name: str, prefix: str) -> bool:
    """Whether `registries.conf` applies a prefix to an image.

    Args:
        name: host and repository.
        prefix: a host, a part of a name, or `*.DOMAIN`.
    """
    if prefix.startswith("*."):
        host = name.partition("/")[0]
        tail = prefix[1:]
        domain, slash, path = tail.partition("/")
        if not slash:
            return host.endswith(domain) or host.partition(":")[0].endswith(domain)
        return host.endswith(domain) and matches_prefix(name.partition("/")[2], path)
    return name == prefix or (name.startswith(prefix) and name[len(prefix)] in ":/@")


def _registry_for(conf: RegistriesConf, reference: Reference) -> tuple[Mapping[str, object], str]:
    name = f"{reference.host}/{reference.repository}"
    fitting = [prefix for prefix in conf.registries if matches_prefix(name, prefix)]
    return conf.registries[max(fitting, key=len)] if fitting else ({}, "")


def _mirrors(row: Mapping[str, object], source: str, reference: Reference) -> tuple[Mirror, ...]:
    rows = row.get("mirror")
    by_digest = row.get("mirror-by-digest-only") is True
    found = [
        Mirror(f"https://{location.rstrip('/')}", source)
        for one in (rows if isinstance(rows, list) else ())
        if isinstance(location := table(one).get("location"), str)
        and _is_asked(table(one), reference, by_digest=by_digest)
    ]
    location, prefix = row.get("location"), row.get("prefix")
    if isinstance(location, str) and location and location != (prefix or location):
        host = location.partition("/")[0]
        if host != reference.host:
            found.append(Mirror(f"https://{location.rstrip('/')}", source))
    return tuple(found)


def _is_asked(row: Mapping[str, object], reference: Reference, *, by_digest: bool) -> bool:
    kind = row.get("pull-from-mirror")
    if kind == "digest-only" or by_digest:
        return bool(reference.digest)
    return not (kind == "tag-only" and reference.digest)


def _search(conf: RegistriesConf, reference: Reference) -> tuple[str, ...]:
    if reference.host_given:
        return conf.search
    short = reference.text.partition("@")[0].partition(":")[0]
    full = conf.aliases.get(short, "")
    return (full.partition("/")[0],) if full else conf.search
