"""Sizes that keep a module readable; the worst offender is named first."""

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
    name_of,
    planted,
)

MODULE_LINES = 600
MODULE_LINES_WITHOUT_A_REASON = 400
TEST_MODULE_LINES = 800
FUNCTION_LINES = 80
PORT_METHODS = 7

# Modules over 400 lines, each with the reason why it is not cut in two.
LONG_FOR_A_REASON: dict[str, str] = {}


def _module_lines(root: Path) -> Iterator[tuple[int, str]]:
    for module in modules(root):
        yield len(module.text.splitlines()), module.name


def _function_lines(root: Path) -> Iterator[tuple[int, str]]:
    for module in modules(root):
        for function in functions(module):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            yield length, f"{module.name}: {function.name}"


def _port_methods(root: Path) -> Iterator[tuple[int, str]]:
    for module in modules(root):
        for port in _ports(module):
            methods = [node for node in port.body if isinstance(node, Function)]
            yield len(methods), f"{module.name}: {port.name}"


def _ports(module: Module) -> Iterator[ast.ClassDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and "Protocol" in map(name_of, node.bases):
            yield node


def _over(budget: int, measured: Iterator[tuple[int, str]]) -> list[str]:
    offenders = sorted(((size, name) for size, name in measured if size > budget), reverse=True)
    return [f"{name} has {size}, {budget} are allowed" for size, name in offenders]


def test_modules_are_short() -> None:
    """No module has more than 600 lines."""
    assert _over(MODULE_LINES, _module_lines(SOURCES)) == []


def test_long_modules_have_a_reason() -> None:
    """Every module of more than 400 lines is listed above with its reason, and no other is."""
    long = {name for size, name in _module_lines(SOURCES) if size > MODULE_LINES_WITHOUT_A_REASON}
    assert long == set(LONG_FOR_A_REASON)
    assert all(LONG_FOR_A_REASON.values())


def test_functions_are_short() -> None:
    """No function has more than 80 lines, documentation included."""
    assert _over(FUNCTION_LINES, _function_lines(SOURCES)) == []


def test_test_modules_are_short() -> None:
    """No test module has more than 800 lines: cases move to data."""
    assert _over(TEST_MODULE_LINES, _module_lines(TESTS)) == []


def test_ports_are_small() -> None:
    """No Protocol asks for more than 7 methods."""
    assert _over(PORT_METHODS, _port_methods(SOURCES)) == []


def test_excess_is_found_and_the_worst_is_named_first(tmp_path: Path) -> None:
    """Long modules, long functions and wide ports are counted as they are."""
    long = "def f():\n" + "    f()\n" * 90
    methods = "".join(f"    def m{n}(self): ...\n" for n in range(8))
    wide = f"class P(typing.Protocol[T]):\n{methods}"
    planted(tmp_path, "room/long.py", long)
    root = planted(tmp_path, "wide.py", wide + "\n" * 100)
    assert _over(90, _module_lines(root)) == [
        "wide.py has 109, 90 are allowed",
        "room/long.py has 91, 90 are allowed",
    ]
    assert _over(FUNCTION_LINES, _function_lines(root)) == [
        "room/long.py: f has 91, 80 are allowed"
    ]
    assert _over(PORT_METHODS, _port_methods(root)) == ["wide.py: P has 8, 7 are allowed"]
