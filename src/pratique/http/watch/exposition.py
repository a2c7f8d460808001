"""The numbers of all workers in the text format of Prometheus, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pratique.observability.board import Board, WorkerNumbers
from pratique.observability.metrics import Kind, Metric, Table
from pratique.observability.names import BUILD, DRAINING, OF_THE_SERVER

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def exposition(table: Table, board: Board, build: Mapping[str, str]) -> bytes:
    """What a scrape is answered with.

    Args:
        table: says what each number means.
        board: holds them.
        build: labels of the metric that tells which versions run.
    """
    workers = board.workers()
    lines: list[str] = []
    for metric in table.metrics:
        samples = list(_samples(metric, table, workers))
        if samples:
            lines += [*_head(metric), *samples]
    values = {DRAINING: ("", float(board.is_draining())), BUILD: (_labels(build), 1.0)}
    for metric in OF_THE_SERVER:
        labels, value = values[metric.name]
        lines += [*_head(metric), f"{metric.name}{labels} {_number(value)}"]
    return ("\n".join(lines) + "\n").encode()


def _head(metric: Metric) -> tuple[str, str]:
    return f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} {metric.kind}"


def _samples(metric: Metric, table: Table, workers: Sequence[WorkerNumbers]) -> Iterator[str]:
    living = [worker for worker in workers if worker.alive]
    # What was counted stays counted; what was measured is over with the process.
    counted = living if metric.kind is Kind.GAUGE else workers
    for values in metric.series():
        labels = dict(zip((label.name for label in metric.labels), values, strict=True))
        start = table.place(metric.name, *values)
        if metric.of_worker:
            for worker in counted:
                own = _labels({**labels, "worker": str(worker.worker)})
                yield f"{metric.name}{own} {_number(worker.numbers[start])}"
            continue
        places = range(start, start + metric.places)
        sums = [sum(worker.numbers[place] for worker in counted) for place in places]
        if metric.may_wait and not any(sums):
            continue
        if metric.kind is Kind.HISTOGRAM:
            yield from _histogram(metric, labels, sums)
        else:
            yield f"{metric.name}{_labels(labels)} {_number(sums[0])}"


def _histogram(
    metric: Metric, labels: Mapping[str, str], numbers: Sequence[float]
) -> Iterator[str]:
    so_far = 0.0
    for bound, number in zip((*metric.bounds, None), numbers[:-1], strict=True):
        so_far += number
        upper = "+Inf" if bound is None else _number(bound)
        yield f"{metric.name}_bucket{_labels({**labels, 'le': upper})} {_number(so_far)}"
    yield f"{metric.name}_sum{_labels(labels)} {_number(numbers[-1])}"
    yield f"{metric.name}_count{_labels(labels)} {_number(so_far)}"


def _labels(labels: Mapping[str, str]) -> str:
    """Labels in braces; no value of ours holds a quote, a backslash or a line's end."""
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
