"""Media types (RFC 6838 section 4.2), without parameters."""

from __future__ import annotations

import re
from typing import Self

from pratique.naming.errors import InvalidName

_PART = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_GRAMMAR = re.compile(rf"{_PART}/{_PART}")
# RFC 9110 section 5.6.3: only these two may stand around a value.
_OPTIONAL_WHITESPACE = " \t"


class MediaType(str):
    """A media type such as `application/vnd.oci.image.manifest.v1+json`; always well formed.

    Raises:
        InvalidName: the text is not `type/subtype` in the characters of RFC 6838.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text`, leaving parameters such as `; charset=utf-8` behind, or refuse it."""
        essence = text.partition(";")[0].strip(_OPTIONAL_WHITESPACE)
        if _GRAMMAR.fullmatch(essence) is None:
            raise InvalidName("media type", text, "write it as `type/subtype`")
        return super().__new__(cls, essence)
