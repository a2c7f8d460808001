"""Makes what tests build or install for themselves, so that none waits for it: `python -m` this.

Nothing depends on its having run: whatever is missing, the first test that wants it makes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.az import azure_cli
from tests.clients import go_clients
from tests.clients.commands import Missing
from tests.clients.javascript_sdk import installed_sdk
from tests.conformance import programme
from tests.support.object_stores import MissingAzurite, installed_azurite


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    """What there is to make, by name; what takes long comes last."""
    yield "az", azure_cli.installed_az
    yield "Azurite", installed_azurite
    yield "Azure's SDKs for JavaScript", installed_sdk
    yield "the conformance programme", programme.built
    for name in go_clients.SOURCES:
        yield name, partial(go_clients.built, name)


def main() -> None:
    """Make it all; what cannot be made is told here, and told again by the tests that want it."""
    for name, make in steps():
        try:
            make()
        except (azure_cli.Missing, Missing, MissingAzurite, AssertionError) as error:
            print(f"{name} could not be made: {error}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
