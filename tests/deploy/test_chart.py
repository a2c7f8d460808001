"""The chart for Kubernetes: what it installs, and what it refuses to install."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml
from tests.clients.commands import Missing
from tests.clients.go_clients import built
from tests.deploy.charts import (
    CHART,
    DEPLOY,
    ELSEWHERE,
    LEAST,
    VERSIONS,
    Rendered,
    Values,
    lint,
    notes,
    render,
    template,
)

from pratique.cli.program import program
from pratique.cli.server import DRAIN_SECONDS

EVERYTHING: Values = {
    **LEAST,
    **ELSEWHERE,
    "replicas": 3,
    "owner": {"name": "boss", "existingSecret": "owner"},
    "collect": {"every": "never", "untagged": "30d"},
    "limits": "standard",
    "trustedProxies": ["10.244.0.0/16", "fd00::/8"],
    "requestLog": False,
    "extraArguments": ["--traces", "--limit=address.writes=60"],
    "environment": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
    "allowPrivateIssuers": True,
    "bindAddress": "[::]",
    "tls": {"existingSecret": "tls"},
    "ingress": {"enabled": True, "hosts": ["registry.example.com"], "tlsSecret": "tls"},
    "metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "networkPolicy": {
        "enabled": True,
        "from": [{"namespaceSelector": {}}],
        "metricsFrom": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
        "egress": [{"ports": [{"port": 443}]}],
    },
    "serviceAccount": {"annotations": {"example.com/role": "bucket-user"}},
    "priorityClassName": "important",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "podAnnotations": {"example.com/note": "1"},
}
MATRIX: dict[str, Values] = {
    "least": LEAST,
    "owner": {**LEAST, "owner": {"existingSecret": "owner"}},
    "claim": {**LEAST, "persistence": {"existingClaim": "there"}},
    "class": {**LEAST, "persistence": {"storageClass": "fast", "size": "1Ti"}},
    "rows-elsewhere": {**LEAST, "database": {"existingSecret": "database"}},
    "blobs-elsewhere": {**LEAST, "blobs": {"url": "az://blobs", "environment": {"A_B": "c"}}},
    "one-stateless": {**LEAST, **ELSEWHERE},
    "many": {**LEAST, **ELSEWHERE, "replicas": 5},
    "openshift": {**LEAST, "runAsUser": None, "fsGroup": None},
    "no-metrics": {**LEAST, "metrics": {"enabled": False}},
    "balanced": {
        **LEAST,
        "service": {"type": "LoadBalancer", "port": 443, "externalTrafficPolicy": "Local"},
    },
    "closed": {**LEAST, "networkPolicy": {"enabled": True}},
    "by-digest": {**LEAST, "image": {"repository": "r/p", "digest": "sha256:" + "0" * 64}},
    "everything": EVERYTHING,
}
REFUSED: dict[str, tuple[Values, str]] = {
    "many-on-one-volume": ({**LEAST, "replicas": 2}, "which several pods cannot share"),
    "many-rows-on-a-volume": (
        {**LEAST, "replicas": 2, "blobs": ELSEWHERE["blobs"]},
        "which several pods cannot share",
    ),
    "many-blobs-on-a-volume": (
        {**LEAST, "replicas": 2, "database": ELSEWHERE["database"]},
        "which several pods cannot share",
    ),
    "no-image": ({"externalUrl": "https://r.example.com"}, "set image.repository"),
    "no-name": ({"image": LEAST["image"]}, "set externalUrl"),
    "ingress-without-a-host": ({**LEAST, "ingress": {"enabled": True}}, "needs ingress.hosts"),
    "monitor-of-nothing": (
        {**LEAST, "metrics": {"enabled": False, "serviceMonitor": {"enabled": True}}},
        "needs metrics.enabled",
    ),
    "credentials-in-an-address": ({**LEAST, "blobs": {"url": "s3://me:secret@b"}}, "/blobs/url"),
    "a-secret-in-plain": (
        {**LEAST, "blobs": {"environment": {"AWS_SECRET_ACCESS_KEY": "s3cr3t"}}},
        "invalid propertyName 'AWS_SECRET_ACCESS_KEY'",
    ),
    "database-in-plain": ({**LEAST, "database": {"url": "postgresql://u:p@h/d"}}, "/database"),
    "another-secret-in-plain": ({**LEAST, "environment": {"MY_TOKEN": "t"}}, "MY_TOKEN"),
    "a-folder-of-its-own": ({**LEAST, "extraArguments": ["--data=/x"]}, "/extraArguments/0"),
    "a-policy-for-nobody": (
        {**LEAST, "service": {"externalTrafficPolicy": "Local"}},
        "NodePort or LoadBalancer",
    ),
    "unknown": ({**LEAST, "replica": 2}, "replica"),
    "path-in-the-name": ({**LEAST, "externalUrl": "https://r.example.com/a"}, "/externalUrl"),
    "shared-volume": ({**LEAST, "persistence": {"accessModes": ["ReadWriteMany"]}}, "accessModes"),
}
NGINX = "nginx.ingress.kubernetes.io"
each_set_of_values = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())


@pytest.fixture(autouse=True)
def _helm() -> None:
    try:
        built("helm")
    except Missing as missing:
        pytest.skip(f"NOT TESTED: helm: {missing}")


def options_of(verb: str) -> tuple[dict[str, click.Option], set[str]]:
    """The options of a verb by each of their names, and the variables that it reads."""
    command = program.get_command(click.Context(program), verb)
    assert command is not None
    options = [one for one in command.params if isinstance(one, click.Option)]
    names = {name: one for one in options for name in (*one.opts, *one.secondary_opts)}
    return names, {str(one.envvar) for one in options if one.envvar}


def values_of_secrets(rendered: Rendered) -> Iterator[Any]:
    """Every name of a variable with a value in plain."""
    for container in (rendered.server, rendered.init):
        yield from (one["name"] for one in container["env"] if "value" in one)


@each_set_of_values
def test_helm_finds_nothing_to_say(values: Values) -> None:
    """No fault and no warning, with every set of values."""
    assert lint(values).expect_success().text.endswith("0 chart(s) failed")


@pytest.mark.parametrize("version", VERSIONS)
@each_set_of_values
def test_kubernetes_takes_it(values: Values, version: str) -> None:
    """Each thing has the form that this version of Kubernetes asks for, and no unknown field."""
    things = render(values, version).things
    assert len(things) >= 3
    for thing in things:
        if thing["kind"] != "ServiceMonitor":
            kubernetes_validate.validate(thing, version, strict=True)


@pytest.mark.parametrize(("values", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_lose_data_or_be_exposed_is_refused(values: Values, words: str) -> None:
    """Before anything is installed, in words that say which value."""
    told = template(values)
    assert told.exit_code != 0
    assert words in told.text


@each_set_of_values
def test_pods_have_no_rights(values: Values) -> None:
    """Not root, nothing to write but the data and temporary files, no capability, no API token."""
    rendered = render(values)
    pod = rendered.pod
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert all("hostPath" not in volume for volume in pod.get("volumes", ()))
    for container in (rendered.server, rendered.init):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert {"requests", "limits"} == set(container["resources"])
        writable = [mount for mount in container["volumeMounts"] if not mount.get("readOnly")]
        assert {mount["mountPath"] for mount in writable} == {"/tmp", "/var/lib/pratique"}  # noqa: S108
    for account in rendered.of_kind("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


@each_set_of_values
def test_probes_ask_where_the_server_answers(values: Values) -> None:
    """Restarted by `/livez`, sent requests by `/readyz`, over TLS where the server speaks it."""
    server = render(values).server
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    listen = next(word for word in server["args"] if word.startswith("--listen="))
    assert listen.endswith(f":{ports['registry']}")
    scheme = "HTTPS" if any(word.startswith("--tls-cert") for word in server["args"]) else "HTTP"
    asked = {name: server[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness")}
    assert asked["startup"] == asked["liveness"]
    assert asked["liveness"] == {"path": "/livez", "port": "registry", "scheme": scheme}
    ready = server["readinessProbe"]["httpGet"]
    assert ready == {"path": "/readyz", "port": "registry", "scheme": scheme}


@pytest.mark.parametrize("delay", [0, 10, 600])
def test_kubernetes_waits_until_a_stop_is_over(delay: int) -> None:
    """It kills no pod that still drains, and starts no hook that would have it wait twice."""
    rendered = render({**LEAST, "drainDelaySeconds": delay})
    assert f"--drain-delay={delay}" in rendered.server["args"]
    assert rendered.pod["terminationGracePeriodSeconds"] > delay + DRAIN_SECONDS
    assert "lifecycle" not in rendered.server


@each_set_of_values
def test_every_option_exists(values: Values) -> None:
    """The command line that the pod runs is one that `pratique serve` takes."""
    server = render(values).server
    assert server["command"] == ["pratique"]
    verb, *words = server["args"]
    known, variables = options_of(verb)
    for word in words:
        name, equals, value = word.partition("=")
        assert name in known, name
        assert known[name].is_flag == (not equals)
        if equals:
            known[name].type.convert(value, known[name], None)
    ours = {one["name"] for one in server["env"] if one["name"].startswith("PRATIQUE_")}
    assert "PRATIQUE_DATA" in ours
    assert ours <= variables


@each_set_of_values
def test_no_secret_stands_in_what_is_installed(values: Values) -> None:
    """The database's address and the store's credentials are named by their Secrets alone."""
    rendered = render(values)
    assert rendered.of_kind("Secret") == []
    plain = set(values_of_secrets(rendered))
    assert "PRATIQUE_DATABASE" not in plain
    assert not any(re.search("SECRET|PASSWORD|KEY|TOKEN", name) for name in plain)


def test_where_rows_and_blobs_are() -> None:
    """The server and what makes the registry are told the same places."""
    rendered = render(EVERYTHING)
    for container in (rendered.server, rendered.init):
        told = {one["name"]: one for one in container["env"]}
        secret = told["PRATIQUE_DATABASE"]["valueFrom"]["secretKeyRef"]
        assert secret == {"name": "database", "key": "url"}
        assert told["PRATIQUE_BLOBS"]["value"] == ELSEWHERE["blobs"]["url"]
        assert container["envFrom"] == [{"secretRef": {"name": "bucket"}}]


@each_set_of_values
def test_what_is_kept_stays(values: Values) -> None:
    """One pod with a volume wherever it keeps something; else as many as wished, without one."""
    rendered = render(values)
    elsewhere = bool(values.get("database")) and "url" in values.get("blobs", {})
    volume = next((v for v in rendered.pod["volumes"] if v["name"] == "data"), None)
    claims = rendered.workload["spec"].get("volumeClaimTemplates", [])
    if elsewhere:
        assert rendered.workload["kind"] == "Deployment"
        assert rendered.workload["spec"]["replicas"] == values.get("replicas", 1)
        assert volume == {"name": "data", "emptyDir": {}}
        assert rendered.workload["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    else:
        assert rendered.workload["kind"] == "StatefulSet"
        assert rendered.workload["spec"]["replicas"] == 1
        assert (volume is None) == (len(claims) == 1)
        assert volume is None or "persistentVolumeClaim" in volume


@each_set_of_values
def test_metrics_have_a_service_of_their_own(values: Values) -> None:
    """Neither the registry's Service nor the ingress leads to them."""
    rendered = render(values)
    registry = next(s for s in rendered.of_kind("Service") if s["metadata"]["name"] == "pratique")
    assert [port["targetPort"] for port in registry["spec"]["ports"]] == ["registry"]
    shown = values.get("metrics", {}).get("enabled", True)
    assert len(rendered.of_kind("Service")) == 1 + shown
    assert any(word.startswith("--metrics=") for word in rendered.server["args"]) == shown
    for ingress in rendered.of_kind("Ingress"):
        (rule,) = ingress["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        assert path["backend"] == {"service": {"name": "pratique", "port": {"name": "registry"}}}


def test_an_ingress_takes_layers_of_any_size() -> None:
    """What nginx would refuse or keep back passes unasked; an operator's own words are added."""
    own = {"cert-manager.io/cluster-issuer": "own", f"{NGINX}/proxy-read-timeout": None}
    values = {**LEAST, "ingress": {"enabled": True, "hosts": ["r.io"], "annotations": own}}
    (ingress,) = render(values).of_kind("Ingress")
    assert ingress["metadata"]["annotations"] == {
        f"{NGINX}/proxy-body-size": "0",
        f"{NGINX}/proxy-request-buffering": "off",
        f"{NGINX}/proxy-send-timeout": "900",
        "cert-manager.io/cluster-issuer": "own",
    }


def test_a_slow_answer_takes_no_pod_away() -> None:
    """Requests go elsewhere, and a pod is killed, after several failures alone."""
    server = render(LEAST).server
    assert {server[f"{name}Probe"]["failureThreshold"] for name in ("liveness", "readiness")} == {3}


def test_prometheus_finds_the_job_of_the_alerts() -> None:
    """The monitor selects the metrics' Service, and names the job as the alerts do."""
    rendered = render(EVERYTHING)
    (monitor,) = rendered.of_kind("ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    found = [s for s in rendered.of_kind("Service") if wanted <= s["metadata"]["labels"].items()]
    assert [service["metadata"]["name"] for service in found] == ["pratique-metrics"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == found[0]["spec"]["ports"][0]["name"]
    alerts = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    jobs = set(re.findall(r'job="(\w+)"', alerts))
    assert {one["replacement"] for one in endpoint["relabelings"]} == jobs == {"pratique"}


def test_a_closed_network_shows_metrics_to_nobody_unasked() -> None:
    """Metrics are reached by those who are named alone."""
    closed, open_to_some = (
        render(values).of_kind("NetworkPolicy")[0]["spec"]
        for values in (MATRIX["closed"], EVERYTHING)
    )
    assert closed["policyTypes"] == ["Ingress"]
    assert [rule["ports"] for rule in closed["ingress"]] == [[{"port": "registry"}]]
    assert open_to_some["policyTypes"] == ["Ingress", "Egress"]
    metrics = open_to_some["ingress"][1]
    assert metrics["ports"] == [{"port": "metrics"}]
    assert metrics["from"] == EVERYTHING["networkPolicy"]["metricsFrom"]


def test_a_budget_never_stops_a_node_from_draining() -> None:
    """There is one only where another pod can serve meanwhile, and it lets one go."""
    assert render(MATRIX["one-stateless"]).of_kind("PodDisruptionBudget") == []
    (budget,) = render(EVERYTHING).of_kind("PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1


@each_set_of_values
def test_labels_select_the_pods(values: Values) -> None:
    """Whatever selects pods selects those of this release."""
    rendered = render(values)
    labels = rendered.workload["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        *(service["spec"]["selector"] for service in rendered.of_kind("Service")),
        *(b["spec"]["selector"]["matchLabels"] for b in rendered.of_kind("PodDisruptionBudget")),
        *(p["spec"]["podSelector"]["matchLabels"] for p in rendered.of_kind("NetworkPolicy")),
        rendered.workload["spec"]["selector"]["matchLabels"],
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)


def test_notes_say_how_to_get_the_password(tmp_path: Path) -> None:
    """With a Secret, where it stands; without, how to have one made; never a password itself."""
    without, given = notes(tmp_path, LEAST), notes(tmp_path, EVERYTHING)
    assert "Nobody knows the password yet" in without
    assert "exec statefulset/pratique -c pratique -- pratique user password owner" in without
    assert "the Secret `owner`" in " ".join(given.split())
    assert "exec deployment/pratique -c pratique -- pratique user password boss" in given
    assert "docker login registry.example.com -u boss" in given
    plain = notes(tmp_path, {**LEAST, "externalUrl": "http://registry.example.com"})
    assert ("WARNING" in without, "WARNING" in plain) == (False, True)


def test_its_version_is_the_products() -> None:
    """The image's tag, when none is given, is that of the sources."""
    project = tomllib.loads((CHART.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == project["project"]["version"]
