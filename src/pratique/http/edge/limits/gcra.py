"""The generic cell rate algorithm (ITU-T I.371, annex A): a token bucket in one number.

A bucket is the time at which it will be full again. Each request that is let through puts that off
by one interval; a request that would put it off by more than a minute is refused, and changes
nothing. So a minute's worth may come at once, and then one in each interval.

Times are whole ticks of a clock that begins anywhere and only goes on. Should it go back after all:
by more than a minute, and what was counted is forgotten; by less, and whoever has used up the limit
waits as much longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TICK_NANOSECONDS: Final = 4096
MINUTE: Final = 60_000_000_000 // TICK_NANOSECONDS
MOST_PER_MINUTE: Final = 1_000_000
# A bucket is never more than a minute behind. One that is twice that was filled by a clock that
# has gone back since; one that is a little more, by a process that looked at the clock later.
IMPOSSIBLE: Final = 2 * MINUTE
# A clock of 46 bits lasts nine years; a word has room for as much and a part of a bucket's print.
PRINT_BITS: Final = 18
PRINT_MASK: Final = (1 << PRINT_BITS) - 1
_IMPOSSIBLE: Final = IMPOSSIBLE << PRINT_BITS


@dataclass(frozen=True, slots=True)
class Rate:
    """How much is let through.

    Attributes:
        per_minute: requests; as many may come at once.
        interval: ticks from one to the next. Rounded down, so that whoever waits as long as told is
            served: at 10,000 a minute by a two-thousandth, at a million by a twentieth.
        tolerance: ticks by which a request may come too early.
    """

    per_minute: int
    interval: int
    tolerance: int

    @classmethod
    def of(cls, per_minute: int) -> Rate:
        """The rate of so many requests a minute.

        Raises:
            ValueError: it is not from 1 to a million.
        """
        if not 1 <= per_minute <= MOST_PER_MINUTE:
            raise ValueError(f"a rate is from 1 to {MOST_PER_MINUTE} a minute, not {per_minute}")
        interval = MINUTE // per_minute
        return cls(per_minute, interval, interval * (per_minute - 1))


class Bucket:
    """One bucket, wherever in the table it is now.

    Args:
        words: the table.
        places: where it may be: the first word of each.
        print_of_name: 64 bits of the hash of its name, not 0.
        more_of_it: 18 further bits.
        rate: how much it lets through.
    """

    __slots__ = (
        *("_at", "_fresh", "_interval", "_more", "_places", "_print", "_tolerance", "_words"),
        "rate",
    )

    def __init__(
        self,
        words: memoryview[int],
        places: tuple[int, ...],
        print_of_name: int,
        more_of_it: int,
        rate: Rate,
    ) -> None:
        self._words = words
        self._places = places
        self._at = places[0] + 1
        self._print = print_of_name
        self._more = more_of_it
        self.rate = rate
        # As they stand in a word, above the bits of the print: nothing is shifted each time.
        self._interval = rate.interval << PRINT_BITS
        self._fresh = self._interval + more_of_it
        self._tolerance = rate.tolerance << PRINT_BITS | PRINT_MASK

    def take(self, now: int) -> int:
        """Let one request through; otherwise the ticks after which one will be, never 0.

        Args:
            now: in ticks of a clock that all processes share.
        """
        words, at = self._words, self._at
        word = words[at]
        # This part of the print is looked at always, all of it before somebody is refused.
        if word & PRINT_MASK != self._more:
            at = self._at = self._find()
            word = words[at]
        begin = now << PRINT_BITS
        ahead = word - begin
        if ahead <= 0:
            after = begin + self._fresh
        elif ahead <= self._tolerance:
            after = word + self._interval
        elif ahead > _IMPOSSIBLE:
            after = begin + self._fresh
        elif words[at - 1] == self._print:
            return ahead - self._tolerance + PRINT_MASK >> PRINT_BITS
        else:
            self._at = self._find()
            return self.take(now)
        if words[at] != word:
            # Another process has counted meanwhile.
            return self.take(now)
        words[at] = after
        return 0

    def _find(self) -> int:
        """Its place; taken now from the bucket that is full first when it has none."""
        words, at = self._words, self._present()
        if at is None:
            at = 1 + min(self._places, key=lambda place: words[place + 1] >> PRINT_BITS)
            words[at] = self._more
            words[at - 1] = self._print
            # Where two processes look for a place at once, both keep the first that was taken.
            found = self._present()
            at = at if found is None else found
        return at

    def _present(self) -> int | None:
        words = self._words
        for place in self._places:
            if words[place] == self._print and words[place + 1] & PRINT_MASK == self._more:
                return place + 1
        return None


def seconds_of(ticks: int) -> int:
    """Whole seconds that are not less than so many ticks, and at least one."""
    return max(1, -(-ticks * TICK_NANOSECONDS // 1_000_000_000))
