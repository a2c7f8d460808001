"""Podman's way to a credential (also buildah's and, but for `DOCKER_CONFIG`, skopeo's).

Helpers of registries.conf in their order, among them the files: one that the user names, or the
list of containers-auth.json(5). In one file: `credHelpers` for the host, else the longest key.
Source: containers/image `pkg/docker/config/config.go`; for `DOCKER_CONFIG`, which podman takes for
the only file when it is set, containers/common `pkg/auth/auth.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pratique.diagnosis.credentials.authfiles import AuthFile, read_auth_file
from pratique.diagnosis.credentials.docker import home_of
from pratique.diagnosis.credentials.encoding import NO_COLON, NO_USER, TWICE
from pratique.diagnosis.credentials.entries import Dialect, Stored
from pratique.diagnosis.credentials.helpers import Helpers
from pratique.diagnosis.credentials.keys import host_by_podman, keys_for_podman, shown
from pratique.diagnosis.credentials.lookup import (
    Lookup,
    Match,
    chosen,
    chosen_by_helper,
    matches_in,
)
from pratique.diagnosis.credentials.people import number_of
from pratique.diagnosis.credentials.registries_conf import AUTH_FILES, credential_helpers
from pratique.diagnosis.facts.credentials import (
    Choice,
    Entry,
    HelperOutcome,
    Holding,
    Origin,
    Source,
)
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    origin: Origin
    old_format: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of one file or helper: a choice, or that podman stops here with an error."""

    choice: Choice | None = None
    stops: bool = False


def runtime_file(machine: Machine) -> str | None:
    """Path of podman's first file; None when the user's number is needed and unknown."""
    folder = machine.environment.get("XDG_RUNTIME_DIR")
    if folder:
        return f"{folder.rstrip('/')}/containers/auth.json"
    number = "0" if machine.is_root else number_of(machine, machine.user)
    return f"/run/containers/{number}/auth.json" if number else None


def podman_places(machine: Machine, auth_file: str = "") -> list[_Place]:
    """Where podman looks, in its order."""
    named = auth_file or machine.environment.get("REGISTRY_AUTH_FILE", "")
    if named:
        return [_Place(named, Origin.CONTAINERS_FILE)]
    docker = machine.environment.get("DOCKER_CONFIG", "")
    if docker:
        return [_Place(f"{docker.rstrip('/')}/config.json", Origin.DOCKER_FILE)]
    home = home_of(machine)
    config = machine.environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
    first = runtime_file(machine)
    return [
        *([_Place(first, Origin.CONTAINERS_FILE)] if first is not None else []),
        _Place(f"{config.rstrip('/')}/containers/auth.json", Origin.CONTAINERS_FILE),
        _Place(f"{home}/.docker/config.json", Origin.DOCKER_FILE),
        _Place(f"{home}/.dockercfg", Origin.DOCKER_FILE, old_format=True),
    ]


def podman_matches(file: AuthFile, reference: Reference) -> list[Match]:
    """Members of `auths` that podman takes for an image, the first one first."""
    keys = [reference.host] if file.old_format else list(keys_for_podman(reference))
    exact = [one for key in keys if (one := file.logins.under(key)) is not None]
    host = host_by_podman(reference.host, old_format=file.old_format)
    similar = [
        one
        for one in file.logins.auths
        if one.key not in keys and host_by_podman(one.key, old_format=file.old_format) == host
    ]
    return matches_in(file, exact + similar)


def look_up_for_podman(
    machine: Machine, reference: Reference, helpers: Helpers, auth_file: str
) -> Lookup:
    """The credential that podman would send for an image."""
    home = home_of(machine)
    files = tuple(
        _ordered(machine, place, order, home)
        for order, place in enumerate(podman_places(machine, auth_file))
    )
    matches: list[Match] = []
    for file in files:
        helper = file.logins.helper_for(reference.host)
        matches += [Match(file, helper)] if helper is not None else []
        matches += podman_matches(file, reference)
    choice: Choice | None = None
    listed, conf = credential_helpers(machine)
    stores = {
        name: Entry("", Holding.STORE, helper=shown(name)) for name in listed if name != AUTH_FILES
    }
    settings = Source(
        conf, Origin.CONTAINERS_FILE, read=True, order=len(files), entries=tuple(stores.values())
    )
    for name in listed:
        if name == AUTH_FILES:
            choice = _from_files(files, reference, helpers)
        else:
            run = helpers.get(name, reference.host, conf)
            choice = chosen_by_helper(run, settings, stores[name])
        if choice is not None:
            break
    places = (*files, AuthFile(settings)) if stores else files
    return Lookup(reference.host, places, tuple(matches), choice)


def _ordered(machine: Machine, place: _Place, order: int, home: str) -> AuthFile:
    file = read_auth_file(
        machine.files,
        place.path,
        place.origin,
        Dialect.CONTAINERS,
        old_format=place.old_format,
        owner=machine.user if place.path.startswith(f"{home}/") else "",
    )
    return replace(file, source=replace(file.source, order=order))


def _from_files(
    files: tuple[AuthFile, ...], reference: Reference, helpers: Helpers
) -> Choice | None:
    for answer in (_from_file(file, reference, helpers) for file in files):
        if answer.choice is not None or answer.stops:
            return answer.choice
    return None


def _from_file(file: AuthFile, reference: Reference, helpers: Helpers) -> _Answer:
    if (file.source.fault and not file.logins.readable) or file.source.fault_kind == "forbidden":
        return _Answer(stops=True)
    helper = file.logins.helper_for(reference.host)
    if helper is not None:
        run = helpers.get(helper.entry.helper, reference.host, file.source.name)
        if run.outcome is HelperOutcome.EMPTY:
            return _Answer()
        return _Answer(chosen_by_helper(run, file.source, helper.entry), stops=True)
    for match in _first(podman_matches(file, reference)):
        choice = chosen(match)
        return _Answer(choice, stops=choice is None and _is_an_error(match.stored))
    return _Answer()


def _first(matches: list[Match]) -> Iterator[Match]:
    yield from matches[:1]


def _is_an_error(stored: Stored) -> bool:
    """Whether podman fails because of an `auth`; one without `:` it passes over."""
    entry = stored.entry
    passed_over = {NO_COLON, NO_USER, TWICE}
    return entry.holding is Holding.PAIR and bool(entry.fault) and entry.fault not in passed_over
