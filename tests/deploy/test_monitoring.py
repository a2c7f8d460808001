"""The dashboard and the alerts ask for metrics, labels and values that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pratique.assembly import METRICS
from pratique.observability import Metric
from pratique.observability.names import OF_THE_SERVER

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "pratique.json"
# What Prometheus itself adds to every sample.
OF_PROMETHEUS = frozenset({"instance", "job"})
_ASKED = re.compile(r"\b(pratique_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
_SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")

EXPOSED: dict[str, Metric] = {
    name: metric for metric in (*METRICS.metrics, *OF_THE_SERVER) for name in metric.exposed_names()
}


def alert_rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def faults(expression: str, shown: str) -> Iterator[str]:
    """What an expression asks for that is not there.

    Args:
        expression: in Prometheus's language.
        shown: text that repeats labels of the result.
    """
    asked = _ASKED.findall(expression)
    for name, matchers in asked:
        metric = EXPOSED.get(name)
        if metric is None:
            yield f"there is no metric {name}"
            continue
        values = {label.name: label.values for label in metric.labels}
        for label, value in _MATCHER.findall(matchers):
            if label not in {*metric.exposed_labels(), *OF_PROMETHEUS}:
                yield f"{name} has no label {label}"
            elif label in values and value not in values[label]:
                yield f"{label} of {name} is never {value}"
    known = {label for name, _ in asked if name in EXPOSED for label in _labels(name)}
    grouped = _GROUPED.findall(expression)
    wanted = {label.strip() for group in grouped for label in group.split(",")}
    yield from (f"nothing has the label {label}" for label in sorted(wanted - known))
    # Aggregation drops every label that it is not told to keep.
    kept = wanted if re.search(r"\bsum\b|\bmin\b", expression) else known | OF_PROMETHEUS
    yield from (f"{label} is shown and not there" for label in set(_SHOWN.findall(shown)) - kept)


def _labels(name: str) -> set[str]:
    return {*EXPOSED[name].exposed_labels(), *OF_PROMETHEUS}


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_asks_for_what_is_there(rule: dict[str, Any]) -> None:
    """Metrics, labels and values exist, and the reader is told what happened and what to do."""
    assert list(faults(rule["expr"], json.dumps(rule["annotations"]))) == []
    assert set(rule["annotations"]) == {"summary", "action"}
    assert rule["labels"]["severity"] in {"critical", "warning"}


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_every_panel_asks_for_what_is_there(panel: dict[str, Any]) -> None:
    """Metrics, labels and values exist, and each query has a letter of its own."""
    targets = panel["targets"]
    wrong = [list(faults(t["expr"], t["legendFormat"])) for t in targets]
    assert wrong == [[] for _ in targets]
    assert len({t["refId"] for t in targets}) == len(targets) > 0


def test_every_metric_is_on_the_dashboard() -> None:
    """What is counted can be seen."""
    text = DASHBOARD.read_text(encoding="utf-8")
    unseen = {m.name for m in (*METRICS.metrics, *OF_THE_SERVER) if m.name not in text}
    assert unseen == set()


def test_panels_do_not_lie_over_each_other() -> None:
    """Each square of the grid belongs to one panel at most."""
    squares = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels())
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24


@pytest.mark.parametrize(
    ("expression", "shown", "found"),
    [
        ("pratique_absent_total", "", "there is no metric pratique_absent_total"),
        ('pratique_requests_total{path="/"}', "", "pratique_requests_total has no label path"),
        (
            'pratique_requests_total{status="6xx"}',
            "",
            "status of pratique_requests_total is never 6xx",
        ),
        ("sum by (user) (pratique_requests_total)", "", "nothing has the label user"),
        ("sum by (route) (pratique_requests_total)", "{{status}}", "status is shown and not there"),
        ("pratique_request_seconds", "", "there is no metric pratique_request_seconds"),
    ],
)
def test_what_is_not_there_is_found(expression: str, shown: str, found: str) -> None:
    """Each kind of fault is told by the check that the two tests above rely on."""
    assert list(faults(expression, shown)) == [found]
