"""Rule 5 of the design, under load: nobody is judged by an older law than the last acknowledged."""

from __future__ import annotations

import base64
import json
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.live_server import LiveServer, live_server
from tests.support.served_by import served_by, workers_of

pytestmark = pytest.mark.live

CHANGES = 200
CONNECTIONS_PER_WORKER = 2
# How many pulls each connection finishes between two changes: the first may have been on its way.
PULLS_BETWEEN = 3
DEADLINE_SECONDS = 120.0
_MANIFEST = "/v2/team/app/manifests/v1"
_INDEX = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
_JSON = {"content-type": "application/json"}


def basic(name: str, secret: str) -> dict[str, str]:
    """The header that proves somebody."""
    return {"authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


class Connection:
    """One connection that stays open, and the worker behind it."""

    def __init__(self, server: LiveServer) -> None:
        host, _, port = server.host.partition(":")
        self._http = HTTPConnection(host, int(port), timeout=20)
        self._server = server
        self.ask("GET", "/help/authorization", {})
        self.worker = served_by(
            workers_of(server.process_id), int(port), self._http.sock.getsockname()[1]
        )

    def ask(
        self, method: str, address: str, headers: dict[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and content of the answer."""
        self._http.request(method, address, body, headers)
        answer = self._http.getresponse()
        return answer.status, answer.read()

    def manage(self, method: str, address: str, who: dict[str, str], content: Any = None) -> Any:
        """The JSON of a call of the management API that succeeds."""
        body = None if content is None else json.dumps(content).encode()
        status, answer = self.ask(method, f"/api/v1{address}", {**who, **_JSON}, body)
        assert status < 300, answer
        return json.loads(answer)

    def close(self) -> None:
        """Close it."""
        self._http.close()


@dataclass(frozen=True)
class Pull:
    """One request: when it was sent and answered, on the one clock of this process."""

    sent: float
    answered: float
    status: int
    worker: int


@dataclass
class Puller:
    """Pulls over one connection without a pause."""

    connection: Connection
    headers: dict[str, str]
    pulls: list[Pull] = field(default_factory=list)

    def run(self, stop: Event) -> None:
        """Pull until told to stop."""
        worker = self.connection.worker
        assert worker is not None
        while not stop.is_set():
            sent = time.monotonic()
            status, _ = self.connection.ask("GET", _MANIFEST, self.headers)
            self.pulls.append(Pull(sent, time.monotonic(), status, worker))


@dataclass(frozen=True)
class Change:
    """A change of the law: whether it grants, when it was sent and when it was acknowledged."""

    grants: bool
    sent: float
    acknowledged: float


@contextmanager
def connections_to_each_worker(server: LiveServer) -> Iterator[list[Connection]]:
    """So many connections to each worker; which worker takes one is the system's choice."""
    opened: list[Connection] = []
    count: Counter[int | None] = Counter()
    kept: list[Connection] = []
    try:
        while len(kept) < CONNECTIONS_PER_WORKER * len(workers_of(server.process_id)):
            assert len(opened) < 200, f"the workers take connections unevenly: {count}"
            opened.append(Connection(server))
            count[opened[-1].worker] += 1
            if opened[-1].worker and count[opened[-1].worker] <= CONNECTIONS_PER_WORKER:
                kept.append(opened[-1])
        yield kept
    finally:
        for connection in opened:
            connection.close()


def change_the_law(
    server: LiveServer, governor: dict[str, str], puller_id: str, pullers: list[Puller]
) -> list[Change]:
    """Take the role away and give it back, each time once every connection has seen the last."""
    connection, made = Connection(server), []
    wanted = {"role": "AcrPull", "principal": puller_id}
    deadline = time.monotonic() + DEADLINE_SECONDS
    for number in range(CHANGES):
        grants = number % 2 == 1
        sent = time.monotonic()
        if grants:
            connection.manage("POST", "/role-assignments", governor, wanted)
        else:
            connection.manage("DELETE", f"/role-assignments?{urlencode(wanted)}", governor)
        made.append(Change(grants, sent, time.monotonic()))
        enough = [len(puller.pulls) + PULLS_BETWEEN for puller in pullers]
        while any(len(p.pulls) < n for p, n in zip(pullers, enough, strict=True)):
            assert time.monotonic() < deadline, "the pullers stand still"
            time.sleep(0.001)
    connection.close()
    return made


def prepare(server: LiveServer) -> tuple[dict[str, str], str, dict[str, str]]:
    """A manifest; who changes the law; the client id and the headers of who pulls."""
    connection, owner = Connection(server), basic(*server.owner)
    robots = [
        connection.manage("POST", "/service-principals", owner, {"name": name})
        for name in ("governor", "puller")
    ]
    ids = [robot["client_id"] for robot in robots]
    for role, principal in (
        *(("User Access Administrator", ids[0]), ("AcrPush", ids[0])),
        ("AcrPull", ids[1]),
    ):
        wanted = {"role": role, "principal": principal}
        connection.manage("POST", "/role-assignments", owner, wanted)
    governor, puller = (basic(robot["client_id"], robot["secret"]) for robot in robots)
    kind = {"content-type": "application/vnd.oci.image.index.v1+json"}
    assert connection.ask("PUT", _MANIFEST, {**governor, **kind}, _INDEX)[0] == 201
    _, answer = connection.ask("GET", "/oauth2/token?scope=repository:team/app:pull", puller)
    connection.close()
    token = json.loads(answer)["access_token"]
    return governor, ids[1], {"authorization": f"Bearer {token}"}


def test_no_request_is_judged_by_an_older_law_than_the_last_acknowledged(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """200 changes under load: what was sent after an acknowledgement is judged by that change."""
    with live_server(tmp_path_factory.mktemp("revocation") / "data", workers=2) as server:
        governor, puller_id, headers = prepare(server)
        with connections_to_each_worker(server) as connections:
            pullers = [Puller(connection, headers) for connection in connections]
            stop = Event()
            with ThreadPoolExecutor(len(pullers)) as threads:
                running = [threads.submit(puller.run, stop) for puller in pullers]
                try:
                    changes = change_the_law(server, governor, puller_id, pullers)
                finally:
                    stop.set()
            for one in running:
                one.result()
        workers = workers_of(server.process_id)
    wrong, checked = judged(changes, [pull for puller in pullers for pull in puller.pulls])
    assert wrong == []
    assert len(workers) == 2
    for worker in workers:
        for grants in (True, False):
            # At least one of each connection to it after each change.
            assert checked[worker, grants] >= CHANGES // 2 * CONNECTIONS_PER_WORKER


def judged(
    changes: list[Change], pulls: list[Pull]
) -> tuple[list[tuple[Pull, Change]], Counter[tuple[int, bool]]]:
    """Pulls that an older law judged, and how many were certain, by worker and change.

    Certain is a pull that was sent after a change was acknowledged and answered before the next
    one was sent: no other law can have stood meanwhile.
    """
    wrong: list[tuple[Pull, Change]] = []
    checked: Counter[tuple[int, bool]] = Counter()
    acknowledged = [change.acknowledged for change in changes]
    ends = [*(change.sent for change in changes[1:]), float("inf")]
    for pull in pulls:
        index = bisect_right(acknowledged, pull.sent) - 1
        if index < 0 or pull.answered > ends[index]:
            continue
        change = changes[index]
        checked[pull.worker, change.grants] += 1
        if pull.status != (200 if change.grants else 403):
            wrong.append((pull, change))
    return wrong, checked
