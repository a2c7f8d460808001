"""What stands around the application where the operator asked for it: limits, proxies, traces."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from pratique import __version__
from pratique.http.edge.limits import Limiter, Limits, SharedBuckets
from pratique.http.edge.proxies import TrustedProxies
from pratique.http.edge.rsgi import RequestTraces
from pratique.observability import LineLog, Meter
from pratique.observability.spans import NoSpans, Spans
from pratique.settings import ServeSettings


def make_buckets(path: Path) -> None:
    """Make the table that the workers of one server count requests in.

    Raises:
        OSError: it cannot be written.
    """
    SharedBuckets.make(path, secrets.token_bytes)


def limiter_of(
    settings: ServeSettings, buckets: Path | None, log: LineLog, meter: Meter
) -> Limiter | None:
    """What limits requests; None without a table, since there are no limits then."""
    if buckets is None:
        return None
    return Limiter(Limits.parse(*settings.limits), SharedBuckets.open(buckets), log, meter)


def has_limits(settings: ServeSettings) -> bool:
    """Whether anything is limited."""
    return bool(Limits.parse(*settings.limits))


def proxies_of(settings: ServeSettings) -> TrustedProxies | None:
    """Who is believed; None for nobody."""
    return TrustedProxies(settings.trusted_proxies) if settings.trusted_proxies else None


class Watched:
    """Traces of one worker, or none.

    Attributes:
        spans: makes spans of parts.
        requests: makes the span of each request; None without traces.
        close: sends what waits.
    """

    def __init__(self, from_clients: str | None, meter: Meter, tell: Callable[[str], None]) -> None:
        self.spans: Spans = NoSpans()
        self.requests: RequestTraces | None = None
        self.close: Callable[[], None] = lambda: None
        if from_clients is None:
            return
        from pratique.http.application import template_of  # noqa: PLC0415 - loaded when used
        from pratique.http.edge.request_traces import RequestTraces as Begun  # noqa: PLC0415
        from pratique.observability.traces import FromClients, Traces  # noqa: PLC0415

        traces = Traces.to_collector(__version__, FromClients(from_clients), tell)
        meter.on_refused = traces.refused
        self.spans, self.close = traces, traces.close
        self.requests = Begun(traces, template_of)
