"""The span of a request, in OpenTelemetry's semantic conventions for HTTP servers (1.23 and later).

Told are names of repositories, in the path. Never told are the query, which may hold a code, any
header but the user agent, and any body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from opentelemetry.trace import Span

from pratique.http.wire.messages import Request, Response
from pratique.http.wire.refusals import DECISION_HEADER
from pratique.observability.traces import Traces, failed, trace_id_of

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CARRIED: Final = ("traceparent", "tracestate")
_LONGEST: Final = 512


class RequestTrace:
    """The span of one request.

    Attributes:
        trace_id: 32 hexadecimal digits.
    """

    __slots__ = ("_request", "_route_of", "_span", "_traces", "trace_id")

    def __init__(
        self,
        traces: Traces,
        span: Span,
        request: Request,
        route_of: Callable[[Request, str], str],
    ) -> None:
        self._traces = traces
        self._span = span
        self._request = request
        self._route_of = route_of
        self.trace_id = trace_id_of(span)

    def end(self, response: Response, size: int, fault: str) -> None:
        """The request was answered.

        Args:
            response: with what.
            size: bytes of its body.
            fault: the type of what was raised instead; empty when nothing was.
        """
        span, request = self._span, self._request
        if span.is_recording():
            method = request.method if request.method in _METHODS else "HTTP"
            route = self._route_of(request, response.row)
            if route:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", response.status)
            span.set_attribute("http.response.body.size", size)
            for name, value in response.headers:
                if name == DECISION_HEADER:
                    span.set_attribute("pratique.decision_id", value)
            if response.status >= 500:
                failed(span, fault or str(response.status))
        self._traces.end()


class RequestTraces:
    """Begins the span of each request.

    Args:
        traces: makes spans.
        route_of: the template of the row that answered a request, from its name; empty for none.
    """

    def __init__(self, traces: Traces, route_of: Callable[[Request, str], str]) -> None:
        self._traces = traces
        self._route_of = route_of

    def begin(self, request: Request) -> RequestTrace:
        """The span of a request that begins now, in this context."""
        known = request.method in _METHODS
        host, _, port = request.host.rpartition(":")
        if not port.isdigit():
            host, port = request.host, ""
        attributes: dict[str, str | int] = {
            "http.request.method": request.method if known else "_OTHER",
            "url.scheme": request.scheme,
            "url.path": request.path[:_LONGEST],
            "server.address": host[:_LONGEST],
            "client.address": request.client,
            "user_agent.original": (request.header("user-agent") or "")[:_LONGEST],
        }
        if port:
            attributes["server.port"] = int(port[:5])
        if not known:
            attributes["http.request.method_original"] = request.method[:32]
        headers = request.headers
        carried = {n: v for n in _CARRIED if isinstance(v := headers.get(n), str)}
        span = self._traces.begin(request.method if known else "HTTP", attributes, carried)
        return RequestTrace(self._traces, span, request, self._route_of)
