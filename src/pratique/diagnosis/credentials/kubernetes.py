"""What a cluster says of a pod's pull secrets, through `kubectl get`.

Files that describe a cluster are read by `manifests`, which is here for those who want either.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final

from pratique.diagnosis.credentials.cluster_objects import (
    account_of,
    items,
    name_of,
    namespace_of,
    references,
)
from pratique.diagnosis.credentials.keys import kubelet_key, kubelet_matches
from pratique.diagnosis.credentials.manifests import read_manifest_files
from pratique.diagnosis.credentials.pull_secrets import (
    is_for_pulling,
    mapping,
    read_pull_secret,
    text,
)
from pratique.diagnosis.facts.credentials import Kubernetes, PullSecret
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Reference

__all__ = ["read_cluster", "read_manifest_files"]

_SECONDS: Final = 5.0
_MOST_SECRETS: Final = 500
_MOST_SAID: Final = 300
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_DEFAULT_ACCOUNT: Final = "default"
_BY_FIELD: Final = "--field-selector="
# Large or without interest; among them the releases of Helm, of which a namespace has many.
_OTHER_SECRETS: Final = (
    "helm.sh/release.v1",
    "kubernetes.io/service-account-token",
    "kubernetes.io/tls",
    "bootstrap.kubernetes.io/token",
)


class NotAsked(Exception):
    """The cluster could not be asked, or did not answer; the message says why."""


def read_cluster(
    machine: Machine,
    *,
    namespace: str,
    pod: str = "",
    service_account: str = "",
    reference: Reference,
) -> Kubernetes:
    """The pull secrets of a pod or service account of the cluster that kubectl knows.

    At most four calls, each `kubectl get` and nothing else. What cannot be asked is a fault.

    Args:
        machine: with kubectl on its search path.
        namespace: of the pod or account.
        pod: empty for none.
        service_account: empty for the pod's, or the namespace's default one.
        reference: the image; Secrets with a key for it come first. It is sent nowhere.
    """
    for what, name in (("namespace", namespace), ("pod", pod), ("account", service_account)):
        if (name or what == "namespace") and _NAME.fullmatch(name) is None:
            return Kubernetes(fault=f"`{text(name)}` is no name of a {what}")
    cluster = _Cluster(machine, namespace)
    asked = _ask_who(cluster, pod, service_account)
    faults = [asked.fault] if asked.fault else []
    listed: list[object] | None = None
    try:
        listed = cluster.secrets()
    except NotAsked as error:
        faults.append(str(error))
    wanted = tuple(dict.fromkeys((*asked.pod_secrets, *asked.account_secrets)))
    if listed is None:
        return replace(asked, fault="; ".join(faults))
    pulls = [
        read_pull_secret(one, namespace)
        for one in listed
        if is_for_pulling(one) or name_of(one) in wanted
    ]
    pulls.sort(key=lambda one: not _names(one, reference))
    there = {name_of(one) for one in listed}
    missing = tuple(name for name in wanted if name not in there)
    return replace(
        asked,
        found=tuple(pulls[:_MOST_SECRETS]),
        missing=missing,
        in_other_namespaces=_elsewhere(cluster, missing),
        fault="; ".join(faults),
    )


def _ask_who(cluster: _Cluster, pod: str, service_account: str) -> Kubernetes:
    """The pod and its account, with what they reference."""
    found = Kubernetes(cluster.namespace, pod, service_account or _DEFAULT_ACCOUNT)
    try:
        if pod:
            spec = mapping(cluster.get("pod", pod).get("spec"))
            found = replace(
                found,
                pod_secrets=references(spec.get("imagePullSecrets")),
                service_account=service_account or account_of(spec),
            )
        account = cluster.get("serviceaccount", found.service_account)
        return replace(found, account_secrets=references(account.get("imagePullSecrets")))
    except NotAsked as error:
        return replace(found, fault=str(error))


def _elsewhere(cluster: _Cluster, missing: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Namespaces that have the first missing Secret; there is no call left for more of them."""
    name = next((one for one in missing if _NAME.fullmatch(one) is not None), "")
    places = cluster.namespaces_with(name) if name else ()
    return {name: places} if places else {}


def _names(secret: PullSecret, reference: Reference) -> bool:
    image = f"{reference.host}/{reference.repository}"
    keys = (kubelet_key(one.key) for one in secret.entries)
    return any(key is not None and kubelet_matches(key, image) for key in keys)


class _Cluster:
    """Asks kubectl for objects of one namespace."""

    def __init__(self, machine: Machine, namespace: str) -> None:
        self._machine = machine
        self.namespace = namespace

    def get(self, kind: str, name: str) -> dict[str, object]:
        """An object.

        Raises:
            NotAsked: there is no answer.
        """
        if _NAME.fullmatch(name) is None:
            raise NotAsked(f"`{text(name)}` is no name of a {kind}")
        return self._ask("get", kind, name, f"--namespace={self.namespace}")

    def secrets(self) -> list[object]:
        """The Secrets of the namespace, without those that are known to be for something else.

        Raises:
            NotAsked: there is no answer.
        """
        others = ",".join(f"type!={kind}" for kind in _OTHER_SECRETS)
        return items(
            self._ask("get", "secrets", f"--namespace={self.namespace}", _BY_FIELD + others)
        )

    def namespaces_with(self, name: str) -> tuple[str, ...]:
        """Other namespaces that have a Secret of this name; empty when that cannot be asked."""
        try:
            found = items(
                self._ask("get", "secrets", "--all-namespaces", f"{_BY_FIELD}metadata.name={name}")
            )
        except NotAsked:
            return ()
        return tuple(namespace_of(one) for one in found if namespace_of(one) != self.namespace)

    def _ask(self, *words: str) -> dict[str, object]:
        path = self._machine.programs.find("kubectl")
        if path is None:
            raise NotAsked("kubectl is not installed")
        asked = " ".join(("kubectl", *words))
        try:
            ran = self._machine.programs.run(
                (path, *words, "--output=json", "--request-timeout=4s"), "", _SECONDS
            )
        except OSError:
            raise NotAsked("kubectl cannot be started") from None
        if ran.status is None:
            raise NotAsked(f"`{asked}` did not end in {_SECONDS:.0f} seconds")
        if ran.status != 0:
            said = " ".join(ran.errors.split())[:_MOST_SAID]
            raise NotAsked(f"`{asked}` failed: {text(said)}")
        try:
            found = json.loads(ran.output)
        except (ValueError, RecursionError):
            raise NotAsked(f"`{asked}` answered with what is no JSON") from None
        return dict(mapping(found))
