"""What a store shows, compared with what it must and may show; and what is left over in it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import httpx
from tests.crash.history import ABSENT, History, Value
from tests.crash.pushing import digest_of

from pratique.assembly import now, opened_collection, upkeep_of
from pratique.naming import Digest, Tag
from pratique.registry import (
    BlobUnknown,
    Collection,
    ManifestUnknown,
    Policy,
    Registry,
    RepositoryUnknown,
)
from pratique.registry.checking import Finding, Kind
from pratique.settings import Places
from pratique.testing.verdicts import allowed_on

# Beyond every period of grace.
LONG: Final = timedelta(days=30)
TRIES: Final = 10


class Shown(Protocol):
    """What a store shows to those who may pull."""

    def manifest(self, repository: str, reference: str) -> bytes | None:
        """A manifest; None when it is told that there is none."""
        ...

    def blob(self, repository: str, digest: str) -> bytes | None:
        """A blob's bytes, likewise."""
        ...

    def tags(self, repository: str) -> list[str]:
        """The names of all tags."""
        ...


class ShownOverHttp:
    """A store behind a server.

    Args:
        url: of the server.
        login: user name and password.
    """

    def __init__(self, url: str, login: tuple[str, str]) -> None:
        self._http = httpx.Client(base_url=url, auth=login, timeout=60, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def manifest(self, repository: str, reference: str) -> bytes | None:
        """See the protocol."""
        return self._get(f"/v2/{repository}/manifests/{reference}")

    def blob(self, repository: str, digest: str) -> bytes | None:
        """See the protocol."""
        return self._get(f"/v2/{repository}/blobs/{digest}")

    def tags(self, repository: str) -> list[str]:
        """See the protocol."""
        answer = self._answer(f"/v2/{repository}/tags/list")
        return [] if answer.status_code == 404 else list(answer.raise_for_status().json()["tags"])

    def _get(self, address: str) -> bytes | None:
        answer = self._answer(address)
        return None if answer.status_code == 404 else answer.raise_for_status().content

    def _answer(self, address: str) -> httpx.Response:
        """The answer; a connection that was a killed worker's is made anew, as clients do."""
        for _ in range(TRIES - 1):
            with suppress(httpx.TransportError):
                return self._http.get(address)
        return self._http.get(address)


class ShownInProcess:
    """A store that is open in this process."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def manifest(self, repository: str, reference: str) -> bytes | None:
        """See the protocol."""
        wanted = Digest.parse(reference) if ":" in reference else Tag(reference)
        try:
            found = asyncio.run(self._registry.manifests.locate(allowed_on(repository), wanted))
        except ManifestUnknown:
            return None
        return found.content

    def blob(self, repository: str, digest: str) -> bytes | None:
        """See the protocol."""
        try:
            found = asyncio.run(
                self._registry.blobs.locate(allowed_on(repository), Digest.parse(digest))
            )
        except BlobUnknown:
            return None
        return Path(str(found.path)).read_bytes()

    def tags(self, repository: str) -> list[str]:
        """See the protocol."""
        try:
            page = asyncio.run(self._registry.listings.tags(allowed_on(repository), 1000, None))
        except RepositoryUnknown:
            return []
        return [str(item) for item in page.items]


def look(history: History, shown: Shown, point: int, *, settle: bool) -> Iterator[str]:
    """Every fault: what is not as it must be, and what is not what its digest says.

    Args:
        history: what was asked and answered.
        shown: what there is.
        point: up to which the history counts.
        settle: whether what is found is noted in the history as the truth from now on.
    """
    known: dict[str, set[str]] = {}
    for key in history.known():
        kind, repository, name = key
        try:
            content = (shown.blob if kind == "blob" else shown.manifest)(repository, name)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being shown is a fault
            yield f"{kind} {repository} {name} is not given: {error!r}"
            continue
        found = ABSENT if content is None else digest_of(content)
        if kind == "tag":
            known.setdefault(repository, set()).add(name)
            value: Value = found
        else:
            value = ABSENT if found is None else True
            if found not in {ABSENT, name}:
                yield f"{kind} {repository} {name} has the digest {found}"
        allowed = history.allowed(key, point)
        if value not in allowed:
            yield f"{kind} {repository} {name} is {value}, and may be {sorted(map(str, allowed))}"
        if settle:
            history.seen(key, value, point)
    for repository, tags in known.items():
        if strangers := set(shown.tags(repository)) - tags:
            yield f"{repository} shows tags that nobody pushed: {sorted(strangers)}"


def in_a_month() -> datetime:
    """A time at which everything that may be collected is old enough."""
    return now() + LONG


def collect(data: Path) -> None:
    """Collect everything that nothing needs, however young."""
    # Opening runs a loop of its own, and so stands outside of this one.
    with opened_collection(Places(data)) as (collection, _):
        asyncio.run(_run(dataclasses.replace(collection, clock=in_a_month)))


async def _run(collection: Collection) -> None:
    async for _ in collection.run(Policy()):
        pass


def checked(data: Path) -> list[Finding]:
    """Everything that a check finds, with no mercy for what is young."""
    upkeep = dataclasses.replace(upkeep_of(Places(data)), clock=in_a_month)
    return list(upkeep.check(lambda _: None))


COLLECTED: Final = frozenset({Kind.BLOB_LEFT, Kind.UPLOAD_BROKEN, Kind.BIN_LEFT, Kind.ROW_LEFT})


def faults_in(data: Path) -> list[str]:
    """What a check finds beyond what collection takes, and blobs with other bytes than they say."""
    found = [
        f"{finding.kind} {finding.where}: {finding.what}"
        for finding in checked(data)
        if finding.kind not in COLLECTED
    ]
    return found + _false_names(data / "blobs" / "sha256")


def _false_names(blobs: Path) -> list[str]:
    """Also where nothing links it: a push that finds its bytes there takes them for whole."""
    return [
        f"{path.name} has other bytes"
        for path in sorted(blobs.glob("??/*"))
        if digest_of(path.read_bytes()) != f"sha256:{path.name}"
    ]


def left_over(data: Path) -> list[str]:
    """What is there after a collection and should not be."""
    found = [f"{finding.kind} {finding.where}: {finding.what}" for finding in checked(data)]
    for folder in (data / "uploads", data / "blobs" / "bin"):
        if folder.is_dir():
            found += [f"{path.relative_to(data)} is left" for path in sorted(folder.iterdir())]
    return found


def forget_collected(history: History, shown: Shown, point: int) -> Iterator[str]:
    """Note which blobs went with a collection; those that a manifest needs must not have gone."""
    needed = {
        (repository, digest)
        for kind, repository, name in history.known()
        if kind == "manifest"
        for digest in _parts(shown.manifest(repository, name))
    }
    for key in history.known():
        kind, repository, name = key
        if kind == "blob":
            there = shown.blob(repository, name) is not None
            if not there and (repository, name) in needed:
                yield f"blob {repository} {name} was collected, and a manifest needs it"
            history.seen(key, there or ABSENT, point)


def _parts(manifest: bytes | None) -> list[str]:
    if manifest is None:
        return []
    found = json.loads(manifest)
    return [found["config"]["digest"], *(layer["digest"] for layer in found["layers"])]
