"""A verdict of leave is made by the law alone: `Allowed(` stands nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import SOURCES, Module, modules, name_of, planted

_MAY_ALLOW = ("access/judge.py", "testing/")


def _makers(root: Path) -> list[str]:
    return [
        f"{module.name}:{line}"
        for module in modules(root)
        if not module.name.startswith(_MAY_ALLOW)
        for line in _makings(module)
    ]


def _makings(module: Module) -> Iterator[int]:
    """Where `Allowed` is called, or is given another name under which it could be."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Call() if name_of(node.func) == "Allowed":
                yield node.lineno
            case ast.alias(name="Allowed", asname=str()):
                yield node.lineno
            case ast.Assign() if name_of(node.value) == "Allowed":
                yield node.lineno


def test_only_the_law_makes_a_leave() -> None:
    """No room but the law makes an `Allowed`, under this name or another."""
    assert _makers(SOURCES) == []


def test_the_law_does_make_it() -> None:
    """The place that may is the place that does: the search finds it there."""
    judge = next(module for module in modules(SOURCES) if module.name == "access/judge.py")
    assert list(_makings(judge)) != []


def test_a_forged_leave_is_found(tmp_path: Path) -> None:
    """A call, a dotted call, an alias and a second name are found; asking for the type is not."""
    text = (
        "Allowed(question, reason)\n"
        "decision.Allowed(question, reason)\n"
        "from pratique.access import Allowed as Leave\n"
        "Leave = access.Allowed\n"
        "isinstance(verdict, Allowed)\n"
        "def locate(allowed: Allowed) -> None: ...\n"
    )
    root = planted(tmp_path, "registry/forger.py", text)
    planted(tmp_path, "testing/builder.py", text)
    assert sorted(_makers(root)) == [f"registry/forger.py:{line}" for line in (1, 2, 3, 4)]
