"""A collector of traces on 127.0.0.1 that speaks OTLP over HTTP, as far as an exporter needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What was sent, in the order in which it came.

    Attributes:
        url: for `OTEL_EXPORTER_OTLP_ENDPOINT`.
        bodies: as they came.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()

    def spans(self) -> list[Any]:
        """Every span that came."""
        return [
            span
            for body in self.bodies
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]

    def resources(self) -> list[dict[str, Any]]:
        """What every batch says of who sent it."""
        return [
            attributes(of_resource.resource)
            for body in self.bodies
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans
        ]


def attributes(of: Any) -> dict[str, Any]:
    """The attributes of a span or a resource."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """One that listens until it is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collecting.paths.add(self.path)
            collecting.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: pytest's output is for failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collecting = Collector(f"http://127.0.0.1:{server.server_port}")
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield collecting
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
