"""What holds for all tests: nobody's speed decides whether one passes; processes may share them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import settings
from tests.support.object_stores import ObjectServer, azurite, moto
from tests.support.sharing import Sharing, rank
from tests.support.told_at_the_end import told_at_the_end
from xdist.workermanage import WorkerController

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Tests start the product hundreds of times, which must not compile it anew each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Take the order of `rank`, not one by the number of tests."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first, those that compare times last; chance decides about the rest."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing | None:
    """What `--dist loadfile` means here."""
    return Sharing(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what is told at the end to the process that tells it."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["told_at_the_end"] = told_at_the_end(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Take over what one of the processes has to tell."""
    # A process that crashed has none.
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    sections: dict[str, Sequence[str]] = output.get("told_at_the_end", {})
    for title, lines in sections.items():
        told_at_the_end(node.config)[title] = list(lines)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell it."""
    for title, lines in told_at_the_end(config).items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A server of S3."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A server of Azure Blob."""
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server
