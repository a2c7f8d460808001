"""What each kind of request costs the parts of a registry, as it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

MEASURED: Final = Path(__file__).with_name("measured.json")


class Cost(msgspec.Struct, frozen=True):
    """Of one request.

    Attributes:
        cpu_us: processor time of the worker, in microseconds.
        statements: that it asked of the database.
        database_us: processor time of the database server for them, in microseconds.
        sent: bytes of the answer's body.
    """

    cpu_us: float
    statements: float
    database_us: float
    sent: int


class Measured(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        machine: processor and number of cores.
        taken: the day.
        costs: by the stores, `sqlite` or `postgres`, then by the kind of request.
        tag_bytes: on disk for a tag with a manifest of its own, by the stores.
        idle_statements: that a worker asks of the database in a second without requests.
    """

    machine: str
    taken: str
    costs: Mapping[str, Mapping[str, Cost]]
    tag_bytes: Mapping[str, float]
    idle_statements: float


def measured(path: Path = MEASURED) -> Measured:
    """The run that is kept in the repository.

    Raises:
        OSError, msgspec.MsgspecError: there is none, or it is of another form.
    """
    return msgspec.json.decode(path.read_bytes(), type=Measured)
