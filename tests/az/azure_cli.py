"""The unmodified `az`, in an environment of its own and in a world where one name is known."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from tests.support.kept import kept, one_at_a_time

ALL_REQUIRED: Final = "PRATIQUE_ALL_CLIENTS"
"""Set to anything where every client must be there, as in continuous integration."""
PACKAGES: Final = (
    "azure-cli==2.91.0",
    "azure-containerregistry>=1.2",
    "azure-identity>=1.19",
)
_KEPT: Final = kept("az")
# Says which packages are there, once all of them are.
_MARK: Final = "packages"
_WHOLE: Final = "\n".join(PACKAGES)
_RUN_DEADLINE_SECONDS: Final = 180
_INSTALL_DEADLINE_SECONDS: Final = 1800


class Missing(Exception):
    """`az` cannot be driven on this machine; the message says why."""


def environment_of_az() -> Path:
    """The folder of a virtual environment that holds az.

    Where every client must be there, it is made; that takes minutes.

    Raises:
        Missing: there is none, or it cannot be made.
    """
    chosen = os.environ.get("PRATIQUE_AZ")
    if chosen is not None:
        if not (Path(chosen) / "bin/az").is_file():
            raise Missing(f"PRATIQUE_AZ names {chosen}, where there is no bin/az")
        return Path(chosen)
    if not os.environ.get(ALL_REQUIRED) and not _is_whole(_KEPT):
        raise Missing("azure-cli is not installed; `python -m tests.support.made_ready` does it")
    return installed_az()


def installed_az() -> Path:
    """The folder of a virtual environment that holds az, made first when it is not there yet.

    Raises:
        Missing: it cannot be made.
    """
    with one_at_a_time(_KEPT):
        if not _is_whole(_KEPT):
            _install(_KEPT)
            (_KEPT / _MARK).write_text(_WHOLE)
    return _KEPT


def _is_whole(folder: Path) -> bool:
    mark = folder / _MARK
    return mark.is_file() and mark.read_text() == _WHOLE


def _install(folder: Path) -> None:
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin/pip"), "install", "--quiet", *PACKAGES],
    ):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_INSTALL_DEADLINE_SECONDS
        )
        if done.returncode != 0:
            raise Missing(f"{command[0]} failed: {done.stderr[-2000:]}")


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    command: str
    code: int
    out: str
    err: str

    @property
    def content(self) -> Any:
        """Its standard output, which is JSON."""
        return json.loads(self.out)


class World:
    """Runs programmes for whom more names stand in `/etc/hosts`, and nothing else is changed.

    Args:
        folder: for the file of hosts.
        name: that is known.
        address: of that name.
        others: that have the same address.

    Raises:
        Missing: this machine lets nobody have a file of hosts of their own.
    """

    def __init__(self, folder: Path, name: str, address: str, *others: str) -> None:
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{address} {' '.join((name, *others))}\n")
        unshare = shutil.which("unshare")
        if unshare is None:
            raise Missing("`unshare` (util-linux) is not installed")
        spaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
        mounting = f'mount --bind {hosts} /etc/hosts && exec "$@"'
        self._into = [unshare, *spaces, "sh", "-c", mounting, "sh"]
        found = self.run(["getent", "hosts", name], os.environ)
        if found.code != 0:
            raise Missing(f"nobody can have a file of hosts of their own here: {found.err}")

    def run(self, command: list[str], variables: Mapping[str, str]) -> Said:
        """Run `command` to its end, whatever its exit code."""
        done = subprocess.run(
            [*self._into, *command],
            check=False,
            capture_output=True,
            text=True,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            timeout=_RUN_DEADLINE_SECONDS,
        )
        return Said(" ".join(command), done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(
        self, command: list[str], variables: Mapping[str, str], errors: IO[str] | int
    ) -> Iterator[subprocess.Popen[str]]:
        """Run `command` until the block ends."""
        with subprocess.Popen(
            [*self._into, *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            text=True,
            env=dict(variables),
        ) as process:
            try:
                yield process
            finally:
                process.terminate()


class Az:
    """One user's az: its own configuration, cloud and tokens.

    Args:
        world: in which it runs.
        programs: the folder of its virtual environment.
        home: for everything that it keeps; an empty folder.
        certificate: that it trusts.
    """

    def __init__(self, world: World, programs: Path, home: Path, certificate: Path) -> None:
        self.world = world
        self.programs = programs
        (home / "auth.json").write_text("{}")
        # Nothing of the tests' own environment: PYTHONPATH above all would be az's too.
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "AZURE_CONFIG_DIR": str(home / "azure"),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
            "REGISTRY_AUTH_FILE": str(home / "auth.json"),
            "DOCKER_COMMAND": "podman",
        }

    def say(self, *words: str, **variables: str) -> Said:
        """Run `az` with these words, and perhaps further variables."""
        command = [str(self.programs / "bin/az"), *words]
        return self.world.run(command, {**self.variables, **variables})

    def __call__(self, *words: str, **variables: str) -> Any:
        """The parsed output of `az` with these words; None for none.

        Raises:
            AssertionError: it failed.
        """
        said = self.say(*words, "--output", "json", **variables)
        assert said.code == 0, f"{said.command} exited {said.code}:\n{said.out}{said.err}"
        return json.loads(said.out) if said.out.strip() else None

    def refused(self, *words: str, code: int = 1, **variables: str) -> str:
        """What `az` with these words says on standard error, refusing.

        Raises:
            AssertionError: it did something else.
        """
        said = self.say(*words, **variables)
        assert said.code == code, f"{said.command} exited {said.code}:\n{said.out}{said.err}"
        return said.err

    def beside(self, *command: str) -> Said:
        """Run another programme in the same world, with the same home and credentials."""
        return self.world.run(list(command), self.variables)

    def python(self, script: Path, *words: str) -> Any:
        """The JSON that a script prints, run by the interpreter that az runs in.

        Raises:
            AssertionError: it failed.
        """
        said = self.beside(str(self.programs / "bin/python"), str(script), *words)
        assert said.code == 0, f"{said.command} exited {said.code}:\n{said.out}{said.err}"
        return said.content
