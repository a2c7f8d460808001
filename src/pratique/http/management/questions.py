"""Questions about the whole law: answered one at a time, beside the event loop, for so long.

They are pure, but on a large law they take long, and whoever may ask them need not be trusted with
the registry's time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pratique.access.patience import Patience, TooLong, endless
from pratique.admission import ControlError

T = TypeVar("T")
PATIENCE_SECONDS = 5.0
MOST_WAITING = 4


class LongQuestions:
    """One thread for all questions of this process, and a short queue before it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="questions")
        self._waiting = 0

    async def answer(self, work: Callable[[Patience], T], *, hurried: bool) -> T:
        """The result of `work`, which is pure and asks its patience at each step.

        Args:
            work: to be done.
            hurried: whether it is given up after some seconds; not for whoever owns the folder.

        Raises:
            ControlError: too many questions wait already, or this one took too long.
        """
        if self._waiting >= MOST_WAITING:
            raise ControlError(
                "others are asking long questions about the law just now; ask again in a moment"
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            patience = _until(PATIENCE_SECONDS) if hurried else endless
            return await loop.run_in_executor(self._thread, work, patience)
        except TooLong as error:
            raise ControlError(
                f"the answer takes longer than {PATIENCE_SECONDS:.0f} seconds on a law of this "
                "size; ask about less at once, or ask in the registry's folder with `--data`"
            ) from error
        finally:
            self._waiting -= 1


def _until(seconds: float) -> Patience:
    end: list[float] = []

    def patience() -> None:
        # The time in the queue is nobody's fault; the clock starts with the work.
        if not end:
            end.append(time.monotonic() + seconds)
        if time.monotonic() > end[0]:
            raise TooLong

    return patience
