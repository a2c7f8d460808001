"""The kubelet's way to a credential, for containerd on a node or for a pod of a cluster.

The pull secrets in force, all as one ring, then the first file of a list that can be read. Within
a ring the keys are tried in reverse order of the alphabet, so that a longer path comes first.
Source: kubernetes `pkg/credentialprovider` (keyring.go, config.go, secrets/secrets.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pratique.diagnosis.credentials.authfiles import AuthFile, Logins, read_auth_file
from pratique.diagnosis.credentials.entries import Dialect, Stored
from pratique.diagnosis.credentials.keys import kubelet_key, kubelet_matches
from pratique.diagnosis.credentials.lookup import Lookup, Match, chosen
from pratique.diagnosis.facts.credentials import (
    Choice,
    Kubernetes,
    Origin,
    PullSecret,
    Source,
)
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import DOCKER_HUB, Reference

ROOT: Final = "/var/lib/kubelet"
MALFORMED: Final = "malformed-secret"
KUBELET_FILES: Final = (
    (f"{ROOT}/config.json", False),
    ("/config.json", False),
    ("/root/.docker/config.json", False),
    ("/.docker/config.json", False),
    (f"{ROOT}/.dockercfg", True),
    ("/root/.dockercfg", True),
    ("/.dockercfg", True),
)
_HUB_RING_KEY: Final = "index.docker.io"


def is_node(machine: Machine) -> bool:
    """Whether a kubelet lives on this machine."""
    return bool(machine.files.names_in(ROOT))


def in_force(kubernetes: Kubernetes) -> tuple[str, ...]:
    """Names of the pull secrets that the kubelet uses.

    A pod that exists has got its account's when it was made, so its own list is all there is; with
    no pod named, the account's list is what a new pod would get.
    """
    return kubernetes.pod_secrets if kubernetes.pod else kubernetes.account_secrets


def kubelet_ring(files: Sequence[AuthFile], reference: Reference) -> list[Match]:
    """Entries that the kubelet takes for an image, the first one first."""
    ring: dict[str, list[Match]] = {}
    for file in files:
        for one in file.logins.auths:
            key = kubelet_key(one.key)
            if key is not None:
                ring.setdefault(key, []).append(Match(file, one))
    image = f"{reference.host}/{reference.repository}"
    found = [
        match
        for key in sorted(ring, reverse=True)
        if kubelet_matches(key, image)
        for match in ring[key]
    ]
    if not found and reference.host == DOCKER_HUB:
        return ring.get(_HUB_RING_KEY, [])
    return found


def look_up_for_kubelet(
    machine: Machine, reference: Reference, kubernetes: Kubernetes | None
) -> Lookup:
    """The credential that the kubelet would hand to containerd for an image."""
    secrets = _secrets(kubernetes) if kubernetes is not None else []
    files = [
        *secrets,
        *(
            read_auth_file(
                machine.files,
                path,
                Origin.KUBELET_FILE,
                Dialect.KUBELET,
                old_format=old,
                owner="root" if path.startswith("/root/") else "",
            )
            for path, old in KUBELET_FILES
        ),
    ]
    used = next((one for one in files[len(secrets) :] if _is_used(one)), None)
    read = [
        replace(one, source=replace(one.source, order=order, read=_reaches(one, used, secrets)))
        for order, one in enumerate(files)
    ]
    own = read[: len(secrets)]
    nodes = [one for one in read[len(secrets) :] if one.source.read and _is_used(one)]
    matches = [*kubelet_ring(own, reference), *kubelet_ring(nodes, reference)]
    choice: Choice | None = None
    if not any(one.source.fault_kind == MALFORMED for one in own):
        choice = next((found for one in matches if (found := chosen(one)) is not None), None)
    shown = tuple(one for one in read if one.source.read)
    return Lookup(reference.host, shown, tuple(matches), choice)


def secret_source(secret: PullSecret, *, read: bool) -> AuthFile:
    """A pull secret as a source."""
    logins = Logins(tuple(Stored(one.key, one) for one in secret.entries), fault=secret.fault)
    source = Source(
        f"Secret {secret.namespace}/{secret.name}",
        Origin.PULL_SECRET,
        read=read,
        fault=secret.fault,
        fault_kind=MALFORMED if secret.fault else "",
        entries=secret.entries,
    )
    return AuthFile(source, logins)


def _secrets(kubernetes: Kubernetes) -> list[AuthFile]:
    by_name = {one.name: one for one in kubernetes.found}
    sources = []
    for name in dict.fromkeys(in_force(kubernetes)):
        secret = by_name.get(name)
        if secret is not None:
            sources.append(secret_source(secret, read=True))
            continue
        missing = Source(
            f"Secret {kubernetes.namespace}/{name}", Origin.PULL_SECRET, read=True, exists=False
        )
        sources.append(AuthFile(missing))
    return sources


def _is_used(file: AuthFile) -> bool:
    return file.source.exists and not file.source.fault


def _reaches(file: AuthFile, used: AuthFile | None, secrets: Sequence[AuthFile]) -> bool:
    """Whether the kubelet comes as far as this file; it stops at the first that it can read."""
    if any(file is one for one in secrets) or used is None or file is used:
        return True
    return not _is_used(file)
