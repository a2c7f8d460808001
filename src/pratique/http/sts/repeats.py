"""One question that is asked again within the same second: the same answer.

Machines with one credential ask in crowds, when many jobs start at once. Within a second all that
a token of theirs says is the same but for its id, so the first one's token does for all of them.
Nothing outlives the second, a change of law or directory, or what the client showed. A law that was
put back and changed since may have the same number, so it is known by the snapshot itself.
"""

from __future__ import annotations

import hashlib
from typing import Final

from pratique.admission.snapshot import Snapshot
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import Response

_MOST: Final = 1024
_Key = tuple[bytes, str | None, str, str, str]


class Repeats:
    """The answers of one second, found by everything that they hang on."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._second = 0
        self._answers: dict[_Key, Response] = {}

    def find(self, visit: Visit, body: bytes) -> Response | None:
        """The answer that was given to the same request in this second; None for none."""
        if not self._is_of_now(visit):
            self._snapshot, self._second = visit.arrival.snapshot, int(visit.at.timestamp())
            self._answers.clear()
        known = self._answers.get(_key(visit, body))
        # Whoever gets an answer may add to its headers.
        return known and Response(known.status, list(known.headers), known.body)

    def keep(self, visit: Visit, body: bytes, answer: Response) -> None:
        """Give `answer` to who asks the same in this second, unless too many are kept already.

        An answer that took so long that its second or its law is over is not kept.
        """
        if self._is_of_now(visit) and len(self._answers) < _MOST:
            self._answers[_key(visit, body)] = Response(
                answer.status, list(answer.headers), answer.body
            )

    def _is_of_now(self, visit: Visit) -> bool:
        same_law = visit.arrival.snapshot is self._snapshot
        return same_law and int(visit.at.timestamp()) == self._second


def _key(visit: Visit, body: bytes) -> _Key:
    request = visit.request
    return (
        # The body holds a secret, which is not to lie about in memory.
        hashlib.sha256(body).digest(),
        request.header("authorization"),
        request.path,
        visit.base_url,
        request.client,
    )
