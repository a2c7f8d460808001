"""Azure's SDKs for JavaScript, from npm: each scenario is a script in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.clients.commands import Missing, find, run
from tests.support.kept import kept, one_at_a_time

PACKAGES: Final = ("@azure/container-registry@1.1.2", "@azure/identity@4.13.1")
_STEPS: Final = Path(__file__).with_name("javascript_sdk_steps.mjs")
_MOST_ERRORS: Final = 2000


def installed_sdk() -> Path:
    """The folder that holds the packages, installed once for all projects of this user.

    Raises:
        Missing: node or npm is not there, or cannot install them.
    """
    find("node")
    folder = kept("javascript-sdk", "-".join(each.rpartition("@")[2] for each in PACKAGES))
    with one_at_a_time(folder):
        if not (folder / "node_modules/@azure/identity/package.json").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    command = [find("npm"), "install", "--no-fund", "--no-audit", "--prefix", str(folder)]
    try:
        done = subprocess.run(
            [*command, *PACKAGES], capture_output=True, text=True, timeout=600, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Missing(f"npm did not install {' '.join(PACKAGES)} in time") from error
    if done.returncode != 0:
        raise Missing(f"npm could not install {' '.join(PACKAGES)}: {done.stderr[-500:]}")


def run_steps(scenario: str, given: Mapping[str, object], certificate: Path, folder: Path) -> Any:
    """What a scenario of the script gives.

    Args:
        scenario: its name.
        given: what it is told.
        certificate: that it trusts.
        folder: an empty one, in which it runs.

    Raises:
        Missing: the packages cannot be had.
        AssertionError: it failed.
    """
    packages = installed_sdk()
    # A module looks for packages beside itself.
    script = folder / _STEPS.name
    shutil.copyfile(_STEPS, script)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    told = folder / "given.json"
    told.write_text(json.dumps(given))
    environment = {"HOME": str(folder), "NODE_EXTRA_CA_CERTS": str(certificate)}
    printed = run(
        [find("node"), str(script), scenario, str(told), str(folder / "found.json")],
        environment=environment,
    )
    if printed.exit_code != 0:
        raise AssertionError(f"{scenario} failed:\n{printed.text[-_MOST_ERRORS:]}")
    return json.loads((folder / "found.json").read_text())
