"""What runs in a worker around the application: the edge, its probes, metrics and log."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Awaitable, Callable

from pratique import __version__
from pratique.assembly.composing import METRICS
from pratique.assembly.opening import OpenRegistry
from pratique.http.edge import RsgiEdge
from pratique.http.edge.limits import Limiter
from pratique.http.edge.proxies import TrustedProxies
from pratique.http.edge.rsgi import RequestTraces
from pratique.http.watch import MetricsListener, Probes, exposition
from pratique.http.wire.messages import Request, Response
from pratique.observability import LineLog, Meter


def edge_of(
    opened: OpenRegistry,
    log: LineLog,
    meter: Meter,
    *,
    limiter: Limiter | None = None,
    proxies: TrustedProxies | None = None,
    traces: RequestTraces | None = None,
) -> RsgiEdge:
    """The object that the server runs in a worker."""
    handle: Callable[[Request], Awaitable[Response]] = opened.application.handle
    # Where each request is counted, or has its span, none is answered without.
    at_once = opened.application.at_once if limiter is None and traces is None else None
    if limiter is not None:
        handle = limiter.before(handle)
    draining = meter.board.is_draining
    probes = Probes(opened.parts, draining, time.monotonic)
    return RsgiEdge(handle, log, meter, probes.answers(), draining, proxies, traces, at_once)


def metrics_listener(meter: Meter) -> MetricsListener:
    """The listener that shows what all workers of this server have counted."""
    build = {"version": __version__, "python": platform.python_version()}

    def text() -> bytes:
        meter.flush()
        return exposition(METRICS, meter.board, build)

    return MetricsListener(text)


def standard_output_log(*, requests: bool) -> LineLog:
    """The log on standard output; refusals and faults always, requests when wanted."""
    return LineLog(os.fdopen(os.dup(1), "wb", buffering=0), requests=requests)
