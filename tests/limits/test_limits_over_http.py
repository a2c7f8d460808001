"""Who sends too many requests is told which limit of whom it is, and nobody else is."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.wire.governing import Robot
from tests.wire.kinds import KINDS, REPOSITORY, Headers, Kind, anonymous_token
from tests.wire.kinds_of_identity import ISSUERS, KINDS_OF_IDENTITY

from pratique.assembly import METRICS
from pratique.http.edge.limits import Limiter, Limits, SharedBuckets
from pratique.http.wire.messages import HeadersOfOne, Request, Response
from pratique.observability import Board, LineLog, Meter, names
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, SentBody, basic

ROOT = "/v2/"
MANIFEST = f"/v2/{REPOSITORY}/manifests/v1"
SECOND = 1_000_000_000
KNOWN = [kind for kind in (*KINDS, *KINDS_OF_IDENTITY) if kind.known]
OWNING: Headers = {"authorization": basic(*OWNER)}


class Limited:
    """A registry in memory whose requests are limited."""

    def __init__(self, registry: RegistryInMemory, *limits: str) -> None:
        self.registry = registry
        self.nanoseconds = 1000 * SECOND
        self.sink = io.BytesIO()
        self.log = LineLog(self.sink)
        self.board = Board.of_one_process(METRICS.width)
        self.meter = Meter(METRICS, self.board)
        buckets = SharedBuckets.of_one_process(secrets.token_bytes)
        limiter = Limiter(
            Limits.parse("none", limits), buckets, self.log, self.meter, lambda: self.nanoseconds
        )
        registry.application._entrance.limiter = limiter  # noqa: SLF001
        self._handle = limiter.before(registry.application.handle)

    async def ask(
        self, path: str, headers: Headers | None = None, method: str = "GET", **changed: Any
    ) -> Response:
        """The answer to one request that came over a wire."""
        client = changed.get("client", self.registry.client)
        fields, host = HeadersOfOne(headers or {}), self.registry.host
        return await self._handle(
            Request(
                method, path, changed.get("query", ""), fields, "http", host, client, SentBody()
            )
        )

    async def statuses(self, count: int, path: str, headers: Headers | None = None) -> list[int]:
        """The statuses of so many requests."""
        return [(await self.ask(path, headers)).status for _ in range(count)]

    def lines(self) -> list[dict[str, Any]]:
        """What stands in the log of limits."""
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]

    def counted(self, whose: str, kind: str) -> float:
        """How many requests were refused by these limits."""
        numbers = self.board.workers()[0].numbers
        return numbers[METRICS.place(names.LIMITED, whose, kind)]


@asynccontextmanager
async def limited(*limits: str) -> AsyncIterator[Limited]:
    """A registry with these limits."""
    registry = await RegistryInMemory.start(issuers=ISSUERS)
    try:
        yield Limited(registry, *limits)
    finally:
        registry.stop()


def told(response: Response) -> str:
    """What a refusal says."""
    message: str = json.loads(response.body)["errors"][0]["message"]
    return message


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
@in_loop
async def test_each_kind_of_caller_has_a_bucket_of_its_own(kind: Kind) -> None:
    """Whoever is known is refused after as many requests as the limit says, and nobody else is."""
    async with limited("identity.reads=2") as served:
        headers = await kind.present(served.registry)
        somebody_else = await Robot.make(served.registry, "bystander")
        assert await served.statuses(3, ROOT, headers) == [200, 200, 429]
        assert await served.statuses(1, ROOT, somebody_else.headers) == [200]


@in_loop
async def test_both_passwords_of_the_admin_user_share_a_bucket() -> None:
    """The admin user is one identity, whichever password is shown."""
    async with limited("identity.reads=2") as served:
        made = await served.registry.manage("POST", "/admin-user/enable")
        passwords = made["passwords"].values()
        shown = [{"authorization": basic("demoregistry", password)} for password in passwords]
        got = [await served.statuses(2, ROOT, headers) for headers in shown]
        assert got == [[200, 200], [429, 429]]


@in_loop
async def test_anonymous_callers_are_counted_by_address() -> None:
    """Nobody's token is everybody's, so what is counted is where it is shown."""
    async with limited("identity.reads=2") as served:
        headers = await anonymous_token(served.registry)
        assert await served.statuses(3, MANIFEST, headers) == [404, 404, 429]
        other = await served.ask(MANIFEST, headers, client="192.0.2.77")
        assert other.status == 404


@in_loop
async def test_a_remembered_admission_is_counted_too() -> None:
    """A pull that need not be thought through again still takes from the bucket."""
    async with limited("identity.reads=5") as served:
        robot = await Robot.make(served.registry, "robot", "AcrPull")
        headers = await robot.bearer(REPOSITORY)
        assert await served.statuses(6, MANIFEST, headers) == [404] * 5 + [429]


@in_loop
async def test_a_refusal_says_which_limit_of_whom_and_when() -> None:
    """The words, `Retry-After` and the fields of the draft agree."""
    async with limited("identity.reads=2") as served:
        robot = await Robot.make(served.registry, "robot")
        await served.statuses(2, ROOT, robot.headers)
        refused = await served.ask(ROOT, robot.headers)
        assert told(refused) == (
            "too many requests: `robot` may send 2 of the class `reads` in a minute; "
            "try again in 30 seconds"
        )
        assert json.loads(refused.body)["errors"][0]["code"] == "TOOMANYREQUESTS"
        fields = dict(refused.headers)
        assert fields["retry-after"] == "30"
        assert fields["ratelimit-policy"] == '"identity-reads";q=2;w=60'
        assert fields["ratelimit"] == '"identity-reads";r=0;t=30'


@in_loop
async def test_who_waits_as_told_is_served() -> None:
    """After `Retry-After` seconds one more request is let through."""
    async with limited("identity.reads=2") as served:
        assert await served.statuses(3, ROOT, OWNING) == [200, 200, 429]
        served.nanoseconds += 29 * SECOND
        assert await served.statuses(1, ROOT, OWNING) == [429]
        served.nanoseconds += SECOND
        assert await served.statuses(2, ROOT, OWNING) == [200, 429]


@in_loop
async def test_an_address_is_judged_before_anything_is_proved() -> None:
    """A flood of bad tokens is refused by its address, and leaves no record of each."""
    async with limited("address.reads=3") as served:
        bad = {"authorization": "Bearer nonsense"}
        assert await served.statuses(5, ROOT, bad) == [401, 401, 401, 429, 429]
        refused = await served.ask(ROOT, OWNING)
        assert refused.status == 429
        assert told(refused).startswith(
            "too many requests: the address `192.0.2.1` may send 3 of the class `reads`"
        )
        assert "x-pratique-decision" not in dict(refused.headers)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
@in_loop
async def test_an_address_is_what_one_client_is_given(
    one: str, other: str, *, shared: bool
) -> None:
    """All of IPv4, and the first 64 bits of IPv6."""
    async with limited("address.reads=1") as served:
        assert (await served.ask(ROOT, OWNING, client=one)).status == 200
        assert (429 if shared else 200) == (await served.ask(ROOT, OWNING, client=other)).status


@in_loop
async def test_classes_do_not_share_a_bucket() -> None:
    """Whoever has read too much may still ask for a token."""
    async with limited("identity.reads=1", "identity.tokens=1") as served:
        assert await served.statuses(2, ROOT, OWNING) == [200, 429]
        query = f"service={served.registry.host}"
        got = [(await served.ask("/oauth2/token", OWNING, query=query)).status for _ in range(2)]
        assert got == [200, 429]


@in_loop
async def test_the_owner_of_the_folder_is_not_limited() -> None:
    """Requests that come over no wire are counted nowhere."""
    async with limited("identity.reads=1", "identity.changes=1", "address.reads=1") as served:
        for _ in range(3):
            await served.registry.manage("GET", "/registry")


@in_loop
async def test_refusals_are_counted_and_told_once_a_minute() -> None:
    """A metric counts each; the log has a line a minute for each who, whatever the class."""
    async with limited("identity.reads=1", "identity.tokens=1") as served:
        await served.statuses(4, ROOT, OWNING)
        await served.statuses(3, "/oauth2/token", OWNING)
        assert [served.counted("identity", kind) for kind in ("reads", "tokens")] == [3.0, 2.0]
        line = {"event": "limited", "whose": "identity", "class": "reads", "per_minute": 1}
        assert [{**line, "who": "`owner`", "client": "192.0.2.1"}] == served.lines()
        served.nanoseconds += 59 * SECOND
        await served.statuses(2, ROOT, OWNING)
        assert len(served.lines()) == 1
        served.nanoseconds += 61 * SECOND
        await served.statuses(2, ROOT, OWNING)
        assert len(served.lines()) == 2


@in_loop
async def test_clients_of_the_directory_are_told_in_their_form() -> None:
    """At the directory's addresses the answer has OAuth's fields as well."""
    async with limited("address.tokens=1") as served:
        for _ in range(2):
            refused = await served.ask("/contoso/oauth2/v2.0/token", method="POST")
        content = json.loads(refused.body)
        assert content["error"] == "temporarily_unavailable"
        assert content["error_description"] == told(refused)
