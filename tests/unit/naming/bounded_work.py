"""A measure of work that needs no absolute time: how many passes over a text it was worth."""

from __future__ import annotations

import time
from collections.abc import Callable

MEGABYTE = 1_000_000


def passes_over(text: str, call: Callable[[], object]) -> float:
    """How many times longer `call` takes than looking once at every character of `text`.

    Both are timed on the processor's own clock, and the quickest of three runs counts, so that
    other work on the machine bears little on the answer.
    """
    one_pass = min(_seconds(lambda: sum(map(str.isprintable, text))) for _ in range(3))
    return min(_seconds(call) for _ in range(3)) / one_pass


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
