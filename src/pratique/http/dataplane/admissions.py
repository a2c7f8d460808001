"""Callers and admissions that need not be thought through again: same token, same law.

The law is pure, so its verdict cannot change while law, question and token are the same, unless a
condition asked for the time. Remembered are only pulls with a bearer token that were admitted by
rules that do not, for one snapshot of the ledger, until the token or the credential behind it
expires. Any change to law or directory forgets everything; so does a store that was put back to an
older state and changed since, whose law may have the same number.

Each registry of the server has a memory of its own, so that none forgets for another.

Who shows a token is remembered for all that is asked with it. Pulls are remembered twice: by
address, which a pull storm asks for again and again and which needs no parsing then, and by
repository, for everything else that is pulled from it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pratique.access import Allowed, RegistryAction
from pratique.admission import Caller
from pratique.admission.snapshot import Snapshot
from pratique.http.dataplane.routes import Route
from pratique.http.edge import Arrival
from pratique.http.edge.limits import Purse
from pratique.http.wire.messages import Request
from pratique.naming import RepositoryName

K = TypeVar("K")
V = TypeVar("V")

MAX_BEARERS = 4096
MAX_ADDRESSES = 4096
MAX_REPOSITORIES = 16_384
# Each holds what one law of one registry admitted; few servers keep more registries in use. All of
# them together hold four times what the home registry's may.
MAX_MEMORIES = 64
PART_OF_ONE = 16
# Longer ones are no pulls of any client, and would let one caller fill the memory.
_MAX_PATH = 512
_MAX_TOKEN = 4096
_BEARER = "bearer "


@dataclass(frozen=True, slots=True, eq=False)
class Bearer:
    """Somebody who showed a token that stands; each one is a key of its own.

    Attributes:
        until: seconds since 1970 at which it must be thought through again.
    """

    caller: Caller
    until: float


@dataclass(frozen=True, slots=True)
class Pull:
    """Somebody who may pull from a repository.

    Attributes:
        purse: what the caller may still send; None when that hangs on more than the caller.
    """

    caller: Caller
    allowed: Allowed
    purse: Purse | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """An address that somebody may pull from, taken apart."""

    pull: Pull
    route: Route
    parts: dict[str, str]


# The caller's words for who they are, and for the registry.
_Proof = tuple[str, str]


class AdmissionsOfRegistries:
    """The memories of all registries of a server; a bounded number of them.

    Args:
        clock: gives now, with a time zone.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._memories: OrderedDict[str, RememberedAdmissions] = OrderedDict()

    def of(self, arrival: Arrival) -> RememberedAdmissions:
        """The memory of the registry that a request addresses."""
        registry_id = arrival.snapshot.registry_id
        known = self._memories.get(registry_id)
        if known is None:
            known = RememberedAdmissions(self._clock, PART_OF_ONE if registry_id else 1)
            keep(self._memories, registry_id, known, MAX_MEMORIES)
        return known


class RememberedAdmissions:
    """A bounded memory of callers, and of admissions, to one registry.

    Args:
        clock: gives now, with a time zone.
        part: by which the most that is remembered is divided.
    """

    def __init__(self, clock: Callable[[], datetime], part: int = 1) -> None:
        self._clock = clock
        self._most_bearers = MAX_BEARERS // part
        self._most_addresses = MAX_ADDRESSES // part
        self._most_repositories = MAX_REPOSITORIES // part
        self._snapshot: Snapshot | None = None
        self._bearers: OrderedDict[_Proof, Bearer] = OrderedDict()
        self._addresses: OrderedDict[tuple[Bearer, str, str], Admission] = OrderedDict()
        self._repositories: OrderedDict[tuple[Bearer, str], Pull] = OrderedDict()

    def bearer(self, arrival: Arrival) -> Bearer | None:
        """Who showed this token before, while it stands; None to identify whoever comes.

        Ask this first: it notices that the law has changed.
        """
        if arrival.snapshot is not self._snapshot:
            self._bearers.clear()
            self._addresses.clear()
            self._repositories.clear()
            self._snapshot = arrival.snapshot
            return None
        proof = _proof(arrival)
        known = None if proof is None else self._bearers.get(proof)
        return known if known is not None and known.until > self._clock().timestamp() else None

    def meet(self, arrival: Arrival, caller: Caller) -> Bearer | None:
        """Remember who was identified, until the token or the credential behind it expires.

        None for whoever shows no bearer token.
        """
        if caller.expires_at is None or arrival.snapshot is not self._snapshot:
            return None
        proof = _proof(arrival)
        if proof is None:
            return None
        until = float(caller.expires_at)
        expiry = arrival.snapshot.directory.expiry_of_credentials.get(caller.credential_id)
        if expiry is not None:
            until = min(until, expiry.timestamp())
        bearer = Bearer(caller, until)
        keep(self._bearers, proof, bearer, self._most_bearers)
        return bearer

    def find(self, bearer: Bearer, request: Request) -> Admission | None:
        """What was admitted at this address before; None to think it through."""
        return self._addresses.get((bearer, request.method, request.path))

    def find_pull(self, bearer: Bearer, route: Route, name: RepositoryName) -> Pull | None:
        """Whether the caller was let pull from this repository before."""
        if route.action is not RegistryAction.PULL:
            return None
        return self._repositories.get((bearer, name))

    def remember_pull(self, bearer: Bearer, route: Route, name: RepositoryName, pull: Pull) -> None:
        """Keep an admission to pull, unless it holds but for a time."""
        if route.action is RegistryAction.PULL and not pull.allowed.depends_on_time:
            keep(self._repositories, (bearer, name), pull, self._most_repositories)

    def remember(
        self, bearer: Bearer, request: Request, route: Route, pull: Pull, parts: dict[str, str]
    ) -> None:
        """Keep an address that was pulled from, on the same terms."""
        if (
            route.action is RegistryAction.PULL
            and not pull.allowed.depends_on_time
            and len(request.path) <= _MAX_PATH
        ):
            admission = Admission(pull, route, parts)
            key = (bearer, request.method, request.path)
            keep(self._addresses, key, admission, self._most_addresses)


def _proof(arrival: Arrival) -> _Proof | None:
    value = arrival.request.headers.get("authorization")
    if arrival.inside is not None or not isinstance(value, str):
        return None
    if value[: len(_BEARER)].lower() != _BEARER or len(value) > _MAX_TOKEN:
        return None
    return (value, arrival.front.base_url)


def keep(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Remember, in place of the oldest where there is no room.

    The first key of a plain dict is found by walking over all that were deleted before it.
    """
    memory[key] = value
    if len(memory) > most:
        memory.popitem(last=False)
