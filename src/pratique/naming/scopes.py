"""Token scopes: what a client asks of the token endpoint (reference 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pratique.naming.errors import InvalidName

_TYPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\([a-z0-9]+\))?")
# RFC 6749 section 3.3: the characters of a scope. What is printed again, in a challenge or a
# token, must not end a quoted value there.
_NAME = re.compile(r"[!#-\[\]-~]+")
_ACTION = re.compile(r"[a-z_]+|\*")
MAX_SCOPES = 100
MAX_SCOPE_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class TokenScope:
    """One resource and the actions wanted on it, in the client's own order.

    Attributes:
        kind: `repository`, `registry`, ...; unknown kinds are kept, since a client may ask
            for what this registry does not have and must then simply not get it.
        name: not yet checked to be a repository's name, since `*` and `catalog` stand here too.
        actions: wire words such as `pull`; each once.
    """

    kind: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"


def parse_scopes(values: Iterable[str]) -> tuple[TokenScope, ...]:
    """All scopes of repeated, space-joined `scope` parameters, in order.

    A name may hold colons (a host and port before the repository), so the first and the last
    colon divide.

    Raises:
        InvalidName: a scope breaks the grammar, is longer than 1,024 characters, or there are
            more than 100.
    """
    texts = [text for value in values for text in value.split(" ") if text]
    if len(texts) > MAX_SCOPES:
        raise InvalidName("list of scopes", texts[0], f"ask for at most {MAX_SCOPES} at once")
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> TokenScope:
    if len(text) > MAX_SCOPE_LENGTH:
        raise InvalidName("scope", text, f"it is longer than {MAX_SCOPE_LENGTH} characters")
    kind, _, rest = text.partition(":")
    name, _, actions = rest.rpartition(":")
    words = tuple(dict.fromkeys(actions.split(",")))
    if (
        _TYPE.fullmatch(kind) is None
        or _NAME.fullmatch(name) is None
        or not all(_ACTION.fullmatch(word) for word in words)
    ):
        raise InvalidName("scope", text, "write it as `repository:NAME:pull,push`")
    return TokenScope(kind, name, words)
