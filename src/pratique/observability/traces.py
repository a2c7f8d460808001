"""OpenTelemetry traces: spans of requests, sent to a collector by a thread of their own.

Import this only where traces are wanted: it loads the SDK, which takes a while. Where spans go, how
many are kept and how long is waited is said by the standard `OTEL_*` variables. A queue of bounded
length stands between requests and the collector (`OTEL_BSP_MAX_QUEUE_SIZE`); what does not fit is
dropped. A collector that is slow or gone costs spans, never a request.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import Any, Final, TypeVar, cast

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pratique.observability.spans import Tells

T = TypeVar("T")
MOST_PARTS: Final = 64
"""Spans of parts that one request may have; what it does beyond them has none."""
CLOSE_SECONDS: Final = 5.0
_Value = str | int | float | bool


class FromClients(StrEnum):
    """What the trace that a client says it is in (W3C `traceparent`) means for a request's own.

    Attributes:
        IGNORE: nothing.
        LINK: the request has a trace of its own, with a link to the client's.
        PARENT: the request is part of the client's trace, and recorded if the client says so.
    """

    IGNORE = "ignore"
    LINK = "link"
    PARENT = "parent"


class _Request:
    """The request of this context: its span, and how many parts of it have one."""

    __slots__ = ("parts", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.parts = 0


class Traces:
    """Makes spans.

    Args:
        provider: takes them to where they go.
        version: of this programme.
        from_clients: what a client's own trace means.
    """

    def __init__(self, provider: TracerProvider, version: str, from_clients: FromClients) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("pratique", version)
        self._from_clients = from_clients
        self._propagator = TraceContextTextMapPropagator()
        self._request: ContextVar[_Request | None] = ContextVar("request", default=None)
        self._inside: ContextVar[Span | None] = ContextVar("inside", default=None)

    @classmethod
    def to_collector(
        cls, version: str, from_clients: FromClients, tell: Callable[[str], None]
    ) -> Traces:
        """Traces that go where the `OTEL_*` variables say, by OTLP over HTTP.

        Make them after a fork, never before: a thread begins here.

        Args:
            version: of this programme.
            from_clients: what a client's own trace means.
            tell: takes what goes wrong, from any thread; each sentence once in a while.
        """
        _tell_of_failures(tell)
        resource = Resource.create({"service.version": version})
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "pratique"}))
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider, version, from_clients)

    def begin(
        self, name: str, attributes: Mapping[str, _Value], carried: Mapping[str, str]
    ) -> Span:
        """Begin the span of the request that this context is about.

        Args:
            name: until a better one is known.
            attributes: what is known of it.
            carried: the fields `traceparent` and `tracestate` as the client sent them.
        """
        # A context of its own: where none is given, the SDK looks for a parent elsewhere.
        context, links = Context(), []
        if carried and self._from_clients is not FromClients.IGNORE:
            theirs = self._propagator.extract(carried, Context())
            told = get_current_span(theirs).get_span_context()
            if self._from_clients is FromClients.PARENT:
                context = theirs
            elif told.is_valid:
                links = [Link(told)]
        span = self._tracer.start_span(
            name,
            context=context,
            kind=SpanKind.SERVER,
            attributes=attributes,
            links=links,
        )
        self._request.set(_Request(span))
        self._inside.set(span)
        return span

    def end(self) -> None:
        """End the span of this context's request."""
        request = self._request.get()
        if request is not None:
            self._request.set(None)
            self._inside.set(None)
            request.span.end()

    def refused(self, reason: str) -> None:
        """The request of this context was refused; the last reason is the one that is told."""
        request = self._request.get()
        if request is not None:
            request.span.set_attribute("pratique.reason", str(reason))

    def around(
        self,
        part: T,
        name: str,
        methods: Collection[str] | None = None,
        tells: Tells | None = None,
    ) -> T:
        """`part`, with a span for each call of some of its methods; see `Spans`."""
        return cast("T", _Spanned(self, part, name, methods, tells))

    @contextmanager
    def part(self, name: str) -> Iterator[Span | None]:
        """A span of something that is done for the request; none outside of requests."""
        request, outer = self._request.get(), self._inside.get()
        if request is None or outer is None or request.parts >= MOST_PARTS:
            yield None
            return
        request.parts += 1
        span = self._tracer.start_span(name, context=set_span_in_context(outer, Context()))
        token = self._inside.set(span)
        try:
            yield span
        except Exception as error:
            # The kind alone: what an error says may hold what a client sent.
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            self._inside.reset(token)
            span.end()

    def close(self) -> None:
        """Send what waits, for five seconds at most."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)


class _Spanned:
    """A part whose methods have spans; everything else of it is its own."""

    def __init__(
        self,
        traces: Traces,
        part: Any,
        name: str,
        methods: Collection[str] | None,
        tells: Tells | None,
    ) -> None:
        self._traces = traces
        self._part = part
        self._name = f"{name}." if name else ""
        self._methods = methods
        self._tells = tells

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found) or name.startswith("_"):
            return found
        awaited = inspect.iscoroutinefunction(found)
        if not awaited if self._methods is None else name not in self._methods:
            return found
        spanned = self._awaited(name, found) if awaited else self._called(name, found)
        # From now on it is found without coming here.
        self.__dict__[name] = spanned
        return spanned

    def _awaited(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        title, part, tells = self._name + name, self._traces.part, self._tells

        @wraps(method)
        async def spanned(*args: Any, **kwargs: Any) -> Any:
            with part(title) as span:
                result = await method(*args, **kwargs)
                if span is not None and tells is not None:
                    span.set_attributes(tells(result))
                return result

        return spanned

    def _called(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        title, part, tells = self._name + name, self._traces.part, self._tells

        @wraps(method)
        def spanned(*args: Any, **kwargs: Any) -> Any:
            with part(title) as span:
                result = method(*args, **kwargs)
                if span is not None and tells is not None:
                    span.set_attributes(tells(result))
                return result

        return spanned


class _Telling(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(f"traces: {record.getMessage()}"[:500])


def _tell_of_failures(tell: Callable[[str], None]) -> None:
    """Have what the SDK complains of told by `tell`, and nowhere else."""
    logger = logging.getLogger("opentelemetry")
    logger.handlers[:] = [_Telling(tell)]
    logger.propagate = False


def trace_id_of(span: Span) -> str:
    """The id of the trace that a span belongs to: 32 hexadecimal digits."""
    return format_trace_id(span.get_span_context().trace_id)


def failed(span: Span, kind: str) -> None:
    """The server is at fault for how this ended."""
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
