"""The form of a row: method, path, the permission it needs and where, the operation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pratique.http.arm.visit import DIRECTORY_SCOPE
from pratique.http.wire.messages import Response
from pratique.naming import ResourceScope

Operation = Callable[..., Awaitable[Response]]
"""Takes a visit, and the body as `wanted` where it has one; gives one of `arm.answers`."""

SUBSCRIPTION: Final = "/subscriptions/<subscription>"
GROUP: Final = f"{SUBSCRIPTION}/resourceGroups/<group>"
REGISTRY: Final = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/<registry>"
ANYWHERE: Final = "<scope>/providers/Microsoft.Authorization"
"""Rows of every scope, down from `/`."""


class Where(Enum):
    """Where a row's permission is asked."""

    PATH = auto()
    DIRECTORY = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """One row.

    Attributes:
        pattern: matches a decoded path whole, in any case.
        permission: asked of the law as a control action; empty where it is enough to be proved.
        conditional: whether the operation asks once more, with what a condition may hang on.
        graph: whether the row is one of Graph: its tokens are others, and it has no api-version.
    """

    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    permission: str
    where: Where
    operation: Operation
    conditional: bool = False
    graph: bool = False

    def scope(self, parts: Mapping[str, str]) -> ResourceScope:
        """Where the permission is asked.

        Raises:
            InvalidName: the path names no scope.
        """
        if self.where is Where.DIRECTORY:
            return DIRECTORY_SCOPE
        if "scope" in parts:
            return ResourceScope(parts["scope"] or "/")
        text = ""
        for name, before in _LEVELS:
            if name not in parts:
                break
            text += before + parts[name]
        return ResourceScope(text or "/")


_LEVELS = (
    ("subscription", "/subscriptions/"),
    ("group", "/resourceGroups/"),
    ("registry", "/providers/Microsoft.ContainerRegistry/registries/"),
)


def row(
    method: str, template: str, permission: str, operation: Operation, *, conditional: bool = False
) -> Route:
    """A row of the resource manager; the permission is asked of the resource in the path."""
    return _row(method, template, permission, Where.PATH, operation, conditional=conditional)


def directory_row(method: str, template: str, permission: str, operation: Operation) -> Route:
    """A row of the resource manager about the directory, which stands above every resource."""
    return _row(method, template, permission, Where.DIRECTORY, operation)


def graph_row(method: str, path: str, permission: str, operation: Operation) -> Route:
    """A row of Graph."""
    return _row(method, f"/v1.0{path}", permission, Where.DIRECTORY, operation, graph=True)


def _row(
    method: str,
    template: str,
    permission: str,
    where: Where,
    operation: Operation,
    *,
    conditional: bool = False,
    graph: bool = False,
) -> Route:
    text = re.sub(r"\\?<(\w+)\\?>", r"(?P<\1>[^/]+)", re.escape(template))
    text = text.replace("(?P<scope>[^/]+)", "(?P<scope>(?:/[^/]+){0,8})")
    pattern = re.compile(text, re.ASCII | re.IGNORECASE)
    return Route(
        operation.__name__, method, template, pattern, permission, where, operation,
        conditional, graph,
    )  # fmt: skip
