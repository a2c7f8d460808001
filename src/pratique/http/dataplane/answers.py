"""Answers that are given again, without any of the way that led to them.

A pull storm asks for the same few manifests and blobs with the same few tokens. While nobody has
committed anything, neither to the content nor to law and directory, and the token stands, the same
request has the same answer: nothing that could change it is left. So the second time that an
address is asked for its answer is kept, and from the third on it is looked up in one step, which
takes a fifth of the time of the whole way (ADR 28). Small blobs are kept with their bytes.

Only answers to admitted pulls are kept: of whoever shows a bearer token, under a verdict that does
not depend on the time, at a registry without network rules. Where each pull must be seen, because
it is written down or counted against a limit, nobody asks here.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pratique.admission import Gate
from pratique.admission.snapshot import LawUnreadable, NotPrepared, Snapshot
from pratique.http.dataplane.blobs import part_of
from pratique.http.edge.small_parts import SMALL, at_hand
from pratique.http.wire.messages import Headers, Request, Response
from pratique.http.wire.ranges import UnsatisfiableRange

ROOM: Final = 8 * 1024 * 1024
# What a key and an answer take besides their texts, about.
_OVERHEAD: Final = 1024
_MAX_PATH: Final = 512
_DIVISIBLE: Final = ("accept-ranges", "bytes")

# Method, path, scheme, host and the caller's proof.
_Key = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered, and what must still be so for it to be the answer.

    Attributes:
        snapshot: law and directory, seen from the registry that was addressed.
        until: seconds since 1970 at which the proof ends.
        divisible: whether a part of it may be asked for.
        cost: bytes that it takes here, about.
    """

    snapshot: Snapshot
    until: float
    response: Response
    divisible: bool
    cost: int


class RememberedAnswers:
    """A bounded memory of answers to pulls, all of one moment of the content.

    Args:
        gate: tells law and directory of now.
        moment: of the content; None where that cannot be told at once, and nothing is kept.
        clock: gives now, with a time zone.
        room: bytes that all answers may take, about.
    """

    def __init__(
        self,
        gate: Gate,
        moment: Callable[[], bytes | None],
        clock: Callable[[], datetime],
        room: int = ROOM,
    ) -> None:
        self._gate = gate
        self._newest = moment
        self._clock = clock
        self._room = room
        self._taken = 0
        self._moment: bytes | None = None
        self._known: OrderedDict[_Key, _Answer] = OrderedDict()

    def moment(self) -> bytes | None:
        """The content's moment of now; answers of another one are forgotten.

        Nothing would find those again, and they may hold a law that is no more.
        """
        moment = self._newest()
        if moment != self._moment:
            self._known.clear()
            self._taken, self._moment = 0, moment
        return moment

    def find(
        self, method: str, path: str, scheme: str, host: str, headers: Headers
    ) -> Response | None:
        """The answer to a request without a query; None to go the whole way. Never raises.

        Args:
            method: of the request.
            path: percent-decoded.
            scheme: `http` or `https`.
            host: that the client addressed.
            headers: of the request.
        """
        if self.moment() is None:
            return None
        proof = headers.get("authorization")
        known = self._known.get((method, path, scheme, host, proof))
        # Whoever names two hosts is refused, and whoever has the answer already is told so.
        if known is None or "if-none-match" in headers or len(headers.get_all("host")) > 1:
            return None
        if not self._stands(known, host):
            return None
        response, wanted = known.response, headers.get("range") if known.divisible else None
        if response.file is None and wanted is None:
            return response
        return _part(response, wanted)

    def keep(
        self, request: Request, snapshot: Snapshot, moment: bytes, until: float, response: Response
    ) -> Response:
        """Remember an answer to a pull, unless the content has another moment by now.

        Args:
            request: that was answered.
            snapshot: by which it was judged.
            moment: of the content, read before the content was.
            until: seconds since 1970 at which the caller's proof ends.
            response: to the same request without a range.

        Returns:
            The same answer, with its bytes where they were read for this.
        """
        proof = request.headers.get("authorization")
        if moment != self._moment or request.query or len(request.path) > _MAX_PATH:
            return response
        content = None if response.file is None else at_hand(response.file)
        if content is not None:
            response = replace(response, body=content, file=None)
        if len(response.body) > SMALL:
            return response
        key = (request.method, request.path, request.scheme, request.host, proof)
        cost = len(response.body) + len(request.path) + len(proof) + _OVERHEAD
        before = self._known.pop(key, None)
        self._taken += cost - (0 if before is None else before.cost)
        divisible = _DIVISIBLE in response.headers
        self._known[key] = _Answer(snapshot, until, response, divisible, cost)
        while self._taken > self._room:
            self._taken -= self._known.popitem(last=False)[1].cost
        return response

    def _stands(self, known: _Answer, host: str) -> bool:
        """Whether law, directory and proof are as they were."""
        if self._gate.behind():
            return False
        try:
            seen = self._gate.snapshot()
        except (NotPrepared, LawUnreadable):
            return False
        if seen.hosts:
            seen = seen.at_host(host.lower())
        return seen is known.snapshot and known.until > self._clock().timestamp()


def _part(whole: Response, wanted: str | None) -> Response | None:
    """All of a blob, or a part of it; None where its file is not what it was."""
    try:
        response = part_of(whole, wanted)
        if whole.file is None or response.file is None:
            return response
        if response.file.end - response.file.start > SMALL:
            size = os.stat(whole.file.path).st_size  # noqa: PTH116 - hot
            return response if size == whole.file.end else None
    except (OSError, UnsatisfiableRange):
        return None
    content = at_hand(response.file)
    return None if content is None else replace(response, body=content, file=None)
