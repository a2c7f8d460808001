"""A repository, a tag or a manifest, as it is typed: `REPO`, `REPO:TAG` or `REPO@DIGEST`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import click

from pratique.naming import Digest, InvalidName, RepositoryName, Tag


@dataclass(frozen=True, slots=True)
class Named:
    """What was typed.

    Attributes:
        item: None for the repository itself.
    """

    repository: RepositoryName
    item: Tag | Digest | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take it apart.

        Raises:
            InvalidName: it has none of the three forms.
        """
        name, at, digest = text.partition("@")
        if at:
            return cls(RepositoryName(name), Digest.parse(digest))
        name, colon, tag = text.partition(":")
        return cls(RepositoryName(name), Tag(tag) if colon else None)

    @property
    def path(self) -> str:
        """Its address below `/acr/v1`."""
        at = f"/acr/v1/{self.repository}"
        if self.item is None:
            return at
        return f"{at}/{'_manifests' if isinstance(self.item, Digest) else '_tags'}/{self.item}"

    def within(self, answer: Any) -> dict[str, Any]:
        """What the registry tells of it, out of an answer about it."""
        if self.item is None:
            told = answer
        else:
            told = answer["manifest" if isinstance(self.item, Digest) else "tag"]
        return dict(told)

    def __str__(self) -> str:
        """In words."""
        if self.item is None:
            return f"the repository `{self.repository}`"
        kind = "manifest" if isinstance(self.item, Digest) else "tag"
        return f"the {kind} `{self.item}` of `{self.repository}`"


def _parsed(_ctx: click.Context, _param: click.Parameter, value: str) -> Named:
    try:
        return Named.parse(value)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error


named = click.argument("named", callback=_parsed, metavar="REPO[:TAG|@DIGEST]")
