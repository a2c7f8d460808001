"""Spans of requests and of their parts, in one process, without a collector."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from tests.wire.kinds import REPOSITORY

from pratique.http.application import template_of
from pratique.http.edge.request_traces import RequestTraces
from pratique.http.wire.messages import HeadersOfOne, Request, Response
from pratique.observability.spans import NoSpans, told_of_verdict
from pratique.observability.traces import MOST_PARTS, FromClients, Traces
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, SentBody, basic

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
CARRIED = f"00-{THEIRS}-00f067aa0ba902b7-01"
NOT_SAMPLED = f"00-{THEIRS}-00f067aa0ba902b7-00"


@dataclass
class Shelf:
    """A part of something, with a method of each kind."""

    asked: list[str] = field(default_factory=list)
    color: str = "red"

    async def fetch(self, what: str) -> str:
        """What was asked for, a little later."""
        await asyncio.sleep(0)
        self.asked.append(what)
        return what

    async def lose(self) -> None:
        """Nothing.

        Raises:
            LookupError: always, with a secret in its words.
        """
        raise LookupError("hunter2")

    def look(self) -> int:
        """How much was asked for."""
        return len(self.asked)


class Bench:
    """Traces whose spans are kept here."""

    def __init__(self, from_clients: FromClients = FromClients.LINK) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.traces = Traces(provider, "1", from_clients)
        self.requests = RequestTraces(self.traces, template_of)

    def spans(self) -> dict[str, ReadableSpan]:
        """What was ended, by name."""
        return {span.name: span for span in self._kept.get_finished_spans()}

    def only(self) -> ReadableSpan:
        """The one that was ended."""
        (span,) = self._kept.get_finished_spans()
        return span

    def answered(self, response: Response, fault: str = "", **headers: str) -> ReadableSpan:
        """The span of a request that was answered so."""
        self.requests.begin(request("GET", f"/v2/{REPOSITORY}/tags/list", **headers)).end(
            response, len(response.body), fault
        )
        return self.only()


def request(method: str, path: str, **headers: str) -> Request:
    """A request as the edge makes it."""
    host = "registry.example:5000"
    fields = HeadersOfOne({name.replace("_", "-"): value for name, value in headers.items()})
    return Request(method, path, "code=hunter2", fields, "https", host, "192.0.2.1", SentBody())


def test_a_span_follows_the_conventions() -> None:
    """Name and attributes are those of OpenTelemetry for a server of HTTP, and our own."""
    response = Response(403, [("x-pratique-decision", "an-id")], b"no", row="list_tags")
    span = Bench().answered(response, user_agent="skopeo/1.9")
    assert span.name == "GET /v2/{name}/tags/list"
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/v2/{name}/tags/list",
        "http.response.status_code": 403,
        "http.response.body.size": 2,
        "url.scheme": "https",
        "url.path": f"/v2/{REPOSITORY}/tags/list",
        "server.address": "registry.example",
        "server.port": 5000,
        "client.address": "192.0.2.1",
        "user_agent.original": "skopeo/1.9",
        "pratique.decision_id": "an-id",
    }
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("fault", "kind"), [("", "503"), ("ZeroDivisionError", "ZeroDivisionError")]
)
def test_a_fault_of_the_server_is_an_error(fault: str, kind: str) -> None:
    """A status of 500 and more is one, with the kind of it and no words."""
    span = Bench().answered(Response(503), fault)
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert kind == span.attributes["error.type"]


def test_an_unknown_method_makes_no_name() -> None:
    """What a client invents is an attribute, and the name of a span stays one of few."""
    bench = Bench()
    bench.requests.begin(request("BREW", "/v2/")).end(Response(405), 0, "")
    span = bench.only()
    assert span.name == "HTTP"
    assert span.attributes is not None
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "BREW"


@pytest.mark.parametrize(
    ("row", "path", "template"),
    [
        ("get_blob", "/v2/a/b/blobs/sha256:00", "/v2/{name}/blobs/{digest}"),
        ("list_catalog", "/v2/_catalog", "/v2/_catalog"),
        ("list_catalog", "/acr/v1/_catalog", "/acr/v1/_catalog"),
        ("check", "/v2/", "/v2/"),
        ("token", "/oauth2/token", "/oauth2/token"),
        ("sts", "/contoso/oauth2/v2.0/token", "/{tenant}/oauth2/..."),
        ("management", "/api/v1/tokens/ci", "/api/v1/tokens/{token}"),
        ("management", "/api/v1/nothing", ""),
        ("", "/nothing", ""),
    ],
)
def test_routes_are_templates(row: str, path: str, template: str) -> None:
    """A route never holds what a client chose."""
    assert template == template_of(request("GET", path), row)


@pytest.mark.parametrize(
    ("from_clients", "same", "links"),
    [(FromClients.IGNORE, False, 0), (FromClients.LINK, False, 1), (FromClients.PARENT, True, 0)],
)
def test_a_clients_trace_means_what_was_chosen(
    from_clients: FromClients, *, same: bool, links: int
) -> None:
    """Nothing, a link, or a parent."""
    span = Bench(from_clients).answered(Response(200), traceparent=CARRIED)
    assert same == (f"{span.context.trace_id:032x}" == THEIRS)
    assert links == len(span.links)


@pytest.mark.parametrize("from_clients", [FromClients.IGNORE, FromClients.LINK])
def test_a_client_cannot_keep_itself_out_of_traces(from_clients: FromClients) -> None:
    """Whether a request is recorded is not for those to say who are not its parent."""
    span = Bench(from_clients).answered(Response(200), traceparent=NOT_SAMPLED)
    assert span.context.trace_flags.sampled


@pytest.mark.parametrize("from_clients", FromClients)
@pytest.mark.parametrize(
    "carried", ["", "nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "0" * 10_000]
)
def test_what_is_no_trace_is_nothing(from_clients: FromClients, carried: str) -> None:
    """A malformed `traceparent` makes a trace of the request's own."""
    span = Bench(from_clients).answered(Response(200), traceparent=carried)
    assert span.parent is None
    assert not span.links


