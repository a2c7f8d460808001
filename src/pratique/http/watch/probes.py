"""`/livez` and `/readyz`, for load balancers and whatever restarts what has died.

Anybody may ask, so the answer is `ok` or the names of the parts that fail, never a path, a version
or a cause; and a look at the parts holds for a second, however often somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pratique.http.wire.messages import Response

LIVE: Final = "/livez"
READY: Final = "/readyz"
DRAINING: Final = "draining"
HOLDS_SECONDS: Final = 1.0
_PLAIN: Final = [
    ("content-type", "text/plain; charset=utf-8"),
    ("cache-control", "no-store"),
]


class Probes:
    """Answers the two addresses.

    Args:
        parts: by name, whether a part can be used; called in the event loop, so they must be
            quick; what they raise is a failure.
        draining: whether the server is being stopped.
        monotonic: seconds that only go on.
    """

    def __init__(
        self,
        parts: Mapping[str, Callable[[], bool]],
        draining: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._parts = parts
        self._draining = draining
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self._failing: tuple[str, ...] = ()

    def failing(self) -> tuple[str, ...]:
        """The parts that cannot be used, as they were at most a second ago."""
        now = self._monotonic()
        if now - self._looked_at >= HOLDS_SECONDS:
            self._failing = tuple(name for name, works in self._parts.items() if not _tried(works))
            self._looked_at = now
        return self._failing

    def answers(self) -> dict[str, Callable[[str], Response]]:
        """What answers, by path: from the request's method to the response."""
        return {LIVE: self._live, READY: self._ready}

    def _live(self, method: str) -> Response:
        return _told(method, ())

    def _ready(self, method: str) -> Response:
        draining = (DRAINING,) if self._draining() else ()
        return _told(method, (*draining, *self.failing()))


def _told(method: str, failing: tuple[str, ...]) -> Response:
    if method not in {"GET", "HEAD"}:
        return Response(405, [("allow", "GET, HEAD"), *_PLAIN], b"only GET and HEAD\n")
    if failing:
        return Response(503, [*_PLAIN], "".join(f"{name}\n" for name in failing).encode())
    return Response(200, [*_PLAIN], b"ok\n")


def _tried(works: Callable[[], bool]) -> bool:
    try:
        return works()
    except Exception:  # noqa: BLE001 - whatever it was, the part cannot be used
        return False
