"""Docker's way to a credential.

`DOCKER_AUTH_CONFIG`, then for one host: `credHelpers`, else `credsStore`, else `auths`. A helper
that has nothing ends the search; so does one that fails, but for versions before 29.
Source: docker/cli `cli/config/configfile/file.go`, `cli/config/credentials` (file, native and
default store), `cli/config/memorystore`, `cli/command/registry.go`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from pratique.diagnosis.credentials.authfiles import (
    AuthFile,
    read_auth_file,
    read_logins,
    source_of,
)
from pratique.diagnosis.credentials.entries import Dialect, Stored
from pratique.diagnosis.credentials.helpers import Helpers
from pratique.diagnosis.credentials.keys import docker_key, host_by_docker
from pratique.diagnosis.credentials.lookup import (
    Lookup,
    Match,
    chosen,
    chosen_by_helper,
    matches_in,
)
from pratique.diagnosis.facts.credentials import Choice, Entry, HelperOutcome, Holding, Origin
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference

VARIABLE: Final = "DOCKER_AUTH_CONFIG"
_LONGEST_VARIABLE: Final = 1024 * 1024
_VERSION = re.compile(r"version (\d{1,4})\.(\d{1,4})")
_STORES: Final = {"darwin": "osxkeychain", "windows": "wincred"}


def home_of(machine: Machine) -> str:
    """The home folder, as programmes in Go find it."""
    return machine.environment.get("HOME") or machine.home


def docker_file(machine: Machine) -> str:
    """Path of the configuration that docker reads."""
    folder = machine.environment.get("DOCKER_CONFIG") or f"{home_of(machine)}/.docker"
    return f"{folder.rstrip('/')}/config.json"


def docker_variable(machine: Machine) -> AuthFile | None:
    """The logins in DOCKER_AUTH_CONFIG; None when it is not set."""
    text = machine.environment.get(VARIABLE, "")
    if not text:
        return None
    raw = text[:_LONGEST_VARIABLE].encode("utf-8", "replace")
    logins = read_logins(raw, Dialect.VARIABLE)
    return AuthFile(source_of(VARIABLE, Origin.DOCKER_ENVIRONMENT, logins), logins)


def docker_matches(file: AuthFile, key: str) -> list[Match]:
    """Members of `auths` that docker takes for a key: the very key, then older spellings."""
    exact = file.logins.under(key)
    older = (one for one in file.logins.auths if one.key != key and host_by_docker(one.key) == key)
    return matches_in(file, ([exact] if exact is not None else []) + list(older))


def look_up_for_docker(machine: Machine, reference: Reference, helpers: Helpers) -> Lookup:
    """The credential that docker would send for an image."""
    key = docker_key(reference)
    variable = docker_variable(machine)
    if variable is not None and not _reads_variable(machine):
        variable = None
    home = home_of(machine)
    path = docker_file(machine)
    owner = machine.user if path.startswith(f"{home}/") else ""
    config = read_auth_file(machine.files, path, Origin.DOCKER_FILE, Dialect.DOCKER, owner=owner)
    config = replace(config, source=replace(config.source, order=int(variable is not None)))
    config = _with_default_store(machine, config, helpers)
    helper = _helper_for(config, key)
    named = variable.logins.under(key) if variable is not None else None
    pairs = docker_matches(config, key)
    matches = [
        *([Match(variable, named)] if variable is not None and named is not None else []),
        *([Match(config, helper)] if helper is not None and helper.key else []),
        *pairs,
    ]
    choice: Choice | None = None
    if named is not None and variable is not None:
        choice = chosen(matches[0]) if variable.logins.readable else None
    if choice is None and helper is not None:
        run = helpers.get(helper.entry.helper, key, config.source.name)
        choice = chosen_by_helper(run, config.source, helper.entry)
        if run.outcome not in {HelperOutcome.FOUND, HelperOutcome.EMPTY} and pairs:
            choice = chosen(pairs[0]) if _passes_over_helpers(machine) else None
    elif choice is None and pairs and config.logins.readable:
        choice = chosen(pairs[0])
    files = (config,) if variable is None else (variable, config)
    return Lookup(key, files, tuple(matches), choice)


def _version(machine: Machine) -> tuple[int, ...] | None:
    """Version of docker's command; None when it cannot be told, which means a current one."""
    path = machine.programs.find("docker")
    if path is None:
        return None
    try:
        said = machine.programs.run((path, "--version")).output
    except OSError:
        return None
    found = _VERSION.search(said)
    return tuple(int(part) for part in found.groups()) if found is not None else None


def _reads_variable(machine: Machine) -> bool:
    """Whether this docker knows DOCKER_AUTH_CONFIG (from 28.3)."""
    version = _version(machine)
    return version is None or version >= (28, 3)


def _passes_over_helpers(machine: Machine) -> bool:
    """Whether this docker uses `auths` when a helper fails (until 28), where 29 stops."""
    version = _version(machine)
    return version is not None and version < (29, 0)


def _helper_for(config: AuthFile, key: str) -> Stored | None:
    """The helper that answers for a key; one with an empty key is `credsStore`."""
    named = config.logins.helper_for(key)
    if named is not None:
        return named if named.entry.helper else None
    store = config.logins.store
    return Stored("", Entry("", Holding.STORE, helper=store)) if store else None


def _with_default_store(machine: Machine, config: AuthFile, helpers: Helpers) -> AuthFile:
    """With the store that docker uses by itself when its file names no credential at all."""
    logins = config.logins
    if logins.store or logins.helpers or logins.auths:
        return config
    on_linux = "pass" if machine.programs.find("pass") is not None else "secretservice"
    store = _STORES.get(machine.system, on_linux)
    if not helpers.installed(store):
        return config
    logins = replace(logins, store=store)
    return replace(config, logins=logins, source=replace(config.source, entries=logins.entries))
