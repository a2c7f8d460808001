"""All that was read of credentials: what the client would send, what it misses, what it ignores."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.diagnosis.credentials.authfiles import AuthFile
from pratique.diagnosis.credentials.containers import look_up_for_podman
from pratique.diagnosis.credentials.docker import look_up_for_docker
from pratique.diagnosis.credentials.elsewhere import matches_elsewhere, places_elsewhere
from pratique.diagnosis.credentials.entries import Stored
from pratique.diagnosis.credentials.helpers import Helpers
from pratique.diagnosis.credentials.keys import same_host_for_people
from pratique.diagnosis.credentials.kubelet import is_node, look_up_for_kubelet
from pratique.diagnosis.credentials.lookup import Lookup, Match
from pratique.diagnosis.facts.credentials import (
    Client,
    Credentials,
    Entry,
    Kubernetes,
    Source,
)
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference


def read_credentials(
    machine: Machine,
    reference: Reference,
    client: Client,
    kubernetes: Kubernetes | None = None,
    auth_file: str = "",
) -> Credentials:
    """Follow a client through the places where it looks for the credential of an image.

    Only helpers for the host of the image are run, each once. What cannot be read is a fault of its
    source; nothing is raised for it.

    Args:
        machine: on which the client runs.
        reference: the image.
        client: whose rules count. Containerd follows the kubelet when `kubernetes` is given or a
            kubelet lives here, and docker's file otherwise, as nerdctl does.
        kubernetes: pull secrets of the pod or service account.
        auth_file: podman's `--authfile`, empty when it is not given.
    """
    helpers = Helpers(machine)
    lookup = _look_up(machine, reference, client, kubernetes, helpers, auth_file)
    read = frozenset(one.source.name for one in lookup.files)
    others = places_elsewhere(machine, kubernetes, read)
    return Credentials(
        key=lookup.key,
        sources=tuple(one.source for one in (*lookup.files, *others)),
        helpers=helpers.runs,
        choice=lookup.choice,
        near=_near(lookup.files, lookup.matches, reference),
        elsewhere=tuple(
            (one.file.source, one.stored.entry) for one in matches_elsewhere(others, reference)
        ),
        overridden=lookup.overridden,
    )


def _look_up(
    machine: Machine,
    reference: Reference,
    client: Client,
    kubernetes: Kubernetes | None,
    helpers: Helpers,
    auth_file: str,
) -> Lookup:
    if client is Client.PODMAN:
        return look_up_for_podman(machine, reference, helpers, auth_file)
    if client is Client.CONTAINERD and (kubernetes is not None or is_node(machine)):
        return look_up_for_kubelet(machine, reference, kubernetes)
    return look_up_for_docker(machine, reference, helpers)


def _near(
    files: Sequence[AuthFile], matches: Sequence[Match], reference: Reference
) -> tuple[tuple[Source, Entry], ...]:
    taken = {id(one.stored) for one in matches}
    found: list[tuple[Source, Stored]] = [
        (file.source, one)
        for file in files
        for one in (*file.logins.helpers, *file.logins.auths)
        if id(one) not in taken and same_host_for_people(one.key, reference)
    ]
    return tuple((source, one.entry) for source, one in found)
