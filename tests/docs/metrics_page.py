"""Writes `docs/reference/metrics.md`: every metric, its labels and what they can be."""

from __future__ import annotations

import sys

from pratique.assembly import METRICS
from pratique.observability import Kind, Label, Metric
from pratique.observability.names import OF_THE_SERVER

_OPENING = """# Metrics

`pratique serve --metrics HOST:PORT` shows these at `http://HOST:PORT/metrics`, in the text format
of Prometheus. Every scrape holds the numbers of all workers: counters and histograms are added up
and go on when a worker is replaced; they begin again when the server does. Metrics with the label
`worker` have a series for each worker that lives. Every value that a label can have is known
beforehand, so that no client can make series; a series of requests, verdicts or refused sign-ins is
left out until it has counted something. This page is made from the table in the code; a test fails
when it differs.
"""


def page() -> str:
    """The whole page."""
    metrics = (*METRICS.metrics, *OF_THE_SERVER)
    return "\n".join([_OPENING, *(_section(metric) for metric in metrics)])


def _section(metric: Metric) -> str:
    lines = [f"## `{metric.name}`", "", f"A {metric.kind}. {metric.meaning}", ""]
    if metric.labels:
        lines += [*map(_label, metric.labels), ""]
    if metric.of_worker:
        lines += ["- `worker`: a number from 1", ""]
    if metric.kind is Kind.HISTOGRAM:
        bounds = ", ".join(f"{bound:g}" for bound in metric.bounds)
        lines += [f"Upper bounds of its buckets: {bounds}.", ""]
    return "\n".join(lines)


def _label(label: Label) -> str:
    values = ", ".join(f"`{value}`" for value in label.values) or "as it is"
    return f"- `{label.name}`: {values}"


if __name__ == "__main__":
    sys.stdout.write(page())
