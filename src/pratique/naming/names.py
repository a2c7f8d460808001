"""Registry names, repository names and tags (OCI distribution-spec 1.1, "Pulling manifests")."""

from __future__ import annotations

import re
from typing import Self

from pratique.naming.digests import Digest
from pratique.naming.errors import InvalidName

_REPOSITORY = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_REGISTRY = re.compile(r"[a-zA-Z0-9]{5,50}")

# Docker refuses references whose name part, host included, is longer than 255 characters.
MAX_REPOSITORY_LENGTH = 255


class RepositoryName(str):
    """The name of a repository, for example `team/app`; always valid.

    Raises:
        InvalidName: the text breaks the grammar or is longer than 255 characters.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        if len(text) > MAX_REPOSITORY_LENGTH:
            raise InvalidName("repository name", text, "it is longer than 255 characters")
        if _REPOSITORY.fullmatch(text) is None:
            raise InvalidName(
                "repository name",
                text,
                "use lower-case letters and digits, joined by one of `.`, `_`, `__` or dashes, "
                "in parts separated by `/`",
            )
        return super().__new__(cls, text)


class Tag(str):
    """A tag, for example `v1.2`; always valid.

    Raises:
        InvalidName: the text breaks the grammar or is longer than 128 characters.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        if _TAG.fullmatch(text) is None:
            raise InvalidName(
                "tag",
                text,
                "use 1 to 128 letters, digits, `_`, `.` or `-`, beginning with a letter, "
                "a digit or `_`",
            )
        return super().__new__(cls, text)


class RegistryName(str):
    """The name of a registry: 5 to 50 letters and digits, as ACR demands (reference 10.2).

    Raises:
        InvalidName: the text breaks this rule.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        if _REGISTRY.fullmatch(text) is None:
            raise InvalidName("registry name", text, "use 5 to 50 letters and digits")
        return super().__new__(cls, text)


def parse_reference(text: str) -> Tag | Digest:
    """The last part of a manifest's address: a digest when it holds a colon, else a tag.

    Raises:
        InvalidName: it is neither.
        UnsupportedDigestAlgorithm: a digest of an algorithm that is not computed here.
    """
    return Digest.parse(text) if ":" in text else Tag(text)
