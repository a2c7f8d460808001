"""Each module of tests has a name of its own: of two, whichever is imported second is not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parents[1]


def _twice(modules: Iterable[Path]) -> list[str]:
    names = Counter(module.name for module in modules)
    return sorted(name for name, count in names.items() if count > 1)


def test_no_two_modules_have_one_name() -> None:
    """Folders of tests are no packages, so the name of the file is all there is."""
    assert _twice(TESTS.rglob("test_*.py")) == []


def test_two_of_one_name_are_found() -> None:
    """Wherever they are."""
    modules = [Path("az/test_locks.py"), Path("wire/test_locks.py"), Path("wire/test_matrix.py")]
    assert _twice(modules) == ["test_locks.py"]
