"""Rows that were fetched and wait for their reader, packed, so that a large ledger is small."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from pratique.admission import Row

_FASTEST: Final = 1


# Kind, key, body, and the version that last changed it.
VersionedRow: TypeAlias = tuple[str, str, str | None, int]

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[VersionedRow])


@dataclass(slots=True)
class Batch:
    """All rows that changed after one version up to another, each once.

    Attributes:
        upto: that other version.
        parts: the rows, packed.
        count: of the rows.
    """

    upto: int
    parts: list[bytes] = field(default_factory=list)
    count: int = 0

    def add(self, rows: list[VersionedRow]) -> None:
        """Pack further rows."""
        if rows:
            self.parts.append(zlib.compress(_ENCODER.encode(rows), _FASTEST))
            self.count += len(rows)

    def rows(self) -> Iterator[VersionedRow]:
        """The rows; one part of them at a time is unpacked."""
        for part in self.parts:
            yield from _DECODER.decode(zlib.decompress(part))


class StagedRows:
    """Batches in the order of their versions, kept until their reader has gone beyond them.

    Attributes:
        base: up to this version nothing is kept.
    """

    def __init__(self, base: int = 0, batches: Iterable[Batch] = ()) -> None:
        self.base = base
        self._batches = list(batches)

    def add(self, batch: Batch) -> None:
        """Stage what changed after everything that is staged."""
        self._batches.append(batch)

    def waiting(self) -> int:
        """How many rows wait, beside those that were fetched first."""
        return sum(batch.count for batch in self._batches[1:])

    def let_go(self, version: int) -> None:
        """Forget what was staged up to `version`, which the reader has."""
        while self._batches and self._batches[0].upto <= version:
            self.base = self._batches.pop(0).upto

    def since(self, version: int) -> Iterator[Row]:
        """The rows that changed after `version`, each once, as the newest batch has it."""
        newer: set[tuple[str, str]] = set()
        batches = [batch for batch in reversed(self._batches) if batch.upto > version]
        for batch in batches:
            is_last = batch is batches[-1]
            here: list[tuple[str, str]] = []
            for kind, key, body, changed in batch.rows():
                if changed <= version or (kind, key) in newer:
                    continue
                # A large ledger comes first and is read last, so its keys are never all held.
                if not is_last:
                    here.append((kind, key))
                yield Row(kind, key, None if body is None else body.encode())
            newer.update(here)
