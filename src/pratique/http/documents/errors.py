"""Errors of the management API and the data plane, as a document tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pratique.http.documents.described import Told
from pratique.http.wire.problems import Problem

_DECISION = {"X-Pratique-Decision": "the id by which `pratique why` finds the reasoning"}
_HEADERS = {
    401: {**_DECISION, "WWW-Authenticate": "how to prove who comes"},
    403: _DECISION,
    429: {"Retry-After": "seconds to wait"},
}


class Error(msgspec.Struct, frozen=True):
    """One error: a code for programs, words for people, and perhaps what they are about."""

    code: Annotated[str, Meta(extra_json_schema={"enum": sorted({p.code for p in Problem})})]
    message: str
    detail: Any | UnsetType = UNSET


class Errors(msgspec.Struct, frozen=True):
    """Why a request did not succeed."""

    errors: Annotated[list[Error], Meta(min_length=1)]


def told_problems(problems: Iterable[Problem]) -> dict[int, Told]:
    """The answers that tell of these problems, by status."""
    words: dict[int, list[str]] = {}
    for problem in problems:
        words.setdefault(problem.status, []).append(f"`{problem.code}`: {problem.meaning}")
    return {
        status: Told("; ".join(words[status]), Errors, _HEADERS.get(status, {}))
        for status in sorted(words)
    }
