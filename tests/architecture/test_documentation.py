"""Every module and every public name says what it promises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import (
    SOURCES,
    TESTS,
    Function,
    Module,
    functions,
    modules,
    planted,
)


def _undocumented(root: Path) -> list[str]:
    found = []
    for module in modules(root):
        if ast.get_docstring(module.tree) is None:
            found.append(module.name)
        found += [f"{module.name}: {name}" for name in _silent(module.tree, "")]
    return found


def _silent(scope: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for node in scope.body:
        if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_overload(node):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _silent(node, f"{prefix}{node.name}.")


def _is_overload(node: ast.ClassDef | Function) -> bool:
    return any(ast.unparse(d).endswith(("overload", ".setter")) for d in node.decorator_list)


def _tests_without_a_sentence(module: Module) -> Iterator[str]:
    for function in functions(module):
        if function.name.startswith("test_") and not ast.get_docstring(function):
            yield f"{module.name}: {function.name}"


def test_every_public_name_is_documented() -> None:
    """Modules, and the classes, functions and methods that others may use, have docstrings."""
    assert _undocumented(SOURCES) == []


def test_every_test_is_a_sentence() -> None:
    """Every test states the behaviour that it checks."""
    assert [name for module in modules(TESTS) for name in _tests_without_a_sentence(module)] == []


def test_silence_is_found(tmp_path: Path) -> None:
    """A module, a class, a method and a function without words are each named."""
    text = "class A:\n    def b(self): ...\n    def _c(self): ...\ndef test_d(): ...\n"
    root = planted(tmp_path, "room/silent.py", text)
    names = ["room/silent.py", *(f"room/silent.py: {name}" for name in ("A", "A.b", "test_d"))]
    assert _undocumented(root) == names
    (module,) = modules(root)
    assert list(_tests_without_a_sentence(module)) == ["room/silent.py: test_d"]
