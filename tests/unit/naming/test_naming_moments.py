"""Where a span of time begins, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.naming import InvalidName
from pratique.naming.moments import Since

NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("45s", NOW - timedelta(seconds=45)),
        ("30m", NOW - timedelta(minutes=30)),
        ("1h", NOW - timedelta(hours=1)),
        ("2d", NOW - timedelta(days=2)),
        ("3w", NOW - timedelta(weeks=3)),
        ("0h", NOW),
        ("36500d", NOW - timedelta(days=36_500)),
        ("2026-01-04", MIDNIGHT),
        ("2026-01-04T00:00", MIDNIGHT),
        ("2026-01-04 00:00:00", MIDNIGHT),
        ("2026-01-04t00:00:00z", MIDNIGHT),
        ("2026-01-04T01:00:00+01:00", MIDNIGHT),
        ("2026-01-03T19:30:00-04:30", MIDNIGHT),
        ("2026-01-04T00:00:00.5Z", MIDNIGHT + timedelta(seconds=0.5)),
        ("2026-01-04T00:00:00.000001Z", MIDNIGHT + timedelta(microseconds=1)),
        ("2030-01-01", datetime(2030, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_beginning_is_so_long_ago_or_an_instant(text: str, begins: datetime) -> None:
    """A length of time counts from now; a date without a zone is in UTC."""
    found = Since.parse(text).before(NOW)
    assert found == begins
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1", "h", "-1h", "1.5h", "1 h", "1H", "1y", "1h30m", "٣h", "1000000h", "36501d"),
        *("999999w", "yesterday", "now", "20260104", "2026-1-4", "2026-W01-1", "2026-02-30"),
        *("2026-01-04T", "2026-01-04T24:01", "2026-01-04T08", "2026-01-04T08:30:61Z"),
        *("2026-01-04T08:30:00+0100", "2026-01-04T08:30:00 01:00", "2026-01-04Z", "08:30"),
        *("2026-01-04T08:30:00.0000001Z", "0001-01-01T00:00:00+01:00", "2026-01-04\n", "1h\n"),
    ],
)
def test_anything_else_is_told_what_to_write(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidName, match="is not a point in time: write how long ago, as in"):
        Since.parse(text)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_every_instant_means_itself(local: datetime, offset: int) -> None:
    """Whatever the zone that it is written in."""
    at = local.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert Since.parse(at.isoformat()).before(NOW) == at


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other exception comes of it."""
    try:
        found = Since.parse(text).before(NOW)
    except InvalidName:
        return
    assert found.tzinfo is UTC
