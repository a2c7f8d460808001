"""Admissions that need not be thought through again: same token, same repository, same law.

The law is pure, so its verdict cannot change while law, question and token are the same, unless a
condition asked for the time. Remembered are only pulls with a bearer token that were admitted by
rules that do not, for one snapshot of the ledger, until the token or the credential behind it
expires. Any change to law or directory forgets everything; so does a store that was put back to an
older state and changed since, whose law may have the same number.

Each registry of the server has a memory of its own, so that none forgets for another.

They are remembered twice: by address, which a pull storm asks for again and again and which needs
no parsing then, and by repository, for everything else that is pulled from it.
"""

from __future__ import annotations

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
from pratique.naming import RepositoryName

K = TypeVar("K")
V = TypeVar("V")

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


@dataclass(frozen=True, slots=True)
class Pull:
    """Somebody who may pull from a repository.

    Attributes:
        until: seconds since 1970 at which it must be thought through again.
        purse: what the caller may still send; None when that hangs on more than the caller.
    """

    caller: Caller
    allowed: Allowed
    until: float
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
        self._memories: dict[str, RememberedAdmissions] = {}

    def of(self, arrival: Arrival) -> RememberedAdmissions:
        """The memory of the registry that a request addresses."""
        registry_id = arrival.snapshot.registry_id
        known = self._memories.get(registry_id)
        if known is None:
            known = RememberedAdmissions(self._clock, PART_OF_ONE if registry_id else 1)
            keep(self._memories, registry_id, known, MAX_MEMORIES)
        return known


class RememberedAdmissions:
    """A bounded memory of admissions to one registry.

    Args:
        clock: gives now, with a time zone.
        part: by which the most that is remembered is divided.
    """

    def __init__(self, clock: Callable[[], datetime], part: int = 1) -> None:
        self._clock = clock
        self._most_addresses = MAX_ADDRESSES // part
        self._most_repositories = MAX_REPOSITORIES // part
        self._snapshot: Snapshot | None = None
        self._addresses: dict[tuple[_Proof, str, str], Admission] = {}
        self._repositories: dict[tuple[_Proof, str], Pull] = {}

    def find(self, arrival: Arrival) -> Admission | None:
        """What was admitted at this address before and still is; None to think it through.

        Ask this before `find_pull`: it notices that the law has changed.
        """
        if arrival.snapshot is not self._snapshot:
            self._addresses.clear()
            self._repositories.clear()
            self._snapshot = arrival.snapshot
            return None
        proof = _proof(arrival)
        if proof is None:
            return None
        known = self._addresses.get((proof, arrival.request.method, arrival.request.path))
        return known if known is not None and self._stands(known.pull) else None

    def find_pull(self, arrival: Arrival, route: Route, name: RepositoryName) -> Pull | None:
        """Whether the caller was let pull from this repository before, and still is."""
        proof = _proof(arrival) if route.action is RegistryAction.PULL else None
        known = None if proof is None else self._repositories.get((proof, name))
        return known if known is not None and self._stands(known) else None

    def remember(
        self,
        arrival: Arrival,
        route: Route,
        name: RepositoryName,
        pull: Pull,
        parts: dict[str, str],
    ) -> None:
        """Keep an admission to pull, if it rests on a bearer token."""
        proof = _proof(arrival)
        if (
            proof is None
            or route.action is not RegistryAction.PULL
            or pull.allowed.depends_on_time
            or pull.caller.expires_at is None
            or arrival.snapshot is not self._snapshot
        ):
            return
        keep(self._repositories, (proof, name), pull, self._most_repositories)
        request = arrival.request
        if len(request.path) <= _MAX_PATH:
            admission = Admission(pull, route, dict(parts))
            keep(
                self._addresses,
                (proof, request.method, request.path),
                admission,
                self._most_addresses,
            )

    def _stands(self, pull: Pull) -> bool:
        return pull.until > self._clock().timestamp()


def pull_of(arrival: Arrival, caller: Caller, allowed: Allowed, purse: Purse | None) -> Pull:
    """What a verdict means until the token, or the credential behind it, expires."""
    until = float(caller.expires_at or 0)
    expiry = arrival.snapshot.directory.expiry_of_credentials.get(caller.credential_id)
    if expiry is not None:
        until = min(until, expiry.timestamp())
    return Pull(caller, allowed, until, purse)


def _proof(arrival: Arrival) -> _Proof | None:
    value = arrival.request.headers.get("authorization")
    if arrival.inside is not None or not isinstance(value, str):
        return None
    if value[: len(_BEARER)].lower() != _BEARER or len(value) > _MAX_TOKEN:
        return None
    return (value, arrival.front.base_url)


def keep(memory: dict[K, V], key: K, value: V, most: int) -> None:
    """Remember, in place of the oldest where there is no room."""
    if len(memory) >= most and key not in memory:
        del memory[next(iter(memory))]
    memory[key] = value
