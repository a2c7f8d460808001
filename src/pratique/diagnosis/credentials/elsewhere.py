"""Places of logins that the client in question does not read, though somebody else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pratique.diagnosis.credentials.authfiles import FORBIDDEN, AuthFile, read_auth_file
from pratique.diagnosis.credentials.containers import podman_matches, runtime_file
from pratique.diagnosis.credentials.docker import docker_matches, docker_variable
from pratique.diagnosis.credentials.entries import Dialect
from pratique.diagnosis.credentials.keys import docker_key
from pratique.diagnosis.credentials.kubelet import (
    KUBELET_FILES,
    kubelet_ring,
    secret_source,
)
from pratique.diagnosis.credentials.lookup import Match, matches_in
from pratique.diagnosis.credentials.people import homes
from pratique.diagnosis.facts.credentials import (
    Holding,
    Kubernetes,
    Origin,
)
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference

KANIKO: Final = "/kaniko/.docker/config.json"
_MOST_FOLDERS: Final = 50


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    origin: Origin
    reader: str
    owner: str = ""
    old_format: bool = False


def places_elsewhere(
    machine: Machine, kubernetes: Kubernetes | None, read: frozenset[str]
) -> tuple[AuthFile, ...]:
    """What is there, or not readable for us, in places that the client does not read.

    Args:
        machine: where to look.
        kubernetes: of which the secrets not in force count too.
        read: names of the sources that the client reads.
    """
    found: dict[str, AuthFile] = {}
    variable = docker_variable(machine)
    if variable is not None and variable.source.name not in read:
        found[variable.source.name] = _unread(variable, "docker")
    for secret in kubernetes.found if kubernetes is not None else ():
        file = secret_source(secret, read=False)
        if file.source.name not in read:
            found[file.source.name] = file
    for place in _places(machine):
        if place.path in read or place.path in found:
            continue
        file = read_auth_file(
            machine.files,
            place.path,
            place.origin,
            _DIALECTS[place.origin],
            old_format=place.old_format,
            owner=place.owner,
        )
        if file.source.exists:
            found[place.path] = _unread(file, place.reader)
    return tuple(found.values())


def matches_elsewhere(files: tuple[AuthFile, ...], reference: Reference) -> tuple[Match, ...]:
    """Entries for the host of the image, each by the rules of those who do read it."""
    return tuple(
        match
        for file in files
        if file.source.fault_kind != FORBIDDEN
        for match in _matches(file, reference)
        if match.stored.entry.holding is not Holding.NOTHING
    )


_DIALECTS: Final = {
    Origin.DOCKER_FILE: Dialect.DOCKER,
    Origin.CONTAINERS_FILE: Dialect.CONTAINERS,
    Origin.KUBELET_FILE: Dialect.KUBELET,
}


def _unread(file: AuthFile, reader: str) -> AuthFile:
    return replace(file, source=replace(file.source, read=False, reader=reader))


def _matches(file: AuthFile, reference: Reference) -> list[Match]:
    key = docker_key(reference)
    match file.source.origin:
        case Origin.CONTAINERS_FILE:
            helper = file.logins.helper_for(reference.host)
            pairs = podman_matches(file, reference)
        case Origin.KUBELET_FILE | Origin.PULL_SECRET:
            return kubelet_ring([file], reference)
        case _:
            helper = file.logins.helper_for(key)
            pairs = docker_matches(file, key)
    return [*matches_in(file, [helper] if helper is not None else []), *pairs]


def _places(machine: Machine) -> Iterator[_Place]:
    for home in homes(machine):
        mine = home.folder == machine.home.rstrip("/")
        docker, podman = ("docker", "podman") if mine else (home.user, home.user)
        yield _Place(f"{home.folder}/.docker/config.json", Origin.DOCKER_FILE, docker, home.user)
        yield _Place(
            f"{home.folder}/.config/containers/auth.json",
            Origin.CONTAINERS_FILE,
            podman,
            home.user,
        )
        snap = f"{home.folder}/snap/docker"
        for name in machine.files.names_in(snap)[:_MOST_FOLDERS]:
            yield _Place(
                f"{snap}/{name}/.docker/config.json", Origin.DOCKER_FILE, docker, home.user
            )
    yield from _of_variables(machine)
    yield from _of_runtime_folders(machine)
    yield _Place(KANIKO, Origin.DOCKER_FILE, "kaniko")
    for path, old_format in KUBELET_FILES:
        yield _Place(path, Origin.KUBELET_FILE, "kubelet", old_format=old_format)


def _of_variables(machine: Machine) -> Iterator[_Place]:
    folder = machine.environment.get("DOCKER_CONFIG", "").rstrip("/")
    if folder:
        yield _Place(f"{folder}/config.json", Origin.DOCKER_FILE, "docker", machine.user)
    named = machine.environment.get("REGISTRY_AUTH_FILE", "")
    if named:
        yield _Place(named, Origin.CONTAINERS_FILE, "podman", machine.user)
    folder = machine.environment.get("XDG_CONFIG_HOME", "").rstrip("/")
    if folder:
        yield _Place(
            f"{folder}/containers/auth.json", Origin.CONTAINERS_FILE, "podman", machine.user
        )


def _of_runtime_folders(machine: Machine) -> Iterator[_Place]:
    mine = runtime_file(machine)
    if mine is not None:
        yield _Place(mine, Origin.CONTAINERS_FILE, "podman", machine.user)
    for folder in ("/run/user", "/run/containers"):
        for name in machine.files.names_in(folder)[:_MOST_FOLDERS]:
            if not name.isdecimal():
                continue
            inner = f"{folder}/{name}"
            path = (
                f"{inner}/containers/auth.json" if folder == "/run/user" else f"{inner}/auth.json"
            )
            user = "root" if name == "0" else f"the user with the number {name}"
            yield _Place(path, Origin.CONTAINERS_FILE, user)
