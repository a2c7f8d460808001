"""The sources as syntax trees, for tests that look at their shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SOURCES = PROJECT / "src" / "pratique"
TESTS = PROJECT / "tests"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module.

    Attributes:
        name: its path below the root, for example `access/judge.py`.
    """

    name: str
    text: str
    tree: ast.Module


def modules(root: Path) -> Iterator[Module]:
    """Every module below `root`, in order of name."""
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        yield Module(path.relative_to(root).as_posix(), text, ast.parse(text, str(path)))


def planted(root: Path, name: str, text: str) -> Path:
    """Write a module with a fault to be found, and give the root to look below."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return root


def functions(module: Module) -> Iterator[Function]:
    """Every function and method of a module, inner ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node


def name_of(node: ast.expr) -> str:
    """The last word of a possibly dotted name: `Protocol` of `typing.Protocol[T]`."""
    if isinstance(node, ast.Subscript):
        return name_of(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
