"""Causes in where a login is: with another user, another tool, or in another file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pratique.diagnosis.facts.credentials import Client, Entry, Origin, Source
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import Rule, host, image, login_command, quoted
from pratique.diagnosis.rules.stored_shape import (
    Telling,
    as_tested,
    by_kubelet,
    is_login,
    pull_command,
    sends_nothing,
)

_FILES: Final = frozenset({Origin.DOCKER_FILE, Origin.CONTAINERS_FILE})
_TOOLS: Final = {"kaniko": "Kaniko"}


def with_another_user(seen: Examination) -> Iterator[Finding]:
    """The login is in the home of another user than the one who pulls."""
    if by_kubelet(seen) or not sends_nothing(seen):
        return
    for source, entry in _elsewhere(seen):
        if not _belongs_to_another(seen, source):
            continue
        yield _told(seen)(
            "wrong-user-home",
            f"The login for `{host(seen)}` is in {source.name}, which belongs to "
            f"`{source.owner}`; the pull runs as `{seen.place.user}`, who has none.",
            login_command(seen),
            *(_borrow(seen, source) if seen.place.is_root else []),
            evidence=_seen_there(source, entry),
            advice="Log in as the user who pulls, with `sudo` where the pull is made with `sudo`.",
        )
        return


def not_readable(seen: Examination) -> Iterator[Finding]:
    """The user's own file is not theirs to read."""
    if not sends_nothing(seen) or seen.credentials is None:
        return
    for source in seen.credentials.sources:
        own = source.read and source.fault_kind == "forbidden" and source.origin in _FILES
        if own and source.owner in {"", seen.place.user}:
            yield certain(
                "wrong-user-home",
                f"`{seen.place.user}` may not read {source.name}: it belongs to another user, as "
                "after a login with `sudo`.",
                f"sudo chown {quoted(seen.place.user)} {quoted(source.name)}",
                evidence=[f"{source.name}: {source.fault}"],
            )
            return


def not_for_the_runtime(seen: Examination) -> Iterator[Finding]:
    """The login is in a file of docker or podman, which neither kubelet nor containerd reads."""
    if not by_kubelet(seen) or not sends_nothing(seen):
        return
    cluster = seen.kubernetes
    if cluster is not None and (cluster.found or cluster.missing):
        return
    # A cluster is asked from anywhere: what is stored here may have nothing to do with it.
    tell = as_tested(seen) if cluster is None else suspected
    for source, entry in _elsewhere(seen):
        namespace = quoted(cluster.namespace) if cluster else "NAMESPACE"
        yield tell(
            "containerd-not-docker-config",
            f"The login for `{host(seen)}` is in {source.name}; neither the kubelet nor containerd "
            "reads that file.",
            "kubectl create secret docker-registry SECRET "
            f"--docker-server={quoted(host(seen))} --docker-username=USER "
            f"--docker-password=PASSWORD -n {namespace}",
            f"crictl pull --creds USER:PASSWORD {quoted(image(seen))}",
            evidence=_seen_there(source, entry),
            advice="Name the secret in `imagePullSecrets` of the pod or its service account, or "
            "give the kubelet a credential provider; `crictl` only tries the pull.",
        )
        return


def in_another_podman_file(seen: Examination) -> Iterator[Finding]:
    """The login was made by podman, into a file that is not read here."""
    if by_kubelet(seen) or not sends_nothing(seen):
        return
    for source, entry in _elsewhere(seen):
        if source.origin is not Origin.CONTAINERS_FILE or _belongs_to_another(seen, source):
            continue
        podman = seen.wish.client is Client.PODMAN
        again = f"export REGISTRY_AUTH_FILE={quoted(source.name)}"
        yield _told(seen)(
            "podman-auth-file-elsewhere",
            f"The login for `{host(seen)}` is in podman's file {source.name}, which "
            f"{seen.wish.client.value} does not read here.",
            *([again] if podman else []),
            login_command(seen),
            evidence=_seen_there(source, entry),
        )
        return


def with_another_tool(seen: Examination) -> Iterator[Finding]:
    """The login is in a file of the same user that only another tool reads."""
    if by_kubelet(seen) or not sends_nothing(seen):
        return
    for source, entry in _elsewhere(seen):
        if source.origin is not Origin.DOCKER_FILE or _belongs_to_another(seen, source):
            continue
        whose = _TOOLS.get(source.reader, "another tool")
        yield _told(seen)(
            "compose-or-build-uses-other-config",
            f"The login for `{host(seen)}` is in {source.name}, which {whose} reads and "
            f"{seen.wish.client.value} does not, as things are set here.",
            *_borrow(seen, source),
            login_command(seen),
            evidence=_seen_there(source, entry),
            advice="Give all tools the same file: set `DOCKER_CONFIG`, or mount the file, for the "
            "one that fails.",
        )
        return


def _elsewhere(seen: Examination) -> Iterator[tuple[Source, Entry]]:
    for source, entry in seen.credentials.elsewhere if seen.credentials else ():
        if source.origin in _FILES and is_login(entry):
            yield source, entry


def _belongs_to_another(seen: Examination, source: Source) -> bool:
    if not source.owner or source.owner == seen.place.user:
        return False
    # Docker never reads podman's files, whoever they belong to.
    return seen.wish.client is Client.PODMAN or source.origin is Origin.DOCKER_FILE


def _told(seen: Examination) -> Telling:
    """Docker Hub refuses absent repositories in the same way, which a login would not mend."""
    return suspected if kind_of(seen) is Kind.DOCKER_HUB else as_tested(seen)


def _borrow(seen: Examination, source: Source) -> list[str]:
    folder, _, file = source.name.rpartition("/")
    if file != "config.json" or not folder or seen.wish.login_only:
        return []
    return [f"DOCKER_CONFIG={quoted(folder)} {pull_command(seen, image(seen))}"]


def _seen_there(source: Source, entry: Entry) -> list[str]:
    held = f"the helper `{entry.helper}`" if entry.helper else "a login"
    if entry.credential is not None and entry.credential.username:
        held = f"a login of user `{entry.credential.username}`"
    return [f"{source.name} has {held} under `{entry.key}`"]


RULES: tuple[Rule, ...] = (
    with_another_user,
    not_readable,
    not_for_the_runtime,
    in_another_podman_file,
    with_another_tool,
)
