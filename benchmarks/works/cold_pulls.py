"""Many clients pull one image at once, and none of them has anything yet, not even a token.

Each opens a connection, asks for the manifest, is challenged, fetches a token with a user name and
a password, asks again, and fetches the configuration and all layers one after another. Servers
that ask nobody for credentials are spared the challenge and the token.
"""

from __future__ import annotations

import base64
import re
import statistics
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.content import ACCEPT, Image
from benchmarks.peers.server import DISTRIBUTION, Server
from benchmarks.processes import BenchmarkError
from benchmarks.series import Case, Outcome, interleave
from benchmarks.wire import Answer, Connection, Loop, Task, timed
from benchmarks.works.work import Work

PULLS = Case("cold pull", "pulls/s")

_TOKEN = re.compile(rb'"(?:access_)?token":\s*"([^"]+)"')


def cold_pull(loop: Loop, server: Server, image: Image) -> Task[None]:
    """Pull an image from nothing.

    Raises:
        BenchmarkError: something was refused, or has another size than was pushed.
    """
    with Connection(loop, server.url) as connection:
        headers: Mapping[str, str] = ACCEPT
        answer = yield from connection.ask("GET", image.manifest_path, headers)
        if answer.status == 401:
            bearer = yield from _token(loop, connection, server, answer)
            headers = {**ACCEPT, "Authorization": f"Bearer {bearer}"}
            answer = yield from connection.ask("GET", image.manifest_path, headers)
        _expect(answer, len(image.manifest))
        for blob in image.blobs:
            got = yield from connection.ask("GET", image.blob_path(blob), headers, drop=True)
            _expect(got, blob.size)


def _token(loop: Loop, connection: Connection, server: Server, challenged: Answer) -> Task[str]:
    words = dict(re.findall(r'(\w+)="([^"]*)"', challenged.headers.get("www-authenticate", "")))
    user, password = server.credentials or ("", "")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    query = urlencode({"service": words["service"], "scope": words["scope"]})
    realm = words["realm"]
    target, shown = f"{realm}?{query}", {"Authorization": f"Basic {basic}"}
    if urlsplit(realm).netloc == connection.host:
        answer = yield from connection.ask("GET", target, shown)
    else:
        with Connection(loop, realm) as elsewhere:
            answer = yield from elsewhere.ask("GET", target, shown)
    found = _TOKEN.search(answer.body)
    if answer.status != 200 or found is None:
        raise BenchmarkError(f"{realm} was answered {answer.status}")
    return found[1].decode()


def _measure(bench: Bench) -> Outcome:
    image, clients, loop = bench.content.cold, bench.scale.cold_clients, Loop()
    shares: list[float] = []

    def pulls(server: Server) -> tuple[float]:
        spent = timed(loop, [cold_pull(loop, server, image) for _ in range(clients)])
        shares.append(spent.client_share)
        return (clients / spent.seconds,)

    try:
        series = interleave((PULLS,), bench.servers, bench.rounds, pulls)
    finally:
        loop.close()
    busy = f"the clients kept a core busy for {statistics.median(shares):.0%} of the time"
    return Outcome(
        series,
        notes=[busy, "distribution and zot: tokens from the token server of these benchmarks"],
    )


def _expect(answer: Answer, size: int) -> None:
    if answer.status != 200 or answer.size != size:
        raise BenchmarkError(
            f"a pull was answered {answer.status} with {answer.size} bytes instead of {size}"
        )


WORK = Work(
    "cold-pulls",
    "200 clients at once pull an image of five layers, 1.8 MB in all: challenge, token, manifest, "
    "blobs",
    _measure,
    (Least(PULLS.name, DISTRIBUTION, 3.0),),
)
