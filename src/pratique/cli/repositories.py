"""`pratique repo` and `pratique untag`: the registry's content."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from pratique.cli.items import Named, named
from pratique.cli.screen import Screen, Source
from pratique.cli.session import Session
from pratique.cli.verbs import group_of_verbs, verb
from pratique.naming import InvalidName, RepositoryName, Tag

repo = group_of_verbs("repo", "Repositories, their tags and manifests.")


def _parsed(_ctx: click.Context, _param: click.Parameter, value: str) -> RepositoryName:
    try:
        return RepositoryName(value)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error


# What a lock is against, and ACR's word for the contrary.
_WORDS: Final = {
    "writing": "writeEnabled",
    "deletion": "deleteEnabled",
    "pulling": "readEnabled",
    "listing": "listEnabled",
}
_AGAINST = click.option(
    "--against",
    multiple=True,
    type=click.Choice(list(_WORDS)),
    help="Against what; give it once for each.",
)
_REPOSITORY = click.argument("repository", callback=_parsed, metavar="REPO")


@verb(repo, "list", "pratique repo list")
def _list(session: Session, screen: Screen) -> None:
    """List repositories."""
    found = session.every_page("/acr/v1/_catalog", "repositories")
    screen.show(found, *(found or ["There are no repositories; `docker push` makes one."]))


@verb(repo, "show", "pratique repo show app/web")
@named
def _show(session: Session, screen: Screen, named: Named) -> None:
    """Show a repository, tag or manifest, and its locks."""
    fields: dict[str, Source] = {"repository": lambda _: named.repository}
    if named.item is None:
        fields |= {"manifests": "manifestCount", "tags": "tagCount"}
    elif isinstance(named.item, Tag):
        fields |= {"tag": "name", "digest": "digest"}
    else:
        fields |= {"digest": "digest", "tags": "tags"}
    fields |= {"created": "createdTime", "updated": "lastUpdateTime"}
    fields |= {"locked against": lambda told: _locks(told) or "nothing"}
    screen.facts(named.within(session.call("GET", named.path)), fields)


@verb(repo, "lock", "pratique repo lock app/web:v1")
@named
@_AGAINST
def _lock(session: Session, screen: Screen, named: Named, against: tuple[str, ...]) -> None:
    """Lock a repository, tag or manifest.

    Against writing and deletion, where --against is not given.
    """
    told = _changed(session, named, against or ("writing", "deletion"), enabled=False)
    screen.show(told, f"{_begun(named)} is locked against {_locks(told)}.")


@verb(repo, "unlock", "pratique repo unlock app/web:v1")
@named
@_AGAINST
def _unlock(session: Session, screen: Screen, named: Named, against: tuple[str, ...]) -> None:
    """Unlock a repository, tag or manifest.

    Altogether, where --against is not given.
    """
    told = _changed(session, named, against or tuple(_WORDS), enabled=True)
    left = _locks(told)
    still = f"still locked against {left}" if left else "not locked any more"
    screen.show(told, f"{_begun(named)} is {still}.")


@verb(repo, "tags", "pratique repo tags app/web")
@_REPOSITORY
def _tags(session: Session, screen: Screen, repository: RepositoryName) -> None:
    """List a repository's tags."""
    screen.table(
        session.every_page(f"/acr/v1/{repository}/_tags", "tags"),
        {"TAG": "name", "UPDATED": "lastUpdateTime", "DIGEST": "digest"},
        empty=f"The repository `{repository}` has no tags.",
    )


@verb(repo, "manifests", "pratique repo manifests app/web")
@_REPOSITORY
def _manifests(session: Session, screen: Screen, repository: RepositoryName) -> None:
    """List a repository's manifests, those without a tag too."""
    screen.table(
        session.every_page(f"/acr/v1/{repository}/_manifests", "manifests"),
        {
            "DIGEST": "digest",
            "TAGS": "tags",
            "SIZE": lambda row: _size(row["imageSize"]),
            "TYPE": _kind,
            "CREATED": "createdTime",
        },
        empty=f"The repository `{repository}` has no manifests.",
    )


@verb(repo, "delete", "pratique repo delete app/web --yes")
@_REPOSITORY
@click.option("--yes", is_flag=True, help="Do not ask.")
def _delete(session: Session, screen: Screen, repository: RepositoryName, yes: bool) -> None:
    """Delete a repository with all its tags and manifests."""
    if not yes:
        if screen.as_json or not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here; give --yes to delete")
        question = f"Delete the repository `{repository}` of {session.registry}, with all in it?"
        click.confirm(question, abort=True, err=True)
    gone = session.call("DELETE", f"/acr/v1/{repository}")
    tags, manifests = len(gone["tagsDeleted"]), len(gone["manifestsDeleted"])
    screen.show(
        gone,
        f"The repository `{repository}` is deleted: {_count(tags, 'tag')}, "
        f"{_count(manifests, 'manifest')}.",
    )


@verb(None, "untag", "pratique untag app/web:v1")
@click.argument("image", metavar="REPO:TAG")
def untag(session: Session, screen: Screen, image: str) -> None:
    """Take a tag away; the manifest stays."""
    name, colon, tag_text = image.rpartition(":")
    if not colon:
        raise click.BadParameter(f"`{image}` is not REPO:TAG")
    try:
        repository, tag = RepositoryName(name), Tag(tag_text)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error
    session.call("DELETE", f"/acr/v1/{repository}/_tags/{tag}")
    screen.show(
        {"repository": repository, "tag": tag},
        f"The repository `{repository}` has no tag `{tag}` any more; the manifest stays.",
    )


def _changed(
    session: Session, named: Named, against: tuple[str, ...], *, enabled: bool
) -> dict[str, Any]:
    body = {_WORDS[word]: enabled for word in against}
    return named.within(session.call("PATCH", named.path, body=body))


def _locks(told: Mapping[str, Any]) -> str:
    """Against what something is locked; empty for nothing."""
    attributes = told["changeableAttributes"]
    words = [word for word, name in _WORDS.items() if not attributes[name]]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _begun(named: Named) -> str:
    text = str(named)
    return f"{text[:1].upper()}{text[1:]}"


def _kind(row: Mapping[str, Any]) -> str:
    """The type of an artifact that is no image, else the manifest's own type, shortened."""
    text = row["artifactType"] or row["mediaType"]
    return str(text).removeprefix("application/vnd.").removesuffix("+json")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(size: float) -> str:
    """A number of bytes for people to read."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
