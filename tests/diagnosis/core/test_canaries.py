"""No secret is in any output, in ten thousand situations that are made up from seeds."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random

import pytest
from tests.diagnosis.core.echoing import Echo
from tests.diagnosis.core.planted import (
    CORE,
    HOSTS,
    Canaries,
    Garden,
    planted_machine,
    told_apart,
)

from pratique.cli.doctor_report import report_lines
from pratique.diagnosis.credentials.kubernetes import read_cluster, read_manifest_files
from pratique.diagnosis.facts.credentials import Client, Kubernetes
from pratique.diagnosis.facts.examination import Examination, Wish
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.redaction import redaction_of
from pratique.diagnosis.references import read_reference
from pratique.diagnosis.report import report
from pratique.diagnosis.rules import findings_of
from pratique.diagnosis.verdict import verdict_on
from pratique.diagnosis.walk import examine

# All of them where everything is tested; they take a minute.
SITUATIONS = 10_000 if os.environ.get("PRATIQUE_ALL_CLIENTS") else 1_500
_PART = 250


@dataclass
class Shown:
    """What came of one situation.

    Attributes:
        outputs: by name, all that anybody can get to see.
        findings: ids of the causes that were named.
    """

    garden: Garden
    outputs: dict[str, str]
    findings: frozenset[str]
    outcome: str


def situation(seed: int) -> Shown:
    """One situation, from the machine to all that is shown of it."""
    random = Random(seed)  # noqa: S311 - to be the same again
    offline = random.random() < 0.6
    # Without TLS, which takes most of the time, a registry on loopback alone is spoken to at once.
    host = "127.0.0.1" if random.random() < 0.4 and not offline else random.choice(HOSTS)
    garden = Garden(random, Canaries(random), host)
    client = random.choice(list(Client))
    machine = planted_machine(garden, None if offline else Echo(garden))
    login_only = random.random() < 0.1
    image = f"{host}/team/app:1" if random.random() < 0.97 else f"{host}/Team/APP:"
    wish = Wish(
        host if login_only else image,
        client,
        push=random.random() < 0.2,
        mount_from="team/base" if random.random() < 0.3 else "",
        login_only=login_only,
        offline=offline,
        az=seed % 3 == 0,
    )
    cluster = _cluster(machine, random) if client is Client.CONTAINERD else None
    auth_file = "/home/dev/named.json" if random.random() < 0.1 else ""
    seen = examine(machine, wish, kubernetes=cluster, auth_file=auth_file)
    findings = findings_of(seen)
    verdict = verdict_on(seen, findings)
    outputs = {"repr": _representation(seen)}
    # Leaving names out takes away more, so that the other way round is looked at more often.
    for names in (True, False) if seed % 4 == 0 else (False,):
        told = report(seen, findings, verdict, redaction_of(seen, machine, names=names))
        outputs[f"json, redacted {names}"] = json.dumps(told, ensure_ascii=False)
        outputs[f"text, redacted {names}"] = "\n".join(report_lines(told))
    ids = frozenset(finding.cause.id for finding in findings)
    return Shown(garden, outputs, ids, seen.outcome.name)


def _representation(seen: Examination) -> str:
    """All that holds credentials, as a traceback or a log would show it."""
    held = seen.credentials
    stored = (held.sources, held.choice, held.near, held.elsewhere, held.overridden) if held else ()
    secrets = seen.kubernetes.found if seen.kubernetes else ()
    requests = (seen.identified, seen.anonymous, seen.login)
    answers = [exchange.answer for exchange in seen.exchanges]
    tokens = [each.grant for each in requests if each is not None]
    return repr((stored, secrets, answers, tokens, seen.challenges, seen.settings.proxies))


def _cluster(machine: Machine, random: Random) -> Kubernetes | None:
    kind = random.random()
    if kind < 0.4:
        return None
    if kind < 0.6:
        return read_manifest_files(machine, ["/srv/manifests.yaml"])
    return read_cluster(
        machine,
        namespace="default",
        pod="pod" if random.random() < 0.7 else "",
        reference=read_reference("registry.example.com/team/app:1"),
    )


@dataclass
class Seen:
    """What was seen of many situations.

    Attributes:
        leaks: seed, output, and the canary with what is around it.
        barren: seed and path of what was read without being planted.
    """

    leaks: list[tuple[int, str, str]]
    barren: list[tuple[int, str]]
    causes: set[str]
    outcomes: set[str]


def many_situations(seeds: range) -> Seen:
    """All these situations, one after the other."""
    seen = Seen([], [], set(), set())
    for seed in seeds:
        shown = situation(seed)
        seen.causes |= shown.findings
        seen.outcomes.add(shown.outcome)
        seen.barren += [(seed, path) for path in shown.garden.barren]
        traces = [(seed, name, told_apart(text)) for name, text in shown.outputs.items()]
        seen.leaks += [each for each in traces if each[2]]
    return seen


def test_no_canary_is_in_any_output() -> None:
    """What is planted in files, variables, programmes and answers comes out nowhere."""
    parts = [range(start, start + _PART) for start in range(0, SITUATIONS, _PART)]
    # More than one process, since each situation takes some milliseconds.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        seen = list(pool.map(many_situations, parts))
    assert [leak for part in seen for leak in part.leaks] == []
    assert [path for part in seen for path in part.barren] == []
    # The situations are of many kinds; otherwise they would prove little.
    assert len(set().union(*(part.causes for part in seen))) > 30
    assert len(set().union(*(part.outcomes for part in seen))) > 8


def test_every_kind_of_file_is_read() -> None:
    """No plant is for nothing: files of each kind are read in some situation."""
    read = {path for seed in range(300) for path in situation(seed).garden.read}
    for path in (
        "/etc/passwd",
        "/etc/docker/daemon.json",
        "/home/dev/.docker/config.json",
        "/home/other/.docker/config.json",
        "/root/.docker/config.json",
        "/kaniko/.docker/config.json",
        "/home/dev/.dockercfg",
        "/run/user/1000/containers/auth.json",
        "/home/dev/named.json",
        "/etc/containers/registries.conf",
        "/etc/containerd/config.toml",
        "/etc/systemd/system/docker.service.d/proxy.conf",
        "/etc/service.env",
        "/etc/sysconfig/docker",
        "/etc/providers.yaml",
        "/var/lib/kubelet/config.json",
        "/srv/manifests.yaml",
    ):
        assert path in read
    assert any(path.endswith("hosts.toml") for path in read)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "dev:", "user:"])
def test_a_canary_would_be_found(before: str) -> None:
    """The search finds canaries as they are, in part, and in base64 at every place."""
    canary = CORE * 2
    for text in (
        canary,
        CORE,
        canary.upper(),
        base64.b64encode((before + CORE * 4).encode()).decode(),
    ):
        assert told_apart(f"before {text} behind")
    assert not told_apart("nothing of the kind")
