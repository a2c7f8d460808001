"""The table of all metrics. The reference page of the documentation is made from it."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.access import AddressRefusal, Reason, RegistryAction
from pratique.observability.metrics import Kind, Label, Metric, Table

REQUESTS = "pratique_requests_total"
REQUEST_SECONDS = "pratique_request_seconds"
IN_FLIGHT = "pratique_requests_in_flight"
RECEIVED = "pratique_received_bytes_total"
SENT = "pratique_sent_bytes_total"
BROKEN_BODIES = "pratique_broken_bodies_total"
DECISIONS = "pratique_decisions_total"
SIGN_INS_REFUSED = "pratique_sign_ins_refused_total"
ADDRESSES_REFUSED = "pratique_addresses_refused_total"
TOKENS = "pratique_tokens_total"
LIMITED = "pratique_limited_requests_total"
UPLOADS = "pratique_uploads_total"
WRITE_GROUP = "pratique_write_group_size"
WRITE_SECONDS = "pratique_write_seconds"
COLLECTIONS = "pratique_collections_total"
COLLECTED = "pratique_collected_total"
COLLECTED_BYTES = "pratique_collected_bytes_total"
LAW_VERSION = "pratique_law_version"
LAW_CONFIRMED = "pratique_law_confirmed_timestamp_seconds"
FAILING = "pratique_part_failing"
MEMORY = "pratique_worker_resident_bytes"
STARTED = "pratique_worker_started_timestamp_seconds"
DRAINING = "pratique_draining"
BUILD = "pratique_build_info"

STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
NOWHERE = "nowhere"
CONTROL = "control"
DATABASE, LAW, BLOBS = "database", "law", "blobs"
PARTS = (DATABASE, LAW, BLOBS)
LIMITS_OF = ("identity", "address")
REQUEST_CLASSES = ("reads", "blobs", "writes", "tokens", "changes")
TOKEN_KINDS = ("access", "refresh", "directory")
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_GROUP = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


def metrics_table(routes: Sequence[str], sign_in_reasons: Sequence[str]) -> Table:
    """Every metric.

    Args:
        routes: names of the rows that answer requests; `nowhere` is added for all the others.
        sign_in_reasons: why a sign-in may be refused.
    """
    return Table(
        (
            *_of_requests((*dict.fromkeys(routes), NOWHERE)),
            *_of_admission(tuple(sign_in_reasons)),
            *_of_content(),
            *_of_the_law(),
            *_of_processes(),
        )
    )


def _of_requests(routes: tuple[str, ...]) -> tuple[Metric, ...]:
    route = Label("route", routes)
    return (
        Metric(
            REQUESTS,
            Kind.COUNTER,
            "Requests answered, by the row that answered and the class of the status.",
            (route, Label("status", STATUS_CLASSES)),
            may_wait=True,
        ),
        Metric(
            REQUEST_SECONDS,
            Kind.HISTOGRAM,
            "From the end of a request's headers to the answer being handed to the network; the "
            "bytes of a blob are sent after that.",
            (route,),
            _SECONDS,
            may_wait=True,
        ),
        Metric(
            IN_FLIGHT,
            Kind.GAUGE,
            "Requests that were being received or answered when the workers looked last, at most "
            "a second ago; blobs on their way out not counted.",
        ),
        Metric(RECEIVED, Kind.COUNTER, "Bytes of request bodies that came in."),
        Metric(SENT, Kind.COUNTER, "Bytes of response bodies that were promised to clients."),
        Metric(
            BROKEN_BODIES,
            Kind.COUNTER,
            "Request bodies that broke off: the client went away, stood still for a minute, or "
            "sent fewer bytes than it announced.",
        ),
    )


def _of_admission(sign_in_reasons: tuple[str, ...]) -> tuple[Metric, ...]:
    actions = (*(action.word for action in RegistryAction), CONTROL)
    return (
        Metric(
            DECISIONS,
            Kind.COUNTER,
            "Verdicts on requests. `control` stands for all actions of the management API, of "
            "which only refusals are counted. A pull whose verdict is remembered counts as a "
            "request alone.",
            (
                Label("verdict", ("allowed", "refused")),
                Label("action", actions),
                Label("reason", tuple(Reason)),
            ),
            may_wait=True,
        ),
        Metric(
            SIGN_INS_REFUSED,
            Kind.COUNTER,
            "Sign-ins and registry tokens that proved nobody.",
            (Label("reason", sign_in_reasons),),
            may_wait=True,
        ),
        Metric(
            ADDRESSES_REFUSED,
            Kind.COUNTER,
            "Requests from addresses that the network rules do not let in.",
            (Label("reason", tuple(AddressRefusal)),),
        ),
        Metric(
            LIMITED,
            Kind.COUNTER,
            "Requests refused with 429 by a rate limit, by whom the limit is for and the class of "
            "the request. Those beyond the limit of an address are refused before their row is "
            "known, so among requests they count as `nowhere`.",
            (Label("whose", LIMITS_OF), Label("class", REQUEST_CLASSES)),
        ),
        Metric(
            TOKENS,
            Kind.COUNTER,
            "Requests for tokens. Kinds: `access` (`/oauth2/token`), `refresh` "
            "(`/oauth2/exchange`), `directory` (`/TENANT/oauth2/v2.0/token` and its like). "
            "`failed` is a fault of the registry or of an issuer.",
            (Label("kind", TOKEN_KINDS), Label("outcome", ("granted", "refused", "failed"))),
        ),
    )


def _of_content() -> tuple[Metric, ...]:
    return (
        Metric(
            UPLOADS,
            Kind.COUNTER,
            "Uploads of blobs: opened, finished, cancelled by the client, forgotten at a start "
            "after a week; `at_once` are mounted blobs and those that came in one request.",
            (Label("event", ("opened", "finished", "cancelled", "forgotten", "at_once")),),
        ),
        Metric(
            WRITE_GROUP,
            Kind.HISTOGRAM,
            "Writes that went to the disk together, in one transaction of the database.",
            bounds=_GROUP,
        ),
        Metric(
            WRITE_SECONDS,
            Kind.HISTOGRAM,
            "From a write being handed in to its group being on disk; of each group, its first.",
            bounds=_WRITE_SECONDS,
        ),
        Metric(
            COLLECTIONS,
            Kind.COUNTER,
            "Collections by a server that ended.",
            (Label("outcome", ("finished", "failed")),),
        ),
        Metric(
            COLLECTED,
            Kind.COUNTER,
            "What collections have deleted.",
            (Label("what", ("repositories", "manifests", "links", "blobs", "uploads")),),
        ),
        Metric(COLLECTED_BYTES, Kind.COUNTER, "Bytes of the blobs that collections have deleted."),
    )


def _of_the_law() -> tuple[Metric, ...]:
    return (
        Metric(
            LAW_VERSION,
            Kind.GAUGE,
            "Version of the law and directory by which a worker judges.",
            of_worker=True,
        ),
        Metric(
            LAW_CONFIRMED,
            Kind.GAUGE,
            "When a worker found last that its law is the newest, seconds since 1970. Each worker "
            "looks every second, and with every request.",
            of_worker=True,
        ),
        Metric(
            FAILING,
            Kind.GAUGE,
            "How many workers cannot use a part that `/readyz` looks at.",
            (Label("part", PARTS),),
        ),
    )


def _of_processes() -> tuple[Metric, ...]:
    return (
        Metric(MEMORY, Kind.GAUGE, "Memory of a worker that is in use, in bytes.", of_worker=True),
        Metric(STARTED, Kind.GAUGE, "When a worker started, seconds since 1970.", of_worker=True),
    )


OF_THE_SERVER = (
    Metric(DRAINING, Kind.GAUGE, "1 while the server is being stopped, else 0."),
    Metric(
        BUILD,
        Kind.GAUGE,
        "Always 1; the labels tell which versions run.",
        (Label("version", ()), Label("python", ())),
    ),
)
"""What is no worker's; its values are not in the table."""
