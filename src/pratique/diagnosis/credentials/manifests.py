"""Files that describe what a cluster would have: Secrets, Pods, ServiceAccounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pratique.diagnosis.credentials.cluster_objects import (
    account_of,
    items,
    name_of,
    namespace_of,
    references,
)
from pratique.diagnosis.credentials.pull_secrets import (
    is_for_pulling,
    mapping,
    read_pull_secret,
    text,
)
from pratique.diagnosis.credentials.yaml_files import NotYaml, parse_documents
from pratique.diagnosis.facts.credentials import Kubernetes, PullSecret
from pratique.diagnosis.machine import Machine

_MOST_SECRETS: Final = 500


def read_manifest_files(machine: Machine, paths: Sequence[str]) -> Kubernetes:
    """The same from files: Secrets, Pods (or what makes pods), ServiceAccounts, lists of them.

    A pod that names no secret gets those of its account, as it would on creation. With a Secret and
    neither pod nor account, the Secrets themselves are taken to be in force.

    Args:
        machine: with the files.
        paths: of YAML or JSON, absolute.
    """
    objects: list[object] = []
    faults: list[str] = []
    for path in paths:
        try:
            raw = machine.files.read(path).decode("utf-8", "replace")
            for document in parse_documents(raw):
                objects += items(mapping(document)) or [document]
        except NotYaml as error:
            faults.append(f"{text(path)}: {error}")
        except (OSError, ValueError):
            faults.append(f"{text(path)} cannot be read")
    return _described(objects, "; ".join(faults))


def _described(objects: Sequence[object], fault: str) -> Kubernetes:
    spec, pod, pod_namespace = _pod_in(objects)
    namespace, account = pod_namespace, ""
    listed: tuple[str, ...] = ()
    for one in objects:
        if mapping(one).get("kind") == "ServiceAccount":
            named = name_of(one)
            if spec is None or named == account_of(spec):
                account, listed = named, references(mapping(one).get("imagePullSecrets"))
                namespace = namespace or namespace_of(one)
    secrets = [one for one in objects if _is_secret(one)]
    wanted = references(mapping(spec).get("imagePullSecrets")) or listed
    namespace = namespace or ("" if spec is not None or account else _first_namespace(secrets))
    namespace = namespace or "default"
    pulls = [read_pull_secret(one, namespace) for one in secrets[:_MOST_SECRETS]]
    here = tuple(one for one in pulls if one.namespace == namespace)
    if spec is None and not account:
        listed = tuple(one.name for one in here)
    missing = tuple(one for one in wanted if one not in {secret.name for secret in here})
    return Kubernetes(
        namespace,
        pod,
        account or (account_of(spec) if spec is not None else ""),
        wanted if spec is not None else (),
        listed,
        here,
        missing if secrets else (),
        _others(missing, pulls, namespace),
        fault,
    )


def _is_secret(one: object) -> bool:
    return mapping(one).get("kind") == "Secret" or (
        "kind" not in mapping(one) and is_for_pulling(one)
    )


def _pod_in(objects: Sequence[object]) -> tuple[dict[str, object] | None, str, str]:
    """The first pod, or the pods that an object makes: specification, name and namespace."""
    for one in objects:
        found = mapping(one)
        spec = mapping(found.get("spec"))
        if found.get("kind") == "CronJob":
            spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
        inner = (
            spec
            if found.get("kind") == "Pod"
            else mapping(mapping(spec.get("template")).get("spec"))
        )
        if "containers" in inner:
            return dict(inner), name_of(one) or "pod", namespace_of(one)
    return None, "", ""


def _first_namespace(secrets: Sequence[object]) -> str:
    for one in secrets:
        named = namespace_of(one)
        if named:
            return named
    return ""


def _others(
    missing: Sequence[str], pulls: Sequence[PullSecret], namespace: str
) -> dict[str, tuple[str, ...]]:
    return {
        name: places
        for name in missing
        if (
            places := tuple(
                one.namespace for one in pulls if one.name == name and one.namespace != namespace
            )
        )
    }
