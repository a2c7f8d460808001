"""Small forms that all providers share: times, and ids at the end of paths."""

from __future__ import annotations

from datetime import datetime


def instant(at: datetime) -> str:
    """A time as Azure writes it: UTC with seven digits of the second."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z"


def last_part(resource_id: str) -> str:
    """What stands at the end of a resource id, or the text itself when it is none."""
    return resource_id.rstrip("/").rpartition("/")[2]
