"""Pods and their pull secrets, asked of a `kubectl` that is really run; nodes and their plugins."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from tests.diagnosis.bed.cases_stored import AMAZON, AZURE, azure, known, private
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, pull, registry_at
from tests.diagnosis.bed.stage import Stage, auth

from pratique.assembly import now
from pratique.diagnosis.credentials.kubernetes import read_cluster
from pratique.diagnosis.facts.credentials import Kubernetes
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import read_reference

_NAMESPACE = "apps"
_SECRET = "registry-login"
_TYPE = "kubernetes.io/dockerconfigjson"
_PROVIDERS = "/etc/kubernetes/providers.yaml"
_BIN = "/opt/kubelet-plugins"


def _secret(
    content: str | Mapping[str, object],
    *,
    name: str = _SECRET,
    namespace: str = _NAMESPACE,
    kind: str = _TYPE,
    member: str = ".dockerconfigjson",
) -> dict[str, object]:
    text = content if isinstance(content, str) else json.dumps(content)
    return {
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": kind,
        "data": {member: base64.b64encode(text.encode()).decode()},
    }


def _named(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def _cluster(
    stage: Stage,
    *secrets: dict[str, object],
    pod: Sequence[str] = (),
    account: Sequence[str] = (),
    host: str = HOST,
) -> Question:
    """A pod `web` of the service account `runner`, with these secrets in all namespaces."""
    here = [each for each in secrets if _namespace_of(each) == _NAMESPACE]
    spec = {"serviceAccountName": "runner", "imagePullSecrets": _named(pod)}
    own = f"*--namespace={_NAMESPACE}*"
    _kubectl(
        stage,
        {
            f"'get pod web '{own}": {"kind": "Pod", "spec": spec},
            f"'get serviceaccount runner '{own}": {"imagePullSecrets": _named(account)},
            f"'get secrets '{own}": {"items": here},
            "'get secrets '*--all-namespaces*": {"items": list(secrets)},
        },
    )
    image = f"{host}/{IMAGE}:1"

    def read(machine: Machine) -> Kubernetes:
        return read_cluster(
            machine, namespace=_NAMESPACE, pod="web", reference=read_reference(image)
        )

    return Question(Wish(image, Client.CONTAINERD), read)


def _kubectl(stage: Stage, answers: Mapping[str, object]) -> None:
    """A `kubectl` that answers what fits a pattern of its words, and knows nothing else."""
    lines = ['case "$*" in']
    for number, (pattern, answer) in enumerate(answers.items()):
        file = stage.programs / f"answer-{number}.json"
        file.write_text(json.dumps(answer), "utf-8")
        lines.append(f"{pattern}) cat '{file}';;")
    lines += ["*) echo 'Error from server (NotFound)' >&2; exit 1;;", "esac"]
    stage.program("kubectl", "\n".join(lines))


def _namespace_of(secret: dict[str, object]) -> object:
    about = secret["metadata"]
    return about["namespace"] if isinstance(about, dict) else None


def _login(stage: Stage, key: str = HOST) -> dict[str, object]:
    return {"auths": {key: {"auth": auth("ana", known(stage, private(stage)))}}}


def _nobody_names_it(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage)))


def _pod_names_it(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage)), pod=[_SECRET])


def _account_names_it(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage)), account=[_SECRET])


def _both_name_it(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage)), pod=[_SECRET], account=[_SECRET])


def _in_another_namespace(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage), namespace="build"), pod=[_SECRET])


def _nowhere(stage: Stage) -> Question:
    private(stage)
    return _cluster(stage, pod=[_SECRET])


def _in_both_namespaces(stage: Stage) -> Question:
    login = _login(stage)
    return _cluster(stage, _secret(login), _secret(login, namespace="build"), pod=[_SECRET])


def _for_another_port(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage, f"{HOST}:5000")), pod=[_SECRET])


def _for_a_misspelt_azure(stage: Stage) -> Question:
    pair = auth("ana", known(stage, azure(stage)))
    secret = _secret({"auths": {"myregistry.azureacr.io": {"auth": pair}}})
    return _cluster(stage, secret, pod=[_SECRET], host=AZURE)


def _for_another_registry(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage, "ghcr.io")), pod=[_SECRET])


def _with_scheme_and_path(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage, f"https://{HOST}/v2/")), pod=[_SECRET])


def _of_another_type(stage: Stage) -> Question:
    return _cluster(stage, _secret(_login(stage), kind="Opaque"), pod=[_SECRET])


def _not_base64(stage: Stage) -> Question:
    known(stage, private(stage))
    entry = {"auth": f"ana:{stage.secret()}"}
    return _cluster(stage, _secret({"auths": {HOST: entry}}), pod=[_SECRET])


def _with_line_break(stage: Stage) -> Question:
    pair = auth("ana", known(stage, private(stage)) + "\n")
    return _cluster(stage, _secret({"auths": {HOST: {"auth": pair}}}), pod=[_SECRET])


def _cut_off(stage: Stage) -> Question:
    return _cluster(stage, _secret(json.dumps(_login(stage))[:-3]), pod=[_SECRET])


def _amazon(stage: Stage, hours: int) -> Question:
    registry = registry_at(stage, AMAZON, realm="")
    end = int((now() + timedelta(hours=hours)).timestamp())
    content = json.dumps({"payload": stage.secret(), "version": "2", "expiration": end})
    password = stage.hide(base64.b64encode(content.encode()).decode())
    registry.knows("AWS", password if hours > 0 else stage.secret(), everything="pull")
    secret = _secret({"auths": {AMAZON: {"auth": auth("AWS", password)}}})
    return _cluster(stage, secret, pod=[_SECRET], host=AMAZON)


def _amazon_long_ago(stage: Stage) -> Question:
    return _amazon(stage, -30)


def _amazon_of_today(stage: Stage) -> Question:
    return _amazon(stage, 10)


def _azure_without_secret(stage: Stage) -> Question:
    azure(stage)
    return _cluster(stage, host=AZURE)


def _azure_with_secret(stage: Stage) -> Question:
    pair = auth("ana", known(stage, azure(stage)))
    secret = _secret({"auths": {AZURE: {"auth": pair}}})
    return _cluster(stage, secret, pod=[_SECRET], host=AZURE)


def _node(stage: Stage, globs: Sequence[str], *, installed: bool) -> Question:
    azure(stage)
    flags = f"--image-credential-provider-config={_PROVIDERS}"
    flags += f" --image-credential-provider-bin-dir={_BIN}"
    stage.write("/var/lib/kubelet/kubeadm-flags.env", f'KUBELET_KUBEADM_ARGS="{flags}"\n')
    providers = [{"name": "acr-credential-provider", "matchImages": list(globs)}]
    stage.write(_PROVIDERS, {"kind": "CredentialProviderConfig", "providers": providers})
    stage.write(f"{_BIN}/{'acr-credential-provider' if installed else 'other'}", "#!/bin/sh\n")
    return pull(AZURE, Client.CONTAINERD)


def _plugin_for_others(stage: Stage) -> Question:
    return _node(stage, ["*.azurecr.us"], installed=True)


def _plugin_not_there(stage: Stage) -> Question:
    return _node(stage, ["*.azurecr.io"], installed=False)


def _plugin_for_this_host(stage: Stage) -> Question:
    return _node(stage, ["*.azurecr.io"], installed=True)


CASES: tuple[Case, ...] = (
    case(
        "2: secret that nobody names",
        _nobody_names_it,
        Verdict.PROVEN,
        "k8s-pull-secret-not-referenced",
    ),
    twin(
        "2: secret that the pod names",
        _pod_names_it,
        Verdict.WELL,
        of="k8s-pull-secret-not-referenced",
    ),
    case(
        "41: pod older than its secret", _account_names_it, Verdict.PROVEN, "k8s-secret-after-pod"
    ),
    twin("41: pod as new as its secret", _both_name_it, Verdict.WELL, of="k8s-secret-after-pod"),
    case(
        "9: secret of another namespace",
        _in_another_namespace,
        Verdict.PROVEN,
        "k8s-secret-wrong-namespace",
    ),
    case(
        "9: secret of no namespace",
        _nowhere,
        Verdict.PROVEN,
        "k8s-secret-wrong-namespace",
        "no-credential-for-host",
    ),
    twin(
        "9: secret of both namespaces",
        _in_both_namespaces,
        Verdict.WELL,
        of="k8s-secret-wrong-namespace",
    ),
    case(
        "8: secret for another port",
        _for_another_port,
        Verdict.PROVEN,
        "k8s-secret-wrong-server-key",
    ),
    case(
        "8: secret for azureacr.io",
        _for_a_misspelt_azure,
        Verdict.PROVEN,
        "k8s-secret-wrong-server-key",
    ),
    case(
        "8: secret for another registry",
        _for_another_registry,
        Verdict.PROVEN,
        "k8s-secret-wrong-server-key",
        "no-credential-for-host",
    ),
    twin(
        "8: secret with scheme and path",
        _with_scheme_and_path,
        Verdict.WELL,
        of="k8s-secret-wrong-server-key",
    ),
    case("20: secret of another type", _of_another_type, Verdict.PROVEN, "k8s-secret-malformed"),
    case("20: secret that is no base64", _not_base64, Verdict.PROVEN, "k8s-secret-malformed"),
    case("20: secret that is cut off", _cut_off, Verdict.PROVEN, "k8s-secret-malformed"),
    case(
        "20: secret with a line break",
        _with_line_break,
        Verdict.PROVEN,
        "k8s-secret-malformed",
        "wrong-password",
    ),
    twin("20: secret well formed", _pod_names_it, Verdict.WELL, of="k8s-secret-malformed"),
    case(
        "33: secret with an old AWS password",
        _amazon_long_ago,
        Verdict.PROVEN,
        "ecr-token-in-static-secret",
    ),
    twin(
        "33: secret with a new AWS password",
        _amazon_of_today,
        Verdict.WELL,
        of="ecr-token-in-static-secret",
    ),
    case(
        "3: pod without a secret at an Azure registry",
        _azure_without_secret,
        Verdict.PROVEN,
        "no-credential-for-host",
        "aks-kubelet-identity-lacks-acrpull",
    ),
    twin(
        "3: pod with a secret at an Azure registry",
        _azure_with_secret,
        Verdict.WELL,
        of="aks-kubelet-identity-lacks-acrpull",
    ),
    case(
        "64: kubelet's plugin for other hosts",
        _plugin_for_others,
        Verdict.PROVEN,
        "kubelet-credential-provider-missing",
    ),
    case(
        "64: kubelet's plugin not installed",
        _plugin_not_there,
        Verdict.PROVEN,
        "kubelet-credential-provider-missing",
    ),
    twin(
        "64: kubelet's plugin for this host",
        _plugin_for_this_host,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="kubelet-credential-provider-missing",
    ),
)
