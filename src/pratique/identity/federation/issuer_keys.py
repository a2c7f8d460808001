"""The keys of outside issuers, kept for a while and renewed when they rotate.

Fresh for an hour. An issuer that is down keeps its keys for a day. A key that is not known makes
its issuer be asked again, at most once a minute, so that strangers cannot make this registry
hammer it. Questions that come while an answer is on its way wait for that answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from pratique.identity.federation.published_keys import PublishedKeys, read_keys

FRESH: Final = timedelta(hours=1)
STALE: Final = timedelta(hours=24)
BETWEEN_QUESTIONS: Final = timedelta(seconds=60)
# As long as nobody can sign in at all, sooner.
AFTER_FAILURE: Final = timedelta(seconds=10)
_MOST_ISSUERS = 256


@dataclass(frozen=True, slots=True)
class Publication:
    """What an issuer publishes of its keys.

    Attributes:
        metadata_url: where its discovery document was.
        keys_url: where that said the keys are.
        keys: a JWK set in JSON.
        inside: whether an address was of a network that the public cannot reach.
    """

    metadata_url: str
    keys_url: str
    keys: str
    inside: bool


class KeysUnavailable(Exception):
    """An issuer's keys cannot be had; the sentence is for the operator."""


class OutsideKeys(Protocol):
    """Asks issuers for their keys."""

    async def fetch(self, issuer: str) -> Publication:
        """What `issuer` publishes now.

        Raises:
            KeysUnavailable: it cannot be reached, may not be asked, or does not answer as an
                OpenID Connect provider.
        """
        ...


class Trust(Protocol):
    """An outside issuer whose tokens are taken."""

    @property
    def issuer(self) -> str:
        """Its `iss`, exactly."""
        ...

    @property
    def audiences(self) -> tuple[str, ...]:
        """Of which a token must name one."""
        ...

    @property
    def created_at(self) -> datetime:
        """Since when it is trusted."""
        ...

    @property
    def jwks(self) -> str | None:
        """Keys that the operator gave; None to ask the issuer."""
        ...


@dataclass(slots=True)
class _Held:
    keys: PublishedKeys | None = None
    fetched_at: datetime | None = None
    asked_at: datetime | None = None
    failure: str = ""
    answer: asyncio.Task[None] | None = None


class IssuerKeys:
    """Gives the keys of trusted issuers.

    Args:
        source: asks issuers.
        clock: gives now, with a time zone.
    """

    def __init__(self, source: OutsideKeys, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._clock = clock
        self._held: dict[tuple[str, datetime], _Held] = {}
        self._given: dict[str, PublishedKeys] = {}

    async def having(
        self, trust: Trust, key_id: str, *, others: PublishedKeys | None = None
    ) -> PublishedKeys:
        """The issuer's keys, renewed if `key_id` is not among them and it may be asked.

        Args:
            trust: in the issuer.
            key_id: of the key that is looked for; empty for the only one.
            others: keys that were tried in vain; the issuer is asked for newer ones.

        Raises:
            KeysUnavailable: there are none, or they are too old.
        """
        if trust.jwks is not None:
            return self._as_given(trust.jwks)
        held = self._of(trust)
        age = self._age(held.fetched_at)
        if (
            held.keys is None
            or age is None
            or age >= FRESH
            or held.keys is others
            or not held.keys.named(key_id)
        ):
            await self._renew(trust.issuer, held)
        age = self._age(held.fetched_at)
        if held.keys is None or age is None or age >= STALE:
            raise KeysUnavailable(held.failure or f"`{trust.issuer}` has not been asked yet")
        return held.keys

    def _as_given(self, jwks: str) -> PublishedKeys:
        keys = self._given.get(jwks)
        if keys is None:
            try:
                keys = read_keys(jwks)
            except ValueError as error:
                raise KeysUnavailable(f"the keys given with the trust: {error}") from error
            _bound(self._given)
            self._given[jwks] = keys
        return keys

    def _of(self, trust: Trust) -> _Held:
        # A trust that is made anew knows nothing of what the former one was told.
        name = (trust.issuer, trust.created_at)
        held = self._held.get(name)
        if held is None:
            _bound(self._held)
            held = self._held[name] = _Held()
        return held

    def _age(self, since: datetime | None) -> timedelta | None:
        return None if since is None else self._clock() - since

    async def _renew(self, issuer: str, held: _Held) -> None:
        if held.answer is None:
            asked = self._age(held.asked_at)
            pause = AFTER_FAILURE if held.keys is None else BETWEEN_QUESTIONS
            if asked is not None and asked < pause:
                return
            held.asked_at = self._clock()
            held.answer = asyncio.create_task(self._ask(issuer, held))
        # Whoever started the question may go away; the others still wait for its answer.
        await asyncio.shield(held.answer)

    async def _ask(self, issuer: str, held: _Held) -> None:
        try:
            publication = await self._source.fetch(issuer)
            keys = read_keys(publication.keys)
        except KeysUnavailable as error:
            held.failure = str(error)
        except ValueError as error:
            held.failure = f"the key set of `{issuer}` is of no use: {error}"
        else:
            held.keys, held.fetched_at, held.failure = keys, self._clock(), ""
        finally:
            held.answer = None


def _bound(kept: dict[Any, Any]) -> None:
    if len(kept) >= _MOST_ISSUERS:
        del kept[next(iter(kept))]
