"""A row as a document tells of it, whatever table it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pratique.http.wire.queries import Nothing

PART = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Told:
    """What a status means, and what comes with it.

    Attributes:
        words: for people.
        content: the type of the JSON; None for no body.
        headers: names, each with what it says.
    """

    words: str
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of one address.

    Attributes:
        name: no other row of the document has it.
        template: the path, variable parts as `<part>`.
        tag: under which it is listed.
        permission: asked of the law; empty where it is enough to be proved.
        asked_at: where the permission is asked, in words.
        body: the type that the JSON of a request is read as; None where none is taken.
        query: one field for each parameter.
        answers: by status.
        security: names of schemes, any of which does; none where everybody may ask.
    """

    name: str
    method: str
    template: str
    tag: str
    summary: str
    remarks: str
    permission: str
    asked_at: str
    answers: Mapping[int, Told]
    security: tuple[str, ...]
    body: Any = None
    query: type[msgspec.Struct] = Nothing

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the variable parts of the path."""
        return tuple(PART.findall(self.template))
