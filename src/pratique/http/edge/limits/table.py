"""Buckets that all workers of a server share: a table of fixed size in shared memory.

A bucket is found by a keyed hash of its name, which nobody outside can compute. It has four places
to be in, and two words in its place: a print of its name, and the time when it is full again with
some more of the print. Each word is eight aligned bytes, which one process writes and another reads
whole. There is no lock:

- Two processes that count in one bucket at the same moment may count one request instead of two;
  one that the machine stops at that moment forgets what others count until it goes on.
- When all four places are taken, the bucket that will be full first gives way and is forgotten.
  What two processes write into one place at once belongs to none of them. In both cases somebody
  may send more than the limit, and nobody is refused for what another has sent.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from pratique.http.edge.limits.gcra import PRINT_MASK, Bucket, Rate

SETS: Final = 16_384
WAYS: Final = 4
_WORD: Final = 8
# The head is one line of a processor's cache, and so are four places of two words.
_HEAD: Final = 8
_SET: Final = 2 * WAYS
_KEY: Final = slice(2, 4)


class SharedBuckets:
    """The table.

    Args:
        words: head and places, as unsigned numbers of 64 bits.
    """

    def __init__(self, words: memoryview[int]) -> None:
        self._words = words
        self._sets = words[0]
        self._key = words[_KEY].tobytes()

    @classmethod
    def of_one_process(cls, random_bytes: Callable[[int], bytes], sets: int = SETS) -> Self:
        """A table in the memory of this process."""
        return cls(memoryview(_new(random_bytes, sets)).cast("Q"))

    @staticmethod
    def make(path: Path, random_bytes: Callable[[int], bytes], sets: int = SETS) -> None:
        """Make the file of a table in which nothing was counted.

        Args:
            path: of the file; what was in it is lost.
            random_bytes: gives the key of the hash.
            sets: of four places; each takes 64 bytes.

        Raises:
            OSError: it cannot be written.
        """
        path.write_bytes(_new(random_bytes, sets))

    @classmethod
    def open(cls, path: Path) -> Self:
        """The table in a file.

        Raises:
            OSError: there is none.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return cls(memoryview(mmap.mmap(descriptor, 0)).cast("Q"))
        finally:
            os.close(descriptor)

    def bucket(self, name: str, rate: Rate) -> Bucket:
        """The bucket of that name; every process finds the same."""
        digest = blake2b(name.encode("utf-8", "replace"), digest_size=24, key=self._key).digest()
        chosen, mark, more = (int.from_bytes(digest[i : i + 8], "little") for i in (0, 8, 16))
        first = _HEAD + chosen % self._sets * _SET
        places = tuple(range(first, first + _SET, 2))
        return Bucket(self._words, places, mark or 1, more & PRINT_MASK, rate)


def _new(random_bytes: Callable[[int], bytes], sets: int) -> bytearray:
    content = bytearray((_HEAD + sets * _SET) * _WORD)
    words = memoryview(content).cast("Q")
    words[0] = sets
    words[_KEY] = memoryview(random_bytes(2 * _WORD)).cast("Q")
    words.release()
    return content
