"""`pratique repo` and `pratique untag`: the registry's content."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session
from pratique.cli.verbs import group_of_verbs, verb
from pratique.naming import InvalidName, RepositoryName, Tag

repo = group_of_verbs("repo", "Repositories, their tags and manifests.")


def _parsed(_ctx: click.Context, _param: click.Parameter, value: str) -> RepositoryName:
    try:
        return RepositoryName(value)
    except InvalidName as error:
        raise click.BadParameter(str(error)) from error


_REPOSITORY = click.argument("repository", callback=_parsed, metavar="REPO")


@verb(repo, "list", "pratique repo list")
def _list(session: Session, screen: Screen) -> None:
    """List repositories."""
    found = session.every_page("/acr/v1/_catalog", "repositories")
    screen.show(found, *(found or ["There are no repositories; `docker push` makes one."]))


@verb(repo, "show", "pratique repo show app/web")
@_REPOSITORY
def _show(session: Session, screen: Screen, repository: RepositoryName) -> None:
    """Show what is known of a repository."""
    screen.facts(
        session.call("GET", f"/acr/v1/{repository}"),
        {
            "repository": "imageName",
            "manifests": "manifestCount",
            "tags": "tagCount",
            "created": "createdTime",
            "updated": "lastUpdateTime",
        },
    )


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
