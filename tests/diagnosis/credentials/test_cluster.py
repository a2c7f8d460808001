"""Pull secrets of a cluster through kubectl, and of files."""

from __future__ import annotations

import base64
import json

import pytest
from tests.diagnosis.credentials.configurations import pair
from tests.diagnosis.machines import ScriptedPrograms, memory_machine

from pratique.diagnosis.credentials.kubernetes import read_cluster, read_manifest_files
from pratique.diagnosis.credentials.pull_secrets import read_pull_secret
from pratique.diagnosis.facts.credentials import Kubernetes
from pratique.diagnosis.machine import Ran
from pratique.diagnosis.references import read_reference

NEW = "kubernetes.io/dockerconfigjson"
OLD = "kubernetes.io/dockercfg"
IMAGE = read_reference("r.example/team/app:1")


def _b64(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def _secret(name: str, kind: str = NEW, namespace: str = "web", **data: str) -> dict[str, object]:
    given = {key.replace("_", "."): value for key, value in data.items()} or {
        ".dockerconfigjson": _b64({"auths": {"r.example": pair("a")}})
    }
    return {
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": kind,
        "data": given,
    }


def _kubectl(
    pod: object, account: object, secrets: list[object], others: list[object] | None = None
) -> ScriptedPrograms:
    end = "--output=json --request-timeout=4s"
    unwanted = (
        "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,"
        "type!=kubernetes.io/tls,type!=bootstrap.kubernetes.io/token"
    )
    answers = {
        f"kubectl get pod pod-1 --namespace=web {end}": pod,
        f"kubectl get serviceaccount runner --namespace=web {end}": account,
        f"kubectl get secrets --namespace=web --field-selector={unwanted} {end}": {
            "items": secrets
        },
        f"kubectl get secrets --all-namespaces --field-selector=metadata.name=gone {end}": {
            "items": others or []
        },
    }
    return ScriptedPrograms(
        {
            line: value if isinstance(value, Ran) else Ran(0, json.dumps(value), "")
            for line, value in answers.items()
        }
    )


POD = {
    "spec": {
        "serviceAccountName": "runner",
        "imagePullSecrets": [{"name": "pull"}, {"name": "gone"}],
    }
}


def _cluster(programs: ScriptedPrograms, **names: str) -> Kubernetes:
    named = {"namespace": "web", "pod": "pod-1", **names}
    return read_cluster(
        memory_machine({}, programs=programs),
        namespace=named["namespace"],
        pod=named["pod"],
        service_account=named.get("service_account", ""),
        reference=IMAGE,
    )


def test_a_pod_its_account_and_their_secrets() -> None:
    """What pod and account reference is told apart, and an absent Secret is looked for."""
    programs = _kubectl(
        POD,
        {"imagePullSecrets": [{"name": "other"}]},
        [_secret("pull"), _secret("other"), {"metadata": {"name": "plain"}, "type": "Opaque"}],
        [_secret("gone", namespace="ops"), _secret("gone")],
    )
    found = _cluster(programs)
    assert (found.service_account, found.pod_secrets) == ("runner", ("pull", "gone"))
    assert found.account_secrets == ("other",)
    assert [one.name for one in found.found] == ["pull", "other"]
    assert (found.missing, found.in_other_namespaces) == (("gone",), {"gone": ("ops",)})
    assert not found.fault
    assert len(programs.ran) == 4
    assert all(words[1] == "get" for words, _ in programs.ran)


def test_a_cluster_that_refuses() -> None:
    """What may not be asked is a fault; what may is still there."""
    programs = _kubectl(Ran(1, "", "Error from server (Forbidden)"), {}, [_secret("pull")])
    found = _cluster(programs)
    assert "`kubectl get pod pod-1 --namespace=web` failed: Error from server" in found.fault
    assert [one.name for one in found.found] == ["pull"]


@pytest.mark.parametrize(
    "answer",
    [Ran(None, "", ""), Ran(0, "no JSON", ""), Ran(0, "[" * 100_000, ""), Ran(0, "[]", "")],
)
def test_a_cluster_that_does_not_answer(answer: Ran) -> None:
    """Silence and nonsense raise nothing."""
    found = _cluster(_kubectl(answer, answer, []))
    assert found.pod_secrets == ()


def test_no_kubectl() -> None:
    """Without kubectl the fault says so."""
    assert "kubectl is not installed" in _cluster(ScriptedPrograms()).fault


@pytest.mark.parametrize(
    "names",
    [
        {"pod": "--kubeconfig=/tmp/x"},
        {"namespace": "-n"},
        {"namespace": ""},
        {"service_account": "a b"},
        {"pod": "../x"},
        {"pod": "a\nb"},
    ],
)
def test_names_that_could_be_options(names: dict[str, str]) -> None:
    """A name that is none of Kubernetes is never given to kubectl."""
    programs = _kubectl(POD, {}, [])
    assert _cluster(programs, **names).fault
    assert not programs.ran


def test_a_hostile_account_name_of_a_pod() -> None:
    """A name that comes from the cluster is checked like one from the command line."""
    programs = _kubectl({"spec": {"serviceAccountName": "--token=x"}}, {}, [])
    assert "is no name" in _cluster(programs).fault
    assert not any("--token=x" in words for words, _ in programs.ran)


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        (_secret("s", "Opaque"), "its type is `Opaque`"),
        (_secret("s", NEW, _dockercfg=_b64({})), "it is not there, but `.dockercfg` is"),
        (_secret("s", NEW, _dockerconfigjson="%%%"), "it is no base64"),
        (_secret("s", NEW, _dockerconfigjson='{"auths": {}}'), "it is the JSON itself"),
        (_secret("s", NEW, _dockerconfigjson=_b64(_b64({"auths": {}}))), "it is encoded twice"),
        (_secret("s", NEW, _dockerconfigjson=_b64("{")), "it is no JSON (line 1, column 2)"),
        (_secret("s", NEW, _dockerconfigjson=_b64("")), "it is empty"),
        (_secret("s", NEW, _dockerconfigjson=_b64({"r.example": pair("a")})), "the form of"),
        (_secret("s", OLD, _dockercfg=_b64({"auths": {"r.example": {}}})), "the newer form"),
        (
            _secret("s", NEW, _dockerconfigjson=_b64({"auths": {"r.example": {"auth": "%"}}})),
            "its entry `r.example` cannot be decoded: its `auth` is no base64",
        ),
        (_secret("s", NEW, _dockerconfigjson=_b64({"auths": []})), "its `auths` is no object"),
    ],
)
def test_a_malformed_secret(secret: dict[str, object], fault: str) -> None:
    """Every way in which a Secret is broken has its words."""
    assert fault in read_pull_secret(secret, "web").fault


