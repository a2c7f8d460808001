"""Causes in a cluster: who names which pull secret, and what the nodes have of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pratique.diagnosis.facts.credentials import Client, Kubernetes, Origin, PullSecret
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import Rule, host, quoted
from pratique.diagnosis.rules.stored_shape import (
    as_tested,
    entries_read,
    is_for_this_host,
    listed,
    sends_nothing,
)

_PLUGINS: Final = {
    Kind.ACR: ("acr-credential-provider", "*.azurecr.io"),
    Kind.ECR: ("ecr-credential-provider", "*.dkr.ecr.*.amazonaws.com"),
    Kind.GAR: ("auth-provider-gcp", "*-docker.pkg.dev"),
    Kind.GCR: ("auth-provider-gcp", "gcr.io, *.gcr.io"),
}
_FLAGS: Final = "ps -o args= -C kubelet | tr ' ' '\\n' | grep image-credential-provider"
_MOST_SHOWN: Final = 3


def not_named(seen: Examination) -> Iterator[Finding]:
    """A secret for the host is in the namespace, and neither pod nor account names it."""
    cluster = _asked(seen)
    if cluster is None or not sends_nothing(seen):
        return
    named = {*cluster.pod_secrets, *cluster.account_secrets}
    secret = next((each for each in _unused(seen, cluster) if each.name not in named), None)
    if secret is None:
        return
    account = cluster.service_account or "default"
    namespace = quoted(cluster.namespace)
    patch = f'{{"imagePullSecrets":[{{"name":"{secret.name}"}}]}}'
    again = f"kubectl delete pod {quoted(cluster.pod)} -n {namespace}"
    whom = f"the pod `{cluster.pod}` nor its" if cluster.pod else "a pod nor the"
    yield as_tested(seen)(
        "k8s-pull-secret-not-referenced",
        f"The secret `{secret.name}` in `{cluster.namespace}` is for `{host(seen)}`, but neither "
        f"{whom} service account `{account}` names it.",
        f"kubectl patch serviceaccount {quoted(account)} -n {namespace} -p {quoted(patch)}",
        *([again] if cluster.pod else []),
        evidence=[
            f"imagePullSecrets of the pod: {listed(cluster.pod_secrets)}",
            f"imagePullSecrets of the account: {listed(cluster.account_secrets)}",
        ],
        advice="A pod gets the account's list when it is made, so those that exist must be made "
        "again.",
    )


def pod_is_older(seen: Examination) -> Iterator[Finding]:
    """The service account names the secret, the pod was made before it did."""
    cluster = _asked(seen)
    if cluster is None or not cluster.pod or not sends_nothing(seen):
        return
    late = [each for each in cluster.account_secrets if each not in cluster.pod_secrets]
    secret = next((each for each in _unused(seen, cluster) if each.name in late), None)
    if secret is None:
        return
    yield as_tested(seen)(
        "k8s-secret-after-pod",
        f"The service account `{cluster.service_account or 'default'}` names the secret "
        f"`{secret.name}`, the pod `{cluster.pod}` does not: it was made before.",
        f"kubectl delete pod {quoted(cluster.pod)} -n {quoted(cluster.namespace)}",
        evidence=[f"imagePullSecrets of the pod: {listed(cluster.pod_secrets)}"],
        advice="Its controller makes it again with the secret; for all pods of a deployment "
        "`kubectl rollout restart deploy/NAME`.",
    )


def other_namespace(seen: Examination) -> Iterator[Finding]:
    """A secret that is named is not in the namespace of the pod."""
    cluster = _asked(seen)
    if cluster is None or not sends_nothing(seen):
        return
    for name in cluster.missing:
        namespaces = cluster.in_other_namespaces.get(name, ())
        where = f"it is in {listed(namespaces)}" if namespaces else "it is not there"
        yield (certain if namespaces else suspected)(
            "k8s-secret-wrong-namespace",
            f"The secret `{name}` is named in `imagePullSecrets` and looked for in "
            f"`{cluster.namespace}`; {where}. A pod uses secrets of its own namespace alone.",
            _copy(name, namespaces[0], cluster.namespace)
            if namespaces
            else "kubectl get secrets --all-namespaces --field-selector "
            f"{quoted(f'metadata.name={name}')}",
            evidence=[f"`{cluster.namespace}` has no secret `{name}`"],
        )
        return


def no_plugin(seen: Examination) -> Iterator[Finding]:
    """The kubelet has credential providers, or could have, and none answers for this host."""
    plugins, named = seen.settings.kubelet_plugins, _PLUGINS.get(kind_of(seen))
    if plugins is None or named is None or seen.wish.client is not Client.CONTAINERD:
        return
    if not sends_nothing(seen) or any(each.covers and each.installed for each in plugins):
        return
    if any(is_for_this_host(seen, entry) for _, entry in entries_read(seen)):
        return
    program, globs = named
    absent = next((each for each in plugins if each.covers), None)
    others = [glob for each in plugins for glob in each.match_images]
    if absent is not None:
        words = f"The kubelet's credential provider `{absent.name}` for this host is not installed."
        evidence = [f"`{absent.name}` is not in the kubelet's plugin folder"]
    else:
        words = f"No credential provider of the kubelet answers for `{host(seen)}`."
        evidence = [f"`matchImages` has {listed(others[:_MOST_SHOWN])}"]
    yield as_tested(seen)(
        "kubelet-credential-provider-missing",
        words,
        _FLAGS,
        evidence=evidence,
        advice=f"Install `{program}` (not a `docker-credential-` helper) in the folder of "
        f"`--image-credential-provider-bin-dir`, with `matchImages` {globs}, and restart the "
        "kubelet.",
    )


def no_role(seen: Examination) -> Iterator[Finding]:
    """A cluster without any pull secret pulls from an Azure registry: by its nodes' identity."""
    cluster = _asked(seen)
    if cluster is None or kind_of(seen) is not Kind.ACR or seen.wish.offline:
        return
    named = (*cluster.pod_secrets, *cluster.account_secrets)
    if named or _unused(seen, cluster) or not sends_nothing(seen):
        return
    name = quoted(azure_name(seen))
    yield suspected(
        "aks-kubelet-identity-lacks-acrpull",
        f"No pull secret is used, so nodes of AKS pull from `{host(seen)}` with their own "
        "identity; it may have no AcrPull there.",
        f"az aks check-acr -g GROUP -n CLUSTER --acr {quoted(host(seen))}",
        f"az aks update -g GROUP -n CLUSTER --attach-acr {name}",
        evidence=["neither pod nor service account names a pull secret"],
        advice="The role belongs to the kubelet's identity, not to that of the control plane.",
    )


def _asked(seen: Examination) -> Kubernetes | None:
    return seen.kubernetes if seen.kubernetes is not None and not seen.kubernetes.fault else None


def _unused(seen: Examination, cluster: Kubernetes) -> list[PullSecret]:
    """Secrets of the namespace that fit the image and are not in force."""
    names = {
        source.name
        for source, _ in (seen.credentials.elsewhere if seen.credentials else ())
        if source.origin is Origin.PULL_SECRET
    }
    return [each for each in cluster.found if f"Secret {each.namespace}/{each.name}" in names]


def _copy(name: str, source: str, target: str) -> str:
    """The command that copies a secret; its namespace is put in by name, not by a pattern."""
    taken = f"kubectl get secret {quoted(name)} -n {quoted(source)} -o json"
    fitted = f"jq --arg to {quoted(target)} " + quoted(
        "{apiVersion, kind, type, data, metadata: {name: .metadata.name, namespace: $to}}"
    )
    return f"{taken} | {fitted} | kubectl apply -f -"


RULES: tuple[Rule, ...] = (
    not_named,
    pod_is_older,
    other_namespace,
    no_plugin,
    no_role,
)
