"""How long keys of issuers are kept, and how often issuers are asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from pratique.admission.records import TrustRecord
from pratique.identity.federation import IssuerKeys, KeysUnavailable, Publication
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import IssuersInMemory, new_key
from pratique.testing.registry_in_memory import START, Clock

ISSUER = "https://issuer.test"
TRUST = TrustRecord(ISSUER, "test", ("registry",), START)


class Bench:
    """An issuer with one key, and the keeper of its keys."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.issuers = IssuersInMemory()
        self.issuer = self.issuers.add(ISSUER, new_key("first"))
        self.keys = IssuerKeys(self.issuers, self.clock)

    async def ids(self, wanted: str = "first", trust: TrustRecord = TRUST) -> set[str]:
        """Ids of the keys that are held, asked for with the id of one."""
        return set((await self.keys.having(trust, wanted)).by_id)

    @property
    def asked(self) -> int:
        """How often the issuer was asked."""
        return len(self.issuers.asked)


@in_loop
async def test_keys_are_fresh_for_an_hour() -> None:
    """Within the hour nobody is asked again; after it, once."""
    bench = Bench()
    for minutes, asked in ((0, 1), (30, 1), (29, 1), (1, 2), (0, 2)):
        bench.clock.advance(timedelta(minutes=minutes))
        assert await bench.ids() == {"first"}
        assert bench.asked == asked


@in_loop
async def test_unknown_key_makes_the_issuer_be_asked_once_a_minute() -> None:
    """However many tokens name keys that are not there."""
    bench = Bench()
    await bench.ids()
    for number in range(20):
        assert await bench.ids(f"unknown {number}") == {"first"}
    assert bench.asked == 1
    bench.clock.advance(timedelta(seconds=60))
    bench.issuer.keys.append(new_key("second"))
    for _ in range(20):
        assert "second" in await bench.ids("second")
    assert await bench.ids("third") == {"first", "second"}
    assert bench.asked == 2


@in_loop
async def test_issuer_that_is_down_keeps_its_keys_for_a_day() -> None:
    """Then nothing of it is taken; it is asked once a minute meanwhile, and comes back at once."""
    bench = Bench()
    await bench.ids()
    bench.issuers.down = "no route to the host"
    bench.clock.advance(timedelta(hours=23, minutes=59))
    assert await bench.ids() == {"first"}
    assert await bench.ids() == {"first"}
    assert bench.asked == 2
    bench.clock.advance(timedelta(minutes=1))
    with pytest.raises(KeysUnavailable, match="no route to the host"):
        await bench.ids()
    bench.issuers.down = ""
    bench.clock.advance(timedelta(minutes=1))
    assert await bench.ids() == {"first"}


@in_loop
async def test_issuer_that_never_answered_is_asked_every_ten_seconds() -> None:
    """Nobody can sign in meanwhile, so the next try comes sooner, and yet not with every token."""
    bench = Bench()
    bench.issuers.down = "no route to the host"
    for _ in range(5):
        with pytest.raises(KeysUnavailable, match="no route"):
            await bench.ids()
    assert bench.asked == 1
    bench.issuers.down = ""
    bench.clock.advance(timedelta(seconds=10))
    assert await bench.ids() == {"first"}


@in_loop
async def test_useless_key_set_counts_as_no_answer() -> None:
    """The former keys stay."""
    bench = Bench()
    await bench.ids()
    bench.issuer.keys.clear()
    bench.clock.advance(timedelta(hours=2))
    assert await bench.ids() == {"first"}
    fresh = IssuerKeys(bench.issuers, bench.clock)
    with pytest.raises(KeysUnavailable, match="no key that can be used"):
        await fresh.having(TRUST, "first")


@in_loop
async def test_trust_that_is_made_anew_asks_anew() -> None:
    """Nothing is known of what the former trust was told."""
    bench = Bench()
    await bench.ids()
    bench.issuer.keys[:] = [new_key("second")]
    again = TrustRecord(ISSUER, "test", ("registry",), START + timedelta(seconds=1))
    assert await bench.ids("first", again) == {"second"}


class SlowIssuers:
    """Answers when it is let."""

    def __init__(self, inner: IssuersInMemory) -> None:
        self._inner = inner
        self.let = asyncio.Event()

    async def fetch(self, issuer: str) -> Publication:
        """What `issuer` publishes, after a while."""
        await self.let.wait()
        return await self._inner.fetch(issuer)


@in_loop
async def test_questions_at_once_are_one_question() -> None:
    """All wait for the same answer, also when the one who asked first goes away."""
    bench = Bench()
    slow = SlowIssuers(bench.issuers)
    keys = IssuerKeys(slow, bench.clock)
    waiting = [asyncio.create_task(keys.having(TRUST, "first")) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    slow.let.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [set(f.by_id) for f in found[1:] if not isinstance(f, BaseException)] == [{"first"}] * 9
    assert bench.asked == 1


@in_loop
async def test_keys_given_with_a_trust_follow_the_trust() -> None:
    """Other keys in the record are other keys with the next question."""
    bench = Bench()
    given = TrustRecord(ISSUER, "test", ("registry",), START, bench.issuer.jwks())
    assert await bench.ids("first", given) == {"first"}
    bench.issuer.keys[:] = [new_key("second")]
    assert await bench.ids(
        "first", TrustRecord(ISSUER, "test", ("registry",), START, bench.issuer.jwks())
    ) == {"second"}
    assert bench.asked == 0