def test_an_old_secret() -> None:
    """A Secret of the old type holds its entries without `auths`."""
    found = read_pull_secret(_secret("s", OLD, _dockercfg=_b64({"r.example": pair("a")})), "web")
    assert (found.fault, [one.key for one in found.entries]) == ("", ["r.example"])


def _files(**files: str) -> Kubernetes:
    machine = memory_machine({f"/m/{name}.yaml": text for name, text in files.items()})
    return read_manifest_files(machine, [f"/m/{name}.yaml" for name in files])


def test_manifests_of_a_pod_and_its_account() -> None:
    """A pod that names no secret gets those of its account, as on creation."""
    found = _files(
        all=f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: runner, namespace: web}}
imagePullSecrets: [{{name: pull}}]
---
kind: Deployment
metadata: {{name: app, namespace: web}}
spec:
  template:
    spec:
      serviceAccountName: runner
      containers: [{{image: r.example/app}}]
---
{json.dumps(_secret("pull"))}
"""
    )
    assert (found.namespace, found.pod, found.service_account) == ("web", "app", "runner")
    assert (found.pod_secrets, found.missing) == (("pull",), ())


def test_a_secret_in_another_namespace() -> None:
    """A Secret of the right name in another namespace is missing, and its place is told."""
    found = _files(
        pod="kind: Pod\nmetadata: {name: p, namespace: web}\n"
        "spec: {containers: [], imagePullSecrets: [{name: pull}]}\n",
        secret=json.dumps(_secret("pull", namespace="ops")),
    )
    assert (found.missing, found.in_other_namespaces) == (("pull",), {"pull": ("ops",)})


def test_a_secret_alone_is_in_force() -> None:
    """With neither pod nor account in the files, the Secret is the one to look at."""
    found = _files(secret=json.dumps(_secret("pull")))
    assert (found.namespace, found.account_secrets) == ("web", ("pull",))


@pytest.mark.parametrize(
    "text",
    [
        "{a: [",
        "[" * 3000,
        "!!python/object/apply:os.system [x]",
        "\x00",
        "9" * 5000,
        "2001-99-99",
    ],
)
def test_files_that_are_broken(text: str) -> None:
    """A broken or hostile file gives a fault or nothing; nothing is raised."""
    found = _files(broken=text)
    assert found.found == ()


def test_a_file_that_refers_to_itself_too_often() -> None:
    """A small text that stands for a very large one is refused before it is read."""
    text = "a: &x [1]\nb: [" + ", ".join(["*x"] * 60) + "]\n"
    assert _files(many=text).fault == "/m/many.yaml: it refers to its own parts too often"


def test_a_file_that_is_not_there() -> None:
    """A file that cannot be read is named in the fault."""
    assert read_manifest_files(memory_machine({}), ["/m/x"]).fault == "/m/x cannot be read"
