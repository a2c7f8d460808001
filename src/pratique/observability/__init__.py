"""Facts in, lines and numbers out: a canonical line for each request, and counts of what happened.

Promises: a line is one JSON object on standard output; a secret has no field to stand in; what is
counted has a bounded number of series, whatever clients send. Refuses to know: what a request
means, and how numbers are shown.
"""

from pratique.observability import names
from pratique.observability.board import Board
from pratique.observability.lines import LineLog
from pratique.observability.meter import Meter
from pratique.observability.metrics import Kind, Label, Metric, Table
from pratique.observability.names import metrics_table

__all__ = [
    "Board",
    "Kind",
    "Label",
    "LineLog",
    "Meter",
    "Metric",
    "Table",
    "metrics_table",
    "names",
]
