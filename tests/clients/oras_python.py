"""`oras` from PyPI: a library, so each step runs as a script in a process of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import sys
from pathlib import Path

from tests.clients.commands import Missing, Printed, run
from tests.clients.images import Image
from tests.clients.registry_clients import Account, Reference

_STEPS = Path(__file__).with_name("oras_python_steps.py")


class OrasPython:
    """The Python library `oras`.

    Args:
        folder: home folder of the scripts.
    """

    def __init__(self, folder: Path) -> None:
        if importlib.util.find_spec("oras") is None:
            raise Missing("the Python package `oras` is not installed")
        self._folder = folder
        self._accounts: dict[str, Account] = {}

    def version(self) -> str:
        """The version of the package."""
        return importlib.metadata.version("oras")

    def log_in(self, host: str, account: Account) -> Printed:
        """Take note: `OrasClient.login` writes the password down and asks nobody."""
        self.remember(host, account)
        return Printed(f"(a note for {host})", 0, "")

    def remember(self, host: str, account: Account) -> None:
        """Take note."""
        self._accounts[host] = account

    def push(self, reference: Reference, image: Image) -> Printed:
        """`OrasClient.push` of one file."""
        (self._folder / "words.bin").write_bytes(image.layers[-1])
        return self._step("push", reference)

    def pull(self, reference: Reference) -> Printed:
        """`OrasClient.pull` into an empty folder, and the manifest's bytes for their digest."""
        shutil.rmtree(self._folder / "pulled", ignore_errors=True)
        printed = self._step("pull", reference)
        found = re.search(r"^digest (sha256:[0-9a-f]{64})$", printed.text, re.MULTILINE)
        digest = found.group(1) if found else None
        return Printed(printed.command, printed.exit_code, printed.text, digest)

    def _step(self, verb: str, reference: Reference) -> Printed:
        account = self._accounts.get(reference.host, Account("", "", ""))
        return run(
            [sys.executable, str(_STEPS), verb, str(reference), account.user_name],
            environment={"HOME": str(self._folder), "DOCKER_CONFIG": str(self._folder)},
            typed=account.password,
            folder=self._folder,
        )