@in_loop
async def test_parts_have_spans_within_the_request() -> None:
    """Methods that are awaited have one each; those that are not have one when they are named."""
    bench = Bench()
    shelf = bench.traces.around(Shelf(), "shelf")
    named = bench.traces.around(Shelf(), "", {"look"}, lambda count: {"count": str(count)})
    trace = bench.requests.begin(request("GET", "/v2/"))
    assert await shelf.fetch("a") == "a"
    assert shelf.look() == 1
    assert shelf.color == "red"
    assert named.look() == 0
    trace.end(Response(200, row="check"), 0, "")
    spans = bench.spans()
    assert set(spans) == {"shelf.fetch", "look", "GET /v2/"}
    top = spans["GET /v2/"].context
    for name in ("shelf.fetch", "look"):
        parent = spans[name].parent
        assert parent is not None
        assert parent.span_id == top.span_id
    assert spans["look"].attributes == {"count": "0"}


@in_loop
async def test_what_fails_is_told_by_its_kind_alone() -> None:
    """The words of an error may hold what a client sent, so they stay out of its span."""
    bench = Bench()
    shelf = bench.traces.around(Shelf(), "shelf")
    trace = bench.requests.begin(request("GET", "/v2/"))
    with pytest.raises(LookupError):
        await shelf.lose()
    trace.end(Response(500), 0, "")
    span = bench.spans()["shelf.lose"]
    assert span.attributes == {"error.type": "LookupError"}
    assert "hunter2" not in span.to_json()


@in_loop
async def test_parts_outside_of_requests_have_no_span() -> None:
    """Work that nobody waits for, as collection, is in no trace."""
    bench = Bench()
    assert await bench.traces.around(Shelf(), "shelf").fetch("a") == "a"
    assert bench.spans() == {}


@in_loop
async def test_a_request_has_a_bounded_number_of_spans() -> None:
    """However much a request does, only so many parts of it are told."""
    bench = Bench()
    shelf = Shelf()
    spanned = bench.traces.around(shelf, "shelf")
    trace = bench.requests.begin(request("GET", "/v2/"))
    for number in range(MOST_PARTS + 10):
        await spanned.fetch(str(number))
    trace.end(Response(200), 0, "")
    assert len(shelf.asked) == MOST_PARTS + 10
    assert len(bench._kept.get_finished_spans()) == MOST_PARTS + 1  # noqa: SLF001


@in_loop
async def test_requests_at_once_do_not_mix() -> None:
    """Each part is in the trace of its own request, whoever else is being answered."""
    bench = Bench()
    shelf = bench.traces.around(Shelf(), "shelf")

    async def answer(number: int) -> str:
        trace = bench.requests.begin(request("GET", "/v2/", user_agent=str(number)))
        for _ in range(5):
            await shelf.fetch("a")
        trace.end(Response(200), 0, "")
        return trace.trace_id

    ids = await asyncio.gather(*map(answer, range(20)))
    finished = bench._kept.get_finished_spans()  # noqa: SLF001
    assert len(set(ids)) == 20
    assert all(
        sum(f"{span.context.trace_id:032x}" == trace_id for span in finished) == 6
        for trace_id in ids
    )


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, None),
        ({"authorization": basic(OWNER[0], "wrong")}, "wrong"),
        ({"authorization": basic(*OWNER)}, None),
    ],
)
@in_loop
async def test_a_refusal_says_why(headers: dict[str, str], reason: str | None) -> None:
    """The reason that the log has is on the span; where nobody was refused, there is none."""
    bench = Bench()
    registry = await RegistryInMemory.start()
    try:
        registry.application._entrance.meter.on_refused = bench.traces.refused  # noqa: SLF001
        trace = bench.requests.begin(request("GET", "/v2/"))
        response = await registry.ask("GET", "/v2/", headers=headers)
        trace.end(response, len(response.body), "")
    finally:
        registry.stop()
    attributes = bench.only().attributes or {}
    told = attributes.get("pratique.reason")
    assert (reason is None) == (told is None)
    assert reason is None or reason in str(told)
    assert dict(response.headers).get("x-pratique-decision") == attributes.get(
        "pratique.decision_id"
    )


@in_loop
async def test_a_decision_is_told_without_who_asked() -> None:
    """The span of a verdict names action, resource and reason."""
    registry = await RegistryInMemory.start()
    try:
        bench, entrance = Bench(), registry.application._entrance  # noqa: SLF001
        entrance.gate = bench.traces.around(entrance.gate, "", {"decide"}, told_of_verdict)
        bench.requests.begin(request("GET", "/v2/"))
        await registry.ask(
            "GET", f"/v2/{REPOSITORY}/tags/list", headers={"authorization": basic(*OWNER)}
        )
    finally:
        registry.stop()
    assert bench.only().attributes == {
        "pratique.verdict": "allowed",
        "pratique.reason": "role-assignment",
        "pratique.action": "metadata_read",
        "pratique.resource": REPOSITORY,
    }


def test_without_traces_a_part_is_itself() -> None:
    """Nothing stands in front of a part that nobody watches."""
    shelf = Shelf()
    assert NoSpans().around(shelf, "shelf") is shelf
