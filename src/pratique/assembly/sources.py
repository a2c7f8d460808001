"""The one clock and the one source of ids of the product."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the clock lives here


def new_id() -> str:
    """A new GUID."""
    return str(uuid.uuid4())  # noqa: TID251 - the source of ids lives here
