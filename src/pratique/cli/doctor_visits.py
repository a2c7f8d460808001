"""One visit to the doctor: examine, conclude, and show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli.doctor_explanations import explanation
from pratique.cli.doctor_report import report_lines
from pratique.cli.screen import Screen
from pratique.diagnosis.facts.credentials import Client, Kubernetes
from pratique.diagnosis.facts.examination import Wish
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.redaction import redaction_of
from pratique.diagnosis.references import Misread, Reference, read_reference
from pratique.diagnosis.report import report
from pratique.diagnosis.this_machine import this_machine
from pratique.diagnosis.verdict import verdict_on
from pratique.diagnosis.walk import examine


def visit(
    screen: Screen,
    image: str | None,
    *,
    client: str,
    push: bool,
    mount_from: str,
    login: str | None,
    az: bool,
    offline: bool,
    platform: str,
    authfile: str,
    pod: str,
    service_account: str,
    namespace: str,
    secret_files: tuple[str, ...],
    root: Path,
    redact: bool,
) -> int:
    """Examine, show what was found, and give the exit code.

    Raises:
        click.UsageError: options that do not go together.
    """
    in_cluster = bool(pod or service_account or secret_files)
    if in_cluster and client == "podman":
        raise click.UsageError("a pod is pulled for by containerd; leave --as podman out")
    wish = Wish(
        login or image or "",
        Client.CONTAINERD if in_cluster else Client(client),
        push,
        mount_from,
        login is not None,
        offline,
        platform,
        az,
    )
    machine = this_machine(_now, root)
    cluster = _cluster(machine, wish, pod, service_account, namespace, secret_files)
    seen = examine(machine, wish, kubernetes=cluster, auth_file=authfile, explain=explanation)
    # Loading them takes as long as the walk; it need not stand before the first request.
    from pratique.diagnosis.rules import findings_of  # noqa: PLC0415

    findings = findings_of(seen)
    verdict = verdict_on(seen, findings)
    told = report(seen, findings, verdict, redaction_of(seen, machine, names=redact))
    screen.show({**told, "redacted": redact}, *([] if screen.as_json else report_lines(told)))
    return verdict.value


def _cluster(
    machine: Machine,
    wish: Wish,
    pod: str,
    service_account: str,
    namespace: str,
    secret_files: tuple[str, ...],
) -> Kubernetes | None:
    if not (pod or service_account or secret_files):
        return None
    from pratique.diagnosis.credentials.kubernetes import (  # noqa: PLC0415 - loaded when used
        read_cluster,
        read_manifest_files,
    )

    if secret_files:
        return read_manifest_files(machine, [str(Path(name).resolve()) for name in secret_files])
    reference = _reference(wish)
    if reference is None:
        return None
    return read_cluster(
        machine,
        namespace=namespace,
        pod=pod,
        service_account=service_account,
        reference=reference,
    )


def _reference(wish: Wish) -> Reference | None:
    try:
        return read_reference(wish.image)
    except Misread:
        return None


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the doctor is put together here
