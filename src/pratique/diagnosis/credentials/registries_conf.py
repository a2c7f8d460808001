"""Podman's `registries.conf` with its drop-ins (containers-registries.conf(5), version 2)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pratique.diagnosis.credentials.docker import home_of
from pratique.diagnosis.machine import Files, Machine

AUTH_FILES: Final = "containers-auth.json"
_SYSTEM: Final = "/etc/containers/registries.conf"
_MOST_FILES: Final = 100


@dataclass(frozen=True, slots=True)
class RegistriesConf:
    """What podman's files say, taken together.

    Attributes:
        registries: tables of `[[registry]]` by prefix, each with the file that it is from.
        search: `unqualified-search-registries`.
        helpers: `credential-helpers`, in order.
        helpers_source: file that sets them.
        aliases: short names to full ones.
        files: that were read.
    """

    registries: Mapping[str, tuple[Mapping[str, object], str]] = field(default_factory=dict)
    search: tuple[str, ...] = ()
    helpers: tuple[str, ...] = (AUTH_FILES,)
    helpers_source: str = _SYSTEM
    aliases: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


def read_toml(files: Files, path: str) -> dict[str, object] | None:
    """A TOML file; None when it is not there, not for us, or no TOML."""
    try:
        return tomllib.loads(files.read(path).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, in order; none when it is no list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def table(value: object) -> Mapping[str, object]:
    """A table, empty when the value is none."""
    return value if isinstance(value, dict) else {}


def read_registries_conf(machine: Machine) -> RegistriesConf:
    """What podman reads, later files before earlier ones."""
    registries: dict[str, tuple[Mapping[str, object], str]] = {}
    aliases: dict[str, str] = {}
    search: tuple[str, ...] = ()
    helpers: tuple[str, ...] = (AUTH_FILES,)
    helpers_source = _SYSTEM
    seen: list[str] = []
    for path in _paths(machine):
        found = read_toml(machine.files, path)
        if found is None:
            continue
        seen.append(path)
        rows = found.get("registry")
        for row in rows if isinstance(rows, list) else ():
            prefix = table(row).get("prefix") or table(row).get("location")
            if isinstance(prefix, str):
                registries[prefix.rstrip("/")] = (table(row), path)
        if "unqualified-search-registries" in found:
            search = texts(found["unqualified-search-registries"])
        if "credential-helpers" in found:
            helpers, helpers_source = texts(found["credential-helpers"]), path
        named = table(found.get("aliases"))
        aliases.update({name: full for name, full in named.items() if isinstance(full, str)})
    return RegistriesConf(
        registries, search, helpers or (AUTH_FILES,), helpers_source, aliases, tuple(seen)
    )


def credential_helpers(machine: Machine) -> tuple[tuple[str, ...], str]:
    """Podman's helpers in their order, and the file that names them."""
    conf = read_registries_conf(machine)
    return conf.helpers, conf.helpers_source


def _paths(machine: Machine) -> list[str]:
    own = f"{home_of(machine)}/.config/containers"
    named = machine.environment.get("CONTAINERS_REGISTRIES_CONF", "")
    system = _drop_ins(machine, "/etc/containers/registries.conf.d")
    mine = _drop_ins(machine, f"{own}/registries.conf.d")
    if named:
        return [named, *system, *mine]
    if "registries.conf" in machine.files.names_in(own):
        return [f"{own}/registries.conf", *mine]
    cache = (
        "/var/cache/containers/short-name-aliases.conf"
        if machine.is_root
        else f"{home_of(machine)}/.cache/containers/short-name-aliases.conf"
    )
    return [_SYSTEM, *system, *mine, cache]


def _drop_ins(machine: Machine, folder: str) -> list[str]:
    names = sorted(machine.files.names_in(folder))[:_MOST_FILES]
    return [f"{folder}/{name}" for name in names if name.endswith(".conf")]
