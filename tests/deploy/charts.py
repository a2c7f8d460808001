"""The chart, rendered by helm itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.clients.commands import Printed, run
from tests.clients.go_clients import built

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "pratique"
# Kubernetes's versions that the chart is rendered for: the oldest that it takes, and newer ones.
VERSIONS = ("1.25", "1.31", "1.34")

Values = dict[str, Any]
Thing = dict[str, Any]

LEAST: Values = {
    "image": {"repository": "registry.internal.example.com/pratique"},
    "externalUrl": "https://registry.example.com",
}
ELSEWHERE: Values = {
    "database": {"existingSecret": "database"},
    "blobs": {"url": "s3://blobs/pratique?region=eu-central-1", "existingSecret": "bucket"},
}


@dataclass(frozen=True)
class Rendered:
    """What helm would install.

    Attributes:
        things: in order.
    """

    things: tuple[Thing, ...]

    def of_kind(self, kind: str) -> list[Thing]:
        """All things of a kind."""
        return [thing for thing in self.things if thing["kind"] == kind]

    @property
    def workload(self) -> Thing:
        """The one Deployment or StatefulSet."""
        (found,) = [*self.of_kind("Deployment"), *self.of_kind("StatefulSet")]
        return found

    @property
    def pod(self) -> Thing:
        """The specification of its pods."""
        found: Thing = self.workload["spec"]["template"]["spec"]
        return found

    @property
    def server(self) -> Thing:
        """The container that serves."""
        (found,) = self.pod["containers"]
        return dict(found)

    @property
    def init(self) -> Thing:
        """The container that makes the registry."""
        (found,) = self.pod["initContainers"]
        return dict(found)


def template(values: Values, version: str = VERSIONS[1]) -> Printed:
    """What `helm template` says to values."""
    words = ("--kube-version", f"{version}.0", "--namespace", "registries")
    return _helm(json.dumps(values), "template", "pratique", str(CHART), *words)


def render(values: Values, version: str = VERSIONS[1]) -> Rendered:
    """The things that come of values that the chart takes."""
    text = template(values, version).expect_success().text
    return Rendered(tuple(thing for thing in yaml.safe_load_all(text) if thing is not None))


def lint(values: Values) -> Printed:
    """What `helm lint --strict` says."""
    return _helm(json.dumps(values), "lint", "--strict", str(CHART))


def notes(folder: Path, values: Values) -> str:
    """What helm shows after installing; `folder` is an empty one."""
    file = CHART / "templates" / "NOTES.txt"
    # helm renders notes only where it has a cluster; under another name they render like the rest.
    chart = folder / "with-notes"
    for path in CHART.rglob("*"):
        if path.is_file():
            copy = chart / path.relative_to(CHART)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    lines = "\n".join(f"  {line}" for line in file.read_text(encoding="utf-8").splitlines())
    wrapped = f'{{{{- define "notes" }}}}\n{lines}\n{{{{- end }}}}\n'
    shown = 'kind: Notes\ntext: {{ include "notes" . | toJson }}\n'
    (chart / "templates" / "shown-notes.yaml").write_text(wrapped + shown)
    words = ("template", "pratique", str(chart), "--kube-version", f"{VERSIONS[1]}.0")
    text = _helm(json.dumps(values), *words, "--show-only", "templates/shown-notes.yaml")
    return str(yaml.safe_load(text.expect_success().text)["text"])


@cache
def _helm(values: str, *words: str) -> Printed:
    # What helm says depends on nothing else, so each question is asked once.
    return run([built("helm"), *words, "--values", "-"], typed=values)
